// Cuts the part of GitHub's GraphQL schema that our tests hold mutations against: node scripts/github/graphql.ts
// schema.graphql of npm's @octokit/graphql-schema (7 MB unpacked, so it is no dependency). Writes test/github/schema.graphql.
// Descriptions are left out; of object types only the fields named here, of inputs and enums everything.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DefinitionNode, parse, print, visit } from "graphql";

const wanted: Record<string, string[]> = {
  Query: ["viewer"],
  User: ["login"],
  Mutation: ["createCommitOnBranch", "enablePullRequestAutoMerge", "disablePullRequestAutoMerge"],
  CreateCommitOnBranchPayload: ["commit"],
  Commit: ["oid"],
  EnablePullRequestAutoMergePayload: ["pullRequest"],
  DisablePullRequestAutoMergePayload: ["pullRequest"],
  PullRequest: ["number"],
};

const [source] = process.argv.slice(2);
if (source === undefined) {
  console.error("usage: node scripts/github/graphql.ts schema.graphql");
  process.exit(2);
}
const whole = new Map<string, DefinitionNode>();
for (const definition of parse(readFileSync(source, "utf8"), { noLocation: true }).definitions)
  if ("name" in definition && definition.name && definition.kind !== "DirectiveDefinition")
    whole.set(definition.name.value, definition);
const taken = new Map<string, DefinitionNode>();
for (const name of Object.keys(wanted)) take(name);
const definitions = [...taken].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, definition]) => definition);
writeFileSync(
  join(import.meta.dirname, "../../test/github/schema.graphql"),
  `${print({ kind: "Document" as never, definitions })}\n`,
);

/** Takes a type along, with whatever it refers to. */
function take(name: string): void {
  const found = whole.get(name);
  if (!found || taken.has(name)) return;
  const kept = visit(found, {
    enter(node) {
      if (node.kind === "StringValue" && node.block) return null;
      if (node.kind === "Directive") return null;
      return undefined;
    },
  }) as DefinitionNode;
  const bare =
    kept.kind === "ObjectTypeDefinition"
      ? {
          ...kept,
          interfaces: [],
          fields: kept.fields?.filter((field) => wanted[name]?.includes(field.name.value)) ?? [],
        }
      : kept;
  taken.set(name, bare);
  visit(bare, {
    NamedType(node) {
      take(node.name.value);
    },
  });
}

// Cuts the part of GitHub's OpenAPI description that our tests hold requests and responses against:
// node scripts/github/slice.ts generated/api.github.com.json of npm's @octokit/openapi (385 MB unpacked, so it is no
// dependency). Writes test/github/openapi.json. Prose and examples are left out.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const wanted: Record<string, string[]> = {
  "/orgs/{org}/teams/{team_slug}/memberships/{username}": ["get"],
  "/repos/{owner}/{repo}": ["get"],
  "/repos/{owner}/{repo}/actions/permissions": ["get"],
  "/repos/{owner}/{repo}/actions/permissions/workflow": ["get"],
  "/repos/{owner}/{repo}/actions/runs/{run_id}/approvals": ["get"],
  "/repos/{owner}/{repo}/activity": ["get"],
  "/repos/{owner}/{repo}/branches/{branch}": ["get"],
  "/repos/{owner}/{repo}/codeowners/errors": ["get"],
  "/repos/{owner}/{repo}/collaborators/{username}/permission": ["get"],
  "/repos/{owner}/{repo}/commits/{ref}/check-runs": ["get"],
  "/repos/{owner}/{repo}/commits/{ref}/statuses": ["get"],
  "/repos/{owner}/{repo}/commits/{commit_sha}/pulls": ["get"],
  "/repos/{owner}/{repo}/environments": ["get"],
  "/repos/{owner}/{repo}/issues/{issue_number}/comments": ["get", "post"],
  "/repos/{owner}/{repo}/issues/{issue_number}/events": ["get"],
  "/repos/{owner}/{repo}/issues/{issue_number}/labels": ["get", "post"],
  "/repos/{owner}/{repo}/pulls": ["get", "post"],
  "/repos/{owner}/{repo}/pulls/{pull_number}": ["get", "patch"],
  "/repos/{owner}/{repo}/pulls/{pull_number}/merge": ["put"],
  "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers": ["post"],
  "/repos/{owner}/{repo}/pulls/{pull_number}/reviews": ["get"],
  "/repos/{owner}/{repo}/rules/branches/{branch}": ["get"],
  "/repos/{owner}/{repo}/rulesets/{ruleset_id}": ["get"],
};

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Description = {
  openapi: string;
  info: Json;
  paths: Record<string, Record<string, Json>>;
  components: Record<string, Record<string, Json>>;
};

const [source] = process.argv.slice(2);
if (source === undefined) {
  console.error("usage: node scripts/github/slice.ts api.github.com.json");
  process.exit(2);
}
const whole = JSON.parse(readFileSync(source, "utf8")) as Description;
const paths = Object.fromEntries(
  Object.entries(wanted).map(([path, methods]) => [
    path,
    Object.fromEntries(methods.map((method) => [method, strip(whole.paths[path]?.[method] ?? null)])),
  ]),
);
const components: Record<string, Record<string, Json>> = {};
take(paths as Json);
const slice = { openapi: whole.openapi, info: whole.info, paths, components };
writeFileSync(join(import.meta.dirname, "../../test/github/openapi.json"), `${JSON.stringify(slice)}\n`);

/** Takes along whatever a part refers to. */
function take(part: Json): void {
  if (typeof part !== "object" || part === null) return;
  if (!Array.isArray(part) && typeof part.$ref === "string") {
    const [, , kind = "", name = ""] = part.$ref.split("/");
    components[kind] ??= {};
    if (components[kind][name] === undefined) {
      components[kind][name] = strip(whole.components[kind]?.[name] ?? null);
      take(components[kind][name]);
    }
  }
  for (const child of Object.values(part)) take(child);
}

function strip(part: Json, parent = ""): Json {
  if (Array.isArray(part)) return part.map((child) => strip(child));
  if (typeof part !== "object" || part === null) return part;
  // A property may have any of these names; elsewhere they are prose.
  const prose = new Set([
    "description",
    "example",
    "examples",
    "summary",
    "externalDocs",
    "x-github",
    "tags",
    "operationId",
    "title",
  ]);
  return Object.fromEntries(
    Object.entries(part)
      .filter(([key]) => parent === "properties" || !prose.has(key))
      .map(([key, child]) => [key, strip(child, key)]),
  );
}

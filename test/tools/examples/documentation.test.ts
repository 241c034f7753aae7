import { existsSync } from "node:fs";
import { glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseConfig } from "@gitops-actions/fleet";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "../../..");
const pages: string[] = [];
for await (const page of glob(["*.md", "docs/*.md", "actions/*/README.md", "examples/**/*.md"], {
  cwd: root,
})) {
  pages.push(page);
}
pages.sort();

interface Step {
  uses?: string;
  with?: Record<string, unknown>;
}

/** Every step and job with a `uses`, wherever it stands in a snippet. */
function findUses(value: unknown): Step[] {
  if (typeof value !== "object" || value === null) return [];
  const own = typeof (value as Step).uses === "string" ? [value as Step] : [];
  return [...own, ...Object.values(value).flatMap(findUses)];
}

async function inputsOf(uses: string): Promise<string[] | undefined> {
  const [, path] = /^org\/gitops-actions\/(.+)@v1$/.exec(uses) ?? [];
  if (!path) return undefined;
  const file = path.endsWith(".yml") ? path : `${path}/action.yml`;
  const contract = parse(await readFile(join(root, file), "utf8"));
  return Object.keys((path.endsWith(".yml") ? contract.on.workflow_call.inputs : contract.inputs) ?? {});
}

describe.each(pages)("%s", async (page) => {
  const text = await readFile(join(root, page), "utf8");
  const snippets = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => match[1]!);

  test("has links that lead somewhere", () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!.split("#")[0]!);
    for (const link of links.filter((link) => link !== "" && !/^https?:/.test(link))) {
      expect(existsSync(join(root, dirname(page), link)), link).toBe(true);
    }
  });

  test("has snippets that use inputs there are", async () => {
    for (const snippet of snippets) {
      for (const step of findUses(parse(snippet))) {
        const inputs = await inputsOf(step.uses!);
        for (const name of Object.keys(step.with ?? {}))
          if (inputs) expect(inputs, step.uses).toContain(name);
      }
      if (snippet.includes("gitops.schema.json")) parseConfig(snippet, "gitops.yaml");
    }
  });
});

test("the fleet's own workflow and configuration are what the documentation tells", async () => {
  const workflow = parse(
    await readFile(join(root, "examples/fleet/.github/workflows/pr-validation.yml"), "utf8"),
  );
  expect(findUses(workflow).map((step) => step.uses)).toEqual([
    "org/gitops-actions/.github/workflows/pr-validation.yml@v1",
  ]);
  expect(Object.keys(workflow.on).sort()).toEqual(["merge_group", "pull_request", "push"]);
  const config = parseConfig(await readFile(join(root, "examples/fleet/gitops.yaml"), "utf8"), "gitops.yaml");
  expect(config.environments.map(({ name, from }) => [name, from])).toEqual([
    ["dev", undefined],
    ["staging", "dev"],
    ["prod", "staging"],
  ]);
});

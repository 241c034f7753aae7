import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readAction } from "../../scripts/generate/action.ts";
import { root } from "./source.ts";

interface Step {
  uses?: string;
  with?: Record<string, string>;
}

interface Workflow {
  on: { workflow_call?: { inputs?: Record<string, { description?: string; default?: unknown }> } };
  permissions?: object;
  jobs: Record<string, { permissions?: object; "timeout-minutes"?: number; uses?: string; steps?: Step[] }>;
}

/** The action that a step of ours uses: `promote` is the short path of promote-env. */
function nameOf(uses: string): string | undefined {
  if (uses === "org/gitops-actions/promote@v1") return "promote-env";
  return /^org\/gitops-actions\/actions\/([a-z-]+)@v1$/.exec(uses)?.[1];
}

const paths = (await Array.fromAsync(glob(".github/workflows/*.yml", { cwd: root }))).sort();

describe.each(paths)("%s", (path) => {
  const text = readFileSync(join(root, path), "utf8");
  const workflow = parse(text) as Workflow;
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps ?? []);
  const ours = steps.filter((step) => step.uses?.startsWith("org/gitops-actions/"));

  test("gives no permission but those that a job asks for", () => {
    expect(workflow.permissions).toEqual({});
    for (const [name, job] of Object.entries(workflow.jobs)) {
      expect(job.permissions, name).toBeDefined();
      expect(job["timeout-minutes"], name).toBeGreaterThan(0);
    }
  });

  test("pins what others wrote to a commit, with its version beside it", () => {
    const uses = [...text.matchAll(/^\s*-? *uses: *(\S+)(.*)$/gm)].filter(
      ([, name]) => !name!.startsWith("org/gitops-actions/"),
    );
    for (const [line, name, comment] of uses) {
      expect(name, line).toMatch(/^[\w-]+\/[\w/-]+@[0-9a-f]{40}$/);
      expect(comment, line).toMatch(/^ # v\d+\.\d+\.\d+$/);
    }
  });

  test("names our own actions in full, with inputs and outputs that they have", async () => {
    // `./` would mean the repository of whoever calls the workflow.
    expect(steps.filter((step) => step.uses?.startsWith("./"))).toEqual([]);
    for (const step of ours) {
      const name = nameOf(step.uses!);
      expect(name, step.uses).toBeDefined();
      const action = await readAction(root, name!);
      expect(Object.keys(action.inputs ?? {})).toEqual(expect.arrayContaining(Object.keys(step.with ?? {})));
    }
  });

  test("hands each of its inputs on", () => {
    for (const [name, input] of Object.entries(workflow.on.workflow_call?.inputs ?? {})) {
      expect(input.description, name).toMatch(/\.$/);
      expect(text, name).toContain(`\${{ inputs.${name} }}`);
    }
  });

  test("has the defaults of the action behind each input", async () => {
    for (const step of ours) {
      const action = await readAction(root, nameOf(step.uses!)!);
      for (const [name, input] of Object.entries(workflow.on.workflow_call?.inputs ?? {})) {
        if (step.with?.[name]) expect(String(input.default ?? ""), name).toBe(action.inputs?.[name]?.default);
      }
    }
  });
});

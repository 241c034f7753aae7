import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type ActionFile, listActions, readAction } from "../../scripts/generate/action.ts";
import { root } from "../contract/source.ts";
import { git } from "../e2e/fleet.ts";
import { type RunOptions, type RunResult, runBundle } from "../runner/index.ts";
import { findTool } from "../setup/tools.ts";

const names = await listActions(root);
const work = mkdtempSync(join(tmpdir(), "gitops-contract-"));
afterAll(() => rmSync(work, { recursive: true }));

/** A repository with one folder of plain manifests, for which no tool has to be started. */
function makeRepository(name: string): string {
  const folder = join(work, name);
  mkdirSync(join(folder, "deploy"), { recursive: true });
  git(folder, "init", "--quiet", "--initial-branch=main");
  const manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  level: info\n";
  writeFileSync(join(folder, "deploy/settings.yaml"), manifest);
  git(folder, "add", ".");
  git(folder, "commit", "--quiet", "--message", "Start");
  return folder;
}

/** What an action needs to be told, beyond its defaults, to look at this repository; and what then comes of it. */
const needs: Record<string, { inputs?: Record<string, string>; exitCode?: number; wrong?: string }> = {
  "validate-schema": { inputs: { manifests: "deploy", "kubeconform-path": await findTool("kubeconform") } },
  "policy-check": { inputs: { manifests: "deploy", "allow-empty": "true" } },
  "promote-env": { inputs: { operation: "status" }, exitCode: 3, wrong: "operation" },
  // There is no cluster, and a cluster that does not answer is never a clean one.
  "drift-report": { exitCode: 1 },
};

/** Starts a built bundle with the defaults of its action.yml, as the runner would. */
async function start(
  name: string,
  action: ActionFile,
  options: Partial<RunOptions> & { workspace: string },
): Promise<RunResult> {
  const inputs: Record<string, string> = {};
  for (const [key, input] of Object.entries(action.inputs ?? {})) {
    const given = options.inputs?.[key] ?? needs[name]?.inputs?.[key] ?? input.default ?? "";
    if (key !== "token") inputs[key] = given;
  }
  return runBundle({ ...options, bundle: join(root, "build/dist", name, "index.js"), inputs });
}

describe.each(names)("the bundle of %s", async (name) => {
  const action = await readAction(root, name);

  // promote-env asks GitHub first, and there is none here: test/tools/promotion looks at what it says.
  const outputs =
    name === "promote-env"
      ? "fails with 3 where GitHub cannot be reached"
      : "sets exactly the outputs that action.yml describes, and leaks nothing";
  test(outputs, async () => {
    const result = await start(name, action, { workspace: makeRepository(`${name}-outputs`) });
    expect(result.problems).toEqual([]);
    expect(result.exitCode, result.stdout + result.stderr).toBe(needs[name]?.exitCode ?? 0);
    if (result.exitCode !== 3) {
      expect(Object.keys(result.outputs).sort()).toEqual(Object.keys(action.outputs ?? {}).sort());
      expect(result.summary).toMatch(/\S/);
    }
    expect(result.leaks).toEqual([]);
    await result.cleanUp();
  });

  test("says which input is wrong, and fails with 2", async () => {
    const wrong = needs[name]?.wrong ?? "fail-on-severity";
    const workspace = makeRepository(`${name}-wrong-input`);
    const result = await start(name, action, { workspace, inputs: { [wrong]: "fatal" } });
    expect(result.exitCode).toBe(2);
    expect(result.annotations.map(({ data }) => data).join("\n")).toContain(wrong);
    await result.cleanUp();
  });

  // What reads manifests takes any folder of them, also where there is no repository.
  test("says what is missing in an empty workspace, and fails with 2", async () => {
    const workspace = mkdtempSync(join(work, "empty-"));
    const result = await start(name, action, { workspace });
    expect(result.exitCode).toBe(2);
    // What reads manifests takes any folder of them, also where there is no repository.
    const missing = action.inputs?.manifests ? /deploy|manifests/ : /actions\/checkout/;
    expect(result.annotations.map(({ data }) => data).join("\n")).toMatch(missing);
    await result.cleanUp();
  });

  test("writes the same bytes twice", async () => {
    const workspace = makeRepository(`${name}-twice`);
    const [first, second] = [
      await start(name, action, { workspace }),
      await start(name, action, { workspace }),
    ];
    for (const output of ["index", "report"]) {
      if (first.outputs[output])
        expect(readFileSync(first.outputs[output], "utf8")).toBe(
          readFileSync(second.outputs[output]!, "utf8"),
        );
    }
    expect(first.summary).toBe(second.summary);
    await Promise.all([first.cleanUp(), second.cleanUp()]);
  });
});

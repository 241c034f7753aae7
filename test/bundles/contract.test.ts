import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type ActionFile, listActions, readAction } from "../../scripts/generate/action.ts";
import { root } from "../contract/source.ts";
import { git } from "../e2e/fleet.ts";
import { type RunOptions, type RunResult, runBundle } from "../runner/index.ts";

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

/** Starts a built bundle with the defaults of its action.yml, as the runner would. */
async function start(
  name: string,
  action: ActionFile,
  options: Partial<RunOptions> & { workspace: string },
): Promise<RunResult> {
  const inputs: Record<string, string> = {};
  for (const [key, input] of Object.entries(action.inputs ?? {})) {
    if (key !== "token") inputs[key] = options.inputs?.[key] ?? input.default ?? "";
  }
  return runBundle({ ...options, bundle: join(root, "build/dist", name, "index.js"), inputs });
}

describe.each(names)("the bundle of %s", async (name) => {
  const action = await readAction(root, name);

  test("sets exactly the outputs that action.yml describes, and leaks nothing", async () => {
    const result = await start(name, action, { workspace: makeRepository("outputs") });
    expect(result.problems).toEqual([]);
    expect(result.exitCode, result.stdout + result.stderr).toBe(0);
    expect(Object.keys(result.outputs).sort()).toEqual(Object.keys(action.outputs ?? {}).sort());
    expect(result.summary).toMatch(/\S/);
    expect(result.leaks).toEqual([]);
    await result.cleanUp();
  });

  test("says which input is wrong, and fails with 2", async () => {
    const workspace = makeRepository("wrong-input");
    const result = await start(name, action, { workspace, inputs: { "fail-on-severity": "fatal" } });
    expect(result.exitCode).toBe(2);
    expect(result.annotations.map(({ data }) => data).join("\n")).toContain("fail-on-severity");
    await result.cleanUp();
  });

  test("says that a workspace without a repository needs a checkout, and fails with 2", async () => {
    const workspace = mkdtempSync(join(work, "empty-"));
    const result = await start(name, action, { workspace });
    expect(result.exitCode).toBe(2);
    expect(result.annotations.map(({ data }) => data).join("\n")).toMatch(/actions\/checkout/);
    await result.cleanUp();
  });

  test("writes the same bytes twice", async () => {
    const workspace = makeRepository("twice");
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

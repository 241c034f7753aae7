import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type RunOptions, type RunResult, runBundle } from "../../runner/index.ts";

const program = join(import.meta.dirname, "programs/publish.ts");
const outsideJob = {
  GITHUB_ACTIONS: undefined,
  GITHUB_OUTPUT: undefined,
  GITHUB_STEP_SUMMARY: undefined,
  RUNNER_TEMP: undefined,
  RUNNER_TOOL_CACHE: undefined,
};
let workspace: string;
const runs: RunResult[] = [];

beforeAll(() => {
  workspace = mkdtempSync(join(tmpdir(), "workspace-"));
});
afterAll(() => rmSync(workspace, { recursive: true, force: true }));
afterEach(async () => {
  for (const run of runs.splice(0)) await run.cleanUp();
});

async function start(inputs: Record<string, string>, more: Partial<RunOptions> = {}): Promise<RunResult> {
  const run = await runBundle({ bundle: program, workspace, inputs, ...more });
  runs.push(run);
  return run;
}

/** `waiting in FOLDER`, as the program says. */
const folderIn = (run: RunResult) => /waiting in (\S+)/.exec(run.stdout)![1]!;

describe("a run in a job", () => {
  test("publishes outputs, annotations, summary and report.json", async () => {
    const run = await start({ findings: "15", text: "spec.replicas is wrong:" });
    expect(run.exitCode).toBe(1);
    expect(run.problems).toEqual([]);
    expect(run.outputs).toMatchObject({ multi: "a\nb", evil: "spec.replicas is wrong:" });
    const report = JSON.parse(readFileSync(run.outputs.report!, "utf8"));
    expect(report.summary.error).toBe(15);
    expect(run.annotations).toHaveLength(10);
    expect(run.dropped).toBe(0);
    expect(run.annotations[0]).toMatchObject({
      command: "error",
      properties: { file: "dir/a,b:0.yaml", line: "1", title: "demo/rule" },
    });
    expect(run.annotations[9]!.data).toContain("6 more errors");
    expect(run.summary).toContain("demo: 15 errors");
    expect(run.summary).toContain("https://github.com/octo-org/octo-repo/blob/");
  });

  test("prints nothing that acts as a command, whatever a repository says", async () => {
    const text =
      "x ##[set-output name=evil;]1\n::set-output name=evil2::1\r::stop-commands::x\n::add-mask::e\n </details><!-- gitops-actions:demo -->";
    const run = await start({ findings: "1", text });
    expect(run.commands.map(({ command }) => command)).toEqual(["error"]);
    expect(Object.keys(run.outputs).sort()).toEqual(["evil", "junit", "multi", "report", "sarif"]);
    expect(run.outputs.evil).toBe(text);
    expect(run.summary).not.toContain("<!--");
    const said = await start({ mode: "say", text });
    expect(said.commands).toEqual([]);
    expect(said.exitCode).toBe(0);
    const json = await start({ findings: "1", text, json: "true" });
    expect(json.commands.map(({ command }) => command)).toEqual(["error"]);
  });

  test("keeps the summary within GitHub's limit, also when something is in it already", async () => {
    const run = await start({ findings: "9000", text: "spec ".repeat(40) });
    expect(run.problems).toEqual([]);
    expect(run.summary.length).toBeGreaterThan(800_000);
    expect(run.summary).toContain("not shown here: see report.json");
    const summary = join(workspace, "summary.md");
    writeFileSync(summary, "x".repeat(1_048_000));
    await start({ findings: "9000", text: "y" }, { env: { GITHUB_STEP_SUMMARY: summary } });
    expect(statSync(summary).size).toBeLessThanOrEqual(1_048_576);
    expect(readFileSync(summary, "utf8").slice(1_048_000)).toMatch(/8,99\d more findings not shown here/);
    rmSync(summary);
  });

  test("has a private temporary folder that later steps can still read, and a cache of its own", async () => {
    const run = await start({ mode: "host" });
    const host = JSON.parse(run.log[0]!);
    expect(dirname(host.tempDir)).toBe(run.tempDir);
    expect(statSync(host.tempDir).mode & 0o777).toBe(0o700);
    expect(host).toMatchObject({
      cwd: workspace,
      cacheDir: join(run.root, "toolcache/gitops-actions"),
      isTerminal: false,
      now: true,
    });
  });

  test("leaks none of the runner's secrets", async () => {
    for (const inputs of [{ findings: "3" }, { mode: "usage" }, { mode: "bug" }])
      expect((await start(inputs)).leaks).toEqual([]);
  });

  test("masks a token that got into a message, in the log, the report, the annotation, the summary and the outputs", async () => {
    const token = "ghs_a1b2c3d4e5f6g7h8i9j0";
    const run = await start({ findings: "1", text: `https://x:${token}@github.com/x`, token });
    const everything = [
      run.stdout,
      run.stderr,
      run.summary,
      JSON.stringify(run.outputs),
      readFileSync(run.outputs.report!, "utf8"),
    ];
    for (const text of everything) {
      expect(text).not.toContain(token);
    }
    for (const text of [run.stdout, run.outputs.evil]) expect(text).toContain("x:***@");
    expect(run.summary).toContain("x:&#42;&#42;&#42;@");
  });

  test("reads its event", async () => {
    const payload = {
      before: "0".repeat(40),
      after: "a".repeat(40),
      ref: "refs/heads/x",
      repository: { default_branch: "main" },
    };
    const run = await start({ mode: "event" }, { eventName: "push", event: payload });
    expect(JSON.parse(run.log[0]!)).toMatchObject({ name: "push", defaultBranch: "main" });
    const broken = await start({ mode: "event" }, { eventName: "push", event: "{" });
    expect(broken.exitCode).toBe(2);
    expect(broken.annotations[0]!.data).toContain("is not JSON");
  });
});

describe("the end of a run", () => {
  test.each([
    ["usage", 2, "input 'mode' is 'usage'; the token is ***"],
    ["tool", 3, "kustomize ended with status 1\n::set-output name=evil::1"],
    [
      "bug",
      3,
      "This is a bug in gitops-actions. Please report it with these lines.\nTypeError: undefined is not a function\n",
    ],
    [
      "rejection",
      3,
      "This is a bug in gitops-actions. Please report it with these lines.\nError: nobody waits for me\n",
    ],
  ])("says what went wrong: %s", async (mode, status, message) => {
    const run = await start({ mode });
    expect(run.exitCode).toBe(status);
    expect(run.commands.map(({ command }) => command)).toEqual(["error"]);
    expect(run.annotations[0]!.data.startsWith(message)).toBe(true);
    expect(run.outputs).toEqual({});
    const terminal = await start({ mode }, { env: outsideJob });
    expect(terminal.exitCode).toBe(status);
    expect(terminal.stdout).toBe("");
    expect(terminal.stderr.startsWith(`error: ${message.replace("\n::", "\n: :")}`)).toBe(true);
  });

  test("leaves no temporary folder behind on a command line", async () => {
    const run = await start({ mode: "host" }, { env: outsideJob });
    const { tempDir } = JSON.parse(run.log[0]!);
    expect(existsSync(tempDir)).toBe(false);
    const failed = await start(
      { mode: "host" },
      { env: { ...outsideJob, XDG_CACHE_HOME: "relative/is/ignored" } },
    );
    expect(JSON.parse(failed.log[0]!).cacheDir).toBe(join(failed.root, "home/.cache/gitops-actions"));
  });

  test("comes soon after a cancellation, with the signal's status and nothing left", async () => {
    const run = await start({ mode: "wait" }, { cancelWhen: (line) => line.startsWith("waiting") });
    expect(run.exitCode).toBe(130);
    expect(run.cancelMilliseconds).toBeLessThan(5_000);
    expect(existsSync(folderIn(run))).toBe(false);
  });

  test("comes before the runner loses patience even when the run does not listen", async () => {
    const run = await start({ mode: "hang" }, { cancelWhen: (line) => line.startsWith("waiting") });
    expect(run.exitCode).toBe(130);
    expect(run.signal).toBeNull();
    expect(run.cancelMilliseconds).toBeLessThan(7_400);
    expect(existsSync(folderIn(run))).toBe(false);
  });

  test("blames the machine where it is to blame", async () => {
    const full = await start({ mode: "full-disk" }, { env: outsideJob });
    expect([full.exitCode, full.stderr]).toEqual([
      3,
      "error: The disk is full. Free some space and run this again (ENOSPC: no space left on device, write).\n",
    ]);
    const nowhere = await start(
      { mode: "host" },
      { env: { ...outsideJob, TMPDIR: join(workspace, "none") } },
    );
    expect(nowhere.exitCode).toBe(3);
    expect(nowhere.stderr).toMatch(/^error: cannot make a temporary folder in .*none: ENOENT.*Set TMPDIR/);
  });

  test("is quiet when the reader of its output has gone away", async () => {
    const script = `"${process.execPath}" "${program}" | head -n 1; exit \${PIPESTATUS[0]}`;
    const done = spawnSync("bash", ["-c", script], {
      cwd: workspace,
      env: {
        PATH: process.env.PATH!,
        HOME: workspace,
        INPUT_FINDINGS: "20000",
        INPUT_TEXT: "much text ".repeat(10),
      },
    });
    expect(done.stderr.toString()).toBe("");
    // Not 0: whoever asked for `pipefail` must not read a run cut short as a clean one.
    expect([1, 141]).toContain(done.status);
  });

  test("that a slow reader takes is printed whole", () => {
    // A pipe holds 64 KiB: what is behind them waits in the process.
    const script = `"${process.execPath}" "${program}" | (sleep 1; cat) | tail -n 1; exit \${PIPESTATUS[0]}`;
    const done = spawnSync("bash", ["-c", script], {
      cwd: workspace,
      env: {
        PATH: process.env.PATH!,
        HOME: workspace,
        INPUT_FINDINGS: "2000",
        INPUT_TEXT: "much text ".repeat(10),
      },
    });
    expect(done.status).toBe(1);
    expect(done.stdout.toString()).toMatch(/^demo: 2,000 errors/);
  });
});

// What people get wrong, and what machines do: each a clear error or an overlay named as not rendered, with what, where
// and what to do next; the other overlays are rendered, and nothing is half-written.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { git } from "../e2e/fleet.ts";
import { type RunResult, runBundle } from "../runner/index.ts";
import { findTool } from "../setup/tools.ts";
import {
  bundle,
  type Content,
  commit,
  expectGone,
  expectGood,
  expectRefused,
  type Files,
  findingsOf,
  gitPath,
  goodFiles,
  inspect,
  manifest,
  pathWithGitAlone,
  play,
  pullRequest,
  type Shown,
  type Stage,
  setStage,
  show,
  strike,
} from "./stage.ts";

/** All that a failing run says for people. */
const said = ({ run }: Shown): string => run.annotations.map(({ data }) => data).join("\n");

/** Starts the command line the way a person does, in the stage's workspace. */
async function gitops(stage: Stage, args: string[], more: Record<string, string> = {}): Promise<RunResult> {
  const tools = ["--kustomize-path", await findTool("kustomize"), "--helm-path", await findTool("helm")];
  const outsideJob = {
    GITHUB_ACTIONS: undefined,
    GITHUB_OUTPUT: undefined,
    GITHUB_STEP_SUMMARY: undefined,
    GITHUB_WORKSPACE: undefined,
    GITHUB_EVENT_NAME: undefined,
    RUNNER_TEMP: undefined,
    CI: undefined,
    TMPDIR: stage.root,
  };
  return runBundle({
    bundle: bundle("gitops"),
    workspace: stage.workspace,
    args: [...args, ...tools],
    env: { ...outsideJob, ...more },
  });
}

/** An error of a run as a whole: exit status 2 or 3, one annotation that says it, no result. */
function expectError(shown: Shown, status: 2 | 3, ...words: RegExp[]): void {
  expect(shown.run.exitCode, shown.run.stdout + shown.run.stderr).toBe(status);
  expect(shown.run.annotations).toHaveLength(1);
  for (const word of words) expect(said(shown)).toMatch(word);
  expect(said(shown)).not.toMatch(/bug in gitops-actions|at .*index\.js/);
  expect(shown.run.outputs).toEqual({});
}

describe("a repository that is", () => {
  test("not there", async () => {
    const shown = await show(setStage(), { inputs: { path: "no/such/folder" } });
    expectError(shown, 2, /no\/such\/folder/, /no such folder/, /Name a folder/);
    await strike(shown);
  });

  test("a file", async () => {
    const shown = await show(setStage(), { inputs: { path: "apps/good/settings.yaml" } });
    expectError(shown, 2, /settings\.yaml is a file/);
    await strike(shown);
  });

  test("not one of Git", async () => {
    const stage = setStage();
    rmSync(join(stage.workspace, ".git"), { recursive: true });
    const shown = await show(stage);
    expectError(shown, 2, /not inside a Git repository/, /actions\/checkout/);
    await strike(shown);
  });

  test("without a commit", async () => {
    const stage = setStage();
    rmSync(join(stage.workspace, ".git"), { recursive: true });
    git(stage.workspace, "init", "--quiet", "--initial-branch=main");
    const shown = await show(stage);
    expectError(shown, 2, /commit/);
    await strike(shown);
  });

  test("damaged", async () => {
    const stage = setStage();
    writeFileSync(join(stage.workspace, ".git/HEAD"), "nonsense\n");
    const shown = await show(stage);
    expectError(shown, 2, /Git repository/);
    await strike(shown);
  });

  test("a shallow clone, where nothing may be fetched", async () => {
    const stage = setStage();
    const head = commit(stage.workspace, "change", goodFiles("debug"), stage.main);
    const clone = join(stage.root, "work/shallow");
    git(stage.workspace, "config", "uploadpack.allowAnySHA1InWant", "true");
    git(stage.root, "clone", "--quiet", "--depth=1", "--branch=change", `file://${stage.workspace}`, clone);
    const event = pullRequest(stage, head);
    const shown = await show(
      { ...stage, workspace: clone },
      { eventName: "pull_request", event, inputs: { fetch: "false" } },
    );
    expectError(shown, 2, /fetch-depth/, /fetch/);
    // With leave to fetch, the same clone will do.
    const fetched = await show({ ...stage, workspace: clone }, { eventName: "pull_request", event });
    expect(fetched.run.exitCode, fetched.run.stdout + fetched.run.stderr).toBe(0);
    expectGood(fetched);
    await shown.run.cleanUp();
    await strike(fetched);
  });

  test("a shallow clone, whose origin is gone", async () => {
    const stage = setStage();
    const head = commit(stage.workspace, "change", goodFiles("debug"), stage.main);
    const clone = join(stage.root, "work/shallow");
    git(stage.root, "clone", "--quiet", "--depth=1", "--branch=change", `file://${stage.workspace}`, clone);
    git(clone, "remote", "set-url", "origin", `https://user:${stage.canaries.NPM_TOKEN}@127.0.0.1:9/o/r.git`);
    const shown = await show(
      { ...stage, workspace: clone },
      { eventName: "pull_request", event: pullRequest(stage, head) },
    );
    expectError(shown, 3, /could not be fetched/, /127\.0\.0\.1/);
    expect(shown.published).not.toContain(stage.canaries.NPM_TOKEN);
    await shown.run.cleanUp();
    stage.remove();
  });

  test("of another user", async () => {
    const stage = setStage();
    const env = foreignTo(stage);
    // In a job the workspace is the runner's doing; another folder is not.
    const other = join(stage.workspace, "other");
    git(stage.root, "clone", "--quiet", stage.workspace, other);
    give(other);
    const shown = await show(stage, { inputs: { path: "other" }, env });
    expectError(
      shown,
      2,
      /safe\.directory/,
      /belongs to another user/,
      /git config --global --add safe\.directory/,
    );
    await shown.run.cleanUp();
    give(stage.workspace);
    const trusted = await show(stage, { env });
    expect(trusted.run.exitCode, trusted.run.stdout + trusted.run.stderr).toBe(0);
    const typed = await gitops(stage, ["render", "--out", join(stage.root, "out")], env);
    expect(typed.exitCode).toBe(2);
    expect(typed.stderr).toMatch(/safe\.directory/);
    await typed.cleanUp();
    await strike(trusted);
  });
});

const root = process.getuid?.() === 0;

/** Gives a folder to another user; where only root could, Git is told so by `foreignTo`. */
function give(folder: string): void {
  if (root) spawnSync("chown", ["-R", "4321:4321", folder]);
}

/** Without root, a Git that takes every repository for somebody else's, as its own tests do. */
function foreignTo(stage: Stage): Record<string, string> {
  if (root) return {};
  const bin = join(stage.root, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "git"), `#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec '${gitPath()}' "$@"\n`);
  chmodSync(join(bin, "git"), 0o755);
  return { PATH: `${bin}:${process.env.PATH}` };
}

describe("a fleet that is", () => {
  test("empty fails, unless that is allowed", async () => {
    const stage = setStage();
    commit(stage.workspace, "main", { "README.md": "# Nothing\n" });
    git(stage.workspace, "checkout", "--quiet", "--force", "--detach", "main");
    const shown = await show(stage);
    expect(shown.run.exitCode).toBe(1);
    expect(shown.report?.verdict).toBe("nothing-found");
    expect(shown.run.stdout).toMatch(/nothing/i);
    const allowed = await show(stage, { inputs: { "allow-empty": "true" } });
    expect(allowed.run.exitCode, allowed.run.stdout).toBe(0);
    const typed = await gitops(stage, ["render", "--out", join(stage.root, "out")]);
    expect(typed.exitCode, typed.stdout + typed.stderr).toBe(1);
    const typedAllowed = await gitops(stage, ["render", "--allow-empty", "--out", join(stage.root, "out2")]);
    expect(typedAllowed.exitCode, typedAllowed.stdout + typedAllowed.stderr).toBe(0);
    for (const run of [shown.run, typed, typedAllowed]) await run.cleanUp();
    await strike(allowed);
  });

  test("not what the input names says so", async () => {
    const shown = await show(setStage(), { inputs: { kustomization: "apps/typo/*" } });
    expectError(shown, 2, /'kustomization': apps\/typo\/\* matches no overlay/, /Nearest: apps\/good/);
    await strike(shown);
  });
});

describe("gitops.yaml", () => {
  test.each([
    ["that is no YAML", "environments: [dev\noverlays: x\n", /gitops\.yaml:[12]:/],
    ["with a key that stands twice", "ignore: [a]\nignore: [b]\n", /gitops\.yaml:2.*ignore/],
    [
      "with a key that is unknown",
      "enviroments: [dev]\n",
      /gitops\.yaml:1: .*enviroments.*did you mean.*environments/is,
    ],
    ["with a value of the wrong kind", "environments: 3\n", /gitops\.yaml:1: .*environments/],
    [
      "with two documents",
      "ignore: [a]\n---\nignore: [b]\n",
      /gitops\.yaml: expected one YAML document, found 2/,
    ],
    ["that is a list", "- a\n", /gitops\.yaml:1/],
  ])("%s is refused with its line", async (_name, text, message) => {
    const shown = await play({ head: { "gitops.yaml": text } });
    expectError(shown, 2, message);
    const typed = await gitops(shown.stage, ["render", "--out", join(shown.stage.root, "out")]);
    expect(typed.exitCode).toBe(2);
    expect(typed.stderr).toMatch(message);
    expect(existsSync(join(shown.stage.root, "out/index.json"))).toBe(false);
    await typed.cleanUp();
    await strike(shown);
  });
});

interface Mistake {
  name: string;
  files: string | Record<string, Content>;
  rule: string;
  at?: string;
  line: number;
  says: RegExp;
}

const mistakes: Mistake[] = [
  {
    name: "a kustomization that is no YAML",
    files: "resources: [a.yaml\nimages:\n",
    rule: "unreadable-kustomization",
    line: 2,
    says: /kustomization\.yaml cannot be read/,
  },
  {
    name: "a kustomization that is a list",
    files: "- a.yaml\n",
    rule: "unreadable-kustomization",
    line: 1,
    says: /not a mapping/,
  },
  { name: "a kustomization that is empty", files: "", rule: "invalid-kustomization", line: 1, says: /empty/ },
  {
    name: "a kustomization of another kind",
    files: "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomisation\nresources: []\n",
    rule: "invalid-kustomization",
    line: 1,
    says: /kind/,
  },
  {
    name: "a field that kustomize does not know",
    files: "resource: [a.yaml]\n",
    rule: "invalid-kustomization",
    line: 1,
    says: /resource/,
  },
  {
    name: "a file that is not there",
    files: "namePrefix: x-\nresources:\n- missing.yaml\n",
    rule: "missing-file",
    line: 3,
    says: /missing\.yaml does not exist/,
  },
  {
    name: "a resource that is no YAML",
    files: { "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": "a: [\n" },
    rule: "invalid-yaml",
    at: "a.yaml",
    line: 1,
    says: /a\.yaml/,
  },
  {
    name: "a resource that is binary",
    files: {
      "kustomization.yaml": "resources: [a.yaml]\n",
      "a.yaml": Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2]),
    },
    rule: "binary",
    at: "a.yaml",
    line: 1,
    says: /a\.yaml" is not text/,
  },
  {
    name: "a Git LFS pointer in place of a resource",
    files: {
      "kustomization.yaml": "resources: [a.yaml]\n",
      "a.yaml": `version https://git-lfs.github.com/spec/v1\noid sha256:${"1".repeat(64)}\nsize 12345\n`,
    },
    rule: "lfs-pointer",
    at: "a.yaml",
    line: 1,
    says: /Git LFS pointer.*lfs: true/,
  },
  {
    name: "a submodule that is not checked out",
    files: { "kustomization.yaml": "resources:\n- base\n", base: { submodule: "1".repeat(40) } },
    rule: "submodule",
    line: 2,
    says: /submodule/,
  },
  {
    name: "a chart without a name",
    files: { "Chart.yaml": "apiVersion: v2\nversion: 1.0.0\n", "templates/a.yaml": manifest("a") },
    rule: "invalid-chart",
    at: "Chart.yaml",
    line: 1,
    says: /name/,
  },
  {
    name: "a chart whose values are no YAML",
    files: { "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n", "values.yaml": "a: [\n" },
    rule: "invalid-chart",
    at: "values.yaml",
    line: 1,
    says: /values\.yaml|yaml/,
  },
  {
    name: "a chart with a template that does not parse",
    files: {
      "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
      "templates/a.yaml": "a\n{{ if }}\n",
    },
    rule: "template",
    at: "templates/a.yaml",
    line: 2,
    says: /if/,
  },
];

describe("an overlay with", () => {
  let shown: Shown;
  beforeAll(async () => {
    const head: Files = {};
    for (const [index, { files }] of mistakes.entries())
      for (const [path, content] of Object.entries(
        typeof files === "string" ? { "kustomization.yaml": files } : files,
      ))
        head[`apps/bad-${index}/${path}`] = content;
    shown = await play({ head });
  });

  test.each(mistakes.map((mistake, index) => [mistake.name, mistake, index] as const))(
    "%s is named, with file and line",
    (_name, { rule, at = "kustomization.yaml", line, says }, index) => {
      const overlay = `apps/bad-${index}`;
      expectRefused(shown, overlay, rule, { path: `${overlay}/${at}`, line });
      expect(
        findingsOf(shown, overlay)
          .map(({ message }) => message)
          .join("\n"),
      ).toMatch(says);
      const gaps = [...(shown.report?.failed ?? []), ...(shown.report?.skipped ?? [])];
      expect(gaps.map(({ id }) => id)).toContain(overlay);
    },
  );

  test("all of these leaves nothing half-written", async () => {
    const { directory = "" } = shown.run.outputs;
    const written = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((path) =>
      path.includes("bad-"),
    );
    expect(written).toEqual([]);
    expect(shown.index?.complete).toBe(false);
    await strike(shown);
  });

  test("a key that stands twice in a kustomization is warned of: kustomize takes the last and says nothing", async () => {
    const text = "resources: [a.yaml]\nnamePrefix: x-\nResources: [b.yaml]\n";
    const files = { "kustomization.yaml": text, "a.yaml": manifest("a"), "b.yaml": manifest("b") };
    const head = Object.fromEntries(
      Object.entries(files).map(([path, content]) => [`apps/twice/${path}`, content]),
    );
    const shown = await play({ head });
    expect(shown.run.exitCode, shown.run.stdout).toBe(0);
    expect(shown.report?.findings).toContainEqual(
      expect.objectContaining({
        rule: "fleet/repeated-field",
        severity: "warning",
        message: expect.stringMatching(/apps\/twice\/kustomization\.yaml: resources stands twice/),
        location: expect.objectContaining({ path: "apps/twice/kustomization.yaml", line: 3 }),
      }),
    );
    expectGood(shown);
    await strike(shown);
  });

  test("a plain manifest that is no YAML is named, and the rest of the folder read", async () => {
    const shown = await play({
      head: { "apps/plain/a.yaml": `${manifest("a")}b: [\n`, "apps/plain/b.yaml": manifest("b") },
    });
    expect(shown.run.exitCode).toBe(1);
    expect(
      findingsOf(shown, "apps/plain")
        .map(({ rule, location }) => `${rule} ${location?.path}:${location?.line}`)
        .join("\n"),
    ).toMatch(/^render\/syntax apps\/plain\/a\.yaml:\d+$/);
    expectGood(shown);
    await strike(shown);
  });

  test("a file that cannot be read is named", async ({ skip }) => {
    const stage = setStage({
      "apps/web/kustomization.yaml": "resources: [a.yaml]\n",
      "apps/web/a.yaml": manifest("a"),
    });
    // Changed, so that what counts is the file on the disk; the bundle runs as somebody who may not read it.
    const file = join(stage.workspace, "apps/web/a.yaml");
    writeFileSync(file, manifest("changed"));
    const out = join(stage.root, "out");
    const tool = join(stage.root, "kustomize");
    copyFileSync(await findTool("kustomize"), tool);
    const args = ["render", "--out", out, "--render-all", "--kustomize-path", tool];
    const env = {
      PATH: process.env.PATH,
      HOME: stage.root,
      TMPDIR: stage.root,
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
    };
    const as = root ? ["setpriv", "--reuid=4321", "--regid=4321", "--clear-groups"] : ["env"];
    if (root) spawnSync("chown", ["-R", "4321:4321", stage.root]);
    chmodSync(file, 0o000);
    if (root) spawnSync("chown", ["0:0", file]);
    const [command = "", ...rest] = [...as, process.execPath, bundle("gitops"), ...args];
    const run = spawnSync(command, rest, { cwd: stage.workspace, env, encoding: "utf8" });
    if (root && /ENOENT|EACCES/.test(String(run.error ?? ""))) skip("running as root");
    expect(run.status, run.stdout + run.stderr).toBe(1);
    expect(run.stdout + run.stderr).toMatch(/apps\/web\/a\.yaml.*cannot be read/);
    expect(readFileSync(join(out, "index.json"), "utf8")).toContain("apps/good");
    expect(existsSync(join(out, "head/apps/good/manifest.yaml"))).toBe(true);
    stage.remove();
  });
});

describe("a machine", () => {
  test("whose disk is full says so, and sets no outputs", async ({ skip }) => {
    const root = mkdtempSync(join(tmpdir(), "small-"));
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=400k", "none", root]);
    if (mounted.status !== 0) skip("no small disk can be mounted here");
    try {
      const bulk = Object.fromEntries(
        Array.from({ length: 40 }, (_, n) => [`apps/bulk/m${n}.yaml`, manifest(`m${n}`, "x".repeat(20_000))]),
      );
      const shown = await show(setStage(bulk), { root });
      expect(shown.run.exitCode, shown.run.stdout).toBe(3);
      expect(said(shown)).toMatch(/disk is full|ENOSPC|no space left/i);
      expect(shown.run.outputs.index).toBeUndefined();
      inspect(shown);
      shown.stage.remove();
    } finally {
      spawnSync("umount", [root]);
      rmSync(root, { recursive: true, force: true });
    }
  });

  test("whose temporary folder cannot be written says so", async () => {
    const stage = setStage();
    const shown = await show(stage, { env: { RUNNER_TEMP: join(stage.root, "no/such/folder") } });
    expect(shown.run.exitCode).toBe(3);
    expect(shown.run.stdout + shown.run.stderr).toMatch(/temporary folder/);
    await strike(shown);
  });

  test("without kustomize and without a way to fetch it says what to do", async () => {
    const stage = setStage();
    const shown = await show(stage, {
      inputs: { "kustomize-path": "", "tools-mirror": "http://127.0.0.1:9/{asset}" },
      env: { PATH: pathWithGitAlone(stage) },
    });
    expectError(shown, 3, /kustomize/, /PATH|tools-mirror|tools-from/);
    await strike(shown);
  });

  test("with a kustomize that is none says so", async () => {
    const shown = await show(setStage(), { inputs: { "kustomize-path": "/bin/true" } });
    expect(shown.run.exitCode).toBeGreaterThanOrEqual(2);
    expect(said(shown)).toMatch(/\/bin\/true/);
    await strike(shown);
  });
});

test("a run that is cancelled ends in time, with 130 and nothing left behind", async () => {
  const stage = setStage();
  const tool = join(stage.root, "kustomize");
  writeFileSync(
    tool,
    `#!/bin/sh\ncase "$1" in version) echo v5.8.2; exit;; esac\necho $$ >> ${stage.root}/pids\nexec sleep 300\n`,
  );
  chmodSync(tool, 0o755);
  const files = Object.fromEntries(
    Array.from({ length: 4 }, (_, n) => [
      `apps/slow-${n}/kustomization.yaml`,
      "resources: []\nnamePrefix: a\n",
    ]),
  );
  const shown = await play({
    stage,
    head: files,
    inputs: { "kustomize-path": tool, output: "out" },
    cancelWhen: (line) => {
      if (!line.includes("Reading the fleet")) return false;
      // In the middle: a tool is running.
      const started = () => existsSync(join(stage.root, "pids"));
      const until = Date.now() + 20_000;
      while (!started() && Date.now() < until)
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      return started();
    },
  });
  expect(shown.run.exitCode, shown.run.stdout + shown.run.stderr).toBe(130);
  expect(shown.run.signal).toBeNull();
  expect(shown.run.cancelMilliseconds).toBeLessThan(7_000);
  expect(shown.run.outputs).toEqual({});
  for (const pid of readFileSync(join(stage.root, "pids"), "utf8").trim().split("\n"))
    await expectGone(Number(pid));
  expect(readdirSync(shown.run.tempDir).filter((name) => name.startsWith("gitops-actions-"))).toEqual([]);
  expect(existsSync(join(stage.workspace, "out/index.json"))).toBe(false);
  await strike(shown);
});

describe("an input that is wrong is named, with what was expected:", () => {
  test.each([
    ["path", "../..", /path inside the workspace/],
    ["base-ref", "a..b", /a branch, tag or commit/],
    ["base-ref", "no-such-branch", /no-such-branch/],
    ["head-ref", "no-such-branch", /no-such-branch/],
    ["fetch", "yes", /true or false/],
    ["render-all", "1", /true or false/],
    ["allow-empty", "True", /true or false/],
    ["include-crds", "on", /true or false/],
    ["summary", "no", /true or false/],
    ["annotations", "no", /true or false/],
    ["fail-on-severity", "eror", /error, warning, notice.*Did you mean error/],
    ["time-limit", "0", /seconds between 1 and 3600/],
    ["time-limit", "soon", /seconds between/],
    ["memory-limit", "2G", /MiB between/],
    ["tools-from", "githb", /auto, release, go, path/],
    ["tools-mirror", "nonsense", /http\(s\) address/],
    ["kustomize-version", "1.0.0", /Known versions/],
    ["helm-version", "nine", /Known versions/],
    ["kustomize-path", "no/such/kustomize", /no\/such\/kustomize/],
    ["helm-path", "no/such/helm", /no\/such\/helm/],
    ["kustomize-build-args", "--enable-star", /is refused/],
    ["kube-version", "latest", /kube-version|version/i],
    ["allow-remote-bases", "https://github.com/", /host/i],
  ])("%s: %s", async (input, value, message) => {
    const chart = {
      "apps/chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
      "apps/chart/templates/a.yaml": manifest("a"),
    };
    const shown = await show(setStage(chart), {
      inputs: {
        "helm-version": "",
        "kustomize-version": "",
        ...(/^(kustomize|helm)-version$/.test(input) && { "kustomize-path": "", "helm-path": "" }),
        [input]: value,
      },
    });
    expectError(shown, 2, message);
    await strike(shown);
  });
});

// The command line, on somebody's working tree: what is not committed yet is read from the disk, and what is printed
// goes to a terminal.
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Index } from "@gitops-actions/fleet";
import { expect, test } from "vitest";
import { findLeaks } from "../../runner/index.ts";
import { findTool } from "../../setup/tools.ts";
import { bundle, canary, expectGone, manifest, type Stage, setStage } from "../stage.ts";

interface Typed {
  status: number | null;
  text: string;
  index?: Index;
  /** Everything that was written, but for the manifests. */
  published: string;
}

const environment = (stage: Stage) => ({
  PATH: `${process.env.PATH}`,
  HOME: join(stage.root, "home"),
  TMPDIR: join(stage.root, "tmp"),
  GITHUB_TOKEN: stage.canaries.GITHUB_TOKEN,
  AWS_SECRET_ACCESS_KEY: stage.canaries.AWS_SECRET_ACCESS_KEY,
});

/** Types `gitops render --out ../../../out` in the workspace. */
async function type(stage: Stage, ...args: string[]): Promise<Typed> {
  for (const name of ["home", "tmp"]) mkdirSync(join(stage.root, name), { recursive: true });
  const out = join(stage.root, "out");
  const tools = ["--kustomize-path", await findTool("kustomize"), "--helm-path", await findTool("helm")];
  const words = [bundle("gitops"), "render", "--out", out, ...tools, ...args];
  const run = spawnSync(process.execPath, words, {
    cwd: stage.workspace,
    env: environment(stage),
    encoding: "utf8",
  });
  const text = run.stdout + run.stderr;
  const index = existsSync(join(out, "index.json"))
    ? readFileSync(join(out, "index.json"), "utf8")
    : undefined;
  return {
    status: run.status,
    text,
    published: text + (index ?? ""),
    ...(index && { index: JSON.parse(index) }),
  };
}

/** Nothing of what lies around the repository was read, and nothing was left behind. */
function expectKept(stage: Stage, { text }: Typed): void {
  const folders = ["out", "tmp", "home"]
    .map((name) => join(stage.root, name))
    .filter((folder) => existsSync(folder));
  expect(findLeaks(stage.canaries, folders, { text })).toEqual([]);
  expect(readdirSync(join(stage.root, "tmp"))).toEqual([]);
  stage.remove();
}

const statusOf = (index: Index | undefined, id: string) =>
  index?.overlays.find((overlay) => overlay.id === id)?.status;

test("links, pipes, sockets and devices in the working tree are neither followed nor waited for", async () => {
  const stage = setStage();
  for (const name of ["linked", "folder", "piped"]) {
    mkdirSync(join(stage.workspace, "apps", name));
    writeFileSync(join(stage.workspace, "apps", name, "kustomization.yaml"), "resources: [a.yaml]\n");
  }
  symlinkSync(stage.outside, join(stage.workspace, "apps/linked/a.yaml"));
  symlinkSync(join(stage.root, "outside"), join(stage.workspace, "apps/folder/a.yaml"));
  spawnSync("mkfifo", [join(stage.workspace, "apps/piped/a.yaml")]);
  const typed = await type(stage);
  expect(typed.status, typed.text).toBe(1);
  expect(statusOf(typed.index, "apps/good")).toBe("rendered");
  for (const name of ["linked", "folder"])
    expect(statusOf(typed.index, `apps/${name}`), typed.text).toBe("failed");
  expect(statusOf(typed.index, "apps/piped")).toBe("failed");
  expectKept(stage, typed);
});

test("a file that is swapped for a link while it is looked at is not read", async () => {
  const stage = setStage();
  const folder = join(stage.workspace, "apps/web");
  mkdirSync(folder);
  writeFileSync(join(folder, "kustomization.yaml"), "resources: [a.yaml]\n");
  writeFileSync(join(folder, "a.yaml"), manifest("a"));
  // Swaps the file and its folder for links and back, all the time.
  const swap = `while :; do mv '${folder}/a.yaml' '${folder}/b'; ln -s '${stage.outside}' '${folder}/a.yaml'; rm '${folder}/a.yaml'; mv '${folder}/b' '${folder}/a.yaml'; done`;
  const swapping = spawn("sh", ["-c", swap], { stdio: "ignore" });
  try {
    const typed = await type(stage);
    expect([0, 1, 3], typed.text).toContain(typed.status);
    expect(typed.text).not.toContain("bug in gitops-actions");
    swapping.kill("SIGKILL");
    expectKept(stage, typed);
  } finally {
    swapping.kill("SIGKILL");
  }
});

test("a .git folder inside an overlay is no part of it", async () => {
  const stage = setStage();
  const folder = join(stage.workspace, "apps/web");
  mkdirSync(join(folder, ".git"), { recursive: true });
  writeFileSync(join(folder, ".git/config"), `[x]\n\ty = ${stage.canaries[".git/config"]}\n`);
  writeFileSync(join(folder, ".git/HEAD"), "ref: refs/heads/main\n");
  writeFileSync(
    join(folder, "kustomization.yaml"),
    "configMapGenerator:\n- name: c\n  files: [.git/config, ../../.git/config]\n",
  );
  const typed = await type(stage);
  expect(typed.index?.overlays.filter(({ status }) => status === "rendered").map(({ id }) => id)).toEqual([
    "apps/good",
  ]);
  expectKept(stage, typed);
});

test("nothing that acts on a terminal, or hides, is printed", async () => {
  const stage = setStage();
  const evil = ["\x1b[2Jcleared", "\x1b]0;title\x07", "\u202egnp.exe", "a\rb", "\x9b31m", "\u200bhidden"];
  for (const [index, name] of evil.entries()) {
    const folder = join(stage.workspace, "apps", name);
    mkdirSync(folder);
    writeFileSync(join(folder, "a.yaml"), manifest(JSON.stringify(name), JSON.stringify(name)));
    mkdirSync(join(stage.workspace, `apps/bad-${index}`));
    writeFileSync(
      join(stage.workspace, `apps/bad-${index}/kustomization.yaml`),
      `resources: [${JSON.stringify(`no ${name}`)}]\n`,
    );
  }
  const typed = await type(stage);
  expect(typed.status, typed.text).toBe(1);
  expect(typed.text).toContain("\\x1b[2Jcleared");
  for (const character of ["\x1b", "\x07", "\u202e", "\r", "\x9b", "\u200b"])
    expect(typed.text).not.toContain(character);
  expectKept(stage, typed);
});

test("secrets are hidden here as well, in a diff, in a message and in JSON", async () => {
  const value = canary("secret");
  for (const json of [[], ["--json"]]) {
    const stage = setStage();
    const write = (path: string, text: string) => {
      mkdirSync(join(stage.workspace, path, ".."), { recursive: true });
      writeFileSync(join(stage.workspace, path), text);
    };
    write(
      "apps/web/s.yaml",
      `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: ${value}}\n`,
    );
    write("apps/chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    write("apps/chart/values.yaml", `password: ${value}\n`);
    write("apps/chart/templates/a.yaml", "{{ fail .Values.password }}\n");
    const typed = await type(stage, ...json);
    expect(typed.status, typed.text).toBe(1);
    expect(typed.text).toContain("«hidden");
    expect(findLeaks({ value }, [], { published: typed.published })).toEqual([]);
    expectKept(stage, typed);
  }
});

test("a command that is interrupted ends with 130, its tools with it, and leaves nothing behind", async () => {
  const stage = setStage();
  for (const name of ["home", "tmp"]) mkdirSync(join(stage.root, name), { recursive: true });
  const tool = join(stage.root, "kustomize");
  writeFileSync(
    tool,
    `#!/bin/sh\ncase "$1" in version) echo v5.8.2; exit;; esac\necho $$ > ${stage.root}/pid.new; mv ${stage.root}/pid.new ${stage.root}/pid\nexec sleep 300\n`,
  );
  chmodSync(tool, 0o755);
  const out = join(stage.root, "out");
  const words = [bundle("gitops"), "render", "--render-all", "--out", out, "--kustomize-path", tool];
  const run = spawn(process.execPath, words, {
    cwd: stage.workspace,
    env: environment(stage),
    stdio: "ignore",
  });
  const ended = new Promise<number | null>((resolve) => run.on("close", resolve));
  while (!existsSync(join(stage.root, "pid")) && run.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 50));
  const began = performance.now();
  run.kill("SIGINT");
  expect(await ended).toBe(130);
  expect(performance.now() - began).toBeLessThan(7_000);
  await expectGone(Number(readFileSync(join(stage.root, "pid"), "utf8")));
  expect(existsSync(join(out, "index.json"))).toBe(false);
  expectKept(stage, { status: 130, text: "", published: "" });
});

// Class F as far as it concerns rendering: whose word counts. And with strace, what a run asks of the network at all.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { currentPlatform } from "@gitops-actions/engine";
import { expect, test } from "vitest";
import { entryFolder } from "../../../packages/engine/src/tools/cache.ts";
import { wantedTool } from "../../../packages/engine/src/tools/pin.ts";
import { git } from "../../e2e/fleet.ts";
import {
  bundle,
  commit,
  expectGood,
  expectRefused,
  findingsOf,
  goodFiles,
  listen,
  manifest,
  pathWithGitAlone,
  play,
  pullRequest,
  setStage,
  show,
  strike,
} from "../stage.ts";

const evil = "apps/evil/kustomization.yaml";

test("a pull request cannot allow itself hosts: gitops.yaml of the base branch counts", async () => {
  const server = await listen();
  const shown = await play({
    main: { "gitops.yaml": "allow: {remote-bases: [git.example.com]}\n" },
    head: {
      "gitops.yaml": "allow: {remote-bases: [127.0.0.1, git.example.com]}\n",
      [evil]: `resources:\n- http://127.0.0.1:${server.port}/base.yaml\n`,
    },
  });
  expectRefused(shown, "apps/evil", "remote-base", { path: evil, line: 2 });
  expect(shown.report?.notes.join("\n")).toContain(
    "this change alters what gitops.yaml allows; what counts is the base branch's",
  );
  expect(server.seen).toEqual([]);
  await server.close();
  await strike(shown);
});

test("what counts because the base branch has no gitops.yaml yet is said to be not reviewed", async () => {
  const shown = await play({ head: { "gitops.yaml": "allow: {remote-bases: [git.example.com]}\n" } });
  expectGood(shown);
  expect(shown.report?.notes.join("\n")).toMatch(/gitops\.yaml is not yet reviewed/);
  await strike(shown);
});

test("gitops.yaml that is a link out of the repository is refused", async () => {
  const shown = await play({ head: { "gitops.yaml": { link: "../../../outside/secret.yaml" } } });
  expect(shown.run.exitCode).toBe(2);
  expect(shown.run.annotations[0]?.data).toContain("gitops.yaml");
  await strike(shown);
});

test("pull_request_target renders the fork's head as text: nothing of it is checked out, run or trusted", async () => {
  const stage = setStage({ "gitops.yaml": "allow: {remote-bases: [git.example.com]}\n" });
  const server = await listen();
  const stolen = join(stage.root, "stolen");
  const head = commit(
    stage.workspace,
    "change",
    {
      ...goodFiles("debug"),
      "gitops.yaml": "allow: {remote-bases: [127.0.0.1]}\n",
      [evil]: `resources:\n- http://127.0.0.1:${server.port}/base.yaml\n`,
      ".git-hooks/post-checkout": `#!/bin/sh\ntouch ${stolen}\n`,
      ".gitattributes": "* filter=steal\n",
      ".gitmodules": `[submodule "x"]\n\tpath = x\n\turl = ext::sh -c 'touch ${stolen}'\n\tupdate = !touch ${stolen}\n`,
      x: { submodule: "1".repeat(40) },
    },
    stage.main,
  );
  // The fork's commit is at the origin alone, as a job of this event finds it.
  const origin = join(stage.root, "origin.git");
  git(stage.root, "clone", "--quiet", "--bare", stage.workspace, origin);
  git(origin, "config", "uploadpack.allowAnySHA1InWant", "true");
  git(stage.workspace, "branch", "--quiet", "-D", "change");
  git(stage.workspace, "reflog", "expire", "--expire=now", "--all");
  git(stage.workspace, "prune", "--expire=now");
  git(stage.workspace, "remote", "add", "origin", `file://${origin}`);
  git(stage.workspace, "config", "filter.steal.smudge", `touch ${stolen}`);
  git(stage.workspace, "config", "filter.steal.clean", `touch ${stolen}`);
  const before = git(stage.workspace, "for-each-ref");
  const shown = await show(stage, {
    eventName: "pull_request_target",
    event: pullRequest(stage, head, { fork: true }),
    env: { GITHUB_SHA: stage.main, GITHUB_REF: "refs/heads/main" },
    inputs: { "head-ref": head },
  });
  expectRefused(shown, "apps/evil", "remote-base", { path: evil, line: 2 });
  expect(shown.index?.trusted?.commit).toBe(stage.main);
  expect(existsSync(stolen)).toBe(false);
  expect(server.seen).toEqual([]);
  expect(git(stage.workspace, "for-each-ref")).toBe(before);
  expect(git(stage.workspace, "rev-parse", "HEAD")).toBe(stage.main);
  expect(existsSync(join(stage.workspace, "apps/evil"))).toBe(false);
  await server.close();
  await strike(shown);
});

test("a tool in the cache that is not what was stored there is never started", async () => {
  const stage = setStage();
  const root = mkdtempSync(join(tmpdir(), "runner-"));
  const stolen = join(stage.root, "stolen");
  const wanted = wantedTool("kustomize", currentPlatform());
  const cache = join(root, "toolcache/gitops-actions");
  for (const kind of ["release", "go"] as const) {
    const folder = entryFolder(cache, wanted, kind);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "kustomize"), `#!/bin/sh\ntouch ${stolen}\necho v5.8.2\n`);
    chmodSync(join(folder, "kustomize"), 0o755);
    const entry = { name: "kustomize", version: wanted.version, origin: kind, from: "https://github.com" };
    const sha256 = createHash("sha256").update("what was stored").digest("hex");
    writeFileSync(join(folder, "entry.json"), JSON.stringify({ ...entry, sha256 }));
  }
  const shown = await show(stage, {
    root,
    inputs: { "kustomize-path": "", "tools-mirror": "http://127.0.0.1:9/{asset}", "tools-from": "auto" },
    env: { PATH: pathWithGitAlone(stage) },
  });
  expect(shown.run.exitCode, shown.run.stdout).toBe(3);
  expect(shown.run.stdout).toContain("is not the program that was stored there");
  expect(shown.run.stdout).toContain(createHash("sha256").update("what was stored").digest("hex"));
  expect(existsSync(stolen)).toBe(false);
  await strike(shown);
});

test("an unknown version of a tool, in an input or in a pull request's gitops.yaml, is not fetched", async () => {
  const shown = await play({
    head: { "gitops.yaml": "tools: {kustomize: 99.0.0}\n" },
    inputs: { "kustomize-path": "" },
  });
  expect(shown.run.exitCode, shown.run.stdout).toBe(2);
  expect(shown.run.annotations[0]?.data).toMatch(/99\.0\.0/);
  await strike(shown);
});

test("a whole run, with charts that ask name servers and clusters, opens no connection", async ({ skip }) => {
  if (spawnSync("strace", ["-V"]).status !== 0) skip("strace is not installed");
  const trace = mkdtempSync(join(tmpdir(), "trace-"));
  const traced = join(trace, "traced.mjs");
  const log = join(trace, "log");
  writeFileSync(
    traced,
    `import { spawnSync } from "node:child_process";
const args = ["-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", ${JSON.stringify(log)}, process.execPath, ${JSON.stringify(bundle())}];
process.exit(spawnSync("strace", args, { stdio: "inherit" }).status ?? 1);\n`,
  );
  const chart = { "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n" };
  const shown = await play({
    bundle: traced,
    head: {
      "apps/chart/Chart.yaml": chart["Chart.yaml"],
      "apps/chart/templates/a.yaml": `${manifest("a")}  host: {{ getHostByName "canary.example.com" | quote }}\n  found: {{ lookup "v1" "Secret" "kube-system" "" | toJson | quote }}\n`,
      "apps/inflated/kustomization.yaml": "helmCharts:\n- name: web\n  releaseName: web\n",
      "apps/inflated/charts/web/Chart.yaml": chart["Chart.yaml"],
      "apps/inflated/charts/web/values.yaml": "a: 1\n",
      "apps/inflated/charts/web/templates/a.yaml": `${manifest("a")}  host: {{ getHostByName "canary.example.com" | quote }}\n`,
      "apps/remote/kustomization.yaml":
        "resources:\n- https://github.com/octo-org/bases//web\n- http://169.254.169.254/latest\n",
    },
    timeoutMs: 100_000,
  });
  expectGood(shown);
  expect(findingsOf(shown, "apps/remote").length).toBe(2);
  for (const id of ["apps/chart", "apps/inflated"])
    expect(shown.index?.overlays.find((overlay) => overlay.id === id)?.status).toBe("rendered");
  const calls = readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => /AF_INET|sin_port/.test(line));
  expect(calls).toEqual([]);
  rmSync(trace, { recursive: true });
  await strike(shown);
});

test("a checkout that someone else prepared with hooks and commands runs none of them", async () => {
  const stage = setStage();
  const stolen = join(stage.root, "stolen");
  const hook = join(stage.workspace, ".git/hooks/post-index-change");
  mkdirSync(dirname(hook), { recursive: true });
  writeFileSync(hook, `#!/bin/sh\ntouch ${stolen}\n`);
  chmodSync(hook, 0o755);
  for (const [key, value] of [
    ["core.fsmonitor", `touch ${stolen}`],
    ["core.sshCommand", `touch ${stolen}`],
    ["core.hooksPath", dirname(hook)],
    ["core.pager", `touch ${stolen}`],
    ["diff.external", `touch ${stolen}`],
    ["alias.cat-file", `!touch ${stolen}`],
    ["uploadpack.packObjectsHook", `touch ${stolen}`],
  ] as const)
    git(stage.workspace, "config", key, value);
  const head = commit(stage.workspace, "change", goodFiles("debug"), stage.main);
  git(stage.workspace, "update-ref", "--no-deref", "HEAD", head);
  const shown = await show(stage, { eventName: "pull_request", event: pullRequest(stage, head) });
  expect(shown.run.exitCode, shown.run.stdout + shown.run.stderr).toBe(0);
  expectGood(shown);
  expect(existsSync(stolen)).toBe(false);
  await strike(shown);
});

// A stage for what goes wrong: a repository with a healthy overlay, a pull request that brings whatever a test makes
// up, and a job that renders it, started as the runner starts it. Around it lie secrets nobody may get to see.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Index } from "@gitops-actions/fleet";
import type { Finding, Report } from "@gitops-actions/report";
import { expect } from "vitest";
import { root as clone } from "../contract/source.ts";
import { git } from "../e2e/fleet.ts";
import { findLeaks, type RunOptions, type RunResult, runBundle } from "../runner/index.ts";
import { findTool } from "../setup/tools.ts";

/** What lies at a path of a commit: text or bytes, a symbolic link, or the commit of a submodule. */
export type Content = string | Uint8Array | { link: string } | { submodule: string };
export type Files = Record<string, Content>;

export interface Stage {
  /** The folder that holds everything; removed by `remove`. */
  root: string;
  /** The repository, and what is checked out of it: the job's workspace. */
  workspace: string;
  /** Commit of main, with the healthy fleet. */
  main: string;
  /** Secrets around the repository, by where they lie. */
  canaries: Record<string, string>;
  /** A file outside the repository that holds one. */
  outside: string;
  remove(): void;
}

/** A healthy overlay, `apps/good`; `level` is what a change changes. */
export function goodFiles(level = "info"): Files {
  return {
    "apps/good/kustomization.yaml": "resources: [settings.yaml]\n",
    "apps/good/settings.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: good\ndata:\n  level: ${level}\n`,
  };
}

/** Makes a repository whose main branch holds the healthy fleet and `files`. */
export function setStage(files: Files = {}): Stage {
  const root = mkdtempSync(join(tmpdir(), "stage-"));
  const workspace = join(root, "work/fleet/fleet");
  mkdirSync(workspace, { recursive: true });
  git(workspace, "init", "--quiet", "--initial-branch=main");
  const canaries = {
    "file outside": canary("outside"),
    ".git/config": canary("config"),
    AWS_SECRET_ACCESS_KEY: canary("aws"),
    GITHUB_TOKEN: canary("github"),
    NPM_TOKEN: canary("npm"),
  };
  const outside = join(root, "outside/secret.yaml");
  mkdirSync(join(root, "outside"));
  writeFileSync(outside, manifest("outside", canaries["file outside"]));
  writeFileSync(join(root, "outside/kustomization.yaml"), "resources: [secret.yaml]\n");
  // What actions/checkout leaves there, which a job's later steps fetch and push with.
  git(
    workspace,
    "config",
    "http.https://github.com/.extraheader",
    `AUTHORIZATION: ${canaries[".git/config"]}`,
  );
  const main = commit(workspace, "main", { ...goodFiles(), ...files });
  git(workspace, "checkout", "--quiet", "--force", "main");
  return {
    root,
    workspace,
    main,
    canaries,
    outside,
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Letters that no format escapes or breaks up. */
export function canary(name: string): string {
  const letters = randomBytes(12)
    .toString("hex")
    .replace(/./g, (digit) => "ghjkmnpqrstvwxyz"[Number.parseInt(digit, 16)]!);
  return `canary${name}${letters}`;
}

export function manifest(name: string, value = "x"): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  value: ${value}\n`;
}

/**
 * Commits files on top of `from` (or of nothing), whatever their names are, without a checkout: what nobody could
 * check out can be pushed all the same. `undefined` removes a file.
 */
export function commit(
  workspace: string,
  branch: string,
  files: Record<string, Content | undefined>,
  from?: string,
): string {
  const parts: (string | Uint8Array)[] = [
    `commit refs/heads/${branch}\ncommitter Test <test@shop.example.com> 1795262400 +0000\ndata 6\nChange\n`,
    from ? `from ${from}\n` : "",
  ];
  for (const [path, content] of Object.entries(files)) {
    const name = quote(path);
    if (content === undefined) parts.push(`D ${name}\n`);
    else if (typeof content === "object" && "submodule" in content)
      parts.push(`M 160000 ${content.submodule} ${name}\n`);
    else {
      const link = typeof content === "object" && "link" in content;
      const bytes = Buffer.from(link ? content.link : content);
      parts.push(`M ${link ? "120000" : "100644"} inline ${name}\ndata ${bytes.length}\n`, bytes, "\n");
    }
  }
  execFileSync("git", ["fast-import", "--quiet", "--force"], {
    cwd: workspace,
    env: { PATH: process.env.PATH, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" },
    input: Buffer.concat(parts.map((part) => Buffer.from(part))),
  });
  return git(workspace, "rev-parse", `refs/heads/${branch}`);
}

/** A path as `git fast-import` reads it: C-style, bytes in octal. */
function quote(path: string): string {
  const bytes = [...Buffer.from(path)].map((byte) =>
    byte < 0x20 || byte === 0x22 || byte === 0x5c || byte > 0x7e
      ? `\\${byte.toString(8).padStart(3, "0")}`
      : String.fromCharCode(byte),
  );
  return `"${bytes.join("")}"`;
}

/** The event of a pull request from `head` into main. */
export function pullRequest(
  stage: Stage,
  head: string,
  more: { headRef?: string; baseRef?: string; title?: string; fork?: boolean } = {},
) {
  const { headRef = "change", baseRef = "main", title = "Change", fork = false } = more;
  const repo = (name: string) => ({ full_name: name, fork: name.startsWith("mallory/") });
  return {
    action: "synchronize",
    number: 7,
    pull_request: {
      number: 7,
      title,
      body: title,
      draft: false,
      labels: [{ name: title }],
      user: { login: "mallory" },
      head: { ref: headRef, sha: head, repo: repo(fork ? "mallory/fleet" : "octo-org/octo-repo") },
      base: { ref: baseRef, sha: stage.main, repo: repo("octo-org/octo-repo") },
    },
    repository: { full_name: "octo-org/octo-repo", default_branch: "main" },
  };
}

export interface Shown {
  run: RunResult;
  stage: Stage;
  index?: Index;
  report?: Report;
  /** All that people and programs get to see: log, summary, annotations, outputs, reports; not the manifests. */
  published: string;
}

export interface Play extends Partial<RunOptions> {
  /** Files of the pull request besides a change of the healthy overlay. */
  head?: Record<string, Content | undefined>;
  /** Files that main has already. */
  main?: Files;
  /** Do not check the head out: nobody could. */
  withoutCheckout?: boolean;
  stage?: Stage;
}

/** Renders a pull request that brings `head`. Call `strike` when done. */
export async function play(options: Play): Promise<Shown> {
  const { head = {}, main, withoutCheckout, inputs, env, stage: given, ...more } = options;
  const stage = given ?? setStage(main);
  const id = commit(stage.workspace, "change", { ...goodFiles("debug"), ...head }, stage.main);
  if (withoutCheckout) git(stage.workspace, "update-ref", "--no-deref", "HEAD", id);
  else git(stage.workspace, "checkout", "--quiet", "--force", "--detach", id);
  return show(stage, {
    eventName: "pull_request",
    event: pullRequest(stage, id),
    env: { ...env },
    ...more,
    ...(inputs && { inputs }),
  });
}

/** Starts the bundle in a stage's workspace. */
export async function show(stage: Stage, options: Partial<RunOptions> = {}): Promise<Shown> {
  const { inputs, env, ...more } = options;
  const { AWS_SECRET_ACCESS_KEY, GITHUB_TOKEN, NPM_TOKEN } = stage.canaries;
  const run = await runBundle({
    bundle: bundle(),
    workspace: stage.workspace,
    ...more,
    inputs: { ...(await tools()), ...inputs },
    env: { AWS_SECRET_ACCESS_KEY, GITHUB_TOKEN, NPM_TOKEN, ...env },
  });
  const read = (name: string): string => {
    const path = run.outputs[name];
    return path ? readFileSync(path, "utf8") : "";
  };
  const files = ["index", "report", "sarif", "junit"].map(read);
  return {
    run,
    stage,
    ...(files[0] && { index: JSON.parse(files[0]) }),
    ...(files[1] && { report: JSON.parse(files[1]) }),
    published: [run.stdout, run.stderr, run.summary, JSON.stringify(run.outputs), ...files].join("\n"),
  };
}

export function bundle(name = "render-overlays"): string {
  return join(clone, "build/dist", name, "index.js");
}

async function tools(): Promise<Record<string, string>> {
  return { "kustomize-path": await findTool("kustomize"), "helm-path": await findTool("helm") };
}

/** Fails when a secret has got out, or something was said to the runner that only we may say. Then removes all. */
export async function strike(shown: Shown): Promise<void> {
  inspect(shown);
  await shown.run.cleanUp();
  shown.stage.remove();
}

/** What `strike` does, without removing anything. */
export function inspect({ run, stage }: Shown): void {
  const folders = [run.root, stage.workspace];
  const texts = { stdout: run.stdout, stderr: run.stderr };
  const config = join(stage.workspace, ".git/config");
  const leaks = findLeaks(stage.canaries, folders, texts, [config]);
  expect([...run.leaks, ...leaks], "canaries").toEqual([]);
  expect(run.problems, "complaints of the runner").toEqual([]);
  const known = ["error", "warning", "notice", "add-mask"];
  expect(
    run.commands.filter(({ command }) => !known.includes(command)),
    "commands",
  ).toEqual([]);
  for (const { command, data } of run.commands)
    if (command === "add-mask") expect(data).toBe(run.canaries.INPUT_TOKEN);
  expect(run.exportedEnv).toEqual({});
  expect(run.state).toEqual({});
}

/** Waits until a process has ended; fails when it does not. */
export async function expectGone(pid: number): Promise<void> {
  // A process that has ended stays listed until its new parent, init, takes notice.
  const runs = () => {
    try {
      return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
      return false;
    }
  };
  for (let tries = 0; runs() && tries < 40; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(runs(), `process ${pid} still runs`).toBe(false);
}

/** Fails unless the healthy overlay was rendered with its change, whatever else there was. */
export function expectGood({ index, run }: Shown): void {
  const good = index?.overlays.find((overlay) => overlay.id === "apps/good");
  expect(good, run.stdout + run.stderr).toMatchObject({ status: "rendered", change: "changed" });
  expect(readFileSync(join(run.outputs.directory!, good?.head?.manifest ?? ""), "utf8")).toContain(
    "level: debug",
  );
}

/** The findings about one overlay. */
export function findingsOf({ report }: Shown, overlay: string): Finding[] {
  return (report?.findings ?? []).filter((finding) =>
    finding.places.some((place) => place.overlay === overlay),
  );
}

/** Fails unless the overlay is refused with a finding of this rule at this place, and the healthy one rendered. */
export function expectRefused(
  shown: Shown,
  overlay: string,
  rule: string | RegExp,
  place: { path: string; line: number },
): void {
  const { run, index } = shown;
  expect(run.exitCode, run.stdout + run.stderr).toBe(1);
  const findings = findingsOf(shown, overlay);
  expect(
    findings.map(({ rule, location }) => ({ rule, path: location?.path, line: location?.line })),
    run.stdout,
  ).toContainEqual({
    rule: typeof rule === "string" ? `render/${rule}` : expect.stringMatching(rule),
    ...place,
  });
  const entry = index?.overlays.find((each) => each.id === overlay);
  expect(entry?.status).toMatch(/^(failed|rejected)$/);
  expect(entry?.head).toBeUndefined();
  expectGood(shown);
}

/** A PATH with Git and no other tool: neither kustomize nor kubectl. */
export function pathWithGitAlone(stage: Stage): string {
  const bin = join(stage.root, "only-git");
  mkdirSync(bin);
  symlinkSync(gitPath(), join(bin, "git"));
  return bin;
}

export function gitPath(): string {
  return execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
}

/** A server on loopback, where proxies do not stand in the way, that counts who comes and what they ask. */
export interface Listener {
  port: number;
  url: string;
  /** What each connection sent, first line. */
  seen: string[];
  close(): Promise<void>;
}

export async function listen(
  answer = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
): Promise<Listener> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const index = seen.push("") - 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (data) => {
      seen[index] += data.toString("latin1");
      socket.end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    seen,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

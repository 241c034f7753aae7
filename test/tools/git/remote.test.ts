import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync } from "node:fs";
import { join } from "node:path";
import {
  chooseCommits,
  type FetchOptions,
  type GitEvent,
  openRepository,
  treeAt,
} from "@gitops-actions/engine";
import type { Tree } from "@gitops-actions/fleet";
import { describe, expect, onTestFinished, test } from "vitest";
import { serveGit } from "./http-backend.ts";
import { type Scratch, scratch } from "./scratch.ts";

const token = "ghs_canaryToken0123456789";

/** A pull request whose branch and base have 100 commits each since they parted, served over HTTP. */
function history(s: Scratch, each = 100) {
  const root = s.repository("org/fleet.git", { "app.yaml": "v: 0\n", "lib.yaml": "v: 0\n" });
  const start = s.git(root, "rev-parse", "HEAD");
  s.git(root, "checkout", "-q", "-b", "topic");
  const head = s.commits(root, "app.yaml", each);
  s.git(root, "checkout", "-q", "main");
  const base = s.commits(root, "lib.yaml", each);
  return { root, start, head, base };
}

const event = (pr: { head: string; base: string }): GitEvent => ({
  name: "pull_request",
  number: 7,
  baseRef: "main",
  baseSha: pr.base,
  headRef: "topic",
  headSha: pr.head,
  fork: false,
});

/** A depth-1 checkout of topic whose origin is `url`. */
function checkout(s: Scratch, root: string, url: string, name = "job"): string {
  const folder = join(s.folder, name);
  mkdirSync(folder);
  s.git(folder, "init", "-q");
  s.git(folder, "fetch", "-q", "--depth=1", `file://${root}`, "topic");
  s.git(folder, "checkout", "-q", "--detach", "FETCH_HEAD");
  s.git(folder, "remote", "add", "origin", url);
  return folder;
}

async function choose(s: Scratch, path: string, chosen: GitEvent, options: FetchOptions) {
  const repository = await openRepository(path, s.machine);
  onTestFinished(() => repository.close());
  const result = await chooseCommits(repository, chosen, options);
  const read = async (commit: string, file: string) =>
    Buffer.from(await (await treeAt(repository, commit)).read(file)).toString();
  return { ...result, read };
}

/** Every file below a folder with its mode, contents and times. */
function fingerprint(folder: string): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    const place = join(folder, name);
    const stat = lstatSync(place, { bigint: true });
    hash.update(`${name} ${stat.mode} ${stat.mtimeNs} ${stat.ino}\n`);
    if (stat.isFile()) hash.update(readFileSync(place));
    if (stat.isSymbolicLink()) hash.update(readlinkSync(place));
  }
  return hash.digest("hex");
}

test("history is fetched with the token until the merge base is certain, and the checkout stays as it is", async () => {
  const s = scratch();
  const pr = history(s);
  const server = await serveGit(s.folder, { token });
  const job = checkout(s, pr.root, `${server.origin}/org/fleet.git`);
  const before = fingerprint(job);
  const chosen = await choose(s, job, event(pr), { fetch: true, token, serverUrl: server.origin });
  expect(chosen.base).toEqual({ commit: pr.start, how: "merge-base" });
  expect(chosen.trusted).toEqual({ commit: pr.base });
  expect(await chosen.read(pr.start, "app.yaml")).toBe("v: 0\n");
  expect(await chosen.read(pr.base, "lib.yaml")).toBe("v: 100\n");
  expect(fingerprint(job)).toBe(before);
  expect(s.git(job, "worktree", "list").split("\n")).toHaveLength(1);
});

test("a header that actions/checkout left is used, and replaced where a token is given", async () => {
  const s = scratch();
  const pr = history(s, 1);
  const server = await serveGit(s.folder, { token });
  const job = checkout(s, pr.root, `${server.origin}/org/fleet.git`);
  const key = `http.${server.origin}/.extraheader`;
  const basic = Buffer.from(`x-access-token:${token}`).toString("base64");
  s.git(job, "config", key, `AUTHORIZATION: basic ${basic}`);
  const persisted = await choose(s, job, event(pr), { fetch: true }).catch((error: Error) => error.message);
  expect(persisted).toMatchObject({ base: { commit: pr.start } });
  s.git(job, "config", key, "AUTHORIZATION: basic b2xkOm9sZA==");
  const replaced = await choose(s, job, event(pr), { fetch: true, token, serverUrl: server.origin });
  expect(replaced.base?.commit).toBe(pr.start);
});

test("the token goes to no other host: not to a foreign remote, not after a redirect", async () => {
  const s = scratch();
  const pr = history(s, 1);
  const foreign = await serveGit(s.folder);
  const job = checkout(s, pr.root, `${foreign.origin}/org/fleet.git`);
  const chosen = await choose(s, job, event(pr), { fetch: true, token, serverUrl: "https://github.com" });
  expect(chosen.base?.commit).toBe(pr.start);
  expect(foreign.requests.length).toBeGreaterThan(0);
  expect(foreign.requests.filter((request) => request.authorization)).toEqual([]);

  const seen = foreign.requests.length;
  const own = await serveGit(s.folder, { redirect: foreign.origin });
  const moved = checkout(s, pr.root, `${own.origin}/org/fleet.git`, "moved");
  const refused = choose(s, moved, event(pr), { fetch: true, token, serverUrl: own.origin });
  await expect(refused).rejects.toMatchObject({ code: "git/fetch" });
  expect(own.requests.some((request) => request.authorization)).toBe(true);
  expect(foreign.requests.length).toBe(seen);
});

test("a refusal names what was wanted and where, without the token or what a URL carries", async () => {
  const s = scratch();
  const pr = history(s, 1);
  const server = await serveGit(s.folder, { token: "another" });
  const url = new URL(`${server.origin}/org/fleet.git`);
  url.username = "someone";
  url.password = "canaryPassword";
  const job = checkout(s, pr.root, url.href);
  const failed = choose(s, job, event(pr), { fetch: true, token, serverUrl: server.origin });
  const message = await failed.then(String, (error: Error) => error.message);
  expect(message).toContain("refs/heads/main could not be fetched");
  expect(message).toContain(server.origin);
  expect(message).not.toMatch(/canary/);
});

test("no argument of any process holds the token", async () => {
  const s = scratch();
  const pr = history(s, 1);
  const server = await serveGit(s.folder, { token });
  const job = checkout(s, pr.root, `${server.origin}/org/fleet.git`);
  // A git of our own in front of the real one notes its arguments.
  const bin = join(s.folder, "bin");
  const log = join(s.folder, "log");
  const real = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  s.write(bin, { git: `#!/bin/sh\nprintf '%s\\n' "$@" >>'${log}'\nexec '${real}' "$@"\n` });
  execFileSync("chmod", ["+x", join(bin, "git")]);
  const machine = { ...s.machine, env: { ...s.machine.env, PATH: `${bin}:${s.machine.env.PATH}` } };
  const repository = await openRepository(job, machine);
  onTestFinished(() => repository.close());
  await chooseCommits(repository, event(pr), { fetch: true, token, serverUrl: server.origin });
  const seen = readFileSync(log, "utf8");
  expect(seen).toContain("fetch");
  expect(seen).not.toContain(token);
  expect(seen).not.toContain(Buffer.from(`x-access-token:${token}`).toString("base64"));
});

test("eight at once on one checkout do not disturb each other", async () => {
  const s = scratch();
  const pr = history(s, 3);
  const server = await serveGit(s.folder, { token });
  const job = checkout(s, pr.root, `${server.origin}/org/fleet.git`);
  const before = fingerprint(job);
  const one = async () => {
    const chosen = await choose(s, job, event(pr), { fetch: true, token, serverUrl: server.origin });
    return [chosen.base?.commit, await chosen.read(pr.base, "lib.yaml")];
  };
  const all = await Promise.all(Array.from({ length: 8 }, one));
  expect(all).toEqual(Array.from({ length: 8 }, () => [pr.start, "v: 3\n"]));
  expect(fingerprint(job)).toBe(before);
});

test("a near common ancestor does not hide a nearer one behind missing history", async () => {
  const s = scratch();
  // main: X - long side branch with the true merge base Y far down, and a short way to X by another parent.
  const root = s.repository("org/fleet.git", { "app.yaml": "v: 0\n" });
  const old = s.git(root, "rev-parse", "HEAD");
  const nearest = s.commits(root, "app.yaml", 1);
  s.git(root, "checkout", "-q", "-b", "topic");
  s.commits(root, "topic.yaml", 80);
  s.git(root, "checkout", "-q", "-b", "shortcut", old);
  s.commits(root, "other.yaml", 1);
  for (const branch of ["topic", "main"]) {
    s.git(root, "checkout", "-q", branch);
    if (branch === "main") s.commits(root, "main.yaml", 80);
    s.git(root, "merge", "-q", "--no-ff", "-m", "merge", "shortcut");
  }
  const head = s.git(root, "rev-parse", "topic");
  const base = s.git(root, "rev-parse", "main");
  const wanted = s.git(root, "merge-base", "--all", head, base).split("\n");
  expect(wanted).toContain(nearest);
  const job = checkout(s, root, `file://${root}`);
  const chosen = await choose(s, job, event({ head, base }), { fetch: true });
  expect(chosen.base?.commit).toBe(wanted[0]);
  expect(chosen.why).toContain("2 merge bases");
});

test("a shallow checkout without a remote says what to do", async () => {
  const s = scratch();
  const pr = history(s, 1);
  const job = checkout(s, pr.root, "unused");
  s.git(job, "remote", "remove", "origin");
  await expect(choose(s, job, event(pr), { fetch: true })).rejects.toThrow(
    /no remote named origin.*fetch-depth: 0/s,
  );
});

describe("partial clones", () => {
  const files = { "apps/web/kustomization.yaml": "a: 1\n", "docs/big.bin": "x", "lib/base.yaml": "b: 1\n" };

  function partial(s: Scratch, ...how: string[]) {
    const root = s.repository("org/fleet.git", files);
    const before = s.git(root, "rev-parse", "HEAD");
    const after = s.commit(root, { "apps/web/kustomization.yaml": "a: 2\n", "docs/big.bin": "yy" });
    s.git(root, "config", "uploadpack.allowFilter", "true");
    s.git(root, "config", "uploadpack.allowAnySHA1InWant", "true");
    s.git(s.folder, "clone", "-q", ...how, `file://${root}`, "job");
    const push: GitEvent = { name: "push", before, after, ref: "refs/heads/main", defaultBranch: "main" };
    return { job: join(s.folder, "job"), before, after, push };
  }

  test.each([
    ["without files", ["--filter=blob:none", "--no-checkout"]],
    ["without files and history", ["--filter=blob:none", "--no-checkout", "--depth=1"]],
    ["without folders", ["--filter=tree:0", "--no-checkout"]],
    ["sparse", ["--filter=blob:none", "--sparse"]],
  ])("%s: what is missing is fetched, and not into the clone", async (_, how) => {
    const s = scratch();
    const { job, before, after, push } = partial(s, ...how);
    const untouched = fingerprint(job);
    const chosen = await choose(s, job, push, { fetch: true });
    expect(await chosen.read(before, "apps/web/kustomization.yaml")).toBe("a: 1\n");
    expect(await chosen.read(after, "apps/web/kustomization.yaml")).toBe("a: 2\n");
    // Not configuration: fetched when it is read.
    expect(await chosen.read(before, "docs/big.bin")).toBe("x");
    expect(fingerprint(job)).toBe(untouched);
  });

  test("all that looks like configuration is fetched when the tree is opened", async () => {
    const s = scratch();
    const { job, before, after, push } = partial(s, "--filter=blob:none", "--no-checkout", "--depth=1");
    const repository = await openRepository(job, s.machine);
    onTestFinished(() => repository.close());
    const { head } = await chooseCommits(repository, push, { fetch: true });
    const base = await treeAt(repository, before);
    renameSync(join(s.folder, "org"), join(s.folder, "gone"));
    const read = async (tree: Tree, path: string) => Buffer.from(await tree.read(path)).toString();
    expect(await read(base, "apps/web/kustomization.yaml")).toBe("a: 1\n");
    expect(await read(head.tree, "lib/base.yaml")).toBe("b: 1\n");
    await expect(base.read("docs/big.bin")).rejects.toThrow(/object [0-9a-f]{40} could not be fetched/);
    expect(after).toBe(head.commit);
  });

  test("where fetching is forbidden the missing file is named", async () => {
    const s = scratch();
    const { job, before, push } = partial(s, "--filter=blob:none", "--no-checkout");
    const chosen = await choose(s, job, push, { fetch: false });
    await expect(chosen.read(before, "lib/base.yaml")).rejects.toThrow(
      /"lib\/base.yaml" of commit .* partial clone.*Allow fetching/,
    );
  });

  test("a sparse working tree reads what it leaves out", async () => {
    const s = scratch();
    const { job } = partial(s, "--filter=blob:none", "--sparse");
    const repository = await openRepository(job, s.machine);
    onTestFinished(() => repository.close());
    const { head } = await chooseCommits(repository, undefined, { fetch: true });
    expect(head.dirty).toBe(false);
    expect(Buffer.from(await head.tree.read("lib/base.yaml")).toString()).toBe("b: 1\n");
  });
});

test("a whole clone whose remote has moved on fetches only the tip", async () => {
  const s = scratch();
  const pr = history(s, 5);
  s.git(s.folder, "clone", "-q", `file://${pr.root}`, "job");
  const job = join(s.folder, "job");
  s.git(job, "checkout", "-q", "topic");
  const base = s.commits(pr.root, "lib.yaml", 3);
  const untouched = fingerprint(job);
  const chosen = await choose(s, job, event({ ...pr, base }), { fetch: true });
  expect(chosen).toMatchObject({ base: { commit: pr.start }, trusted: { commit: base } });
  expect(fingerprint(job)).toBe(untouched);
});

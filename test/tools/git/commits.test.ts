import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type ChooseOptions,
  chooseCommits,
  type GitEvent,
  openRepository,
  treeAt,
} from "@gitops-actions/engine";
import { UsageError } from "@gitops-actions/report";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Scratch, scratch } from "./scratch.ts";

async function choose(s: Scratch, path: string, event?: GitEvent, options: Partial<ChooseOptions> = {}) {
  const repository = await openRepository(path, s.machine);
  onTestFinished(() => repository.close());
  const chosen = await chooseCommits(repository, event, { fetch: true, ...options });
  const read = async (commit: string, file: string) =>
    Buffer.from(await (await treeAt(repository, commit)).read(file)).toString();
  return { ...chosen, read };
}

/** main: M0 - M1; topic: M0 - T1. The pull request's merge is what GitHub would make. */
function pullRequest(s: Scratch) {
  const root = s.repository("origin", { "app.yaml": "v: 0\n", "lib.yaml": "v: 0\n" });
  const start = s.git(root, "rev-parse", "HEAD");
  s.git(root, "checkout", "-q", "-b", "topic");
  const head = s.commit(root, { "app.yaml": "v: 1\n" });
  s.git(root, "checkout", "-q", "main");
  const base = s.commit(root, { "lib.yaml": "v: 1\n" });
  const merge = mergeOf(s, root, 7, base, head);
  return { root, start, head, base, merge };
}

function mergeOf(s: Scratch, root: string, number: number, base: string, head: string): string {
  s.git(root, "checkout", "-q", "--detach", base);
  s.git(root, "merge", "-q", "--no-ff", "-m", `Merge ${head} into ${base}`, head);
  const merge = s.git(root, "rev-parse", "HEAD");
  s.git(root, "update-ref", `refs/pull/${number}/merge`, merge);
  s.git(root, "checkout", "-q", "main");
  return merge;
}

type PullRequest = Extract<GitEvent, { name: "pull_request" }>;

/** A checkout the way actions/checkout makes one: depth 1, detached, one ref. */
function checkout(s: Scratch, url: string, ref: string, name = "job"): string {
  const folder = join(s.folder, name);
  mkdirSync(folder);
  s.git(folder, "init", "-q");
  s.git(folder, "remote", "add", "origin", url);
  s.git(folder, "fetch", "-q", "--no-tags", "--depth=1", "origin", `+${ref}:refs/remotes/origin/checkout`);
  s.git(folder, "checkout", "-q", "--detach", "refs/remotes/origin/checkout");
  return folder;
}

const event = (pr: { head: string; base: string }, number = 7): PullRequest => ({
  name: "pull_request",
  number,
  baseRef: "main",
  baseSha: pr.base,
  headRef: "topic",
  headSha: pr.head,
  fork: false,
});

describe("pull_request", () => {
  test("the merge GitHub made is compared with its first parent", async () => {
    const s = scratch();
    const pr = pullRequest(s);
    const job = checkout(s, `file://${pr.root}`, "refs/pull/7/merge");
    const chosen = await choose(s, job, event(pr));
    expect(chosen.head).toMatchObject({ commit: pr.merge, dirty: false });
    expect(chosen.base).toEqual({ commit: pr.base, how: "merge-parent" });
    expect(chosen.trusted).toEqual({ commit: pr.base });
    expect(await chosen.read(pr.base, "lib.yaml")).toBe("v: 1\n");
    expect(await chosen.read(pr.base, "app.yaml")).toBe("v: 0\n");
  });

  test("after Update branch the head itself is a merge, and is compared with the merge base", async () => {
    const s = scratch();
    const pr = pullRequest(s);
    s.git(pr.root, "checkout", "-q", "topic");
    s.git(pr.root, "merge", "-q", "--no-ff", "-m", "Merge branch main into topic", "main");
    const head = s.git(pr.root, "rev-parse", "HEAD");
    s.git(pr.root, "checkout", "-q", "main");
    const base = s.commit(pr.root, { "lib.yaml": "v: 2\n" });
    const job = checkout(s, `file://${pr.root}`, "refs/heads/topic");
    const chosen = await choose(s, job, event({ head, base }));
    expect(chosen.head.commit).toBe(head);
    expect(chosen.base).toEqual({ commit: pr.base, how: "merge-base" });
    expect(chosen.trusted).toEqual({ commit: base });
    expect(await chosen.read(pr.base, "lib.yaml")).toBe("v: 1\n");

    const merge = mergeOf(s, pr.root, 7, base, head);
    const merged = await choose(
      s,
      checkout(s, `file://${pr.root}`, "refs/pull/7/merge", "job2"),
      event({ head, base }),
    );
    expect(merged.head.commit).toBe(merge);
    expect(merged.base).toEqual({ commit: base, how: "merge-parent" });
  });

  test("a head without its merge is compared with the merge base, fetched from a depth-1 checkout", async () => {
    const s = scratch();
    const pr = pullRequest(s);
    const job = checkout(s, `file://${pr.root}`, "refs/heads/topic");
    const chosen = await choose(s, job, event(pr));
    expect(chosen.base).toEqual({ commit: pr.start, how: "merge-base" });
    expect(chosen.trusted).toEqual({ commit: pr.base });
    expect(await chosen.read(pr.start, "app.yaml")).toBe("v: 0\n");
    expect(await chosen.read(pr.base, "lib.yaml")).toBe("v: 1\n");
    expect(chosen.why).toContain(pr.start.slice(0, 7));
  });

  test("a merge whose first parent the base branch never held is not GitHub's, and nothing of it is trusted", async () => {
    const s = scratch();
    const pr = pullRequest(s);
    s.git(pr.root, "checkout", "-q", "-b", "evil", pr.start);
    const evil = s.commit(pr.root, { "policy.yaml": "allow: everything\n" });
    const forged = mergeOf(s, pr.root, 8, evil, pr.head);
    const job = checkout(s, `file://${pr.root}`, "refs/pull/8/merge");
    const chosen = await choose(s, job, event(pr));
    expect(chosen.head.commit).toBe(forged);
    expect(chosen.base).toEqual({ commit: pr.start, how: "merge-base" });
    expect(chosen.trusted).toEqual({ commit: pr.base });
  });

  test("GitHub's merge is known by GITHUB_SHA or by the base branch's history when the base has moved on", async () => {
    const s = scratch();
    const pr = pullRequest(s);
    const job = checkout(s, `file://${pr.root}`, "refs/pull/7/merge");
    const newer = s.commit(pr.root, { "lib.yaml": "v: 2\n" });
    const stale = { ...event(pr), baseSha: pr.start };
    const expected = { commit: pr.base, how: "merge-parent" };
    expect((await choose(s, job, { ...event(pr), baseSha: newer })).base).toEqual(expected);
    expect((await choose(s, job, stale)).base).toEqual(expected);
    const bySha = { ...event(pr), baseSha: newer, sha: pr.merge };
    s.git(job, "remote", "set-url", "origin", "/nowhere");
    s.git(job, "fetch", "-q", "--depth=1", `file://${pr.root}`, pr.base);
    expect((await choose(s, job, bySha)).base).toEqual(expected);
  });

  test("a base given by name is compared with, and not trusted", async () => {
    const s = scratch();
    const pr = pullRequest(s);
    s.git(pr.root, "branch", "release", pr.start);
    const job = checkout(s, `file://${pr.root}`, "refs/heads/topic");
    const chosen = await choose(s, job, event(pr), { base: "release" });
    expect(chosen.base).toEqual({ commit: pr.start, how: "given" });
    expect(chosen.trusted).toEqual({ commit: pr.base });
    s.git(pr.root, "tag", "v1", pr.start);
    expect((await choose(s, job, event(pr), { base: "v1" })).base?.commit).toBe(pr.start);
    await expect(choose(s, job, event(pr), { base: "nope" })).rejects.toThrow(/--base nope: .* or at origin/);
  });

  test("a base that cannot be fetched is taken as the event knew it, and that is said", async () => {
    const s = scratch();
    const pr = pullRequest(s);
    s.git(s.folder, "clone", "-q", `file://${pr.root}`, "job");
    const job = join(s.folder, "job");
    s.git(job, "checkout", "-q", "topic");
    s.git(job, "remote", "set-url", "origin", "/nowhere");
    const chosen = await choose(s, job, event(pr));
    expect(chosen.base?.commit).toBe(pr.start);
    expect(chosen.why).toMatch(/main is taken as the event knew it, since .*could not be fetched/);
  });

  test("a checkout of the base branch alone is refused, not taken for a pull request that changes nothing", async () => {
    const s = scratch();
    const pr = pullRequest(s);
    const job = checkout(s, `file://${pr.root}`, "refs/heads/main");
    await expect(choose(s, job, event(pr))).rejects.toThrow(/ref: refs\/pull\/7\/merge/);
  });

  test("a forbidden fetch names fetch-depth", async () => {
    const s = scratch();
    const pr = pullRequest(s);
    const job = checkout(s, `file://${pr.root}`, "refs/pull/7/merge");
    const refused = choose(s, job, event(pr), { fetch: false });
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(/fetch-depth: 0/);
    const head = checkout(s, `file://${pr.root}`, "refs/heads/topic", "job2");
    await expect(choose(s, head, event(pr), { fetch: false })).rejects.toThrow(/fetch-depth: 0/);
  });
});

test("merge_group is compared with its base", async () => {
  const s = scratch();
  const pr = pullRequest(s);
  const job = checkout(s, `file://${pr.root}`, "refs/pull/7/merge");
  const chosen = await choose(s, job, { name: "merge_group", baseSha: pr.base, headSha: pr.merge });
  expect(chosen.base).toEqual({ commit: pr.base, how: "merge-group" });
  expect(await chosen.read(pr.base, "app.yaml")).toBe("v: 0\n");
});

test("a merge group's checkout must be its head", async () => {
  const s = scratch();
  const pr = pullRequest(s);
  const job = checkout(s, `file://${pr.root}`, "refs/heads/main");
  const group: GitEvent = { name: "merge_group", baseSha: pr.base, headSha: pr.merge };
  await expect(choose(s, job, group)).rejects.toThrow(/is not the merge group's head/);
});

describe("push", () => {
  const zeros = "0".repeat(40);
  const push = (before: string, after: string, ref = "refs/heads/main"): GitEvent => ({
    name: "push",
    before,
    after,
    ref,
    defaultBranch: "main",
  });

  test("is compared with what was there before", async () => {
    const s = scratch();
    const pr = pullRequest(s);
    const job = checkout(s, `file://${pr.root}`, "refs/heads/main");
    const chosen = await choose(s, job, push(pr.start, pr.base));
    expect(chosen.base).toEqual({ commit: pr.start, how: "push-before" });
    expect(chosen.trusted).toEqual({ commit: pr.base });
    expect(await chosen.read(pr.start, "lib.yaml")).toBe("v: 0\n");
  });

  test("a deleted branch is compared with nothing, a checkout of what was before is refused", async () => {
    const s = scratch();
    const pr = pullRequest(s);
    const job = checkout(s, `file://${pr.root}`, "refs/heads/main");
    expect((await choose(s, job, push(pr.head, zeros, "refs/heads/topic"))).base).toBeUndefined();
    await expect(choose(s, job, push(pr.base, pr.merge))).rejects.toThrow(
      /what refs\/heads\/main was before/,
    );
  });

  test("a forced push finds the commit it threw away by its id", async () => {
    const s = scratch();
    const root = s.repository("origin", { "app.yaml": "v: 0\n" });
    const before = s.commit(root, { "app.yaml": "v: 1\n" });
    s.git(root, "reset", "-q", "--hard", "HEAD^");
    const after = s.commit(root, { "app.yaml": "v: 2\n" });
    const job = checkout(s, `file://${root}`, "refs/heads/main");
    const chosen = await choose(s, job, push(before, after));
    expect(await chosen.read(before, "app.yaml")).toBe("v: 1\n");
  });

  test("a new branch is compared with where it parted from the default branch, a new default branch with nothing", async () => {
    const s = scratch();
    const pr = pullRequest(s);
    const job = checkout(s, `file://${pr.root}`, "refs/heads/topic");
    const chosen = await choose(s, job, push(zeros, pr.head, "refs/heads/topic"));
    expect(chosen.base).toEqual({ commit: pr.start, how: "merge-base" });
    expect(chosen.trusted).toEqual({ commit: pr.base });
    const first = await choose(
      s,
      checkout(s, `file://${pr.root}`, "refs/heads/main", "job2"),
      push(zeros, pr.base),
    );
    expect(first.base).toBeUndefined();
  });
});

test("schedule and dispatch compare nothing", async () => {
  const s = scratch();
  const root = s.repository("fleet");
  for (const name of ["schedule", "workflow_dispatch", "other"] as const) {
    const chosen = await choose(s, root, { name });
    expect(chosen.base).toBeUndefined();
    expect(chosen.head.commit).toBe(s.git(root, "rev-parse", "HEAD"));
  }
});

test("what is dispatched on a branch is not trusted", async () => {
  const s = scratch();
  const pr = pullRequest(s);
  const job = checkout(s, `file://${pr.root}`, "refs/heads/topic");
  const dispatch = (ref: string): GitEvent => ({ name: "workflow_dispatch", ref, defaultBranch: "main" });
  expect((await choose(s, job, dispatch("refs/heads/topic"))).trusted).toEqual({ commit: pr.base });
  expect((await choose(s, job, dispatch("refs/heads/main"))).trusted).toEqual({ commit: pr.head });
});

describe("on a laptop", () => {
  test("the working tree is compared with the merge base with the default branch", async () => {
    const s = scratch();
    const pr = pullRequest(s);
    s.git(s.folder, "clone", "-q", `file://${pr.root}`, "laptop");
    const laptop = join(s.folder, "laptop");
    s.git(laptop, "checkout", "-q", "topic");
    const clean = await choose(s, laptop);
    expect(clean.head).toMatchObject({ commit: pr.head, dirty: false });
    expect(clean.base).toEqual({ commit: pr.start, how: "merge-base" });
    expect(clean.trusted).toEqual({ commit: pr.base });
    s.write(laptop, { "new.yaml": "a: 1\n" });
    const dirty = await choose(s, laptop);
    expect(dirty.head).toMatchObject({ commit: null, dirty: true });
    expect(Buffer.from(await dirty.head.tree.read("new.yaml")).toString()).toBe("a: 1\n");
  });

  test("works before the first commit, in a bare repository, and without git says so", async () => {
    const s = scratch();
    const young = join(s.folder, "young");
    mkdirSync(young);
    s.git(young, "init", "-q");
    s.write(young, { "a.yaml": "1\n" });
    const chosen = await choose(s, young);
    expect(chosen.head).toMatchObject({ commit: null, dirty: true });
    expect(chosen.base).toBeUndefined();

    const pr = pullRequest(s);
    s.git(s.folder, "clone", "-q", "--bare", "origin", "bare.git");
    const bare = await choose(s, join(s.folder, "bare.git"), undefined, { head: "topic" });
    expect(bare.head).toMatchObject({ commit: pr.head, dirty: false });
    expect(bare.base).toEqual({ commit: pr.start, how: "merge-base" });

    const machine = { ...s.machine, env: { PATH: "/nowhere" } };
    await expect(openRepository(pr.root, machine)).rejects.toThrow(/Git cannot be started.*put it on PATH/);
  });

  test("refs that replace objects change neither history nor contents", async () => {
    const s = scratch();
    const pr = pullRequest(s);
    s.git(pr.root, "replace", "--graft", pr.head, pr.base);
    expect(s.git(pr.root, "merge-base", "main", "topic")).toBe(pr.base);
    const chosen = await choose(s, pr.root, undefined, { head: "topic" });
    expect(chosen.base?.commit).toBe(pr.start);
  });

  test("says what was tried when no default branch is known", async () => {
    const s = scratch();
    const root = s.repository("fleet");
    s.git(root, "branch", "-m", "trunk");
    await expect(choose(s, root)).rejects.toThrow(/origin\/HEAD, origin\/main, .*main, master.*--base/);
    expect((await choose(s, root, undefined, { base: "trunk" })).base?.how).toBe("given");
  });

  test("a base given by name stands for the merge base, one given by id for itself", async () => {
    const s = scratch();
    const pr = pullRequest(s);
    const named = await choose(s, pr.root, undefined, { base: "main", head: "topic" });
    expect(named.head.commit).toBe(pr.head);
    expect(named.base).toEqual({ commit: pr.start, how: "given" });
    const exact = await choose(s, pr.root, undefined, { base: pr.base, head: "topic" });
    expect(exact.base).toEqual({ commit: pr.base, how: "given" });
    for (const bad of ["--output=x", "nope", "main..topic", "a b"]) {
      await expect(choose(s, pr.root, undefined, { base: bad })).rejects.toThrow(UsageError);
    }
    await expect(choose(s, pr.root, undefined, { base: "--all" })).rejects.toThrow(/"--all" is not a ref/);
  });
});

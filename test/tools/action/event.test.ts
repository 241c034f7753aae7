import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readEvent } from "@gitops-actions/action";
import { UsageError } from "@gitops-actions/report";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "event-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const a = "a".repeat(40);
const b = "b".repeat(40);

/** Reads an event of this name from a file with this payload. */
function event(name: string, payload: unknown) {
  const path = join(root, "event.json");
  writeFileSync(path, typeof payload === "string" ? payload : JSON.stringify(payload));
  return readEvent({ env: { GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path } });
}

const side = (ref: string, sha: string, repo: string | null) => ({
  ref,
  sha,
  label: `x:${ref}`,
  repo: repo && { full_name: repo, id: 1 },
});
const pull = (head: object) => ({
  action: "synchronize",
  number: 7,
  pull_request: { base: side("main", a, "org/fleet"), head, title: "$(evil)" },
});

describe("an event", () => {
  test("of a pull request from the same repository", () => {
    expect(event("pull_request", pull(side("feature", b, "org/fleet")))).toEqual({
      ...{
        name: "pull_request",
        number: 7,
        baseRef: "main",
        baseSha: a,
        headRef: "feature",
        headSha: b,
        fork: false,
      },
    });
  });

  test("of a fork, and of a fork that is gone", () => {
    expect(event("pull_request", pull(side("main", b, "evil/fleet")))).toMatchObject({ fork: true });
    expect(event("pull_request_target", pull(side("main", b, null)))).toMatchObject({
      name: "pull_request_target",
      fork: true,
    });
  });

  test("of a merge queue", () => {
    const group = {
      base_sha: a,
      head_sha: b,
      base_ref: "refs/heads/main",
      head_ref: "refs/heads/gh-readonly-queue/main/pr-7-x",
    };
    expect(event("merge_group", { action: "checks_requested", merge_group: group })).toEqual({
      ...{ name: "merge_group", baseSha: a, headSha: b, baseRef: group.base_ref, headRef: group.head_ref },
    });
  });

  test("of a push, also of a new branch", () => {
    const payload = {
      before: "0".repeat(40),
      after: b,
      ref: "refs/heads/new",
      repository: { default_branch: "trunk", full_name: "org/fleet" },
    };
    expect(event("push", payload)).toEqual({
      name: "push",
      before: "0".repeat(40),
      after: b,
      ref: "refs/heads/new",
      defaultBranch: "trunk",
    });
  });

  test("that carries no commits needs no file", () => {
    expect(readEvent({ env: { GITHUB_EVENT_NAME: "schedule" } })).toEqual({ name: "schedule" });
    expect(readEvent({ env: { GITHUB_EVENT_NAME: "workflow_dispatch" } })).toEqual({
      name: "workflow_dispatch",
    });
    expect(readEvent({ env: { GITHUB_EVENT_NAME: "issue_comment" } })).toEqual({
      name: "other",
      event: "issue_comment",
    });
    expect(readEvent({ env: {} })).toEqual({ name: "other", event: "" });
  });

  test("that carries no commits still tells where it happened", () => {
    const path = join(root, "dispatch.json");
    writeFileSync(path, JSON.stringify({ repository: { default_branch: "trunk" } }));
    const env = {
      GITHUB_EVENT_NAME: "workflow_dispatch",
      GITHUB_EVENT_PATH: path,
      GITHUB_REF: "refs/heads/topic",
    };
    expect(readEvent({ env })).toEqual({
      name: "workflow_dispatch",
      ref: "refs/heads/topic",
      defaultBranch: "trunk",
    });
  });

  test("accepts SHA-256 commit ids and a byte order mark", () => {
    const payload = {
      before: "c".repeat(64),
      after: "d".repeat(64),
      ref: "r",
      repository: { default_branch: "main" },
    };
    expect(event("push", `\ufeff${JSON.stringify(payload)}`)).toMatchObject({ before: "c".repeat(64) });
  });

  test.each([
    ["is empty", "", "is not JSON"],
    ["is cut off", '{"number": 7, "pull_re', "is not JSON"],
    ["is another event's", { before: a }, "not that of a 'pull_request' event: number:"],
    [
      "has an option for a commit",
      pull(side("x", "--upload-pack=evil", "org/fleet")),
      "pull_request.head.sha: a full commit id",
    ],
    ["has a short commit id", pull(side("x", "abc1234", "org/fleet")), "pull_request.head.sha"],
    ["is a list", [], "(root)"],
  ])("is refused when the file %s", (_what, payload, message) => {
    expect(() => event("pull_request", payload)).toThrow(UsageError);
    expect(() => event("pull_request", payload)).toThrow(message);
  });

  test("is refused when there is no file", () => {
    expect(() => readEvent({ env: { GITHUB_EVENT_NAME: "push" } })).toThrow("GITHUB_EVENT_PATH is not set");
    const env = { GITHUB_EVENT_NAME: "push", GITHUB_EVENT_PATH: join(root, "none.json") };
    expect(() => readEvent({ env })).toThrow(/cannot read the event file .*none\.json .*ENOENT/);
  });
});

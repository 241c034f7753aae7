import { describe, expect, test } from "vitest";
import type { GitHub } from "../../github/server.ts";
import { hub } from "./hub.ts";
import { gitops, overlay } from "./world.ts";

const file = (environment: string) => `apps/web/overlays/${environment}/kustomization.yaml`;
const open = (github: GitHub) => github.pulls.filter((pull) => pull.state === "open");

describe("a promotion by pull request", () => {
  test("is opened once, says what it brings, and is left alone while nothing changes", async () => {
    const { where, github, run } = await hub();
    const first = await run();
    expect(first.delivered[0]?.delivery).toMatchObject({ kind: "pull", number: 1, done: "opened" });
    expect(github.pulls).toMatchObject([
      {
        head: "gitops/promote/staging/web",
        base: "main",
        title: "Promote web to staging: 1.1.0 to 1.2.0",
        labels: ["promotion"],
      },
    ]);
    expect(github.pulls[0]!.body).toContain("| `registry.example.com/web` | `1.1.0` | `1.2.0` |");
    expect(where.show(file("staging"), "gitops/promote/staging/web")).toBe(overlay("1.2.0"));
    const before = github.requests.length;
    expect((await run({}, "2026-02-01T15:00:00Z")).delivered[0]?.delivery).toMatchObject({ done: "kept" });
    expect(github.requests.slice(before).filter((request) => !request.startsWith("GET"))).toEqual([]);
    expect(github.problems).toEqual([]);
  });

  test("is brought up to date when the version before moves on, and again when main does", async () => {
    const { where, github, run } = await hub();
    await run();
    const after = where.commit({ [file("dev")]: overlay("1.3.0") });
    github.pushes.push({
      before: github.pushes[0]!.after,
      after,
      ref: "refs/heads/main",
      at: "2026-02-01T12:30:00Z",
    });
    await run({}, "2026-02-01T12:40:00Z");
    expect(github.pulls[0]!.title).toContain("1.2.0");
    await run({}, "2026-02-01T14:00:00Z");
    expect(open(github)).toMatchObject([{ number: 1, title: "Promote web to staging: 1.1.0 to 1.3.0" }]);
    expect(where.show(file("staging"), "gitops/promote/staging/web")).toBe(overlay("1.3.0"));
    expect(github.problems).toEqual([]);
  });

  test("is closed with a note when what it brings is there by other means, or a hold was set", async () => {
    const { where, github, run } = await hub();
    await run();
    where.commit({ [file("staging")]: overlay("1.2.0") });
    await run();
    expect(github.pulls[0]).toMatchObject({
      state: "closed",
      comments: [expect.stringContaining("Nothing is left to promote")],
    });
    expect(where.space.git(where.remote, "branch", "--list", "gitops/*")).toBe("");
    const other = await hub();
    await other.run();
    await other.run({ operation: "hold", apps: ["web"], reason: "wait" });
    await other.run();
    expect(other.github.pulls[0]).toMatchObject({
      state: "closed",
      comments: [expect.stringContaining("A gate has closed")],
    });
    expect(other.github.problems).toEqual([]);
  });

  test("is not touched where a person has added to it", async () => {
    const { where, github, run } = await hub();
    await run();
    where.commit({ "note.md": "mine\n" }, "mine", "gitops/promote/staging/web");
    where.commit({ [file("dev")]: overlay("1.3.0") });
    github.activity = false;
    const { delivered } = await run({ environments: ["staging"] }, "2026-03-01T12:00:00Z");
    // Nobody vouches for the new version's time now, so the old one stands.
    expect(delivered.every(({ delivery }) => delivery.kind !== "pull" || delivery.done === "kept")).toBe(
      true,
    );
    expect(where.show("note.md", "gitops/promote/staging/web")).toBe("mine\n");
  });

  test("once merged has run since then, and goes on after its soak", async () => {
    const { where, github, run, merge } = await hub();
    await run();
    merge(1, "2026-02-01T13:00:00Z");
    const waiting = await run({ environments: ["prod"] }, "2026-02-01T13:59:00Z");
    expect(waiting.delivered[0]?.moves).toEqual(["registry.example.com/web 1.0.0 -> 1.1.0"]);
    await run({ environments: ["prod"] }, "2026-02-01T14:00:00Z");
    expect(open(github)).toMatchObject([{ title: "Promote web to prod: 1.0.0 to 1.2.0" }]);
    expect(where.show(file("prod"))).toBe(overlay("1.0.0"));
    expect(github.problems).toEqual([]);
  });

  test("needs statuses where they are asked for, and a later failure closes the gate", async () => {
    const { where, github, run } = await hub(
      gitops.replace("  strategy: direct\n", "").replace("{times: committed}", "{checks: [argocd/web]}"),
    );
    expect((await run()).board[0]?.next).toMatchObject({
      open: false,
      because: expect.stringContaining("nothing has said argocd/web"),
    });
    const sha = where.space.git(where.remote, "rev-parse", "main");
    github.statuses.push({ sha, context: "argocd/web", state: "success", at: "2026-02-01T10:00:00Z" });
    expect((await run({ operation: "plan" })).board[0]?.next?.open).toBe(true);
    github.statuses.push({ sha, context: "argocd/web", state: "failure", at: "2026-02-01T11:00:00Z" });
    expect((await run({ operation: "plan" })).board[0]?.next).toMatchObject({
      open: false,
      because: "checks: argocd/web failed",
    });
    expect(github.problems).toEqual([]);
  });

  test("says what to do when the token may not open any, and leaves no branch behind", async () => {
    const { where, github, run } = await hub();
    github.writes = false;
    const denied = await run();
    expect(denied.delivered[0]?.delivery).toMatchObject({
      kind: "refused",
      because: expect.stringContaining("give `token` pull-requests: write"),
    });
    expect(denied.report.verdict).toBe("findings");
    github.writes = true;
    github.opens = false;
    expect((await run()).delivered[0]?.delivery).toMatchObject({
      kind: "refused",
      because: expect.stringContaining("allow it under Settings, Actions, General"),
    });
    expect(github.pulls).toEqual([]);
    expect(where.space.git(where.remote, "branch", "--list", "gitops/*")).toBe("");
  });

  test("by four at once is one", async () => {
    const { github, run } = await hub();
    await Promise.all(Array.from({ length: 4 }, () => run()));
    expect(github.pulls).toHaveLength(1);
    expect(github.problems).toEqual([]);
  });
});

describe("an open rollback", () => {
  test("holds until it is merged or closed", async () => {
    const { github, run, where } = await hub();
    where.commit({ [file("staging")]: overlay("1.1.5") });
    await run({ operation: "rollback", apps: ["web"], reason: "bad" });
    expect(open(github)).toMatchObject([
      { head: "gitops/rollback/staging/web", title: "Roll back web in staging" },
    ]);
    expect((await run()).board[0]?.next).toMatchObject({
      open: false,
      because: "hold: pull request #1 rolls it back",
    });
    github.pulls[0]!.state = "closed";
    expect((await run({ operation: "plan" })).board[0]?.next?.open).toBe(true);
  });
});

describe("whatever goes wrong on the way", () => {
  const kinds = [
    "500",
    "502 after",
    "503",
    "429",
    "secondary",
    "hang after",
    "cut after",
    "html",
    "reset",
  ] as const;
  const cases = [
    ...kinds.map((kind) => [kind, "POST .*/pulls$"] as const),
    ...(["502 after", "reset"] as const).map((kind) => [kind, "POST .*/labels$"] as const),
    ["cut after", "GET .*/pulls$"] as const,
    ["503", "GET .*/activity$"] as const,
  ];

  test.each(cases)("%s at %s leaves one pull request as if nothing had happened", async (kind, when) => {
    const { github, run } = await hub();
    github.faults.push({ when: new RegExp(`^${when}`), kind, left: 1 });
    await run().catch(() => undefined);
    await run();
    expect(github.pulls).toMatchObject([
      { state: "open", head: "gitops/promote/staging/web", labels: ["promotion"] },
    ]);
    expect(github.faults[0]!.left).toBe(0);
    expect(github.problems).toEqual([]);
  });
});

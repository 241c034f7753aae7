import { describe, expect, test } from "vitest";
import { hub, settings } from "./hub.ts";
import { fleet, gitops, overlay } from "./world.ts";

const head = "gitops/promote/staging/web";
const file = (environment: string) => `apps/web/overlays/${environment}/kustomization.yaml`;
/** The settings with more of them for every environment. */
const withGates = (more: string, text = settings) => text.replace("{soak: 1h}", `{soak: 1h, ${more}}`);
const direct = gitops.replace("{times: committed}", "{soak: 1h}");
const committer = (where: Awaited<ReturnType<typeof hub>>["where"], ref: string) =>
  where.space.git(where.remote, "log", "-1", "--format=%cn", ref);

describe("a signed commit", () => {
  test("is made by GitHub on the branch of a pull request, and made once", async () => {
    const { where, github, run } = await hub();
    await run();
    expect(committer(where, head)).toBe("GitHub");
    expect(where.show(file("staging"), head)).toBe(overlay("1.2.0"));
    expect(where.space.git(where.remote, "log", "-1", "--format=%B", head)).toContain(
      "Gitops-Operation: promote",
    );
    const tip = where.space.git(where.remote, "rev-parse", head);
    expect((await run()).delivered[0]?.delivery).toMatchObject({ done: "kept", head: tip });
    expect(where.space.git(where.remote, "for-each-ref", "refs/heads/gitops/signing")).toBe("");
    expect(github.problems).toEqual([]);
  });

  test("is made on the branch itself for strategy direct, if that is where it was read", async () => {
    const { where, github, run } = await hub(direct);
    const { delivered } = await run();
    expect(delivered[0]?.delivery).toMatchObject({ kind: "pushed", notes: [] });
    expect(committer(where, "main")).toBe("GitHub");
    expect(where.show(file("staging"))).toBe(overlay("1.2.0"));
    expect(github.problems).toEqual([]);
  });

  test("is what the next of the same run stands on", async () => {
    const { where, github, run } = await hub(direct.replace("{soak: 1h}", "{times: committed}"));
    await run({ environments: [] });
    expect(where.log().slice(0, 2).sort()).toEqual([
      "Promote web to prod: 1.0.0 to 1.1.0",
      "Promote web to staging: 1.1.0 to 1.2.0",
    ]);
    expect(github.problems).toEqual([]);
  });

  test.each(["502 after", "hang after", "cut after"] as const)(
    "whose answer got lost (%s) is found again",
    async (kind) => {
      const { where, github, run } = await hub(direct);
      github.faults.push({ when: /^POST \/graphql/, kind, left: 1 });
      const { delivered } = await run();
      expect(delivered[0]?.delivery).toMatchObject({
        kind: "pushed",
        commit: where.space.git(where.remote, "rev-parse", "main"),
      });
      expect(where.log().filter((subject) => subject.startsWith("Promote"))).toHaveLength(1);
    },
  );

  test("is begun anew where the branch has moved", async () => {
    const { where, github, run } = await hub(direct);
    github.traps.push({
      when: /^POST \/graphql/,
      moment: "before",
      call: () => {
        where.commit({ "note.md": "somebody else\n" });
      },
    });
    // The trap answers nothing: the request is sent again, and finds the branch elsewhere.
    const { delivered } = await run();
    expect(delivered[0]?.delivery.kind).toBe("pushed");
    expect(where.show(file("staging"))).toBe(overlay("1.2.0"));
    expect(where.log().slice(0, 2)).toEqual(["Promote web to staging: 1.1.0 to 1.2.0", "change"]);
  });

  test("is left to Git, with the reason, where GitHub would change a file's mode or may not be asked", async () => {
    const executable = await hub(direct);
    const { where } = executable;
    const work = `${where.space.folder}/work`;
    where.space.git(work, "update-index", "--chmod=+x", file("staging"));
    where.space.git(work, "commit", "-q", "-m", "mode");
    where.space.git(work, "push", "-q", "origin", "HEAD:main");
    const { delivered, report } = await executable.run();
    expect(delivered[0]?.delivery).toMatchObject({ kind: "pushed" });
    expect(report.findings).toMatchObject([
      {
        rule: "promotion/shortcoming",
        severity: "notice",
        message: expect.stringContaining("is executable"),
      },
    ]);
    expect(where.space.git(where.remote, "ls-tree", "main", file("staging"))).toMatch(/^100755/);
    const denied = await hub(direct, false);
    const outcome = await denied.run();
    expect(outcome.delivered[0]?.delivery.kind).toBe("pushed");
    expect(outcome.report.findings[0]?.message).toContain("Resource not accessible by integration");
  });

  test("is not asked for where gitops.yaml says so", async () => {
    const { where, github, run } = await hub(direct.replace("promotion:", "promotion:\n  sign: false"));
    await run();
    expect(committer(where, "main")).toBe("gitops-actions");
    expect(github.requests.filter((request) => request.includes("graphql"))).toEqual([]);
  });
});

describe("a pull request", () => {
  test("has the labels and reviewers of its environment, asked for once", async () => {
    const { github, run } = await hub(withGates("reviewers: [ann, org/sre], labels: [staging]"));
    github.people.ann = "write";
    github.teams["org/sre"] = ["bob"];
    await run();
    await run();
    expect(github.pulls).toMatchObject([{ labels: ["promotion", "staging"], reviewers: ["ann", "sre"] }]);
    expect(github.requests.filter((request) => request.endsWith("/requested_reviewers"))).toHaveLength(1);
    expect(github.problems).toEqual([]);
  });

  test("is opened although a reviewer cannot be asked, and that is said", async () => {
    const { github, run } = await hub(withGates("reviewers: [nobody]"));
    const { report, delivered } = await run();
    expect(delivered[0]?.delivery).toMatchObject({ kind: "pull", done: "opened" });
    expect(report.findings[0]).toMatchObject({
      severity: "notice",
      message: expect.stringContaining("Reviewers need access"),
    });
    expect(github.pulls).toHaveLength(1);
  });

  test.each(["403", "409"] as const)(
    "stays although its labels are refused (%s), and has them after the next run",
    async (kind) => {
      const { where, github, run } = await hub();
      github.faults.push({ when: /labels$/, kind, left: 1 });
      const { report, delivered } = await run();
      expect(delivered[0]?.delivery).toMatchObject({ kind: "pull", done: "opened" });
      expect(report.findings[0]?.message).toContain("could not be labelled");
      expect(where.show(file("staging"), head)).toBe(overlay("1.2.0"));
      await run();
      expect(github.pulls).toMatchObject([{ state: "open", labels: ["promotion"] }]);
    },
  );

  test("of the job's own token is said to start no checks", async () => {
    const { github, run } = await hub();
    github.login = "github-actions[bot]";
    expect((await run()).report.findings[0]?.message).toContain("GitHub starts no workflows");
  });

  test("that a person closed is not opened again, until something else comes; what we closed is", async () => {
    const { where, github, run } = await hub();
    await run();
    github.pulls[0]!.state = "closed";
    const again = await run();
    expect(again.delivered[0]?.delivery).toMatchObject({ kind: "declined", number: 1 });
    expect(again.report.findings).toMatchObject([{ rule: "promotion/declined", severity: "notice" }]);
    expect(github.pulls).toHaveLength(1);
    const after = where.commit({ [file("dev")]: overlay("1.3.0") });
    github.pushes.push({
      before: github.pushes[0]!.after,
      after,
      ref: "refs/heads/main",
      at: "2026-02-01T12:00:00Z",
    });
    await run({}, "2026-02-01T14:00:00Z");
    expect(github.pulls).toMatchObject([
      { state: "closed" },
      { state: "open", title: expect.stringContaining("1.3.0") },
    ]);
    await run({ operation: "hold", apps: ["web"], reason: "wait" });
    await run();
    expect(github.pulls[1]).toMatchObject({ state: "closed" });
    await run({ operation: "resume", apps: ["web"], strategy: "direct" });
    await run({}, "2026-02-01T14:00:00Z");
    expect(github.pulls[2]).toMatchObject({ state: "open", title: expect.stringContaining("1.3.0") });
    expect(github.problems).toEqual([]);
  });

  test("is one of as many as may be open, however many could be", async () => {
    const files = fleet(withGates("max-open-pull-requests: 2"));
    for (const app of ["a", "b", "c", "d"])
      for (const [path, text] of Object.entries(fleet()))
        if (path.startsWith("apps/web/")) files[path.replace("/web/", `/${app}/`)] = text;
    const { github, run } = await hub(withGates("max-open-pull-requests: 2"), true, files);
    const first = await run();
    expect(github.pulls.map((pull) => pull.head)).toEqual([
      "gitops/promote/staging/a",
      "gitops/promote/staging/b",
    ]);
    expect(first.board.filter((row) => row.next && !row.next.open).map((row) => row.next?.because)).toEqual(
      Array(3).fill("open pull requests: 2 pull requests are open, of at most 2"),
    );
    await run();
    expect(github.pulls).toHaveLength(2);
    github.pulls[0]!.state = "closed";
    github.pulls[0]!.merged = { sha: "0".repeat(40), at: "2026-02-01T12:00:00Z" };
    await run({ apps: ["c"] });
    expect(github.pulls.map((pull) => pull.head)).toContain("gitops/promote/staging/c");
  });
});

describe("a merge", () => {
  test("by gates is made in the run that finds them open, at the commit that was judged", async () => {
    const { where, github, run } = await hub(withGates("merge: gates"));
    github.blocked = "Required status check is expected.";
    expect((await run()).delivered[0]?.delivery).toMatchObject({
      merge: { state: "waits", because: expect.stringContaining("Required status check") },
    });
    github.blocked = undefined;
    expect((await run()).delivered[0]?.delivery).toMatchObject({ merge: { state: "merged" } });
    expect(where.show(file("staging"))).toBe(overlay("1.2.0"));
    expect(github.pulls).toMatchObject([{ state: "closed", merged: {} }]);
    expect(github.problems).toEqual([]);
  });

  test.each(["502 after", "cut after"] as const)("whose answer got lost (%s) is made once", async (kind) => {
    const { where, github, run } = await hub(withGates("merge: gates"));
    github.faults.push({ when: /^PUT .*merge$/, kind, left: 1 });
    expect((await run()).delivered[0]?.delivery).toMatchObject({ merge: { state: "merged" } });
    expect(where.log().filter((subject) => subject.startsWith("Merge"))).toHaveLength(1);
  });

  test("by GitHub is enabled while something is missing, made when nothing is, and taken back when a gate shuts", async () => {
    const { where, github, run } = await hub(withGates("merge: auto"));
    github.blocked = "Required status check is expected.";
    expect((await run()).delivered[0]?.delivery).toMatchObject({ merge: { state: "later" } });
    expect(github.pulls[0]?.auto).toBe(true);
    const frozen = settings.replace(
      "{soak: 1h}",
      "{soak: 1h, merge: auto, freezes: [{from: 2026-02-01, until: 2026-02-02, reason: fair}]}",
    );
    where.commit({ "gitops.yaml": frozen });
    await run();
    expect(github.pulls[0]).toMatchObject({ state: "open", auto: false });
    const clean = await hub(withGates("merge: auto"));
    expect((await clean.run()).delivered[0]?.delivery).toMatchObject({ merge: { state: "merged" } });
    const forbidden = await hub(withGates("merge: auto"));
    forbidden.github.autoMerge = false;
    expect((await forbidden.run()).delivered[0]?.delivery).toMatchObject({
      merge: { state: "waits", because: expect.stringContaining("Auto merge is not allowed") },
    });
    expect([...github.problems, ...clean.github.problems, ...forbidden.github.problems]).toEqual([]);
  });

  test("waits for a label that somebody who may write has set since the last push", async () => {
    const { github, run } = await hub(withGates("merge: gates, approval: {label: go}"));
    github.people = { ann: "write", eve: "read" };
    const state = async () => {
      const { delivery } = (await run()).delivered[0]!;
      return delivery.kind === "pull" ? delivery.merge : delivery;
    };
    expect(await state()).toMatchObject({
      state: "waits",
      because: expect.stringContaining("not labelled go"),
    });
    const pull = github.pulls[0]!;
    github.pushes.push({
      before: "0".repeat(40),
      after: github.objects!.tip(head)!,
      ref: `refs/heads/${head}`,
      at: "2026-02-01T12:00:00Z",
    });
    pull.labels.push("go");
    pull.labellings = [{ label: "go", by: "ann", type: "User", at: "2026-02-01T11:00:00Z" }];
    expect(await state()).toMatchObject({ because: expect.stringContaining("since the last push") });
    pull.labellings.push({ label: "go", by: "eve", type: "User", at: "2026-02-01T13:00:00Z" });
    expect(await state()).toMatchObject({ because: expect.stringContaining("may not write") });
    pull.labellings.push({ label: "go", by: "ann", type: "User", at: "2026-02-01T13:00:00Z" });
    expect(await state()).toEqual({ state: "merged" });
    expect(github.problems).toEqual([]);
  });

  test("waits for somebody of the team to approve what is there now", async () => {
    const { github, run } = await hub(withGates("merge: gates, approval: {team: org/sre}"));
    github.teams["org/sre"] = ["ann"];
    await run();
    const sha = github.objects!.tip(head)!;
    github.pulls[0]!.reviews = [
      { by: "ann", state: "APPROVED", commit: "0".repeat(40), at: "2026-02-01T12:00:00Z" },
      { by: "bob", state: "APPROVED", commit: sha, at: "2026-02-01T12:00:00Z" },
    ];
    const { board } = await run();
    expect(board.find((row) => row.environment === "staging")?.next?.because).toContain("approval:");
    expect(github.pulls[0]?.merged).toBeUndefined();
    github.pulls[0]!.reviews.push({ by: "ann", state: "APPROVED", commit: sha, at: "2026-02-01T12:01:00Z" });
    await run();
    expect(github.pulls[0]?.merged).toBeDefined();
    expect(github.problems).toEqual([]);
  });

  test("or a commit waits until the run was approved for a GitHub environment", async () => {
    const text = direct.replace("{soak: 1h}", "{soak: 1h, approval: {environment: production}}");
    const { where, github, run } = await hub(text);
    where.space.machine.env = { ...where.space.machine.env, GITHUB_RUN_ID: "1" };
    expect((await run()).board.find((row) => row.environment === "staging")?.next?.because).toContain(
      "was not approved for production",
    );
    github.approved.push("production");
    expect((await run()).delivered[0]?.delivery.kind).toBe("pushed");
    const label = await hub(direct.replace("{soak: 1h}", "{soak: 1h, approval: {label: go}}"));
    expect((await label.run()).board.find((row) => row.environment === "staging")?.next).toMatchObject({
      open: false,
      mend: expect.stringContaining("strategy: pull-request"),
    });
    expect(github.problems).toEqual([]);
  });
});

import { formatBoardText } from "@gitops-actions/promote-env";
import { plain, UsageError } from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { fleet, gitops, overlay, place } from "./world.ts";

const file = (environment: string) => `apps/web/overlays/${environment}/kustomization.yaml`;
const tags = (where: ReturnType<typeof place>) =>
  ["dev", "staging", "prod"].map((name) => /newTag: "(.*)"/.exec(where.show(file(name)))?.[1]);

describe("promote", () => {
  test("moves each version one environment on, by commits that change nothing but the version", async () => {
    const where = place();
    const { delivered, report } = await where.run({ operation: "promote" });
    expect(delivered.map(({ environment, moves, delivery }) => [environment, moves, delivery.kind])).toEqual([
      ["staging", ["registry.example.com/web 1.1.0 -> 1.2.0"], "pushed"],
      ["prod", ["registry.example.com/web 1.0.0 -> 1.1.0"], "pushed"],
    ]);
    expect(report.verdict).toBe("passed");
    expect(tags(where)).toEqual(["1.2.0", "1.2.0", "1.1.0"]);
    expect(where.show(file("prod"))).toBe(overlay("1.1.0"));
    expect(where.log().slice(0, 2)).toEqual([
      "Promote web to prod: 1.0.0 to 1.1.0",
      "Promote web to staging: 1.1.0 to 1.2.0",
    ]);
    expect(
      where.space.git(where.remote, "log", "-1", "--format=%(trailers:key=Gitops-Version,valueonly)").trim(),
    ).toBe("web/prod registry.example.com/web 1.0.0 -> 1.1.0");
    // The person's clone is as it was.
    expect(where.space.git(where.clone, "status", "--porcelain")).toBe("");
    expect(where.space.git(where.clone, "log", "--format=%s")).toBe("first");
  });

  test("does nothing the second time, and what is not there yet arrives the next", async () => {
    const where = place();
    await where.run({ operation: "promote", environments: ["staging"] });
    expect((await where.run({ operation: "promote", environments: ["staging"] })).delivered).toEqual([]);
    await where.run({ operation: "promote" });
    await where.run({ operation: "promote" });
    expect(tags(where)).toEqual(["1.2.0", "1.2.0", "1.2.0"]);
    expect((await where.run({ operation: "promote" })).delivered).toEqual([]);
  });

  test("waits for a soak, and is not starved by a busy environment before", async () => {
    const settings = gitops.replace("{times: committed}", "{times: committed, soak: 1h}");
    const where = place(fleet(settings));
    // scratch's clock begins on 2026-01-01 and counts seconds.
    const { board, delivered } = await where.run(
      { operation: "promote", environments: ["staging"] },
      "2026-01-01T00:30:00Z",
    );
    expect(delivered).toEqual([]);
    expect(board[0]?.next).toMatchObject({ open: false, because: expect.stringContaining("soak") });
    where.commit({ [file("dev")]: overlay("1.3.0") });
    await where.run({ operation: "promote", environments: ["staging"] }, "2026-01-01T00:40:00Z");
    expect(tags(where)[1]).toBe("1.1.0");
    await where.run({ operation: "promote", environments: ["staging"] }, "2026-01-01T02:00:00Z");
    expect(tags(where)[1]).toBe("1.3.0");
  });

  test("says of every gate that is not open, the one that matters most first", async () => {
    const gates =
      "{soak: 24h, times: committed, checks: [a], freezes: [{from: 2026-02-01, until: 2026-02-01, reason: sale}]}";
    const where = place(fleet(gitops.replace("{times: committed}", gates)));
    await where.run({
      operation: "hold",
      apps: ["web"],
      environments: ["staging"],
      reason: "x",
      owner: "ann",
    });
    const { board } = await where.run(
      { operation: "plan", environments: ["staging"] },
      "2026-02-01T12:00:00Z",
    );
    expect(board[0]?.next).toMatchObject({
      because: "hold: ann holds it: x",
      also: [expect.stringMatching(/^checks: /), "freeze: sale: nothing changes until 2026-02-02 00:00 UTC"],
    });
    const text = formatBoardText(board, plain);
    expect(text).toContain("hold: ann holds it: x");
    expect(text).toContain("and for freeze: sale");
  });

  test("does not go back, and not on with what was taken back", async () => {
    const where = place();
    where.commit({ [file("dev")]: overlay("1.0.0") });
    const { board } = await where.run({ operation: "plan", environments: ["staging"] });
    expect(board[0]?.next).toMatchObject({
      open: false,
      because: expect.stringContaining("would go back from 1.1.0 to 1.0.0"),
    });
    where.commit({ [file("dev")]: overlay("1.2.0") });
    where.commit({ [file("dev")]: overlay("9.9.9") });
    where.commit({ [file("dev")]: overlay("1.2.0") });
    await where.run({ operation: "promote", environments: ["staging"] });
    expect(tags(where)[1]).toBe("1.2.0");
  });

  test("begins anew when somebody else pushes meanwhile", async () => {
    const where = place();
    let once = true;
    const progress = (message: string) => {
      if (!once || !message.startsWith("Promote")) return;
      once = false;
      where.commit({ "README.md": "meanwhile\n" }, "meanwhile");
    };
    await where.run({ operation: "promote" }, undefined, { progress });
    expect(tags(where)).toEqual(["1.2.0", "1.2.0", "1.1.0"]);
    expect(where.show("README.md")).toBe("meanwhile\n");
    expect(where.log()).toHaveLength(4);
  });

  test("by eight at once ends as if there had been one", async () => {
    const where = place();
    await Promise.all(
      Array.from({ length: 8 }, () => where.run({ operation: "promote", environments: ["staging"] })),
    );
    expect(where.log()).toEqual(["Promote web to staging: 1.1.0 to 1.2.0", "first"]);
  });

  test("renders what it changes, and refuses to change what it is not meant for", async () => {
    const where = place();
    const done = await where.run({ operation: "promote", environments: ["staging"], prove: true });
    expect(done.delivered[0]?.delivery).toMatchObject({
      kind: "pushed",
      proof: { changed: ["apps/web/overlays/staging"], others: [] },
    });
    // Production is built from staging: whatever changes there reaches it.
    where.commit({ [file("prod")]: "resources: [../staging]\n", [file("dev")]: overlay("1.3.0") });
    const refused = await where.run({ operation: "promote", environments: ["staging"], prove: true });
    expect(refused.delivered[0]?.delivery).toMatchObject({
      kind: "refused",
      because: expect.stringContaining("apps/web/overlays/prod"),
    });
    expect(refused.report.findings).toMatchObject([
      { rule: "promotion/refused", severity: "error" },
      // It has no version of its own now.
      { rule: "promotion/empty-environment", message: expect.stringMatching(/^prod /) },
    ]);
    expect(tags(where)[1]).toBe("1.2.0");
  });

  test("says what a branch that takes no pushes says", async () => {
    const where = place();
    where.space.write(where.remote, {
      "hooks/pre-receive": "#!/bin/sh\necho 'GH006: Protected branch update failed' >&2\nexit 1\n",
    });
    where.space.git(where.remote, "config", "core.hooksPath", `${where.remote}/hooks`);
    const { chmodSync } = await import("node:fs");
    chmodSync(`${where.remote}/hooks/pre-receive`, 0o755);
    const { delivered, report } = await where.run({ operation: "promote" });
    expect(delivered[0]?.delivery).toMatchObject({
      kind: "refused",
      because: expect.stringContaining("GH006"),
    });
    expect(report.verdict).toBe("findings");
    expect(where.log()).toEqual(["first"]);
  });
});

describe("set", () => {
  test("lets a version enter, whole or not at all", async () => {
    const where = place();
    await where.run({ operation: "set", apps: ["web"], environments: ["dev"], tag: "2.0.0" });
    expect(where.show(file("dev"))).toBe(overlay("2.0.0"));
    expect(
      (await where.run({ operation: "set", apps: ["web"], environments: ["dev"], tag: "2.0.0" })).delivered[0]
        ?.delivery.kind,
    ).toBe("nothing");
    await expect(
      where.run({ operation: "set", apps: ["web"], environments: ["dev"], version: "1" }),
    ).rejects.toThrow(UsageError);
    await expect(
      where.run({ operation: "set", apps: ["wob"], environments: ["dev"], tag: "1" }),
    ).rejects.toThrow("no app wob");
    await expect(
      where.run({ operation: "set", apps: ["web"], environments: ["devel"], tag: "1" }),
    ).rejects.toThrow("no environment devel");
    await expect(
      where.run({ operation: "set", apps: ["web"], environments: ["dev"], tag: "$(id)" }),
    ).rejects.toThrow(UsageError);
  });
});

describe("rollback, hold and resume", () => {
  test("exact restores the files beside the versions as well, and never the base", async () => {
    const where = place();
    const patch = (replicas: number) =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: ${replicas}}\n`;
    const before = overlay("1.0.0", "patches: [{path: patch.yaml}]\n");
    const [folder, base] = ["apps/web/overlays/prod", "apps/web/base/deployment.yaml"];
    where.commit({ [file("prod")]: before, [`${folder}/patch.yaml`]: patch(3) });
    where.commit({
      [file("prod")]: overlay("2.0.0", "patches: [{path: patch.yaml}, {path: more.yaml}]\n"),
      [`${folder}/patch.yaml`]: patch(9),
      [`${folder}/more.yaml`]: patch(10),
    });
    const changed = fleet()[base]!.replace("image: registry", "env: [{name: A, value: b}], image: registry");
    where.commit({ [base]: changed });
    const back = { operation: "rollback" as const, apps: ["web"], environments: ["prod"], prove: true };
    const { report, delivered } = await where.run({ ...back, exact: true, reason: "bad" });
    expect(where.show(file("prod"))).toBe(before);
    expect(where.show(`${folder}/patch.yaml`)).toBe(patch(3));
    expect(() => where.show(`${folder}/more.yaml`)).toThrow();
    expect(where.show(base)).toBe(changed);
    expect(delivered[0]?.delivery).toMatchObject({ differs: ["apps/web/overlays/prod"] });
    expect(report.notes[0]).toContain("does not render to what ran then");
    expect(where.show(".gitops/holds.yaml")).toContain('reason: "bad"');
  });

  test("the bytes of before, in one commit with a hold that lasts until it is lifted", async () => {
    const where = place();
    const odd = overlay("1.0.0").replace('"1.0.0"', "'1.0.0'");
    where.commit({ [file("prod")]: odd });
    await where.run({ operation: "promote" });
    expect(tags(where)[2]).toBe(undefined);
    where.commit({ "apps/web/base/deployment.yaml": "# changed since\n" });
    await where.run({
      operation: "rollback",
      apps: ["web"],
      environments: ["prod"],
      reason: "it burns",
      owner: "ann",
    });
    expect(where.show(file("prod"))).toBe(odd);
    expect(where.show(".gitops/holds.yaml")).toContain('reason: "it burns"');
    expect(where.log().filter((subject) => subject.startsWith("Roll back"))).toHaveLength(1);
    // The same once more does not go back any further, and nothing is promoted while it is held.
    const again = await where.run({
      operation: "rollback",
      apps: ["web"],
      environments: ["prod"],
      reason: "it burns",
      owner: "ann",
    });
    expect([again.delivered, again.report.notes]).toEqual([
      [],
      ["web has been rolled back in prod already, and is held"],
    ]);
    expect((await where.run({ operation: "promote", environments: ["prod"] })).board[0]?.next).toMatchObject({
      open: false,
      because: "hold: ann holds it: it burns",
    });
    await where.run({ operation: "resume", apps: ["web"], environments: ["prod"] });
    expect(where.show(".gitops/holds.yaml")).toContain("holds: []");
  });

  test("says whether what it renders to is what ran then", async () => {
    const where = place();
    where.commit({ [file("prod")]: overlay("2.0.0") });
    const back = { operation: "rollback" as const, apps: ["web"], environments: ["prod"], prove: true };
    expect((await where.run(back)).report.notes[0]).toContain("it renders to what ran then");
    where.commit({ [file("prod")]: overlay("3.0.0") });
    const changed = fleet()["apps/web/base/deployment.yaml"]!.replace(
      "spec: {selector",
      "spec: {replicas: 7, selector",
    );
    where.commit({ "apps/web/base/deployment.yaml": changed });
    const { report } = await where.run({ ...back, to: "1.0.0" });
    expect(report.notes[0]).toContain("apps/web/overlays/prod does not render to what ran then");
  });

  test("to a version or commit that is named", async () => {
    const where = place();
    for (const tag of ["1.1.0", "1.2.0", "1.3.0"]) where.commit({ [file("prod")]: overlay(tag) });
    await where.run({ operation: "rollback", apps: ["web"], environments: ["prod"], to: "1.1.0" });
    expect(tags(where)[2]).toBe("1.1.0");
    await expect(
      where.run({ operation: "rollback", apps: ["web"], environments: ["prod"], to: "7" }),
    ).rejects.toThrow(/never run 7.*1\.3\.0/);
    await expect(
      place().run({ operation: "rollback", apps: ["web"], environments: ["prod"] }),
    ).rejects.toThrow("nothing to go back to");
  });

  test("who holds is the person under whose name Git commits, unless somebody else is named", async () => {
    const where = place();
    const hold = { operation: "hold" as const, apps: ["web"], environments: ["prod"], reason: "tax day" };
    await where.run(hold);
    expect(where.show(".gitops/holds.yaml")).toContain('owner: "Test"');
    where.space.git(where.clone, "config", "user.name", "Ann of the clone");
    await where.run({ ...hold, environments: ["staging"] });
    await where.run({ ...hold, environments: ["dev"], owner: "bob" });
    expect(where.show(".gitops/holds.yaml").match(/owner: .*/g)).toEqual([
      'owner: "bob"',
      'owner: "Test"',
      'owner: "Ann of the clone"',
    ]);
  });

  test("a hold that ends by itself", async () => {
    const where = place();
    const held = {
      operation: "hold" as const,
      apps: ["web"],
      environments: ["prod"],
      reason: "quiet days",
      owner: "ann",
    };
    await where.run({ ...held, until: Date.parse("2026-03-01T00:00:00Z") });
    expect((await where.run({ operation: "status" })).board[2]?.next).toMatchObject({ open: false });
    await where.run({ operation: "promote", environments: ["prod"] }, "2026-03-01T00:00:00Z");
    expect(tags(where)[2]).toBe("1.1.0");
  });

  test("a file of holds that cannot be read stops everything and says so", async () => {
    const where = place();
    where.commit({ ".gitops/holds.yaml": "holds: {}\n" });
    const { delivered, report } = await where.run({ operation: "promote" });
    expect(delivered).toEqual([]);
    expect(report.findings).toMatchObject([{ rule: "promotion/holds-unreadable" }]);
  });
});

describe("environments as branches", () => {
  test("move by the same means, and holds stand on the default branch", async () => {
    const settings =
      "version: 1\nenvironments:\n  - {name: dev, branch: env/dev}\n  - {name: prod, from: dev, branch: env/prod}\noverlays: ['apps/{app}']\npromotion: {strategy: direct, gates: {'*': {times: committed}}}\n";
    const where = place({ "gitops.yaml": settings });
    const app = "apps/web/kustomization.yaml";
    for (const [branch, tag] of [
      ["env/dev", "2.0.0"],
      ["env/prod", "1.0.0"],
    ] as const) {
      where.space.git(where.remote, "branch", branch, "main");
      where.commit(
        {
          [app]: overlay(tag).replace("../../base", "deployment.yaml"),
          "apps/web/deployment.yaml": fleet()["apps/web/base/deployment.yaml"]!,
        },
        tag,
        branch,
      );
    }
    await where.run({ operation: "promote" });
    expect(where.show(app, "env/prod")).toContain('newTag: "2.0.0"');
    await where.run({ operation: "rollback", apps: ["web"], environments: ["prod"], reason: "no" });
    expect(where.show(app, "env/prod")).toContain('newTag: "1.0.0"');
    expect(where.show(".gitops/holds.yaml")).toContain('environment: "prod"');
  });
});

describe("what is not as it should be", () => {
  test.each([
    ["no environments", "version: 1\n", "names no environments"],
    ["a circle", "environments: [{name: a, from: b}, {name: b, from: a}]\n", "comes from itself"],
    ["a branch that is not there", "environments: [{name: dev, branch: nope}]\n", "no branch nope"],
  ])("%s", async (_, text, message) => {
    await expect(place({ ...fleet(), "gitops.yaml": text }).run({ operation: "status" })).rejects.toThrow(
      message,
    );
  });

  test("a shallow clone deepens itself; where it may not, the past is not known", async () => {
    const where = place();
    where.commit({ [file("dev")]: overlay("1.3.0") });
    where.space.git(where.space.folder, "clone", "-q", "--depth=1", `file://${where.remote}`, "shallow");
    const host = {
      ...where.space.machine,
      cwd: `${where.space.folder}/shallow`,
      now: () => new Date("2026-02-01"),
      isTerminal: false,
    };
    const deep = await where.run({ operation: "status" }, undefined, { host });
    expect(deep.board.map((row) => row.since !== undefined)).toEqual([true, true, true]);
    const flat = await where.run({ operation: "status", fetch: false }, undefined, { host });
    expect(flat.board.map((row) => row.since !== undefined)).toEqual([false, false, false]);
    expect(where.space.git(host.cwd, "rev-parse", "--is-shallow-repository")).toBe("true");
  });

  test("an environment in which nothing is known is named", async () => {
    const where = place(
      fleet(
        gitops.replace(
          "{name: prod, from: staging}",
          "{name: prod, from: staging}\n  - {name: qa, from: dev}",
        ),
      ),
    );
    const { report } = await where.run({ operation: "status" });
    expect(report.findings).toMatchObject([
      {
        rule: "promotion/empty-environment",
        severity: "warning",
        message: expect.stringContaining("qa holds no version"),
      },
    ]);
    await expect(where.run({ operation: "rollback", apps: ["web"], environments: ["qa"] })).rejects.toThrow(
      "qa has no app web",
    );
  });

  test("a detached head does not matter where the remote tells its default branch", async () => {
    const where = place();
    where.space.git(where.clone, "checkout", "-q", "--detach");
    expect((await where.run({ operation: "status" })).board).toHaveLength(3);
    await expect(where.run({ operation: "status", fetch: false })).rejects.toThrow(
      "default branch is not known",
    );
  });
});

// What a hold stops, and what is said of it: people hold first, and ask questions later.
import { describe, expect, test } from "vitest";
import { hub, settings } from "./hub.ts";
import { fleet, overlay, place } from "./world.ts";

const prod = { apps: ["web"], environments: ["prod"] };
const file = "apps/web/overlays/prod/kustomization.yaml";
const holds = ".gitops/holds.yaml";
const held = { operation: "hold" as const, ...prod, reason: "500s", owner: "ann" };
const back = { operation: "rollback" as const, ...prod, reason: "bad", owner: "bob" };

/** Production has run 1.0.0, and runs 2.0.0. */
function started() {
  const where = place();
  where.commit({ [file]: overlay("2.0.0") });
  return where;
}

describe("a rollback", () => {
  test("of what somebody else holds is refused, and says what to name", async () => {
    const where = started();
    await where.run(held);
    await expect(where.run(back)).rejects.toThrow(
      "web is held in prod (ann: 500s), so nothing was rolled back. Name with input 'to' the version or commit to go back to (1.0.0 ran before), or resume it first.",
    );
    expect(where.show(file)).toBe(overlay("2.0.0"));
    await where.run({ ...back, to: "1.0.0" });
    expect(where.show(file)).toBe(overlay("1.0.0"));
  });

  test("of what was held until now goes through", async () => {
    const where = started();
    await where.run({ ...held, until: Date.parse("2026-02-01T13:00:00Z") });
    await expect(where.run(back, "2026-02-01T12:59:59Z")).rejects.toThrow("input 'to'");
    await where.run(back, "2026-02-01T13:00:00Z");
    expect(where.show(file)).toBe(overlay("1.0.0"));
  });

  test("that was cut off after its hold is finished by the next run", async () => {
    const where = started();
    await where.run({ ...held, reason: back.reason, owner: back.owner });
    await where.run(back);
    expect(where.show(file)).toBe(overlay("1.0.0"));
    expect((await where.run(back)).delivered).toEqual([]);
    expect(where.show(file)).toBe(overlay("1.0.0"));
  });
});

describe("the end of a hold", () => {
  test("in the past is refused, with the time it is, and replaces nothing", async () => {
    const where = started();
    await where.run(held);
    const until = Date.parse("2020-01-01T00:00:00Z");
    for (const inputs of [held, back])
      await expect(where.run({ ...inputs, until })).rejects.toThrow(
        "input 'until' is 2020-01-01T00:00:00.000Z, which is past: it is 2026-02-01T12:00:00.000Z now",
      );
    expect(where.show(holds)).not.toContain("until");
  });

  test("that is over is not held any more: there is nothing to resume, and the next write drops it", async () => {
    const where = started();
    await where.run({ ...held, until: Date.parse("2026-02-01T13:00:00Z") });
    const later = "2026-02-01T14:00:00Z";
    const { delivered, report } = await where.run({ operation: "resume", ...prod }, later);
    expect([delivered, report.notes]).toEqual([[], ["nobody holds web in prod"]]);
    await where.run({ ...held, environments: ["dev"] }, later);
    expect(where.show(holds)).not.toContain("prod");
  });
});

test("a version that is set where somebody holds the app is a warning", async () => {
  const where = started();
  await where.run({ ...held, apps: ["*"], until: Date.parse("2026-02-01T13:00:00Z") });
  const set = { operation: "set" as const, ...prod, tag: "2.0.1" };
  const { report } = await where.run(set);
  expect(report.findings).toMatchObject([
    {
      rule: "promotion/held",
      severity: "warning",
      message:
        "ann holds every app in prod until 2026-02-01 13:00 UTC (500s): the version is set all the same",
      location: { path: holds },
    },
  ]);
  expect(where.show(file)).toBe(overlay("2.0.1"));
  expect((await where.run({ ...set, tag: "2.0.2" }, "2026-02-01T13:00:00Z")).report.findings).toEqual([]);
});

describe("where gitops.yaml asks for pull requests", () => {
  test("a hold acts at once and says so, and to resume is a pull request", async () => {
    const { where, run, github, merge } = await hub(settings, true, fleet(settings));
    const now = "2026-02-02T12:00:00Z";
    const first = await run(held, now);
    expect(first.delivered[0]?.delivery.kind).toBe("pushed");
    expect(first.report.notes).toContain(
      "pushed to main directly, though gitops.yaml says `strategy: pull-request`: a hold must act at once",
    );
    const second = await run({ operation: "resume", ...prod }, now);
    expect(second.delivered[0]?.delivery.kind).toBe("pull");
    expect(where.show(holds)).toContain("500s");
    merge(github.pulls.at(-1)!.number, now);
    expect(where.show(holds)).toContain("holds: []");
  });

  test("without a token a hold is lifted at once, and that is said", async () => {
    const where = place(fleet(settings));
    await where.run(held);
    const { report } = await where.run({ operation: "resume", ...prod });
    expect(report.notes).toContain(
      "pushed to main directly, though gitops.yaml says `strategy: pull-request`: without a token there is no pull request",
    );
    expect(where.show(holds)).toContain("holds: []");
  });
});

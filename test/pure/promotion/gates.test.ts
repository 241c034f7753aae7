import type { Cell, PlacedSlot } from "@gitops-actions/fleet";
import {
  checks,
  compareVersions,
  complete,
  drift,
  freezes,
  hold,
  limit,
  occupancies,
  order,
  reports,
  type Status,
  soak,
  windows,
} from "@gitops-actions/promote-env";
import { makeReport } from "@gitops-actions/report";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const hour = 3_600_000;
const day = 24 * hour;
const noon = Date.parse("2026-06-01T12:00:00Z");
const moment = (at: number, verified = true) => ({ at, verified });

describe("soak", () => {
  const settings = { soak: day, times: "verified" as const, "healthy-since": undefined };
  const run = (since: number, until?: number, more = {}) => ({
    since: moment(since),
    ...(until ? { until: moment(until) } : {}),
    cut: false,
    withdrawn: false,
    ...more,
  });
  const of = (each: ReturnType<typeof run>, now = noon) =>
    soak({ run: each, environment: "dev" }, settings, now);

  test("opens after as long as was asked, and not a moment before", () => {
    expect(of(run(noon - day)).state).toBe("open");
    expect(of(run(noon - day + 1))).toMatchObject({ state: "waiting", until: noon + 1 });
  });
  test("of a version that has been replaced counts until then", () => {
    expect(of(run(noon - 9 * day, noon - 8 * day)).state).toBe("open");
    expect(of(run(noon - 9 * day, noon - 8 * day - 1)).state).toBe("closed");
  });
  test("never opens for what was taken back, what a commit alone says, or what is in the future", () => {
    expect(of(run(noon - 9 * day, undefined, { withdrawn: true })).state).toBe("closed");
    expect(of({ ...run(noon - 9 * day), since: moment(noon - 9 * day, false) }).state).toBe("unknown");
    expect(of(run(noon + 1)).state).toBe("unknown");
    expect(of(run(Number.NaN)).state).toBe("unknown");
  });
  test("is counted from the first healthy status", () => {
    const healthy = { ...settings, "healthy-since": "argocd/web" };
    const facts = { run: run(noon - 9 * day), environment: "dev" };
    expect(soak(facts, healthy, noon).state).toBe("unknown");
    expect(soak({ ...facts, healthy: null }, healthy, noon).state).toBe("waiting");
    expect(soak({ ...facts, healthy: moment(noon - hour) }, healthy, noon)).toMatchObject({
      state: "waiting",
      until: noon + 23 * hour,
    });
    expect(soak({ ...facts, healthy: moment(noon - day) }, healthy, noon).state).toBe("open");
  });
  test("passes 29 February and the change of clocks in hours, not in days of a calendar", () => {
    for (const now of ["2028-03-01T00:30:00Z", "2026-03-29T01:30:00Z", "2026-10-25T01:30:00Z"].map(
      Date.parse,
    )) {
      expect(of(run(now - day), now).state).toBe("open");
      expect(of(run(now - day + 60_000), now).state).toBe("waiting");
    }
  });
});

describe("checks", () => {
  const status = (context: string, state: Status["state"], at = 1): Status => ({ context, state, at });
  test("want the last of each to be a success", () => {
    expect(checks(["a"], [status("a", "success")]).state).toBe("open");
    expect(checks(["a"], [status("a", "success", 1), status("a", "failure", 2)]).state).toBe("closed");
    expect(checks(["a"], [status("a", "failure", 1), status("a", "success", 2)]).state).toBe("open");
    expect(checks(["a"], [status("a", "success"), status("a", "failure")]).state).toBe("closed");
    expect(checks(["a", "b"], [status("a", "success")]).state).toBe("unknown");
    expect(checks(["a"], [status("a", "pending")]).state).toBe("waiting");
    expect(checks(["a"], undefined).state).toBe("unknown");
  });
  test("never open when less is known", () => {
    const list = fc.array(
      fc.record({
        context: fc.constantFrom("a", "b"),
        state: fc.constantFrom("success", "failure", "pending" as const),
        at: fc.nat(5),
      }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(list, fc.constantFrom("a", "b"), (statuses, gone) => {
        const all = checks(["a", "b"], statuses as Status[]);
        const less = checks(
          ["a", "b"],
          (statuses as Status[]).filter((each) => each.context !== gone),
        );
        expect(less.state).not.toBe("open");
        expect(checks(["a", "b"], [...(statuses as Status[])].reverse())).toEqual(all);
      }),
    );
  });
});

describe("drift", () => {
  const status = (state: Status["state"], at: number): Status[] => [
    { context: "gitops/drift/dev", state, at },
  ];
  test.each([
    ["open", status("success", noon - hour)],
    ["unknown", status("success", noon - hour - 1)],
    ["unknown", status("success", noon + 1)],
    ["closed", status("failure", noon)],
    ["unknown", []],
    ["unknown", undefined],
  ])("is %s for %j", (state, statuses) => {
    expect(drift("dev", hour, statuses, noon).state).toBe(state);
  });
});

describe("windows and freezes", () => {
  const office = [{ cron: "0 9 * * 1-5", lasts: 8 * hour, zone: "Europe/Berlin" }];
  const at = (text: string) => Date.parse(text);
  test.each([
    ["2026-06-01T06:59:59Z", "waiting"],
    ["2026-06-01T07:00:00Z", "open"],
    ["2026-06-01T14:59:59Z", "open"],
    ["2026-06-01T15:00:00Z", "waiting"],
    // Winter time: an hour later in UTC. A Saturday. 29 February is a Tuesday in 2028.
    ["2026-12-01T07:30:00Z", "waiting"],
    ["2026-12-01T08:00:00Z", "open"],
    ["2026-06-06T10:00:00Z", "waiting"],
    ["2028-02-29T08:00:00Z", "open"],
  ])("at %s the office is %s", (text, state) => {
    expect(windows(office, at(text)).state).toBe(state);
  });
  test("a window is as long as it says on days on which the clock is changed", () => {
    const night = [{ cron: "0 1 * * *", lasts: 3 * hour, zone: "Europe/Berlin" }];
    expect(windows(night, at("2026-03-29T02:59:00Z")).state).toBe("open");
    expect(windows(night, at("2026-03-29T03:00:00Z")).state).toBe("waiting");
    expect(windows(night, at("2026-10-25T01:59:00Z")).state).toBe("open");
    expect(windows(night, at("2026-10-25T02:00:00Z")).state).toBe("waiting");
  });
  test("a moment in the clock that does not exist, a zone that does not, a pattern that is none", () => {
    expect(
      windows([{ cron: "30 2 29 3 *", lasts: hour, zone: "Europe/Berlin" }], at("2026-03-01T00:00:00Z"))
        .state,
    ).toBe("waiting");
    expect(windows([{ cron: "0 9 * * *", lasts: hour, zone: "Europe/Nowhere" }], noon).state).toBe("unknown");
    expect(windows([{ cron: "nine o'clock", lasts: hour, zone: "UTC" }], noon).state).toBe("unknown");
    expect(windows([{ cron: "0 0 30 2 *", lasts: hour, zone: "UTC" }], noon).state).toBe("closed");
  });
  test("what a window says is what its own next opening says", () => {
    fc.assert(
      fc.property(fc.integer({ min: at("2026-01-01T00:00:00Z"), max: at("2029-01-01T00:00:00Z") }), (now) => {
        const verdict = windows(office, now);
        if (verdict.state !== "waiting" || verdict.until === undefined) return;
        expect(verdict.until).toBeGreaterThan(now);
        expect(windows(office, verdict.until).state).toBe("open");
        expect(windows(office, verdict.until - 1).state).toBe("waiting");
      }),
    );
  });
  test("a freeze holds from its first to its last moment", () => {
    const list = [{ from: "2026-12-24", until: "2027-01-01", reason: "holidays" }];
    expect(freezes(list, at("2026-12-23T23:59:59Z")).state).toBe("open");
    expect(freezes(list, at("2026-12-24T00:00:00Z"))).toMatchObject({
      state: "waiting",
      until: at("2027-01-02T00:00:00Z"),
    });
    expect(freezes(list, at("2027-01-02T00:00:00Z")).state).toBe("open");
    expect(freezes([{ from: "soon", until: "later", reason: "x" }], noon).state).toBe("unknown");
  });
});

describe("hold, limit, order, complete, reports", () => {
  const held = (more = {}) => [{ app: "web", environment: "prod", reason: "broken", owner: "ann", ...more }];
  test("a hold is for its app and environment, until it ends", () => {
    expect(hold("web", "prod", held(), [], noon).state).toBe("closed");
    expect(hold("web", "dev", held(), [], noon).state).toBe("open");
    expect(hold("job", "prod", held({ app: "*" }), [], noon).state).toBe("closed");
    expect(hold("web", "prod", held({ until: noon + 1 }), [], noon)).toMatchObject({
      state: "waiting",
      until: noon + 1,
    });
    expect(hold("web", "prod", held({ until: noon }), [], noon).state).toBe("open");
    expect(hold("web", "prod", [], ["#7"], noon).state).toBe("closed");
    expect(hold("web", "prod", undefined, [], noon).state).toBe("unknown");
    expect(hold("web", "prod", [], undefined, noon).state).toBe("unknown");
  });
  test("a limit counts the others", () => {
    expect(limit(2, 2, false).state).toBe("waiting");
    expect(limit(2, 2, true).state).toBe("open");
    expect(limit(2, undefined, true).state).toBe("unknown");
  });
  test.each([
    ["1.9.0", "1.10.0", -1],
    ["v2.0.0", "v2.0.0-rc.1", 1],
    ["2.0.0-rc.2", "2.0.0-rc.10", -1],
    ["1.2", "1.2.0", 0],
    ["build-12", "build-9", 1],
    ["7-alpine", "8-alpine", -1],
    ["7-alpine", "8-slim", undefined],
    ["3f2a9c1d", "9b1c", undefined],
    ["latest", "1.0", undefined],
  ])("%s is to %s as %s", (a, b, expected) => {
    expect(compareVersions(a, b)).toBe(expected);
    if (expected) expect(compareVersions(b, a)).toBe(-expected);
  });
  test("nothing goes back unasked, and without an order the past decides", () => {
    const step = (from: string, to: string) => [{ subject: "web", from, to }];
    expect(order(step("2", "1"), false, false).state).toBe("closed");
    expect(order(step("2", "1"), false, true).state).toBe("open");
    expect(order(step("1", "2"), undefined, false).state).toBe("open");
    expect(order(step("aaaa", "bbbb"), undefined, false).state).toBe("unknown");
    expect(order(step("aaaa", "bbbb"), true, false).state).toBe("closed");
    expect(order(step("aaaa", "bbbb"), false, false).state).toBe("open");
  });
  test("an environment is complete when its clusters agree", () => {
    const place = (cluster: string, tag: string) =>
      ({ cluster, path: cluster, moves: { tag } }) as unknown as PlacedSlot;
    const cell = (...tags: string[]): Cell => ({
      app: "web",
      environment: "dev",
      slots: [
        {
          id: "x",
          kind: "image",
          subject: "web",
          version: { tag: tags[0]! },
          mixed: false,
          places: tags.map((tag, index) => place(`c${index}`, tag)),
        },
      ],
    });
    expect(complete(cell("1", "1"), "all").state).toBe("open");
    expect(complete(cell("1", "2"), "all").state).toBe("waiting");
    expect(complete(cell("1", "2"), "any").state).toBe("open");
    expect(complete(cell("1", "2"), ["c0"]).state).toBe("open");
    expect(complete(cell("1", "2"), ["c0", "c1"]).state).toBe("waiting");
    expect(complete(cell("1"), ["c7"]).state).toBe("unknown");
  });
  test("reports count for the commit they are of", () => {
    const report = (commit: string, looked = 1) =>
      makeReport({
        action: "validate-schema",
        source: { head: { commit, dirty: false } },
        tools: [],
        checked: { overlays: looked, resources: 0, unique: 0 },
        findings: [],
      });
    expect(reports([report("a")], 1, "a").state).toBe("open");
    expect(reports([report("a")], 1, "b").state).toBe("unknown");
    expect(reports([report("a")], 2, "a").state).toBe("unknown");
    expect(reports([report("a", 0)], 1, "a").state).toBe("closed");
  });
});

describe("what an environment had", () => {
  const cell = (tag: string): Cell => ({
    app: "web",
    environment: "dev",
    slots: [
      {
        id: "x",
        kind: "image",
        subject: "web",
        version: { tag },
        mixed: false,
        places: [{ kind: "image", subject: "web", moves: { tag } } as unknown as PlacedSlot],
      },
    ],
  });
  const history = (...tags: (string | undefined)[]) =>
    tags.map((tag, index) => ({
      commit: { id: `c${index}`, parents: [], committed: 1000 - index, changes: [] },
      last: { id: `c${index}`, parents: [], committed: 1000 - index, changes: [] },
      ...(tag ? { cell: cell(tag) } : {}),
    }));
  const withdrawn = (...tags: (string | undefined)[]) =>
    occupancies(history(...tags), (_, at) => ({ at: at * 1000, verified: true })).map(
      (each) => `${each.cell.slots[0]!.version.tag}${each.withdrawn ? " withdrawn" : ""}`,
    );
  test("newest first, each until the next, and what was taken back is marked", () => {
    expect(withdrawn("3", "2", "1")).toEqual(["3", "2", "1"]);
    expect(withdrawn("1", "2", "1", "0")).toEqual(["1", "2 withdrawn", "1", "0"]);
    expect(withdrawn("3", "1", "2", "1")).toEqual(["3", "1", "2 withdrawn", "1"]);
    expect(withdrawn("2", undefined, "1")).toEqual(["2", "1 withdrawn"]);
  });
});

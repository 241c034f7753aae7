// What must hold of the gates together, whatever is known, configured, and whenever: the verdict is a function of its
// inputs; knowing less never opens; and what says until when it waits is right about it.
import {
  type Cell,
  defaultPromotion,
  type GateSettings,
  gatesOf,
  type PlacedSlot,
} from "@gitops-actions/fleet";
import {
  type Approvals,
  approval,
  decide,
  type Facts,
  type Hold,
  judge,
  type Sight,
  type Status,
  type Verdict,
} from "@gitops-actions/promote-env";
import { makeReport } from "@gitops-actions/report";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const hour = 3_600_000;
const day = 24 * hour;
/** Moments near which clocks are set, years change and 29 February lies. */
const edges = [
  "2026-03-29T01:00:00Z",
  "2026-10-25T01:00:00Z",
  "2026-11-01T06:00:00Z",
  "2026-12-31T23:59:59Z",
  "2028-02-28T23:00:00Z",
  "2028-02-29T12:00:00Z",
  "2028-03-01T00:00:00Z",
].map(Date.parse);
const moment = fc
  .tuple(fc.constantFrom(...edges), fc.integer({ min: -3 * day, max: 3 * day }))
  .map(([at, off]) => at + off);
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const settings: fc.Arbitrary<GateSettings> = fc
  .record({
    soak: maybe(fc.constantFrom(0, hour, day)),
    times: fc.constantFrom("verified", "committed"),
    checks: fc.subarray(["ci", "argocd/web"]),
    "healthy-since": maybe(fc.constant("argocd/web")),
    drift: maybe(fc.constantFrom(hour, day)),
    windows: fc.subarray([
      { cron: "0 9 * * 1-5", lasts: 8 * hour, zone: "Europe/Berlin" },
      { cron: "30 2 * * *", lasts: hour, zone: "America/New_York" },
      { cron: "0 0 29 2 *", lasts: day, zone: "UTC" },
    ]),
    freezes: fc.subarray([
      { from: "2026-12-24", until: "2027-01-01", reason: "holidays" },
      { from: "2028-02-29T00:00:00+01:00", until: "2028-02-29", reason: "leap day" },
    ]),
    downgrade: fc.boolean(),
    complete: fc.constantFrom("all", "any", ["c0"], ["c0", "c7"]),
  })
  .map((given) => ({ ...gatesOf(defaultPromotion(), "x"), ...given }) as GateSettings);

const cell = fc.array(fc.constantFrom("1", "2"), { minLength: 1, maxLength: 3 }).map(
  (tags): Cell => ({
    app: "web",
    environment: "dev",
    slots: [
      {
        id: "x",
        kind: "image",
        subject: "web",
        version: { tag: tags[0]! },
        mixed: false,
        places: tags.map(
          (tag, index) =>
            ({ cluster: `c${index}`, path: `c${index}`, moves: { tag } }) as unknown as PlacedSlot,
        ),
      },
    ],
  }),
);
const instant = fc.record({ at: moment, verified: fc.boolean() });
const contexts = ["ci", "argocd/web", "gitops/drift/dev", "gitops/drift/qa"];
const anyStatuses = maybe(
  fc.array(
    fc.record({
      context: fc.constantFrom("ci", "argocd/web", "gitops/drift/dev", "gitops/drift/qa"),
      state: fc.constantFrom<Status["state"]>("success", "success", "failure", "pending"),
      at: fc.oneof({ weight: 9, arbitrary: moment }, { weight: 1, arbitrary: fc.constant(Number.NaN) }),
    }),
    { maxLength: 8 },
  ),
);
// Half of what is made up is as it should be: else hardly anything would ever open.
const statuses = fc.oneof(
  fc.constant(contexts.map((context): Status => ({ context, state: "success", at: edges[0]! }))),
  anyStatuses,
);
const long = fc.constant({ at: 0, verified: true });
const sight: fc.Arbitrary<Sight> = fc.record({
  run: fc
    .record({
      cell,
      since: fc.oneof(long, instant),
      until: fc.oneof(fc.constant(undefined), maybe(instant)),
      cut: fc.boolean(),
      withdrawn: fc.constantFrom(false, false, true, undefined),
    })
    .map(({ until, ...run }) => ({ ...run, ...(until ? { until } : {}) })),
  healthy: fc.oneof(long, fc.option(instant, { nil: null })),
  statuses,
});
const report = fc.constantFrom("a", "b").map((commit) =>
  makeReport({
    action: "policy-check",
    source: { head: { commit, dirty: false } },
    tools: [],
    checked: { overlays: 1, resources: 1, unique: 1 },
    findings: [],
  }),
);
const facts: fc.Arbitrary<Facts> = fc
  .record({
    sight,
    others: fc.subarray(["qa"]),
    runs: fc.array(sight, { minLength: 1, maxLength: 2 }),
    holds: maybe(
      fc.array(
        fc
          .record({
            app: fc.constantFrom("web", "job", "*"),
            environment: fc.constantFrom("prod", "dev"),
            until: maybe(moment),
          })
          .map(
            ({ until, ...hold }): Hold => ({ ...hold, reason: "r", owner: "o", ...(until ? { until } : {}) }),
          ),
        { maxLength: 2 },
      ),
    ),
    rollbacks: maybe(fc.subarray(["pull request #7"])),
    to: fc.constantFrom("1.1", "1.3", "abc"),
    ranBefore: maybe(fc.boolean()),
    given: fc.array(report, { maxLength: 2 }),
    unread: fc.nat(1),
  })
  .map(({ sight: seen, others, runs, given, unread, to, ...rest }) => ({
    ...seen,
    ...rest,
    app: "web",
    environment: "prod",
    source: "dev",
    others: others.map((environment) => ({ environment, runs })),
    steps: [{ subject: "web", from: "1.2", to }],
    reports: { given, wanted: given.length + unread },
    tip: "a",
  }));

const isOpen = (verdicts: readonly Verdict[]) => decide(verdicts).open;

/** The same facts with one of them gone: as a token without a permission, a shallow clone or a lost file would have it. */
const losses: Record<string, (facts: Facts) => Facts> = {
  holds: (known) => ({ ...known, holds: undefined }),
  rollbacks: (known) => ({ ...known, rollbacks: undefined }),
  "all statuses": (known) => ({ ...known, statuses: undefined }),
  "statuses of others": (known) => ({
    ...known,
    others: known.others.map((other) => ({
      ...other,
      runs: other.runs.map((run) => ({ ...run, statuses: undefined })),
    })),
  }),
  successes: (known) => ({
    ...known,
    ...(known.statuses ? { statuses: known.statuses.filter((status) => status.state !== "success") } : {}),
  }),
  "when things were said": (known) => ({
    ...known,
    ...(known.statuses ? { statuses: known.statuses.map((status) => ({ ...status, at: Number.NaN })) } : {}),
  }),
  "when it became healthy": ({ healthy: _, ...known }) => known,
  "that it became healthy": (known) => ({ ...known, healthy: null }),
  "who vouches for times": (known) => ({
    ...known,
    run: { ...known.run, since: { ...known.run.since, verified: false } },
  }),
  "whether it was taken back": (known) => ({ ...known, run: { ...known.run, withdrawn: undefined } }),
  "what runs": (known) => ({ ...known, run: { ...known.run, cell: { ...known.run.cell, slots: [] } } }),
  "where else it ran": (known) => ({
    ...known,
    others: known.others.map((other) => ({ ...other, runs: [] })),
  }),
  "the past": (known) => ({ ...known, ranBefore: undefined }),
  reports: (known) => ({ ...known, reports: { ...known.reports, given: known.reports.given.slice(1) } }),
};

describe("all gates together", () => {
  test("say the same of the same, in whatever order it was learnt", () => {
    fc.assert(
      fc.property(facts, settings, moment, (known, set, now) => {
        const verdicts = judge(known, set, now);
        expect(judge(structuredClone(known), structuredClone(set), now)).toEqual(verdicts);
        const turned = {
          ...known,
          statuses: known.statuses?.slice().reverse(),
          holds: known.holds?.slice().reverse(),
        };
        expect(judge(turned, set, now).map(({ gate, state }) => [gate, state])).toEqual(
          verdicts.map(({ gate, state }) => [gate, state]),
        );
      }),
      { numRuns: 300 },
    );
  });

  test.each(Object.entries(losses))("no gate opens when %s is not known any more", (_, lose) => {
    let shut = 0;
    fc.assert(
      fc.property(facts, settings, moment, (known, set, now) => {
        const after = new Map(judge(lose(known), set, now).map((verdict) => [verdict.gate, verdict.state]));
        for (const { gate, state } of judge(known, set, now)) {
          if (state !== "open") expect(after.get(gate), gate).not.toBe("open");
          else if (after.get(gate) !== "open") shut++;
        }
      }),
      { numRuns: 400 },
    );
    // A property that holds because the loss changes nothing would show nothing.
    expect(shut).toBeGreaterThan(0);
  });

  test("do open when all is as it should be, and each setting then has something that shuts it", () => {
    const since = { at: edges[0]!, verified: true };
    const now = edges[0]! + day;
    const good = { state: "success" as const, at: now - 1 };
    const [slots] = fc.sample(cell, 1);
    const all: Facts = {
      app: "web",
      environment: "prod",
      source: "dev",
      run: { cell: slots!, since, cut: false, withdrawn: false },
      healthy: since,
      statuses: ["ci", "argocd/web", "gitops/drift/dev"].map((context) => ({ ...good, context })),
      others: [],
      holds: [],
      rollbacks: [],
      steps: [{ subject: "web", from: "1.2", to: "1.3" }],
      ranBefore: false,
      reports: { given: [], wanted: 0 },
      tip: "a",
    };
    const strict = {
      ...gatesOf(defaultPromotion(), "x"),
      soak: day,
      checks: ["ci"],
      "healthy-since": "argocd/web",
      drift: hour,
      complete: "any",
    } as GateSettings;
    expect(judge(all, strict, now).map(({ gate, state }) => `${gate}: ${state}`)).toEqual(
      judge(all, strict, now).map(({ gate }) => `${gate}: open`),
    );
    const broken: [Partial<Facts>, Partial<GateSettings>][] = [
      [{ holds: [{ app: "web", environment: "prod", reason: "r", owner: "o" }] }, {}],
      [{ rollbacks: ["#1"] }, {}],
      [{}, { soak: day + 1 }],
      [{}, { checks: ["ci", "other"] }],
      [{}, { drift: 0 }],
      [{}, { complete: ["c9"] }],
      [{}, { freezes: [{ from: "2026-01-01", until: "2027-01-01", reason: "r" }] }],
      [{}, { windows: [{ cron: "0 0 29 2 *", lasts: hour, zone: "UTC" }] }],
      [{ steps: [{ subject: "web", from: "1.2", to: "1.1" }] }, {}],
      [{ reports: { given: [], wanted: 1 } }, {}],
      [{ others: [{ environment: "qa", runs: [] }] }, {}],
    ];
    for (const [fact, set] of broken)
      expect(
        isOpen(judge({ ...all, ...fact }, { ...strict, ...set }, now)),
        JSON.stringify([fact, set]),
      ).toBe(false);
  });

  test("name what would mend it wherever something is not known", () => {
    fc.assert(
      fc.property(facts, settings, moment, (known, set, now) => {
        for (const verdict of judge(known, set, now)) {
          expect(verdict.because).not.toBe("");
          if (verdict.state === "unknown") expect(verdict.mend).not.toBe("");
        }
      }),
    );
  });

  test("that wait until a moment do not open before it", () => {
    fc.assert(
      fc.property(
        facts,
        settings,
        moment,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (known, set, now, part) => {
          for (const [index, verdict] of judge(known, set, now).entries()) {
            if (verdict.state !== "waiting" || verdict.until === undefined || verdict.gate.startsWith("also"))
              continue;
            expect(verdict.until).toBeGreaterThan(now);
            const between = Math.floor(now + (verdict.until - 1 - now) * part);
            expect(judge(known, set, between)[index]?.state).not.toBe("open");
          }
        },
      ),
    );
  });

  test("do not open for a clock that goes wrong: one that is behind opens no soak, one that tells nothing opens nothing", () => {
    fc.assert(
      fc.property(
        facts,
        settings,
        moment,
        fc.integer({ min: 1, max: 400 * day }),
        (known, set, now, behind) => {
          expect(isOpen(judge(known, set, Number.NaN))).toBe(false);
          const soakOf = (at: number) => judge(known, set, at).find(({ gate }) => gate === "soak")!.state;
          if (soakOf(now) !== "open") expect(soakOf(now - behind)).not.toBe("open");
        },
      ),
    );
  });

  test("a failure after a success revokes it", () => {
    fc.assert(
      fc.property(facts, settings, moment, (known, set, now) => {
        if (set.checks.length === 0) return;
        const later =
          Math.max(0, ...(known.statuses ?? []).map(({ at }) => (Number.isFinite(at) ? at : 0))) + 1;
        const failed = { context: set.checks[0]!, state: "failure" as const, at: later };
        expect(isOpen(judge({ ...known, statuses: [...(known.statuses ?? []), failed] }, set, now))).toBe(
          false,
        );
      }),
    );
  });
});

describe("approval", () => {
  const people = ["ann", "bob", "author"] as const;
  const answersOf = (answer: fc.Arbitrary<boolean | undefined>) =>
    fc
      .tuple(answer, answer, answer)
      .map((list) => new Map(people.map((name, index) => [name as string, list[index]])));
  const known = maybe(fc.boolean());
  const given: fc.Arbitrary<Approvals> = fc
    .record({
      pull: maybe(
        fc.record({
          author: fc.constant("author"),
          head: fc.constant("new"),
          labels: fc.subarray(["go", "promotion"]),
          pushed: maybe(fc.nat(4)),
          labellings: maybe(
            fc.array(
              fc.record({
                label: fc.constantFrom("go", "promotion"),
                by: fc.constantFrom(...people),
                bot: fc.boolean(),
                at: fc.nat(5),
              }),
              { maxLength: 3 },
            ),
          ),
          reviews: maybe(
            fc.array(
              fc.record({
                by: fc.constantFrom(...people),
                state: fc.constantFrom("approved", "approved", "changes-requested", "dismissed" as const),
                commit: fc.constantFrom("new", "old"),
                at: fc.nat(5),
              }),
              { maxLength: 4 },
            ),
          ),
        }),
      ),
      mayWrite: answersOf(known),
      inTeam: answersOf(known),
      environments: maybe(fc.subarray(["production"])),
    })
    .map(({ pull, ...rest }) => ({ ...rest, ...(pull ? { pull } : {}) }) as Approvals);
  const asked = fc
    .record({
      team: maybe(fc.constant("org/sre")),
      label: maybe(fc.constant("go")),
      environment: maybe(fc.constant("production")),
    })
    .filter((each) => Object.values(each).some(Boolean)) as fc.Arbitrary<
    NonNullable<GateSettings["approval"]>
  >;
  const lossesOf: Record<string, (facts: Approvals) => Approvals | undefined> = {
    everything: () => undefined,
    "the pull request": ({ pull: _, ...rest }) => rest,
    "when it was pushed": (facts) =>
      facts.pull ? { ...facts, pull: { ...facts.pull, pushed: undefined } } : facts,
    "who labelled it": (facts) =>
      facts.pull ? { ...facts, pull: { ...facts.pull, labellings: undefined } } : facts,
    labels: (facts) => (facts.pull ? { ...facts, pull: { ...facts.pull, labels: [] } } : facts),
    reviews: (facts) => (facts.pull ? { ...facts, pull: { ...facts.pull, reviews: undefined } } : facts),
    "who is in the team": (facts) => ({ ...facts, inTeam: new Map() }),
    "who may write": (facts) => ({ ...facts, mayWrite: new Map() }),
    "what the run was approved for": (facts) => ({ ...facts, environments: undefined }),
  };

  test.each(Object.entries(lossesOf))("never opens when %s is not known any more", (_, lose) => {
    let opened = 0;
    let closed = 0;
    fc.assert(
      fc.property(given, asked, (facts, set) => {
        const before = isOpen(approval(set, facts));
        const after = isOpen(approval(set, lose(facts)));
        if (before) opened++;
        if (before && !after) closed++;
        if (!before) expect(after).toBe(false);
        for (const verdict of approval(set, lose(facts)))
          if (verdict.state === "unknown") expect(verdict.mend).toContain("token");
      }),
      { numRuns: 3000 },
    );
    expect(opened).toBeGreaterThan(10);
    expect(closed).toBeGreaterThan(0);
  });

  const pull = { author: "author", head: "new", labels: ["go"], pushed: 3, labellings: [], reviews: [] };
  const facts = (more: Partial<NonNullable<Approvals["pull"]>>): Approvals => ({
    pull: { ...pull, ...more },
    mayWrite: new Map([
      ["ann", true],
      ["bob", false],
    ]),
    inTeam: new Map([
      ["ann", true],
      ["bob", false],
    ]),
    environments: [],
  });
  const labelled = (by: string, at: number, bot = false) =>
    facts({ labellings: [{ label: "go", by, at, bot }] });
  test.each([
    ["open", labelled("ann", 4), "set after the push"],
    ["waiting", labelled("ann", 3), "set in the second of the push"],
    ["waiting", labelled("ann", 2), "set before the push"],
    ["waiting", labelled("bob", 4), "set by somebody who may not write"],
    ["unknown", labelled("eve", 4), "set by somebody of whom nothing is known"],
    ["waiting", labelled("ann", 4, true), "set by a program"],
    [
      "waiting",
      { ...labelled("ann", 4), pull: { ...labelled("ann", 4).pull!, labels: [] } },
      "taken off again",
    ],
  ] as [string, Approvals, string][])("a label is %s when it was %o", (state, known) => {
    expect(approval({ label: "go" }, known)).toMatchObject([{ state }]);
  });

  const reviewed = (...reviews: [string, "approved" | "changes-requested" | "dismissed", string, number][]) =>
    facts({ reviews: reviews.map(([by, said, commit, at]) => ({ by, state: said, commit, at })) });
  test.each([
    ["open", reviewed(["ann", "approved", "new", 1])],
    ["waiting", reviewed(["ann", "approved", "old", 1])],
    ["waiting", reviewed(["bob", "approved", "new", 1])],
    ["waiting", reviewed(["author", "approved", "new", 1])],
    ["waiting", reviewed(["ann", "approved", "new", 1], ["ann", "dismissed", "new", 2])],
    ["closed", reviewed(["ann", "approved", "new", 1], ["bob", "changes-requested", "new", 2])],
    [
      "open",
      reviewed(
        ["bob", "changes-requested", "old", 1],
        ["bob", "approved", "new", 2],
        ["ann", "approved", "new", 1],
      ),
    ],
    ["unknown", reviewed(["eve", "approved", "new", 1])],
  ] as const)("a review is %s for %o", (state, known) => {
    expect(approval({ team: "org/sre" }, known)).toMatchObject([{ state }]);
  });
});

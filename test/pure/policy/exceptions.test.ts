import { daysLeft, exceptionMatcher, isExpired, parseExceptions } from "@gitops-actions/fleet";
import { makeFinding } from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { waive } from "../../../actions/policy-check/src/waive.ts";

const text = `exceptions:
  - rule: conftest/main/deny_latest
    resource: {kind: Deployment, name: "legacy-*"}
    owner: team-shop
    reason: soon
    expires: 2026-12-31
`;
const now = new Date("2026-11-24T12:00:00Z");
const id = (name: string) => ({ group: "apps", version: "v1", kind: "Deployment", namespace: "shop", name });
const finding = (name: string, overlays = ["prod"]) =>
  makeFinding({
    rule: "conftest/main/deny_latest",
    severity: "error",
    message: "no",
    resource: id(name),
    overlays,
  });

describe("the file of exceptions", () => {
  test("is read with the lines of its entries", () => {
    const [exception] = parseExceptions(text, ".gitops/exceptions.yaml");
    expect(exception).toMatchObject({
      owner: "team-shop",
      location: { path: ".gitops/exceptions.yaml", line: 2 },
    });
    expect(parseExceptions("", "e")).toEqual([]);
  });

  test.each([
    [text.replace("expires:", "until:"), /e:\d+: unknown key `until` in exceptions\.0$/m],
    [text.replace(/^ *expires: .*\n/m, ""), /e:2: exceptions\.0: `expires` is missing$/],
    [text.replace("owner: team-shop", "oner: team-shop"), /e:2: .*owner|unknown key `oner`/],
    [text.replace("2026-12-31", "soon"), /must be a date/],
    [text.replace("2026-12-31", "2026-13-31"), /no day of the calendar/],
    ["exceptions: [", /e:1/],
    ["exceptions: []\n---\nexceptions: []", /one YAML document, found 2/],
  ])("refuses %j", (broken, message) => {
    expect(() => parseExceptions(broken, "e")).toThrow(message);
  });

  test("counts until the end of its last day, UTC", () => {
    const exception = { expires: "2026-12-31" };
    expect(isExpired(exception, new Date("2026-12-31T23:59:59Z"))).toBe(false);
    expect(isExpired(exception, new Date("2027-01-01T00:00:00Z"))).toBe(true);
    expect(daysLeft(exception, new Date("2026-12-31T10:00:00Z"))).toBe(0);
    expect(daysLeft(exception, new Date("2026-12-30T10:00:00Z"))).toBe(1);
    expect(daysLeft(exception, new Date("2027-01-02T10:00:00Z"))).toBe(-2);
  });
});

test("an exception speaks of its rule, its resources and its overlays, and of nothing else", () => {
  const [exception] = parseExceptions(
    text.replace("    owner", '    overlays: ["apps/*/prod"]\n    owner'),
    "e",
  );
  const matches = exceptionMatcher(exception!);
  const about = { rule: "conftest/main/deny_latest", resource: id("legacy-web"), overlay: "apps/web/prod" };
  expect(matches(about)).toBe(true);
  expect(matches({ ...about, rule: "conftest/main/deny_latest2" })).toBe(false);
  expect(matches({ ...about, resource: id("web") })).toBe(false);
  expect(matches({ ...about, overlay: "apps/web/dev" })).toBe(false);
  expect(matches({ rule: about.rule, overlay: about.overlay })).toBe(false);
  const [all] = parseExceptions(
    text.replace("conftest/main/deny_latest", "conftest/*").replace(/ +resource.*\n/, ""),
    "e",
  );
  expect(exceptionMatcher(all!)({ rule: "conftest/a/b", overlay: "x" })).toBe(true);
  expect(exceptionMatcher(all!)({ rule: "kyverno/a/b", overlay: "x" })).toBe(false);
  const [every] = parseExceptions(
    text.replace("conftest/main/deny_latest", '"*"').replace(/ +resource.*\n/, ""),
    "e",
  );
  expect(exceptionMatcher(every!)({ rule: "kyverno/a/b", overlay: "x" })).toBe(true);
});

describe("waiving", () => {
  const exceptions = parseExceptions(text, "e");

  test("names what is waived, and leaves the rest", () => {
    const { findings, waived, problems } = waive(
      [finding("legacy-web"), finding("web")],
      exceptions,
      now,
      true,
    );
    expect(findings).toHaveLength(2);
    expect(waived).toEqual([
      {
        fingerprint: finding("legacy-web").fingerprint,
        owner: "team-shop",
        reason: "soon",
        expires: "2026-12-31",
      },
    ]);
    expect(problems).toEqual([]);
  });

  test("counts overlay by overlay", () => {
    const inProd = parseExceptions(text.replace("    owner", "    overlays: [prod]\n    owner"), "e");
    const { findings, waived, partly } = waive([finding("legacy-web", ["dev", "prod"])], inProd, now, true);
    expect(waived).toEqual([]);
    expect(partly).toEqual([expect.stringContaining("waived in prod only: ")]);
    expect(findings[0]!.places.map(({ overlay }) => overlay)).toEqual(["dev"]);
  });

  test("does not let one that is excepted hide another of its fingerprint", () => {
    const inProd = parseExceptions(text.replace("    owner", "    overlays: [prod]\n    owner"), "e");
    const both = [finding("legacy-web", ["prod"]), finding("legacy-web", ["dev"])];
    for (const order of [both, both.toReversed()]) {
      const { findings, waived, partly } = waive(order, inProd, now, true);
      expect(waived).toEqual([]);
      expect(findings.map(({ places }) => places.map(({ overlay }) => overlay))).toEqual([["dev"]]);
      expect(partly).toEqual([
        expect.stringMatching(/^waived in prod only: .*: soon \(team-shop, until 2026-12-31\)$/),
      ]);
    }
  });

  test("says what is over and what is unused; unused only when all was looked at", () => {
    const later = new Date("2027-01-02T00:00:00Z");
    const over = waive([finding("legacy-web")], exceptions, later, true);
    expect(over.waived).toEqual([]);
    expect(over.problems.map(({ rule, severity }) => [rule, severity])).toEqual([
      ["exceptions/expired", "error"],
    ]);
    const unused = waive([finding("web")], exceptions, now, true);
    expect(unused.problems.map(({ rule, severity }) => [rule, severity])).toEqual([
      ["exceptions/unused", "warning"],
    ]);
    expect(waive([finding("web")], exceptions, now, false).problems).toEqual([]);
  });
});

import { type Finding, makeFinding, mergeFindings } from "@gitops-actions/report";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deployment, manyFindings } from "./samples.ts";

const location = (path: string, line = 1) => ({ path, line, precision: "exact" as const, via: [] });

function made(overlay: string, more: Partial<Parameters<typeof makeFinding>[0]> = {}): Finding {
  return makeFinding({
    rule: "r",
    severity: "warning",
    message: "m",
    resource: deployment,
    overlays: [overlay],
    ...more,
  });
}

const overlaysOf = (finding: Finding) => finding.places.map((place) => place.overlay);

describe("merging", () => {
  test("makes one finding with many places of the same finding in many overlays", () => {
    const merged = mergeFindings([made("dev"), made("prod"), made("staging")]);
    expect(merged.map(overlaysOf)).toEqual([["dev", "prod", "staging"]]);
  });

  test("keeps apart what differs in message, rule or resource", () => {
    const other = { ...deployment, name: "api" };
    expect(
      mergeFindings([
        made("dev"),
        made("dev", { message: "n" }),
        made("dev", { rule: "s" }),
        made("dev", { resource: other }),
      ]),
    ).toHaveLength(4);
  });

  test("keeps both of two in one overlay, and joins each with its own in the next, by field first", () => {
    const at = (overlay: string, index: number) => made(overlay, { field: `/spec/args/${index}` });
    const merged = mergeFindings([at("dev", 0), at("dev", 1), at("prod", 1), at("prod", 0)]);
    expect(merged.map(({ field }) => field)).toEqual(["/spec/args/0", "/spec/args/1"]);
    expect(merged.map(overlaysOf)).toEqual([
      ["dev", "prod"],
      ["dev", "prod"],
    ]);
    expect(mergeFindings([at("dev", 0), at("prod", 1)]).map(overlaysOf)).toEqual([["dev", "prod"]]);
  });

  test("drops a true repetition", () => {
    expect(mergeFindings([made("dev"), made("dev")]).map(overlaysOf)).toEqual([["dev"]]);
  });

  test("takes the graver severity, and names further locations instead of dropping them", () => {
    const [merged] = mergeFindings([
      made("dev", { location: location("dev.yaml") }),
      made("prod", { location: location("prod.yaml", 7), severity: "error" }),
      made("test", { location: location("prod.yaml", 7) }),
    ]);
    expect(merged!.severity).toBe("error");
    expect(merged!.location!.path).toBe("dev.yaml");
    expect(merged!.related).toEqual([
      { message: "also here, in prod, test", location: location("prod.yaml", 7) },
    ]);
  });

  test("keeps findings that are about no overlay", () => {
    const loose = makeFinding({
      rule: "r",
      severity: "error",
      message: "m",
      location: location("gitops.yaml"),
    });
    expect(mergeFindings([loose, loose])).toEqual([loose]);
  });

  test("loses no place, invents none, and gives the same for its own result", () => {
    const some = fc.record({
      overlay: fc.constantFrom("a", "b", "c"),
      message: fc.constantFrom("m", "n"),
      line: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(some), (list) => {
        const findings = list.map(({ overlay, message, line }) =>
          made(overlay, { message, location: location("f", line) }),
        );
        const merged = mergeFindings(findings);
        const wanted = new Set(list.map(({ overlay, message, line }) => `${overlay} ${message} ${line}`));
        const counted = merged.reduce((sum, { places }) => sum + places.length, 0);
        expect(counted).toBe(wanted.size);
        for (const one of merged) expect(new Set(overlaysOf(one)).size).toBe(one.places.length);
        expect(mergeFindings(merged)).toEqual(merged);
      }),
    );
  });

  test("does not change what it is given", () => {
    const findings = [
      made("dev", { location: location("a") }),
      made("prod", { location: location("b"), severity: "error" }),
    ];
    const before = structuredClone(findings);
    mergeFindings(findings);
    expect(findings).toEqual(before);
  });

  test("takes tens of thousands of findings", () => {
    expect(mergeFindings(manyFindings(20_000))).toHaveLength(20_000);
  });
});

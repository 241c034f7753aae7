import { formatSarif, makeFinding, SARIF_LIMITS } from "@gitops-actions/report";
import schema from "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json" with { type: "json" };
import Ajv from "ajv-draft-04";
import addFormats from "ajv-formats";
import fc from "fast-check";
import type { Log } from "sarif";
import { describe, expect, test } from "vitest";
import { deployment, hostileReport, manyFindings, reportOf } from "./samples.ts";

const ajv = new Ajv.default({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats.default(ajv);
const validate = ajv.compile(schema);
const options = { version: "1.2.3" };

function sarif(...args: Parameters<typeof formatSarif>): Log {
  return JSON.parse(formatSarif(...args)) as Log;
}

describe("SARIF", () => {
  test("is what the schema of OASIS wants, whatever the report says", () => {
    fc.assert(
      fc.property(hostileReport, (report) => {
        const log = sarif(report, options);
        expect(validate(log), JSON.stringify(validate.errors)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test("has what GitHub asks of each result: a location inside the repository, a rule, a message, a fingerprint", () => {
    fc.assert(
      fc.property(hostileReport, (report) => {
        const run = sarif(report, options).runs[0]!;
        expect(run.results).toHaveLength(report.findings.length);
        for (const result of run.results!) {
          expect(run.tool.driver.rules![result.ruleIndex!]!.id).toBe(result.ruleId);
          const { physicalLocation } = result.locations![0]!;
          const uri = physicalLocation!.artifactLocation!.uri!;
          expect(uri).toMatch(/^[A-Za-z0-9\-._~!'()*%/]+$/);
          expect(new URL(uri, "https://root/repo/").host).toBe("root");
          expect(physicalLocation!.region!.startLine).toBeGreaterThan(0);
          expect(result.partialFingerprints!.primaryLocationLineHash).toMatch(/^[0-9a-f]{32}:[1-9]\d*$/);
          expect(result.message.text).not.toContain("](");
        }
        const prints = run.results!.map((result) => result.partialFingerprints!.primaryLocationLineHash);
        expect(new Set(prints).size).toBe(prints.length);
      }),
    );
  });

  test("points to the file, percent-encoded, and to the line only where it is sure", () => {
    const at = (path: string, precision: "exact" | "near") => {
      const finding = makeFinding({
        rule: "r",
        severity: "notice",
        message: "m",
        resource: deployment,
        location: { path, line: 7, precision, via: [] },
      });
      return sarif(reportOf({ findings: [finding] }), options).runs[0]!.results![0]!;
    };
    expect(at("a:b/c d#e?%/ü.yaml", "exact").locations![0]!.physicalLocation).toEqual({
      artifactLocation: { uri: "a%3Ab/c%20d%23e%3F%25/%C3%BC.yaml", uriBaseId: "%SRCROOT%" },
      region: { startLine: 7 },
    });
    expect(at("a.yaml", "near").locations![0]!.physicalLocation!.region).toEqual({ startLine: 1 });
    expect(at("a.yaml", "near").level).toBe("note");
  });

  test("points to the overlay where no file is known", () => {
    const finding = makeFinding({
      rule: "r",
      severity: "error",
      message: "m",
      overlays: ["charts/web@prod"],
    });
    const [result] = sarif(reportOf({ findings: [finding] }), options).runs[0]!.results!;
    expect(result!.locations![0]!.physicalLocation!.artifactLocation!.uri).toBe("charts/web");
  });

  test("tells apart two findings of one fingerprint", () => {
    const at = (message: string) =>
      makeFinding({ rule: "r", severity: "error", message, resource: deployment, field: "/spec/args/0" });
    const { results } = sarif(reportOf({ findings: [at("a"), at("b")] }), options).runs[0]!;
    const prints = results!.map((result) => result.partialFingerprints!.primaryLocationLineHash!.split(":"));
    expect(prints.map(([, turn]) => turn)).toEqual(["1", "2"]);
    expect(prints[0]![0]).toBe(prints[1]![0]);
  });

  test("keeps to GitHub's limits and says what is left out", () => {
    const [first, ...rest] = manyFindings(SARIF_LIMITS.results + 10);
    const related = Array.from({ length: 3_000 }, (_, index) => ({
      message: "also here",
      location: { ...first!.location!, line: index + 1 },
    }));
    const run = sarif(reportOf({ findings: [{ ...first!, related }, ...rest] }), options).runs[0]!;
    expect(run.results).toHaveLength(SARIF_LIMITS.results);
    for (const result of run.results!)
      expect(result.relatedLocations?.length ?? 0).toBeLessThanOrEqual(SARIF_LIMITS.locations);
    expect(run.invocations![0]!.toolExecutionNotifications![0]!.message.text).toContain(
      "10 more findings left out",
    );
  });

  test("says that something could not be checked", () => {
    const gap = { kind: "overlay", id: "apps/web", code: "timeout", message: "took too long" };
    const [invocation] = sarif(reportOf({ failed: [gap] }), options).runs[0]!.invocations!;
    expect(invocation!.executionSuccessful).toBe(false);
    expect(invocation!.toolExecutionNotifications![0]).toEqual({
      level: "error",
      message: { text: "overlay apps/web could not be checked: took too long" },
    });
  });
});

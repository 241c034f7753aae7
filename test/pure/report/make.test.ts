import { exitStatus, formatJson, makeFinding, parseReport, Report, UsageError } from "@gitops-actions/report";
import Ajv2020 from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { deployment, hostileReport, reportOf } from "./samples.ts";

const nothing = { overlays: 0, resources: 0, unique: 0 };
const gap = { kind: "overlay", id: "apps/web", code: "remote-base", message: "not rendered" };
const policy = { failOnSeverity: "error", failOn: "all", allowEmpty: false } as const;

function made(severity: "error" | "warning" | "notice", ...states: ("new" | "existing" | "unknown")[]) {
  const finding = makeFinding({ rule: `r/${severity}`, severity, message: "m", resource: deployment });
  return { ...finding, places: states.map((state, index) => ({ overlay: `o${index}`, state })) };
}

describe("the verdict", () => {
  test.each([
    ["passed", reportOf()],
    ["passed", reportOf({ checked: nothing, unchanged: 1000 })],
    ["passed", reportOf({ skipped: [gap] })],
    ["findings", reportOf({ findings: [made("notice", "existing")] })],
    ["incomplete", reportOf({ failed: [gap] })],
    ["incomplete", reportOf({ failed: [gap], checked: nothing, findings: [made("error", "new")] })],
    [
      "incomplete",
      reportOf({
        engines: [
          { name: "kyverno", evaluated: 1, matched: 0, passed: 0, warned: 0, failed: 0, notEvaluated: ["p"] },
        ],
      }),
    ],
    ["nothing-found", reportOf({ checked: nothing })],
    ["nothing-found", reportOf({ checked: nothing, skipped: [gap] })],
  ])("is %s", (verdict, report) => {
    expect(report.verdict).toBe(verdict);
  });

  test("leaves out what an exception waives, and keeps it in the report", () => {
    const finding = made("error", "new");
    const waived = [
      { fingerprint: finding.fingerprint, owner: "team", reason: "known", expires: "2027-01-01" },
    ];
    const report = reportOf({ findings: [finding], waived });
    expect(report.verdict).toBe("passed");
    expect(report.findings).toHaveLength(1);
    expect(report.summary).toEqual({ error: 0, warning: 0, notice: 0, new: 0, existing: 0 });
    expect(exitStatus(report, policy)).toBe(0);
  });
});

describe("the exit status", () => {
  const oldError = reportOf({ findings: [made("error", "existing", "existing")] });
  const newError = reportOf({ findings: [made("error", "existing", "new")] });
  const unsure = reportOf({ findings: [made("error", "unknown")] });
  const placeless = reportOf({ findings: [made("error")] });
  const newWarning = reportOf({ findings: [made("warning", "new")] });
  const failed = reportOf({ failed: [gap] });
  const empty = reportOf({ checked: nothing });

  test.each([
    [0, reportOf(), policy],
    [1, oldError, policy],
    [0, oldError, { ...policy, failOn: "new" }],
    [1, newError, { ...policy, failOn: "new" }],
    [1, unsure, { ...policy, failOn: "new" }],
    [1, placeless, { ...policy, failOn: "new" }],
    [0, newError, { ...policy, failOn: "none" }],
    [0, newWarning, policy],
    [1, newWarning, { ...policy, failOnSeverity: "warning" }],
    [1, newWarning, { ...policy, failOnSeverity: "notice" }],
    [1, failed, policy],
    [1, failed, { ...policy, failOn: "new" }],
    [0, failed, { ...policy, failOn: "none" }],
    [1, empty, policy],
    [1, empty, { ...policy, failOn: "none" }],
    [0, empty, { ...policy, allowEmpty: true }],
    [0, reportOf({ skipped: [gap] }), policy],
  ] as const)("is %i", (status, report, how) => {
    expect(exitStatus(report, how)).toBe(status);
  });
});

describe("report.json", () => {
  test("reads back what was written, whatever it holds", () => {
    fc.assert(
      fc.property(hostileReport, (report) => {
        expect(parseReport(formatJson(report), "r")).toEqual(report);
      }),
    );
  });

  test("has the keys of the schema in its order, whatever order the value had", () => {
    const report = reportOf({ findings: [made("error", "new")] });
    const shuffled = Object.fromEntries(Object.entries(report).reverse()) as Report;
    expect(formatJson(shuffled)).toBe(formatJson(report));
    expect(Object.keys(JSON.parse(formatJson(shuffled)))[0]).toBe("version");
  });

  test("follows the published JSON Schema", () => {
    const validate = new Ajv2020.default({ strict: true }).compile(z.toJSONSchema(Report, { io: "output" }));
    fc.assert(
      fc.property(hostileReport, (report) => {
        expect(validate(JSON.parse(formatJson(report))), JSON.stringify(validate.errors)).toBe(true);
      }),
    );
  });

  test("cannot act as a workflow command when a job prints it", () => {
    fc.assert(
      fc.property(hostileReport, (report) => {
        const json = formatJson(report);
        expect(json).not.toContain("##[");
        expect(json).not.toMatch(/^\s*::/m);
      }),
    );
  });

  test.each([
    ["not JSON", "{", /dir\/report\.json: not JSON/],
    ["another version", '{"version": 2}', /version 1 .*its version is 2.*same release/],
    ["no version", "[]", /its version is missing/],
    ["a key nobody knows", JSON.stringify({ ...reportOf(), extra: 1 }), /extra/],
    ["a wrong value", JSON.stringify({ ...reportOf(), verdict: "fine" }), /verdict/],
  ])("is refused when it is %s", (_what, text, message) => {
    expect(() => parseReport(text, "dir/report.json")).toThrow(UsageError);
    expect(() => parseReport(text, "dir/report.json")).toThrow(message);
  });
});

describe("the order", () => {
  test("has the gravest first, then new, then those whose line is known", () => {
    const at = (path: string, precision: "exact" | "near") => ({
      location: { path, line: 1, precision, via: [] },
    });
    const findings = [
      { ...made("warning", "new"), rule: "5" },
      { ...made("error", "existing"), rule: "0" },
      { ...made("error", "new"), rule: "3" },
      { ...made("error", "new"), rule: "2", ...at("a", "near") },
      { ...made("error", "new"), rule: "1", ...at("z", "exact") },
    ];
    expect(reportOf({ findings }).findings.map(({ rule }) => rule)).toEqual(["1", "2", "3", "0", "5"]);
  });

  test("does not depend on the order things were found in", () => {
    fc.assert(
      fc.property(hostileReport, fc.integer(), (report, seed) => {
        const shuffled = fc.sample(
          fc.shuffledSubarray(report.findings, { minLength: report.findings.length }),
          { seed, numRuns: 1 },
        )[0]!;
        expect(formatJson(reportOf({ findings: shuffled }))).toBe(
          formatJson(reportOf({ findings: report.findings })),
        );
      }),
    );
  });
});

import { formatJUnit, formatMarkdown, formatText, makeFinding } from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { reportOf } from "./samples.ts";

const shown = (message: string, expected?: string, actual?: string) => {
  const finding = makeFinding({ rule: "a/b", severity: "error", message, expected, actual });
  const report = reportOf({ findings: [finding] });
  return [formatText(report), formatMarkdown(report, { limit: 10_000 }), formatJUnit(report)];
};

describe("what was expected and what was there is said once", () => {
  test.each([
    ["expected integer, found string", "integer", '"http"', false, true],
    ["expected string, found array", "string", "array", false, false],
    ["must be one of: Always, Never", "Always, Never", '"Nevr"', false, true],
    ["needs one of exec, grpc", "one of exec, grpc", undefined, false, false],
    ["must be a valid ipv4", "ipv4", '"x"', false, true],
    ["must have at least 1 items", "at least 1 items", undefined, false, false],
    // Words that stand in the message for another reason.
    ["replicas differs in 3 of 3 clusters", "3", "5", true, true],
    ["expected integers, found strings", "integer", "string", true, true],
    ["changed by hand", "", "", true, true],
  ])("%s", (message, expected, actual, saysExpected, saysActual) => {
    const [text, markdown, junit] = shown(message, expected, actual);
    expect(/^ {2}expected:/m.test(text!)).toBe(saysExpected);
    expect(/^ {2}actual:/m.test(text!)).toBe(saysActual);
    expect(/^ {2}- expected /m.test(markdown!)).toBe(saysExpected);
    expect(/^ {2}- actual /m.test(markdown!)).toBe(saysActual);
    expect(/expected: /.test(junit!)).toBe(saysExpected && expected !== "");
    expect(/actual: /.test(junit!)).toBe(saysActual && actual !== "");
    expect(text).toContain(message);
  });
});

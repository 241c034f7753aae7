// The last line of a command with several reports: it says why the exit status is what it is.
import { type ExitPolicy, makeFinding, type Severity } from "@gitops-actions/report";
import { expect, test } from "vitest";
import { conclude } from "../../../packages/cli/src/commands/say.ts";
import { reportOf } from "./samples.ts";

const policy: ExitPolicy = { failOn: "all", failOnSeverity: "error", allowEmpty: false };
const nothing = { checked: { overlays: 0, resources: 0, unique: 0 } };
const found = (severity: Severity) => ({ findings: [makeFinding({ rule: "a/b", severity, message: "x" })] });
const gap = { kind: "overlay", id: "a", code: "b", message: "c" };

test.each([
  [{}, policy, "0 errors, 0 warnings (exit status 0)"],
  [nothing, policy, "0 errors, 0 warnings, nothing found to look at by render-overlays (exit status 1)"],
  [nothing, { ...policy, allowEmpty: true }, "0 errors, 0 warnings (exit status 0)"],
  [found("error"), policy, "1 error, 0 warnings (exit status 1)"],
  [found("warning"), policy, "0 errors, 1 warning (exit status 0)"],
  [
    found("warning"),
    { ...policy, failOnSeverity: "warning" },
    "0 errors, 1 warning (exit status 1: warnings fail it, by --fail-on-severity)",
  ],
  [
    found("notice"),
    { ...policy, failOnSeverity: "notice" },
    "0 errors, 0 warnings (exit status 1: notices fail it, by --fail-on-severity)",
  ],
  [{ failed: [gap] }, policy, "0 errors, 0 warnings, 1 thing could not be checked (exit status 1)"],
] satisfies [Parameters<typeof reportOf>[0], ExitPolicy, string][])("%#", (parts, how, line) => {
  expect(conclude([reportOf(parts), reportOf()], [how, policy])).toBe(`All in all: ${line}.`);
});

import XMLBuilder from "fast-xml-builder";
import { count, describePlaces, describeSubject, describeValues, describeVerdict } from "./describe.ts";
import { activeFindings } from "./make.ts";
import type { Finding, Report, Unchecked } from "./report.ts";
import { shorten, visible, visibleLines } from "./visible.ts";

type Element = { [name: string]: string | number | Element | Element[] };

/**
 * The report as JUnit XML, in the form that CI systems read: errors are failures, things that could not be checked are
 * errors, warnings and notices pass and say so in system-out. What passed is one case that counts it.
 */
export function formatJUnit(report: Report): string {
  const findings = activeFindings(report);
  const cases: Element[] = [
    passedCase(report),
    ...findings.map(findingCase),
    ...report.failed.map((item) => uncheckedCase(item, "error")),
    ...report.skipped.map((item) => uncheckedCase(item, "skipped")),
  ];
  const failures =
    findings.filter(({ severity }) => severity === "error").length +
    (report.verdict === "nothing-found" ? 1 : 0);
  const totals = {
    "@name": attribute(report.action),
    "@tests": cases.length,
    "@failures": failures,
    "@errors": report.failed.length,
  };
  const suite: Element = { ...totals, "@skipped": report.skipped.length, testcase: cases };
  const builder = new XMLBuilder({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    format: true,
    suppressEmptyNode: true,
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ testsuites: { ...totals, testsuite: [suite] } })}`;
}

/** Without a case a reader would take the file for a run that tested nothing. */
function passedCase(report: Report): Element {
  const name = {
    "@name": attribute(`${report.action}: ${count(report.checked.overlays + report.unchanged, "overlay")}`),
    "@classname": attribute(report.action),
  };
  return report.verdict === "nothing-found"
    ? { ...name, failure: { "@message": describeVerdict(report) } }
    : name;
}

// A reader follows a case over time by its name: it must not move with a line.
function findingCase(finding: Finding): Element {
  const subject = describeSubject(finding);
  const name = [subject, finding.location?.path, `[${finding.fingerprint.slice(0, 8)}]`]
    .filter(Boolean)
    .join(" ");
  const values = describeValues(finding).filter(([, value]) => value !== "");
  const body = [finding.message, ...values.map(([label, value]) => `${label}: ${value}`)];
  const text = content(
    [...body, describePlaces(finding, 50), finding.help && `help: ${finding.help}`]
      .filter(Boolean)
      .join("\n"),
  );
  const file = finding.location
    ? { "@file": attribute(finding.location.path), "@line": finding.location.line }
    : {};
  return {
    "@name": attribute(name),
    "@classname": attribute(finding.rule),
    ...file,
    ...(finding.severity === "error"
      ? {
          failure: {
            "@message": attribute(finding.message),
            "@type": attribute(finding.rule),
            "#text": text,
          },
        }
      : { "system-out": `${finding.severity}: ${text}` }),
  };
}

function uncheckedCase(item: Unchecked, element: "error" | "skipped"): Element {
  return {
    "@name": attribute(`${item.kind} ${item.id}`),
    "@classname": attribute(item.code),
    [element]: { "@message": attribute(item.message) },
  };
}

function attribute(text: string): string {
  return allowed(visible(shorten(text, 1_000)));
}

function content(text: string): string {
  return allowed(visibleLines(shorten(text, 10_000)));
}

// XML 1.0 has no place for these two, not even escaped; `visible` has taken the other forbidden ones.
function allowed(text: string): string {
  return text.replace(/[\ufffe\uffff]/g, "\ufffd");
}

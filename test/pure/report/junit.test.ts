import { formatJUnit } from "@gitops-actions/report";
import fc from "fast-check";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { describe, expect, test } from "vitest";
import { hostileReport, manyFindings, reportOf } from "./samples.ts";

const gap = { kind: "overlay", id: "apps/web", code: "timeout", message: "took too long" };

describe("JUnit", () => {
  test("is well-formed XML with as many cases as it says, whatever the report says", () => {
    fc.assert(
      fc.property(hostileReport, (report) => {
        const xml = formatJUnit(report);
        expect(XMLValidator.validate(xml)).toBe(true);
        // XML 1.0, production 2: the only characters a document may hold.
        expect(xml).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u);
        const parser = new XMLParser({
          ignoreAttributes: false,
          attributeNamePrefix: "@",
          isArray: (name) => name === "testcase",
        });
        const suite = parser.parse(xml).testsuites.testsuite;
        expect(suite.testcase).toHaveLength(Number(suite["@tests"]));
        const number = (element: string) => suite.testcase.filter((one: object) => element in one).length;
        expect(number("failure")).toBe(Number(suite["@failures"]));
        expect(number("error")).toBe(Number(suite["@errors"]));
        expect(number("skipped")).toBe(Number(suite["@skipped"]));
      }),
      { numRuns: 200 },
    );
  });

  test("has none of the characters that XML does not allow", () => {
    const [finding] = manyFindings(1);
    const xml = formatJUnit(
      reportOf({ findings: [{ ...finding!, message: "a\ufffeb\uffffc\u0000d\ud800e]]>" }] }),
    );
    expect(xml).toContain("a\ufffdb\ufffdc\\x00d\\ud800e]]&gt;");
  });

  test("reads well", () => {
    expect(
      formatJUnit(reportOf({ findings: manyFindings(2), failed: [gap] })),
    ).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="render-overlays" tests="4" failures="1" errors="1">
  <testsuite name="render-overlays" tests="4" failures="1" errors="1" skipped="0">
    <testcase name="render-overlays: 3 overlays" classname="render-overlays"/>
    <testcase name="Deployment shop/web-0 /spec/replicas apps/web-0/deployment.yaml [a81549d8]" classname="validate/rule-0" file="apps/web-0/deployment.yaml" line="1">
      <failure message="spec.replicas is 0, and that is not what the schema says" type="validate/rule-0">spec.replicas is 0, and that is not what the schema says
in apps/web-0/overlays/prod
help: Say a number.</failure>
    </testcase>
    <testcase name="Deployment shop/web-1 /spec/replicas apps/web-1/deployment.yaml [43d2e6d6]" classname="validate/rule-1" file="apps/web-1/deployment.yaml" line="2">
      <system-out>warning: spec.replicas is 1, and that is not what the schema says
in apps/web-1/overlays/prod
help: Say a number.</system-out>
    </testcase>
    <testcase name="overlay apps/web" classname="timeout">
      <error message="took too long"/>
    </testcase>
  </testsuite>
</testsuites>
`);
  });

  test("fails when nothing was found, so that no reader takes it for a pass", () => {
    const xml = formatJUnit(reportOf({ checked: { overlays: 0, resources: 0, unique: 0 } }));
    expect(xml).toContain('failures="1"');
    expect(xml).toContain("Nothing found to look at.");
  });
});

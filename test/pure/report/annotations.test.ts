import { annotate } from "@gitops-actions/report";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hostileReport, manyFindings, reportOf } from "./samples.ts";

describe("annotations", () => {
  test("are ten a level at most, the tenth saying how many are hidden", () => {
    const annotations = annotate(reportOf({ findings: manyFindings(90) }));
    for (const level of ["error", "warning", "notice"]) {
      const own = annotations.filter((annotation) => annotation.level === level);
      expect(own).toHaveLength(10);
      expect(own[9]!.message).toContain("21 more");
    }
  });

  test("are all there when ten suffice, and leave room where it is asked for", () => {
    expect(
      annotate(reportOf({ findings: manyFindings(30) }))
        .map(({ message }) => message)
        .join(),
    ).not.toContain("annotated");
    expect(
      annotate(reportOf({ findings: manyFindings(30) }), { error: 1 }).filter(
        ({ level }) => level === "error",
      ),
    ).toHaveLength(9);
  });

  test("claim a line only where it is sure", () => {
    const [finding] = manyFindings(1);
    const near = { ...finding!, location: { ...finding!.location!, precision: "near" as const } };
    expect(annotate(reportOf({ findings: [finding!] }))[0]).toMatchObject({
      path: "apps/web-0/deployment.yaml",
      line: 1,
    });
    const [only] = annotate(reportOf({ findings: [near] }));
    expect(only).toMatchObject({ path: "apps/web-0/deployment.yaml" });
    expect(only).not.toHaveProperty("line");
  });

  test("stay within GitHub's lengths", () => {
    const [finding] = manyFindings(1);
    const long = { ...finding!, message: "é".repeat(100_000) };
    expect(annotate(reportOf({ findings: [long] }))[0]!.message.length).toBeLessThanOrEqual(4_096);
    fc.assert(
      fc.property(hostileReport, (report) => {
        for (const { message, title } of annotate(report)) {
          expect(message.length).toBeLessThanOrEqual(4_096);
          expect(title.length).toBeLessThanOrEqual(255);
          expect(title).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        }
      }),
    );
  });
});

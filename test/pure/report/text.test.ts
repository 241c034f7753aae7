import { formatText, gapKey, shorten, visible, visibleLines } from "@gitops-actions/report";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hostileReport, hostileText, manyFindings, reportOf } from "./samples.ts";

describe("visible text", () => {
  test.each([
    ["a\nb\r\tc", "a\\nb\\r\\tc"],
    ["\u001b[31mred\u001b[0m", "\\x1b[31mred\\x1b[0m"],
    ["user\u202egnp.exe", "user\\u202egnp.exe"],
    ["zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"],
    ["tag\u{e0041}", "tag\\u{e0041}"],
    ["anno\ufff9tation", "anno\\ufff9tation"],
    ["half \ud800 pair", "half \\ud800 pair"],
    ["\u0085\u2028", "\\x85\\u2028"],
    ["ordinary ünïcode 漢字 🎉", "ordinary ünïcode 漢字 🎉"],
  ])("writes %j as %j", (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  test("has no character left that a terminal acts on or that hides", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(visibleLines(text).replace(/[\n\t]/g, "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe("shortening", () => {
  test("keeps within the limit, says what it cut, and never splits a pair", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 300 }),
        fc.integer({ min: 0, max: 200 }),
        (text, limit) => {
          const short = shorten(text, limit);
          expect(short.length).toBeLessThanOrEqual(Math.max(limit, 0));
          expect(short.isWellFormed()).toBe(true);
          if (text.length <= limit) expect(short).toBe(text);
        },
      ),
    );
    for (let limit = 30; limit < 40; limit++)
      expect(shorten("\u{1f389}".repeat(50), limit).isWellFormed()).toBe(true);
    expect(shorten("x".repeat(5000), 40)).toMatch(/^x+… \([\d,]+ more characters\)$/);
  });
});

describe("the report as text", () => {
  test("says what, where, why and how it ended", () => {
    const text = formatText(
      reportOf({
        findings: manyFindings(1),
        skipped: [{ kind: "overlay", id: "tf", code: "terraform", message: "not ours" }],
      }),
    );
    expect(text).toBe(
      [
        "error validate/rule-0 apps/web-0/deployment.yaml:1",
        "  Deployment shop/web-0 /spec/replicas",
        "  spec.replicas is 0, and that is not what the schema says",
        "  in apps/web-0/overlays/prod",
        "  via base/kustomization.yaml",
        "  help: Say a number.",
        "",
        "skipped overlay tf: not ours (terraform)",
        "tools: kustomize 5.8.2 (cache)",
        "commit 111111111111, compared with 222222222222 (merge-base)",
        "render-overlays: 1 error, 1 overlay not looked at. 3 overlays looked at, 12 resources.",
        "",
      ].join("\n"),
    );
  });

  test("says how many policies were asked, and of a report on settings how many checks were made", () => {
    const count = (name: string, evaluated = 3, matched = 1, notEvaluated: string[] = []) => ({
      ...{ name, evaluated, matched, passed: 1, warned: 0, failed: 0, notEvaluated },
    });
    const last = (parts: Parameters<typeof reportOf>[0]) =>
      formatText(reportOf(parts)).trimEnd().split("\n").at(-1);
    const engines = [count("conftest"), count("kyverno"), count("conftest"), count("kyverno", 0)];
    expect(last({ engines })).toBe(
      "render-overlays: Passed. 3 overlays looked at, 12 resources, 3 policies asked (conftest 2, kyverno 1).",
    );
    expect(last({ engines: [] })).toMatch(/12 resources, 0 policies asked\.$/);
    // A policy that is about nothing says nothing of what passed; one that could not be asked is told elsewhere.
    const idle = count("vap", 3, 0);
    expect(last({ engines: [idle] })).toMatch(/ 1 policy asked \(vap 1\), about nothing here\.$/);
    expect(last({ engines: [count("vap"), idle, idle, count("vap", 3, 0, ["labels unknown"])] })).toMatch(
      / 4 policies asked \(vap 4\), 2 of them about nothing here\.$/,
    );
    expect(last({ engines: [idle, idle] })).toMatch(
      / 2 policies asked \(vap 2\), all of them about nothing here\.$/,
    );
    const checked = { overlays: 0, resources: 0, unique: 0, checks: 17 };
    expect(last({ checked })).toBe("render-overlays: Passed. 17 checks made.");
    expect(reportOf({ checked: { ...checked, checks: 0 } }).verdict).toBe("nothing-found");
  });

  test("counts what was said before, and names what was not", () => {
    const gap = (id: string, kind = "overlay") => ({ kind, id, code: "remote-base", message: "not pinned" });
    const report = reportOf({
      failed: [gap("a"), gap("b")],
      skipped: [gap("c"), gap("d"), gap("x", "path"), gap("y", "path")],
    });
    const told = new Set([gap("a"), gap("b"), gap("c"), gap("y", "path")].map(gapKey));
    const lines = formatText(report, { told }).split("\n");
    expect(lines.slice(0, 4)).toEqual([
      "could not be checked 2 overlays: named above, with the reason",
      "skipped overlay d: not pinned (remote-base)",
      "skipped path x: not pinned (remote-base)",
      "skipped 1 overlay, 1 path: named above, with the reason",
    ]);
    // For another reason it is another thing.
    expect(formatText(reportOf({ failed: [{ ...gap("a"), code: "other" }] }), { told })).toContain(
      "overlay a: not",
    );
  });

  test("cannot be made to act on a terminal, nor to look like a finding of ours", () => {
    fc.assert(
      fc.property(hostileReport, (report) => {
        const text = formatText(report);
        expect(text.replaceAll("\n", "").replaceAll("\t", "")).not.toMatch(
          /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u,
        );
        const heads = text.split("\n").filter((line) => /^(error|warning|notice) /.test(line));
        expect(heads).toHaveLength(report.findings.length);
      }),
    );
  });

  test("marks where a message goes on, so that no line of it passes for another finding", () => {
    const [finding] = manyFindings(1);
    const text = formatText(
      reportOf({
        findings: [{ ...finding!, message: "broken:\nerror render/forged a.yaml:1\n  help: run this\n" }],
      }),
    );
    expect(text).toContain("  broken:\n  | error render/forged a.yaml:1\n  |   help: run this\n  in ");
  });

  test("names what is waived, by whom, why and until when", () => {
    const [finding] = manyFindings(1);
    const waived = [
      { fingerprint: finding!.fingerprint, owner: "team-web", reason: "migrating", expires: "2027-01-31" },
    ];
    const text = formatText(reportOf({ findings: [finding!], waived }));
    expect(text).toContain(
      "waived validate/rule-0 Deployment shop/web-0 /spec/replicas: migrating (team-web, until 2027-01-31)\n",
    );
    expect(text).not.toMatch(/^error /m);
  });

  test("a pass says how many overlays were not looked at", () => {
    const overlay = (id: string, code = "rejected") => ({ kind: "overlay", id, code, message: "left out" });
    const skipped = [overlay("a"), overlay("b"), overlay("b", "more"), { ...overlay("x"), kind: "path" }];
    expect(formatText(reportOf({ skipped }))).toContain(
      "render-overlays: Passed, 2 overlays not looked at. 3 overlays looked at, 12 resources.",
    );
    expect(formatText(reportOf({ skipped, findings: manyFindings(1) }))).toMatch(
      /: 1 error(?: \(.*\))?, 2 overlays not looked at\. 3 overlays looked at/,
    );
    expect(formatText(reportOf({ skipped: [{ ...overlay("x"), kind: "path" }] }))).toContain(": Passed. 3");
    const engines = ["vap", "kyverno"].map((id) => ({ ...overlay(id), kind: "engine" }));
    expect(formatText(reportOf({ skipped: engines }))).toContain(
      ": Passed, policies of kyverno, vap not asked. 3",
    );
  });

  test("says when all that was found was skipped", () => {
    const skipped = [{ kind: "overlay", id: "tf", code: "terraform", message: "not ours" }];
    const text = formatText(reportOf({ checked: { overlays: 0, resources: 0, unique: 0 }, skipped }));
    expect(text).toContain("Nothing was looked at: all that was found, 1 thing, was skipped.");
  });

  test("colours only through the given function", () => {
    const styles = new Set<string>();
    formatText(reportOf({ findings: manyFindings(3) }), {
      paint: (style, text) => {
        styles.add(style);
        return text;
      },
    });
    expect([...styles].sort()).toEqual(["bold", "dim", "error", "good", "notice", "warning"]);
  });

  test("prints as many as it is asked for and says how many more there are", () => {
    const text = formatText(reportOf({ findings: manyFindings(30) }), { limit: 10 });
    expect(text.split("\n").filter((line) => /^(error|warning|notice) /.test(line))).toHaveLength(10);
    expect(text).toContain("... and 20 more findings, see report.json");
  });
});

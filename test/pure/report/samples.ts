import { type Finding, makeFinding, makeReport, type Report, type ReportParts } from "@gitops-actions/report";
import fc from "fast-check";

export const deployment = {
  group: "apps",
  version: "v1",
  kind: "Deployment",
  namespace: "shop",
  name: "web",
};

/** A report with the given parts over a passing one. */
export function reportOf(parts: Partial<ReportParts> = {}): Report {
  return makeReport({
    action: "render-overlays",
    source: {
      head: { commit: "1".repeat(40), dirty: false },
      base: { commit: "2".repeat(40), how: "merge-base" },
    },
    tools: [{ name: "kustomize", version: "5.8.2", source: "cache" }],
    checked: { overlays: 3, resources: 12, unique: 10 },
    findings: [],
    ...parts,
  });
}

/** Texts that attack whoever prints them, and ordinary ones. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc
    .array(
      fc.constantFrom(
        ...[
          "::set-output name=a::b",
          "##[error]",
          "\n",
          "\r",
          "\r\n",
          " ",
          "```",
          "`",
          "~~~",
          "</details>",
          "<!-- gitops-actions:x -->",
        ],
        ...[
          "@octocat",
          "@org/team",
          "#1",
          "GH-1",
          "org/repo#2",
          "![x](http://e.vil/a.png)",
          "[x](http://e.vil)",
          "<img src=x>",
          "<script>",
        ],
        ...[
          "http://e.vil/x",
          "www.e.vil",
          "a@e.vil",
          "*",
          "_",
          "|",
          "\\",
          "&lt;",
          "&#64;",
          "$x$",
          "0123456789abcdef0123456789abcdef01234567",
        ],
        ...[
          "\u202e",
          "\u200b",
          "\u001b[31m",
          "\u0000",
          "\ufeff",
          "\ud800",
          "%0A",
          "- ",
          "# ",
          "1. ",
          "> ",
          "    ",
          "\t",
          "word",
          ":tada:",
          "]]>",
          "{0}",
          "~",
        ],
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join("")),
);

/** A path as a repository may hold it: hostile, but without NUL and slashes at its ends. */
export const hostilePath = hostileText.map(
  (text) => text.replace(/[\0]/g, "").replace(/^\/+|\/+$/g, "") || "a",
);

export const severity = fc.constantFrom("error" as const, "warning" as const, "notice" as const);

export const finding: fc.Arbitrary<Finding> = fc
  .record({
    rule: hostileText,
    severity,
    message: hostileText,
    help: fc.option(hostileText, { nil: undefined }),
    field: fc.option(hostileText, { nil: undefined }),
    expected: fc.option(hostileText, { nil: undefined }),
    actual: fc.option(hostileText, { nil: undefined }),
    resource: fc.option(
      fc.record({
        group: hostileText,
        version: hostileText,
        kind: hostileText,
        namespace: hostileText,
        name: hostileText,
      }),
      { nil: undefined },
    ),
    location: fc.option(
      fc.record({
        path: hostilePath,
        line: fc.integer({ min: 1, max: 9999 }),
        precision: fc.constantFrom("exact" as const, "near" as const),
        via: fc.array(hostilePath, { maxLength: 2 }),
      }),
      { nil: undefined },
    ),
    overlays: fc.uniqueArray(hostilePath, { maxLength: 3 }),
  })
  .map(makeFinding);

/** A report in which everything a person or a tool can choose is hostile. */
export const hostileReport: fc.Arbitrary<Report> = fc
  .record({
    findings: fc.array(finding, { maxLength: 6 }),
    action: hostileText,
    notes: fc.array(hostileText, { maxLength: 2 }),
    failed: fc.array(
      fc.record({ kind: hostileText, id: hostileText, code: hostileText, message: hostileText }),
      { maxLength: 2 },
    ),
    skipped: fc.array(
      fc.record({ kind: hostileText, id: hostileText, code: hostileText, message: hostileText }),
      { maxLength: 2 },
    ),
    tools: fc.array(fc.record({ name: hostileText, version: hostileText, source: hostileText }), {
      maxLength: 2,
    }),
  })
  .map(reportOf);

/** Many ordinary findings over many overlays. */
export function manyFindings(number: number): Finding[] {
  return Array.from({ length: number }, (_, index) =>
    makeFinding({
      rule: `validate/rule-${index % 40}`,
      severity: (["error", "warning", "notice"] as const)[index % 3]!,
      message: `spec.replicas is ${index}, and that is not what the schema says`,
      help: "Say a number.",
      resource: { ...deployment, name: `web-${index}` },
      field: "/spec/replicas",
      location: {
        path: `apps/web-${index % 500}/deployment.yaml`,
        line: 1 + (index % 90),
        precision: "exact",
        via: ["base/kustomization.yaml"],
      },
      overlays: [`apps/web-${index % 500}/overlays/prod`],
    }),
  );
}

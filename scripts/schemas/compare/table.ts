import type { Verdict } from "@gitops-actions/engine";

export interface Judgement {
  what: string;
  /**
   * same; "not decoded": the server cannot even read what passes here; "too strict": refused here, accepted there;
   * "rule": the server's own validation refuses what the schema allows; "explained": stricter on purpose.
   */
  verdict: "same" | "not decoded" | "too strict" | "rule" | "explained";
  accepted: boolean;
  server: string;
  ours: string;
}

/** Compares one answer of the server with one verdict. */
export function classify(
  what: string,
  answer: { accepted: boolean; message: string },
  verdict: Verdict,
): Judgement {
  const valid = verdict.status === "valid";
  const ours =
    verdict.status === "invalid"
      ? verdict.problems.map(({ field, message }) => `${field} ${message}`).join("; ")
      : verdict.status;
  const base = { what, accepted: answer.accepted, server: answer.message, ours };
  if (answer.accepted === valid) return { ...base, verdict: "same" };
  if (answer.accepted)
    return { ...base, verdict: isStricterOnPurpose(what, ours) ? "explained" : "too strict" };
  const isDecoding = /^400 .*(strict decoding error|cannot be handled|cannot unmarshal|unmarshal)/s.test(
    answer.message,
  );
  return { ...base, verdict: isDecoding ? "not decoded" : "rule" };
}

/** What the server takes and we refuse because it cannot work; docs/schemas.md says so. */
function isStricterOnPurpose(what: string, ours: string): boolean {
  // The server makes up a name for a LimitRange; kubectl, Argo CD and Flux cannot apply what has none.
  if (/^LimitRange: .* \/metadata/.test(what)) return /^\/metadata/.test(ours);
  // A CronJob is taken whose Jobs will all be refused for their labels.
  if (/^\/spec\/jobTemplate\/metadata\/labels/.test(ours)) return true;
  // The selector of a metric that no label can match.
  if (/^\/spec\/metrics\/.*\/matchLabels\//.test(ours)) return true;
  // `items: 5` in a definition is read as if it were not there.
  if (/\/items expected array or object/.test(ours)) return true;
  // A quantity without a digit ("Gi") is read as zero.
  return / must be a quantity /.test(ours) && what.includes("retyped");
}

/** Counts, and what kinds of rules the server has beyond the schema. */
export function formatTable(version: string, judgements: Judgement[]): string {
  const count = (test: (judgement: Judgement) => boolean): number => judgements.filter(test).length;
  const rules = new Map<string, number>();
  for (const { verdict, server } of judgements)
    if (verdict === "rule") rules.set(ruleOf(server), (rules.get(ruleOf(server)) ?? 0) + 1);
  return [
    `Kubernetes ${version}: ${judgements.length} documents`,
    `  accepted by both ${count((j) => j.verdict === "same" && j.accepted)}, refused by both ${count((j) => j.verdict === "same" && !j.accepted)}`,
    `  too strict ${count((j) => j.verdict === "too strict")}, not decoded ${count((j) => j.verdict === "not decoded")}, rule ${count((j) => j.verdict === "rule")}, explained ${count((j) => j.verdict === "explained")}`,
    ...[...rules].sort((a, b) => b[1] - a[1]).map(([rule, number]) => `    ${number} ${rule}`),
  ].join("\n");
}

/** The server's message with names and values taken out. */
function ruleOf(message: string): string {
  return (
    /: (Invalid value|Required value|Unsupported value|Duplicate value|Forbidden|Too long|Too many|Internal error)/.exec(
      message,
    )?.[1] ?? message.slice(0, 80)
  );
}

const head = [
  "| Kubernetes | documents | accepted by both | refused by both | too strict | not decoded | on purpose | rule |",
  "| - | - | - | - | - | - | - | - |",
];

/** The table with the row of one version written anew. */
export function withRow(
  lines: readonly string[],
  version: string,
  judgements: readonly Judgement[],
): string[] {
  const count = (verdict: Judgement["verdict"], accepted?: boolean): number =>
    judgements.filter(
      (each) => each.verdict === verdict && (accepted === undefined || each.accepted === accepted),
    ).length;
  const cells = [
    version,
    judgements.length,
    count("same", true),
    count("same", false),
    count("too strict"),
    count("not decoded"),
    count("explained"),
    count("rule"),
  ];
  const rows = lines.filter((line) => line.startsWith("| 1.") && !line.startsWith(`| ${version} `));
  return [...head, ...[...rows, `| ${cells.join(" | ")} |`].sort()];
}

import { type Judgement, unexplained } from "./classify.ts";

/** Counts, and the rules that the server has beyond the schema, for a person at a terminal. */
export function formatTable(version: string, judgements: readonly Judgement[]): string {
  const { accepted, refused, stricter, strict, passed, rule } = count(judgements);
  const rules = new Map<string, number>();
  for (const judgement of judgements)
    if (judgement.verdict === "rule") rules.set(judgement.rule, (rules.get(judgement.rule) ?? 0) + 1);
  return [
    `Kubernetes ${version}: ${judgements.length} documents`,
    `  accepted by both ${accepted}, refused by both ${refused}`,
    `  on purpose ${stricter}, by a rule of the server ${rule}`,
    ...[...rules].sort((a, b) => b[1] - a[1]).map(([name, number]) => `    ${number} ${name}`),
    `  unexplained: too strict ${strict}, passes though the server refuses it ${passed}`,
  ].join("\n");
}

const head = [
  "| Kubernetes | documents | accepted by both | refused by both | by a rule of the server | on purpose | too strict | passes unexplained |",
  "| - | - | - | - | - | - | - | - |",
];

/** The table with the row of one version written anew. */
export function withRow(
  lines: readonly string[],
  version: string,
  judgements: readonly Judgement[],
): string[] {
  const { accepted, refused, stricter, strict, passed, rule } = count(judgements);
  const cells = [version, judgements.length, accepted, refused, rule, stricter, strict, passed];
  const rows = lines.filter((line) => line.startsWith("| 1.") && !line.startsWith(`| ${version} `));
  return [...head, ...[...rows, `| ${cells.join(" | ")} |`].sort()];
}

function count(judgements: readonly Judgement[]) {
  const number = (test: (judgement: Judgement) => boolean): number => judgements.filter(test).length;
  return {
    accepted: number(({ verdict, accepted }) => verdict === "same" && accepted),
    refused: number(({ verdict, accepted }) => verdict === "same" && !accepted),
    stricter: number(({ verdict }) => verdict === "on purpose"),
    rule: number(({ verdict }) => verdict === "rule"),
    strict: number(({ verdict }) => verdict === "too strict"),
    passed: unexplained(judgements).filter(({ accepted }) => !accepted).length,
  };
}

import type { Finding } from "@gitops-actions/report";
import type { Row } from "./archives.ts";
import type { Mistake } from "./mistake-edit.ts";

/** One mistake that led to a finding, and where the finding says it is. */
export interface MistakeVerdict {
  archive: string;
  row: Row;
  path: string;
  mistake: Mistake;
  finding: Finding;
  /**
   * exact: the line with the mistake, and said to be exact. near: the file with the mistake, and said to be no more.
   * line: said to be exact, and another line of that file. through: another file that the value went through.
   * file: a file that has nothing to do with it. unknown: no place is named.
   */
  verdict: "exact" | "near" | "line" | "through" | "file" | "unknown";
}

/** Holds what a finding says against the place of the mistake. */
export function judgeFinding(
  { location, rule, message }: Finding,
  path: string,
  { lines, parents, key }: Mistake,
  lineAt: (path: string, line: number) => string,
): MistakeVerdict["verdict"] {
  if (!location) return "unknown";
  if (location.path === path) {
    if (location.precision === "near") return "near";
    // A template prints null for a value that is not there.
    const isNull = rule.endsWith("/wrong-type") && message.includes("found null");
    const isMissing = isNull || rule.endsWith("/missing-field") || rule.endsWith("/broken-definition");
    return [...lines, ...(isMissing ? parents : [])].includes(location.line) ? "exact" : "line";
  }
  // A template that asks for the value by its name has to do with it.
  return lineAt(location.path, location.line)
    .split(/[^\w-]+/)
    .includes(key)
    ? "through"
    : "file";
}

const columns = ["exact", "near", "line", "through", "file", "unknown"] as const;

/** The table of the proof, one line for each kind and archive. */
export function describeMistakes(verdicts: readonly MistakeVerdict[]): { markdown: string; ok: boolean } {
  const lines = [
    "| kind | archive | mistakes found | exact | near | wrong line | another file on the way | wrong file | unknown |",
    "| --- | --- | --: | --: | --: | --: | --: | --: | --: |",
  ];
  const line = (kind: string, name: string, some: readonly MistakeVerdict[]) => {
    const counts = columns.map((column) => some.filter(({ verdict }) => verdict === column).length);
    const share = `${counts[0]} (${((100 * counts[0]!) / some.length).toFixed(1)} %)`;
    lines.push(`| ${kind} | ${name} | ${some.length} | ${share} | ${counts.slice(1).join(" | ")} |`);
  };
  for (const [kind, some] of Map.groupBy(verdicts, ({ row }) => row.kind)) {
    for (const [name, own] of Map.groupBy(some, ({ archive }) => archive)) line(kind, name, own);
    line(kind, "all", some);
  }
  const share = (kind: string) => {
    const some = verdicts.filter(({ row }) => row.kind === kind);
    return some.filter(({ verdict }) => verdict === "exact").length / some.length;
  };
  const ok =
    !verdicts.some(({ verdict }) => verdict === "file") &&
    !(share("kustomize") < 0.95) &&
    !(share("helm") < 0.7);
  return { markdown: lines.join("\n"), ok };
}

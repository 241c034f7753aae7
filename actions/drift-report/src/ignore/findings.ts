import { type Finding, makeFinding } from "@gitops-actions/report";
import type { Judged } from "../check.ts";
import type { OwnRule } from "./own.ts";
import { subjectOf } from "./rule.ts";

/**
 * The rules of gitops.yaml that have ended, and those that hide nothing. Of the last it is said only where every object
 * that they select was looked at, and `all` objects were; of those that name whole objects, only where `orphans` were
 * looked for too. `used` are those that hid something that is not in Git.
 */
export function ignoreFindings(
  rules: readonly OwnRule[],
  judged: readonly Judged[],
  seen: { all: boolean; orphans: boolean; used: ReadonlySet<OwnRule> },
): Finding[] {
  const used = new Set(judged.flatMap(({ judgement }) => usedBy(judgement)));
  return rules.flatMap((rule) => {
    const { path, line, owner, reason, expires } = rule;
    const about = { location: { path, line, precision: "exact" as const, via: [] }, discriminator: reason };
    if (rule.isExpired)
      return [
        makeFinding({
          ...about,
          rule: "drift/ignore-expired",
          severity: "warning",
          message: `this rule ended on ${expires} and hides nothing any more (${reason})`,
          help: `Ask ${owner}: take the rule away, or set another \`expires\`.`,
        }),
      ];
    if (!seen.all || used.has(rule) || seen.used.has(rule)) return [];
    const selected = judged.filter(
      ({ resource, live, environment }) => rule.isFor(environment) && rule.selects(subjectOf(resource, live)),
    );
    if (selected.length === 0 && rule.pointers.includes("") && !seen.orphans) return [];
    if (selected.some(({ judgement }) => judgement.class === "not-checked")) return [];
    // A rule for environments that this run does not look at cannot be judged by it.
    if (!judged.some(({ environment }) => rule.isFor(environment))) return [];
    const count = selected.length === 1 ? "1 object" : `${selected.length} objects`;
    const what = selected.length === 0 ? "it selects no object" : `it selects ${count}, and nothing differs`;
    return [
      makeFinding({
        ...about,
        rule: "drift/ignore-unused",
        severity: "notice",
        message: `this rule hides nothing: ${what} (${reason})`,
        help: `Ask ${owner} whether it is still needed.`,
      }),
    ];
  });
}

function usedBy(judgement: Judged["judgement"]): unknown[] {
  if (judgement.class === "left-alone") return judgement.rule ? [judgement.rule] : [];
  return judgement.class === "compared" ? judgement.ignored.map(({ rule }) => rule) : [];
}

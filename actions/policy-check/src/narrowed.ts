import type { Redactor } from "@gitops-actions/manifest";
import { compareText } from "@gitops-actions/manifest";
import { count, type Finding, makeFinding } from "@gitops-actions/report";
import type { EngineRun } from "./engines.ts";

/**
 * For each policy that a change has look at fewer of the same resources, one warning: a kind that is misspelt, an
 * exclusion of every namespace. `batches` is how many of the runs' batches are the head's; both runs had them.
 */
export function findNarrowed(
  counting: readonly EngineRun[],
  proposed: readonly EngineRun[],
  batches: number,
  redactor: Redactor,
): Finding[] {
  const after = matchedOf(proposed, batches);
  return [...matchedOf(counting, batches)]
    .flatMap(([name, before]) => {
      const now = after.get(name);
      // One that is not there is removed, and one that could not be evaluated is a defect: both are said elsewhere.
      if (!now?.whole || !before.whole || now.matched >= before.matched) return [];
      return makeFinding({
        rule: "policy/weakened",
        severity: "warning",
        message: redactor.redactText(
          `this change has ${name} look at ${now.matched} of the ${count(before.matched, "resource")} that it looks at now`,
        ),
        help: "This change is still judged as before; once it is merged the others are not looked at. See that who answers for the policy agrees.",
        discriminator: `narrowed ${name}`,
      });
    })
    .sort((a, b) => compareText(a.message, b.message));
}

interface Matched {
  matched: number;
  /** Whether it was evaluated everywhere. */
  whole: boolean;
}

function matchedOf(runs: readonly EngineRun[], batches: number): Map<string, Matched> {
  const all = new Map<string, Matched>();
  for (const { name, outcomes } of runs) {
    for (const { counts } of outcomes.slice(0, batches)) {
      for (const { policy, matched, notEvaluated } of counts) {
        const key = `${name} ${policy}`;
        const known = all.get(key) ?? { matched: 0, whole: true };
        all.set(key, {
          matched: known.matched + matched,
          whole: known.whole && notEvaluated.length === 0,
        });
      }
    }
  }
  return all;
}

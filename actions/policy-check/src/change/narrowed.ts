import type { Redactor } from "@gitops-actions/manifest";
import { compareText } from "@gitops-actions/manifest";
import { count, type Finding, makeFinding } from "@gitops-actions/report";
import type { EngineRun } from "../engines.ts";

/**
 * For each policy that a change has look at fewer of the same resources, one warning: a kind that is misspelt, an
 * exclusion of every namespace. `batches` is how many of the runs' batches are the head's; both runs had them. `matches`
 * are fields by which policies say that they leave out more, whatever there is now.
 */
export function findNarrowed(
  counting: readonly EngineRun[],
  proposed: readonly EngineRun[],
  batches: number,
  matches: ReadonlyMap<string, readonly string[]>,
  redactor: Redactor,
): Finding[] {
  const [before, after] = [matchedOf(counting, batches), matchedOf(proposed, batches)];
  return [...new Set([...before.keys(), ...matches.keys()])]
    .flatMap((name) => {
      const what = lessOf(before.get(name), after.get(name), matches.get(name));
      if (what === undefined) return [];
      return makeFinding({
        rule: "policy/weakened",
        severity: "warning",
        message: redactor.redactText(`this change has ${name} look at ${what}`),
        help: "This change is still judged as before; once it is merged the others are not looked at. See that who answers for the policy agrees.",
        discriminator: `narrowed ${name}`,
      });
    })
    .sort((a, b) => compareText(a.message, b.message));
}

function lessOf(
  before: Matched | undefined,
  now: Matched | undefined,
  fields: readonly string[] | undefined,
): string | undefined {
  // One that is not there is removed, and one that could not be evaluated is a defect: both are said elsewhere.
  if (before?.whole && now?.whole && now.matched < before.matched)
    return `${now.matched} of the ${count(before.matched, "resource")} that it looks at now`;
  return fields && `less than it could now: its match leaves out more (${fields.join(", ")})`;
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

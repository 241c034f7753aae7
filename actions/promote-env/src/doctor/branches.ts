import type { Diagnosis } from "./diagnosis.ts";
import type { Inspection, Rule, Ruleset } from "./inspection.ts";

/** A branch that environments run from, and how promote-env writes to it. */
export interface WatchedBranch {
  name: string;
  environments: readonly string[];
  direct: boolean;
}

/** What GitHub tells of a branch. */
export interface BranchFacts {
  rules: Rule[] | undefined;
  /** By id; undefined where the token may not see who may pass by. */
  rulesets: ReadonlyMap<number, Ruleset | undefined>;
  protection: { protected: boolean; checks: string[] } | undefined;
}

/** Asks for everything that is judged of a branch. */
export async function readBranchFacts(inspection: Inspection, branch: string): Promise<BranchFacts> {
  const [rules, protection] = await Promise.all([inspection.rules(branch), inspection.protection(branch)]);
  const ids = [...new Set((rules ?? []).flatMap((rule) => rule.ruleset_id ?? []))].sort((a, b) => a - b);
  const rulesets = new Map<number, Ruleset | undefined>();
  for (const id of ids) rulesets.set(id, await inspection.ruleset(id));
  return { rules, rulesets, protection };
}

/** Whether changes to a branch need a pull request that somebody approves, and who may pass by. */
export function judgeBranch(branch: WatchedBranch, facts: BranchFacts): Diagnosis[] {
  const on = branch.name;
  const { rules, protection } = facts;
  if (!rules)
    return [
      {
        check: "branch-rules",
        on,
        state: "unknown",
        message: "the rules of the branch could not be read: give a token with metadata: read",
      },
    ];
  const pull = rules.find(({ type }) => type === "pull_request");
  return [
    ...(pull ? reviews(branch, pull) : [unreviewed(branch, protection)]),
    force(on, rules, protection),
    ...bypass(on, facts),
  ];
}

/** Checks that must pass before something is merged into a branch. Undefined: nobody can say. */
export function requiredChecks({ rules, protection }: BranchFacts): string[] | undefined {
  if (!rules) return undefined;
  const names = rules.flatMap(
    ({ parameters }) => parameters?.required_status_checks?.map(({ context }) => context) ?? [],
  );
  return [...new Set([...names, ...(protection?.checks ?? [])])].sort();
}

function reviews({ name: on, environments, direct }: WatchedBranch, { parameters = {} }: Rule): Diagnosis[] {
  const count = parameters.required_approving_review_count ?? 0;
  const found: Diagnosis[] = [
    { check: "pull-request-required", on, state: "fine", message: "changes need a pull request" },
  ];
  if (direct)
    found.push({
      check: "direct-refused",
      on,
      state: "wrong",
      severity: "warning",
      message: `strategy: direct commits to ${on}, which takes changes through pull requests only`,
      help: "Use strategy: pull-request, or let the GitHub App of the token pass the rule.",
    });
  if (count === 0)
    found.push({
      check: "approval-required",
      on,
      state: "wrong",
      severity: "error",
      message: `a pull request to ${on} (${environments.join(", ")}) can be merged without anybody's approval`,
      help: "Require at least one approving review in the ruleset of the branch.",
    });
  else found.push({ check: "approval-required", on, state: "fine", message: `${count} must approve` });
  if (count > 0 && !parameters.dismiss_stale_reviews_on_push && !parameters.require_last_push_approval)
    found.push({
      check: "stale-approval",
      on,
      state: "wrong",
      severity: "warning",
      message: "an approval stays when something else is pushed after it",
      help: "Dismiss stale approvals, or require approval of the most recent push.",
    });
  return found;
}

function unreviewed(
  { name: on, environments, direct }: WatchedBranch,
  protection: BranchFacts["protection"],
): Diagnosis {
  const check = "pull-request-required";
  if (protection === undefined || protection.protected)
    return {
      check,
      on,
      state: "unknown",
      message:
        "no ruleset asks for a pull request; the branch may be protected in the older way, whose rules only administrators may read: use a ruleset, or look under Settings, Branches",
    };
  return {
    check,
    on,
    state: "wrong",
    severity: direct ? "warning" : "error",
    message: `whoever may write can push to ${on}, and so change ${environments.join(", ")}, without a pull request`,
    help: direct
      ? "strategy: direct needs that for its own token; a ruleset with that GitHub App as the only one who may pass keeps people out."
      : "Make a ruleset for the branch that requires a pull request and an approval.",
  };
}

function force(on: string, rules: readonly Rule[], protection: BranchFacts["protection"]): Diagnosis {
  const check = "history-kept";
  const has = (type: string) => rules.some((rule) => rule.type === type);
  if (has("non_fast_forward") && has("deletion"))
    return { check, on, state: "fine", message: "its history can be neither rewritten nor deleted" };
  if (protection === undefined || protection.protected)
    return {
      check,
      on,
      state: "unknown",
      message: "whether its history can be rewritten is not told to this token",
    };
  return {
    check,
    on,
    state: "wrong",
    severity: "error",
    message: `the history of ${on} can be ${has("non_fast_forward") ? "" : "rewritten"}${has("non_fast_forward") || has("deletion") ? "" : " and "}${has("deletion") ? "" : "deleted"}: it is the record of what ran`,
    help: "Block force pushes and deletions in the ruleset of the branch.",
  };
}

function bypass(on: string, { rulesets }: BranchFacts): Diagnosis[] {
  return [...rulesets].map(([id, ruleset]): Diagnosis => {
    const check = "bypass";
    const name = ruleset?.name ?? `ruleset ${id}`;
    if (!ruleset?.bypass_actors)
      return {
        check,
        on: `${on}/${name}`,
        state: "unknown",
        message:
          "who may pass by its rules is told only to those who may edit it: look under Settings, Rules",
      };
    const always = ruleset.bypass_actors.filter((actor) => actor.bypass_mode !== "pull_request");
    if (always.length === 0)
      return { check, on: `${on}/${name}`, state: "fine", message: "nobody may pass by its rules" };
    return {
      check,
      on: `${on}/${name}`,
      state: "wrong",
      severity: "warning",
      message: `may push past its rules: ${always.map(describeActor).sort().join(", ")}`,
      help: "Leave only the GitHub App that promotes, or let them pass for pull requests only.",
    };
  });
}

function describeActor({ actor_type, actor_id }: NonNullable<Ruleset["bypass_actors"]>[number]): string {
  return actor_id == null ? actor_type : `${actor_type} ${actor_id}`;
}

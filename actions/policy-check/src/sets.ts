import type { PolicyOutcome } from "@gitops-actions/engine";
import { type Batch, type FoundPolicies, policiesAt, policyEngines, versionsOf } from "@gitops-actions/fleet";
import { countStatements, type EngineRun } from "./engines.ts";
import { type Evaluation, evaluateSet } from "./evaluate.ts";
import type { PolicyInputs } from "./inputs.ts";
import type { Judges } from "./policies/policies.ts";
import type { PolicyWorld } from "./run.ts";

/** Policies that are asked together, and of which batches, by position. */
interface PolicySet {
  policies: FoundPolicies;
  of: ReadonlySet<number>;
}

/**
 * Has every engine evaluate all batches, each by the policies as they are rendered where it runs. Mostly these are the
 * same everywhere, and then every engine is asked once.
 */
export async function evaluate(
  judges: Judges,
  batches: readonly Batch[],
  inputs: PolicyInputs,
  world: PolicyWorld,
): Promise<Evaluation> {
  const sets = setsOf(judges, batches);
  const [only, ...more] = sets;
  if (only && more.length === 0)
    return await evaluateSet({ ...judges, policies: only.policies }, batches, inputs, world);
  const all: { evaluation: Evaluation; of: PolicySet["of"] }[] = [];
  for (const [position, { policies, of }] of sets.entries()) {
    const some = batches.map((batch, index) => (of.has(index) ? batch : backgroundOf(batch)));
    // Packs are Rego, which the first set is for.
    const own = position === 0 ? inputs : { ...inputs, packs: [] };
    all.push({ evaluation: await evaluateSet({ ...judges, policies }, some, own, world), of });
  }
  return joined(all, batches);
}

/** One set where all batches are asked the same; else one for Rego, and for each engine as many as there are. */
function setsOf({ policies, rendered, everywhere: all }: Judges, batches: readonly Batch[]): PolicySet[] {
  const everywhere = new Set(batches.keys());
  const whole: FoundPolicies = { ...policies, kyverno: [], gatekeeper: [], admission: [] };
  const empty: FoundPolicies = { ...whole, rego: [] };
  const versions = versionsOf(policies, rendered);
  const anywhere = { cluster: "", environment: "" };
  const places = batches.length > 0 ? batches.map((batch) => (all ? anywhere : batch)) : [anywhere];
  const sets: PolicySet[] = [];
  let varies = false;
  for (const engine of policyEngines) {
    const own = versions.filter((each) => each.engine === engine);
    const found = new Map<string, { policies: FoundPolicies; of: Set<number> }>();
    for (const [index, place] of places.entries()) {
      for (const set of policiesAt(empty, own, place)) {
        const key = set[engine].map(({ path, resource }) => `${path}\0${resource.text}`).join("\0");
        const known = found.get(key) ?? { policies: set, of: new Set() };
        found.set(key, { ...known, of: known.of.add(index) });
      }
    }
    const [first] = found.values();
    if (first) whole[engine].push(...first.policies[engine]);
    varies ||= found.size > 1;
    sets.push(...found.values());
  }
  if (!varies) return [{ policies: whole, of: everywhere }];
  return [{ policies: { ...empty, rego: policies.rego }, of: everywhere }, ...sets];
}

/** What others are told by a batch that is not asked about itself: labels of its namespaces, and definitions. */
function backgroundOf(batch: Batch): Batch {
  const isKnown = (kind: string) => kind === "Namespace" || kind === "CustomResourceDefinition";
  return { ...batch, items: batch.items.filter(({ resource }) => isKnown(resource.id.kind)) };
}

function joined(
  all: readonly { evaluation: Evaluation; of: PolicySet["of"] }[],
  batches: readonly Batch[],
): Evaluation {
  const runs = new Map<string, EngineRun>();
  const policies = new Map<string, number>();
  for (const { evaluation, of } of all) {
    for (const run of evaluation.runs) {
      const known = runs.get(run.name) ?? {
        ...{ name: run.name, failures: [], skipped: [], notes: [] },
        outcomes: batches.map((): PolicyOutcome => ({ statements: [], counts: [], failures: [] })),
      };
      runs.set(run.name, {
        name: run.name,
        outcomes: known.outcomes.map((outcome, index) =>
          of.has(index) ? joinOutcomes(outcome, run.outcomes[index]!) : outcome,
        ),
        failures: unique([...known.failures, ...run.failures]),
        skipped: unique([...known.skipped, ...run.skipped]),
        notes: unique([...known.notes, ...run.notes]),
      });
      policies.set(run.name, Math.max(policies.get(run.name) ?? 0, evaluation.policies));
    }
    for (const { id } of evaluation.skipped)
      policies.set(id, Math.max(policies.get(id) ?? 0, evaluation.policies));
  }
  const skipped = all.flatMap(({ evaluation }) => evaluation.skipped);
  return {
    runs: [...runs.values()],
    tools: unique(all.flatMap(({ evaluation }) => evaluation.tools)),
    skipped: [...new Map(skipped.map((each) => [each.id, each])).values()],
    policies: [...policies.values()].reduce((sum, count) => sum + count, 0),
  };
}

/** What two versions of some policies say of one batch: a resource is refused when one of them refuses it. */
function joinOutcomes(a: PolicyOutcome, b: PolicyOutcome): PolicyOutcome {
  const statements = unique([...a.statements, ...b.statements]);
  const counts = new Map(a.counts.map((count) => [count.policy, count]));
  for (const count of b.counts) {
    const known = counts.get(count.policy);
    if (!known) {
      counts.set(count.policy, count);
      continue;
    }
    const { policy } = count;
    const matched = Math.max(known.matched, count.matched);
    counts.set(policy, {
      ...countStatements(policy, Math.max(known.evaluated, count.evaluated), matched, statements),
      notEvaluated: unique([...known.notEvaluated, ...count.notEvaluated]),
    });
  }
  return { statements, counts: [...counts.values()], failures: unique([...a.failures, ...b.failures]) };
}

function unique<Item>(items: readonly Item[]): Item[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

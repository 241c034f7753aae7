import {
  type GatorRun,
  type Machine,
  type PolicyDocument,
  type PolicyLimits,
  runGator,
  type Tool,
} from "@gitops-actions/engine";
import type { Batch, PolicyObject } from "@gitops-actions/fleet";
import { identityKey, isObject, type JsonObject, type Resource } from "@gitops-actions/manifest";
import pMap from "p-map";
import { type EngineRun, emptyOutcome } from "../engines.ts";
import { knownNamespaces, needsLabels } from "../namespaces.ts";
import { placeOf } from "../policies/names.ts";
import { type Unplaced, unplacedSkips } from "../unplaced.ts";
import { askedOf } from "./asked.ts";
import { withStrictCel } from "./celtemplates.ts";
import {
  choosePolicies,
  isConstraint,
  isTemplate,
  kindOf,
  noteConfig,
  noteOwnPolicies,
  withTemplates,
} from "./constraints.ts";
import { inventoryNotes } from "./inventory.ts";
import { type GatekeeperAnswer, record } from "./violations.ts";

export interface GatekeeperSettings extends PolicyLimits {
  auditWarn: boolean;
  allowNetwork: boolean;
}

/** Evaluates Gatekeeper's constraints with gator, one start a batch. What it refuses is left out, and failed. */
export async function evaluateGatekeeper(
  objects: readonly PolicyObject[],
  others: readonly PolicyObject[],
  batches: readonly Batch[],
  settings: GatekeeperSettings,
  tool: Tool,
  machine: Machine,
  signal: AbortSignal,
): Promise<EngineRun> {
  const run: EngineRun = {
    ...{ name: "gatekeeper", outcomes: batches.map(emptyOutcome), failures: [] },
    ...{ skipped: [], notes: [] },
  };
  const chosen = choosePolicies(objects, settings.allowNetwork, run);
  noteConfig(others, run);
  let constraints = withTemplates(chosen, run);
  noteOwnPolicies(constraints, batches, run);
  const asked = new Set(constraints.map(({ resource }) => resource.id.kind));
  const templates = chosen.policies.filter((each) => isTemplate(each) && asked.has(kindOf(each)));
  run.notes.push(...inventoryNotes(templates, batches));
  const unplaced: Unplaced = new Map();
  const ask = (some: readonly number[]): Promise<(GatekeeperAnswer | Refusal)[]> => {
    const given = chosen.policies
      .filter((each) => !isConstraint(each))
      .map(({ resource }) => withStrictCel(resource.value));
    const start = async (index: number): Promise<GatekeeperAnswer | Refusal> => {
      const batch = batches[index]!;
      const asked = askedOf(constraints, batch);
      const own = asked.map(({ value }) => value);
      const documents = batch.items.map(({ resource }) => withOwnLabel(resource));
      const around = companions(batch, batches, others, own.some(needsLabels));
      const result = await runGator(given, own, documents, around, settings, tool, machine, signal);
      return result.ok ? { index, asked, result } : { index, result };
    };
    // Loading templates leaves cores idle: one start more than there are of them.
    return pMap(some, start, { concurrency: machine.cores + 1 });
  };
  let open = [...batches.keys()].filter((index) => batches[index]!.items.length > 0);
  while (open.length > 0 && constraints.length > 0) {
    const templates = new Map(chosen.policies.filter(isTemplate).map((each) => [kindOf(each), each]));
    const refused = new Set<PolicyObject>();
    const again: number[] = [];
    for (const answer of await ask(open)) {
      if ("asked" in answer) {
        record(run, answer, templates, batches, unplaced, settings.auditWarn);
        continue;
      }
      const { index, result } = answer;
      const named = chosen.policies.filter((each) => isNamed(each, result));
      if (named.length === 0) {
        run.outcomes[index]!.failures.push(result.failure);
        continue;
      }
      again.push(index);
      for (const policy of named.filter((each) => !refused.has(each))) {
        refused.add(policy);
        if (isTemplate(policy)) chosen.failed.add(kindOf(policy));
        run.failures.push({ ...result.failure, id: placeOf(policy) });
      }
    }
    // The same batches again, without what ended them.
    chosen.policies = chosen.policies.filter((each) => !refused.has(each));
    if (again.length > 0) constraints = withTemplates(chosen, run);
    open = again;
  }
  run.skipped.push(...unplacedSkips(unplaced, "match.namespaces or namespaceSelector"));
  return run;
}

interface Refusal {
  index: number;
  result: Extract<GatorRun, { ok: false }>;
}

function isNamed(policy: PolicyObject, { template, constraint }: Refusal["result"]): boolean {
  const { name } = policy.resource.id;
  return (isTemplate(policy) && name === template) || (isConstraint(policy) && name === constraint);
}

/**
 * Namespaces that resources are in and other batches describe, and objects that stand with the policies. Where only names
 * of namespaces are asked for, those that nobody describes are known well enough.
 */
function companions(
  batch: Batch,
  batches: readonly Batch[],
  others: readonly PolicyObject[],
  areLabelsAsked: boolean,
): JsonObject[] {
  const own = new Set(batch.items.map(({ resource }) => identityKey(resource.id)));
  const namespaces = [...knownNamespaces(batch, batches)]
    .filter(
      ([name, labels]) =>
        (labels !== undefined || !areLabelsAsked) &&
        !own.has(identityKey({ group: "", version: "v1", kind: "Namespace", namespace: "", name })),
    )
    .map(
      ([name, labels]): JsonObject => ({
        ...{ apiVersion: "v1", kind: "Namespace" },
        metadata: { name, labels: { ...labels, [ownName]: name } },
      }),
    );
  return [
    ...namespaces,
    ...others.filter(({ resource }) => resource.id.kind === "Provider").map(({ resource }) => resource.value),
  ];
}

const ownName = "kubernetes.io/metadata.name";

/** A Namespace with the label that an API server gives it before anybody is asked. */
function withOwnLabel({ id, value }: Resource): PolicyDocument {
  if (id.group !== "" || id.kind !== "Namespace" || !isObject(value.metadata)) return { id, value };
  const { labels } = value.metadata;
  const own = { ...(isObject(labels) ? labels : {}), [ownName]: id.name };
  return { id, value: { ...value, metadata: { ...value.metadata, labels: own } } };
}

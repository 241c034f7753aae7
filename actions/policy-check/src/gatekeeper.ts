import {
  type GatorRun,
  type Machine,
  type PolicyLimits,
  type PolicyStatement,
  runGator,
  type Tool,
} from "@gitops-actions/engine";
import type { Batch, PolicyObject } from "@gitops-actions/fleet";
import { identityKey, isObject, type JsonObject } from "@gitops-actions/manifest";
import pMap from "p-map";
import { annotationsOf, countStatements, type EngineRun, emptyOutcome } from "./engines.ts";
import { definitionsIn } from "./kyverno.ts";
import { knownNamespaces, unknownLabels } from "./namespaces.ts";
import { reviewNeed } from "./review.ts";
import { inScope, withoutScope } from "./scope.ts";

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
  let policies = withoutRequest(withoutNetwork(objects, settings, run), run);
  noteConfig(others, run);
  let constraints = withTemplates(policies, run);
  const ask = (some: readonly number[]): Promise<GatorRun[]> => {
    const given = policies.filter((each) => !isConstraint(each)).map(({ resource }) => resource.value);
    const own = constraints.map(withoutScope);
    const start = (index: number) => {
      const batch = batches[index]!;
      const documents = batch.items.map(({ resource }) => resource);
      const around = companions(batch, batches, others);
      return runGator(given, own, documents, around, settings, tool, machine, signal);
    };
    // Loading templates leaves cores idle: one start more than there are of them.
    return pMap(some, start, { concurrency: machine.cores + 1 });
  };
  let open = [...batches.keys()].filter((index) => batches[index]!.items.length > 0);
  while (open.length > 0 && constraints.length > 0) {
    const results = await ask(open);
    const refused = new Set<PolicyObject>();
    const again: number[] = [];
    for (const [position, result] of results.entries()) {
      const index = open[position]!;
      if (result.ok) {
        const templates = new Map(
          policies.filter(isTemplate).map((each) => [kindOf(each), each.resource.value]),
        );
        record(run, index, constraints, templates, batches, result, settings.auditWarn);
        continue;
      }
      const named = policies.filter((each) => isNamed(each, result));
      if (named.length === 0) {
        run.outcomes[index]!.failures.push(result.failure);
        continue;
      }
      again.push(index);
      for (const policy of named.filter((each) => !refused.has(each))) {
        refused.add(policy);
        const { path, resource } = policy;
        run.failures.push({ ...result.failure, id: `${path}:${resource.line}` });
      }
    }
    // The same batches again, without what ended them.
    policies = policies.filter((each) => !refused.has(each));
    if (again.length > 0) constraints = withTemplates(policies, run);
    open = again;
  }
  return run;
}

function isConstraint({ resource }: PolicyObject): boolean {
  return resource.id.group === "constraints.gatekeeper.sh";
}

function isTemplate({ resource }: PolicyObject): boolean {
  return resource.id.kind === "ConstraintTemplate";
}

function isNamed(policy: PolicyObject, { template, constraint }: Extract<GatorRun, { ok: false }>): boolean {
  const { name } = policy.resource.id;
  return (isTemplate(policy) && name === template) || (isConstraint(policy) && name === constraint);
}

/** The kind that a template makes. */
function kindOf({ resource }: PolicyObject): string {
  let value: unknown = resource.value;
  for (const step of ["spec", "crd", "spec", "names", "kind"])
    value = isObject(value as JsonObject) ? (value as JsonObject)[step] : undefined;
  return String(value ?? "");
}

/** A template with a function that reaches the network or the environment would be run with it: gator forbids neither. */
function withoutNetwork(
  objects: readonly PolicyObject[],
  { allowNetwork }: GatekeeperSettings,
  run: EngineRun,
): PolicyObject[] {
  return objects.filter((object) => {
    const found =
      isTemplate(object) &&
      /\b(?:http\.send|net\.lookup_ip_addr|opa\.runtime)\b/.exec(object.resource.text)?.[0];
    if (!found || allowNetwork) return true;
    const message = `it uses ${found}, which is not allowed (allow-network)`;
    run.failures.push({ id: `${object.path}:${object.resource.line}`, code: "network", message });
    return false;
  });
}

/** A template that decides by what only a request has would pass everything here. */
function withoutRequest(objects: readonly PolicyObject[], run: EngineRun): PolicyObject[] {
  return objects.filter((object) => {
    const message = isTemplate(object) ? reviewNeed(object.resource.value) : undefined;
    if (message === undefined) return true;
    run.failures.push({ id: `${object.path}:${object.resource.line}`, code: "needs-request", message });
    return false;
  });
}

/** What a cluster's own settings exclude is looked at all the same: gator does not read them. */
function noteConfig(others: readonly PolicyObject[], run: EngineRun): void {
  for (const { resource } of others) {
    if (resource.id.group !== "config.gatekeeper.sh" || resource.id.kind !== "Config") continue;
    const { spec } = resource.value;
    if (isObject(spec) && Array.isArray(spec.match) && spec.match.length > 0)
      run.notes.push(
        "Gatekeeper's Config excludes namespaces in the cluster; constraints are evaluated there all the same",
      );
  }
}

/** The constraints whose template is there; the others are failed, and templates without constraints are listed. */
function withTemplates(policies: readonly PolicyObject[], run: EngineRun): PolicyObject[] {
  const templates = new Map(policies.filter(isTemplate).map((each) => [kindOf(each), each]));
  const constraints = policies.filter(isConstraint);
  for (const [kind, { path }] of templates) {
    if (
      constraints.some(({ resource }) => resource.id.kind === kind) ||
      run.skipped.some(({ id }) => id === path)
    )
      continue;
    const message = `the template ${kind} has no constraint, so it is asked nothing`;
    run.skipped.push({ kind: "policy", id: path, code: "no-constraint", message });
  }
  return constraints.filter(({ path, resource }) => {
    if (templates.has(resource.id.kind)) return true;
    const failure = {
      id: `${path}:${resource.line}`,
      code: "no-template",
      message: `no ConstraintTemplate makes the kind ${resource.id.kind} of the constraint ${resource.id.name}, or it was refused`,
    };
    if (!run.failures.some(({ id, code }) => id === failure.id && code === failure.code))
      run.failures.push(failure);
    return false;
  });
}

/** Namespaces that resources are in and other batches describe, and objects that stand with the policies. */
function companions(batch: Batch, batches: readonly Batch[], others: readonly PolicyObject[]): JsonObject[] {
  const own = new Set(batch.items.map(({ resource }) => identityKey(resource.id)));
  const namespaces = [...knownNamespaces(batch, batches)]
    .filter(
      ([name, labels]) =>
        labels !== undefined &&
        !own.has(identityKey({ group: "", version: "v1", kind: "Namespace", namespace: "", name })),
    )
    .map(
      ([name, labels]): JsonObject => ({
        ...{ apiVersion: "v1", kind: "Namespace" },
        metadata: { name, labels: { ...labels, "kubernetes.io/metadata.name": name } },
      }),
    );
  return [
    ...namespaces,
    ...others.filter(({ resource }) => resource.id.kind === "Provider").map(({ resource }) => resource.value),
  ];
}

function record(
  run: EngineRun,
  index: number,
  constraints: readonly PolicyObject[],
  templates: ReadonlyMap<string, JsonObject>,
  batches: readonly Batch[],
  { violations, matched }: Extract<GatorRun, { ok: true }>,
  auditWarn: boolean,
): void {
  const outcome = run.outcomes[index]!;
  const batch = batches[index]!;
  const definitions = definitionsIn(batches);
  for (const [position, constraint] of constraints.entries()) {
    const { id, value } = constraint.resource;
    const policy = `${id.kind}/${id.name}`;
    const scope = inScope(constraint, batch.items, definitions);
    const said = violations.filter(
      (each) => each.constraint.kind === id.kind && each.constraint.name === id.name,
    );
    const unmatched = said.filter(({ message }) => isUnmatched(message));
    const own = said.filter((each) => scope.has(each.document) && !unmatched.includes(each));
    const statements = own.map(
      ({ actions, document, message }): PolicyStatement => ({
        status: statusOf(actions, auditWarn),
        ...{ policy, rule: policy, document, message },
        ...annotationsOf(value, templates.get(id.kind)),
      }),
    );
    outcome.statements.push(...statements);
    const about = new Set([...matched[position]!, ...own.map(({ document }) => document)]);
    const inside = new Set([...about].filter(scope.has));
    const count = countStatements(policy, batch.items.length, inside.size, statements);
    const unknown = [...unknownLabels(value, batch, batches), ...scope.unknown(about)];
    // Whatever it was that gator could not select by: no verdict is no pass.
    if (unknown.length === 0) unknown.push(...new Set(unmatched.map(({ message }) => message)));
    outcome.counts.push({ ...count, notEvaluated: unknown });
  }
}

/** gator calls it a violation when it does not know a namespace: nothing was evaluated. */
function isUnmatched(message: string): boolean {
  return /^unable to match constraints: /.test(message);
}

function statusOf(actions: readonly string[], auditWarn: boolean): "failed" | "warned" {
  if (actions.includes("deny")) return "failed";
  return actions.includes("warn") || auditWarn ? "warned" : "failed";
}

import {
  type AdmissionCheck,
  type AdmissionPlan,
  type KyvernoRun,
  type Machine,
  type PolicyDocument,
  planAdmission,
  probeKyverno,
  runKyverno,
  type Tool,
} from "@gitops-actions/engine";
import type { Batch, PolicyObject } from "@gitops-actions/fleet";
import { isObject, writeJson } from "@gitops-actions/manifest";
import pMap from "p-map";
import { needsOf } from "../cluster.ts";
import { type EngineRun, emptyOutcome, skipOperations } from "../engines.ts";
import type { KyvernoSettings } from "../kyverno/kyverno.ts";
import { knownNamespaces, namesKind, valuesWith } from "../namespaces.ts";
import { beyondCreation } from "../operations.ts";
import { includesNamespaces, placedBy } from "../placement.ts";
import { placeOf } from "../policies/names.ts";
import { refusal } from "../refusal.ts";
import { definitionsIn, nowhere } from "../scope.ts";
import { addUnplaced, type Unplaced, unplacedSkips } from "../unplaced.ts";
import { indexRows, openQuestions, type Rows, recordAdmission } from "./admission.ts";
import { parametersOf, writeParameters } from "./parameters.ts";

/** Evaluates ValidatingAdmissionPolicies as their bindings say, a start or two a batch. */
export async function evaluateAdmission(
  objects: readonly PolicyObject[],
  others: readonly PolicyObject[],
  batches: readonly Batch[],
  settings: KyvernoSettings,
  tool: Tool,
  machine: Machine,
  signal: AbortSignal,
): Promise<EngineRun> {
  const run: EngineRun = {
    ...{ name: "vap", outcomes: batches.map(emptyOutcome), failures: [] },
    ...{ skipped: [], notes: [] },
  };
  const accepted = onlyAccepted(objects, run);
  let policies = accepted.filter(({ resource }) => resource.id.kind === "ValidatingAdmissionPolicy");
  const bindings = accepted.filter(({ resource }) => resource.id.kind !== "ValidatingAdmissionPolicy");
  noteUnbound(policies, bindings, objects, run);
  const bound = new Set(bindings.map(policyNameOf));
  // One whose binding was refused is there, and asked nothing.
  policies = policies.filter(({ resource }) => bound.has(resource.id.name));
  for (const policy of policies) {
    const { resource } = policy;
    const own = bindings.filter((binding) => policyNameOf(binding) === resource.id.name);
    const parts = beyondCreation(
      resource.value,
      own.map((binding) => binding.resource.value),
    );
    run.skipped.push(...skipOperations(placeOf(policy), resource.id.name, parts));
  }
  const asked = [...batches.keys()].filter((index) => batches[index]!.items.length > 0);
  const ask = (some: readonly number[]) =>
    pMap(
      some,
      (index) => askBatch(index, policies, bindings, others, batches, settings, tool, machine, signal),
      {
        concurrency: machine.cores + 1,
      },
    );
  if (policies.length === 0) return run;
  const answers = await ask(asked);
  const silent = asked.filter((_, position) => !answers[position]!.ok);
  if (silent.length > 0) {
    const documents = batches[silent[0]!]!.items.map(({ resource }) => resource);
    const failures = await whyNot(policies, documents, settings, tool, machine, signal);
    for (const { policy, message } of failures)
      run.failures.push({ id: placeOf(policy), code: "not-loaded", message });
    // The same batches again, without what ended them.
    policies = policies.filter((policy) => !failures.some((each) => each.policy === policy));
    const again = failures.length > 0 && policies.length > 0 ? await ask(silent) : [];
    for (const [position, answer] of again.entries()) answers[asked.indexOf(silent[position]!)] = answer;
    if (policies.length === 0) return run;
  }
  const unplaced: Unplaced = new Map();
  const allowed = new Map<string, AdmissionPlan["allowed"][number]>();
  for (const [position, answer] of answers.entries()) {
    const index = asked[position]!;
    const outcome = run.outcomes[index]!;
    if (answer.ok) {
      const { checks, rows } = answer;
      const { auditWarn } = settings;
      for (const each of answer.allowed) allowed.set(JSON.stringify(each), each);
      noteUnplaced(unplaced, policies, bindings, answer, batches[index]!, batches);
      recordAdmission(outcome, policies, bindings, checks, rows, batches[index]!, batches, auditWarn);
    } else outcome.failures.push(answer.failure);
  }
  run.skipped.push(...unplacedSkips(unplaced, placedBy), ...skipAllowed([...allowed.values()], bindings));
  return run;
}

/** What a binding lets pass because its parameter is not there; a cluster may have it. */
function skipAllowed(
  allowed: AdmissionPlan["allowed"],
  bindings: readonly PolicyObject[],
): EngineRun["skipped"] {
  return allowed.map(({ policy, binding, parameter }) => {
    const place = placeOf(bindings.find((each) => each.resource.id.name === binding)!);
    const message = `${policy} was not asked under the binding ${binding}: its parameter ${parameter} is not rendered here, and the binding allows that (parameterNotFoundAction)`;
    return { kind: "policy", id: place, code: "no-parameter", message };
  });
}

/** Resources without a namespace that a policy would be about in some namespace, and is not here. */
function noteUnplaced(
  unplaced: Unplaced,
  policies: readonly PolicyObject[],
  bindings: readonly PolicyObject[],
  { checks, rows }: Extract<Answer, { ok: true }>,
  { items }: Batch,
  batches: readonly Batch[],
): void {
  const documents = nowhere(items, definitionsIn(batches));
  if (documents.length === 0) return;
  for (const policy of policies) {
    const { name } = policy.resource.id;
    const spec = isObject(policy.resource.value.spec) ? policy.resource.value.spec : {};
    const open = checks
      .filter((check) => check.policy === name)
      .flatMap((check) => {
        const { spec: bound } = bindings.find(({ resource }) => resource.id.name === check.binding)!.resource
          .value;
        const { matchResources } = isObject(bound) ? bound : {};
        if (![spec.matchConstraints, matchResources].some(includesNamespaces)) return [];
        const about = writeJson(spec.matchConstraints ?? null);
        const isTold = (document: number) =>
          [check.whole, ...check.narrowed].every((each) => rows.get(each)?.has(document));
        return documents.filter(
          (document) => namesKind(about, items[document]!.resource.id.kind) && !isTold(document),
        );
      });
    addUnplaced(unplaced, placeOf(policy), open, items);
  }
}

type Answer =
  | { ok: true; checks: readonly AdmissionCheck[]; allowed: AdmissionPlan["allowed"]; rows: Rows }
  | Extract<KyvernoRun, { ok: false }>;

/** One start for all policies, and one more where something does not pass and it is open which validation it was. */
async function askBatch(
  index: number,
  policies: readonly PolicyObject[],
  bindings: readonly PolicyObject[],
  others: readonly PolicyObject[],
  batches: readonly Batch[],
  settings: KyvernoSettings,
  tool: Tool,
  machine: Machine,
  signal: AbortSignal,
): Promise<Answer> {
  const batch = batches[index]!;
  const parameters = parametersOf(policies, batch, others);
  const plan = planAdmission(
    policies.map(({ resource }) => resource.value),
    bindings.map(({ resource }) => resource.value),
    parameters,
    [...new Set(batch.items.map(({ resource }) => resource.id.namespace))].sort(),
  );
  const values = valuesWith(settings.values, knownNamespaces(batch, batches));
  const start = (texts: readonly string[], documents: readonly PolicyDocument[]) => {
    const source = {
      policies: texts,
      wholeNumbers: true,
      definitions: definitionsIn(batches),
      parameters: writeParameters(parameters),
      ...(values && { values }),
    };
    // The CLI would take an audit for a warning; what a binding's actions mean is decided here.
    return runKyverno(source, documents, { ...settings, auditWarn: false }, tool, machine, signal);
  };
  const documents = batch.items.map(({ resource }) => resource);
  const whole = await start(plan.policies, documents);
  if (!whole.ok) return whole;
  const { checks, allowed } = plan;
  const rows = indexRows(whole.rows);
  const open = openQuestions(checks, rows, batch.items);
  if (open.parts.length === 0) return { ok: true, checks, allowed, rows };
  const single = await start(
    open.parts.flatMap((part) => part.policies),
    open.documents.map((document) => documents[document]!),
  );
  if (!single.ok) return single;
  const placed = single.rows.map((row) => ({ ...row, document: open.documents[row.document]! }));
  return { ok: true, checks, allowed, rows: indexRows([...whole.rows, ...placed]) };
}

/** Leaves out, as failed, what no API server would take, and what it would decide by things that nobody rendered. */
function onlyAccepted(objects: readonly PolicyObject[], run: EngineRun): PolicyObject[] {
  return objects.filter((object) => {
    const { resource } = object;
    const id = placeOf(object);
    const version = olderVersion(resource.value.apiVersion);
    if (version) {
      run.failures.push({ id, code: "api-version", message: version });
      return false;
    }
    const message = refusal(resource.value);
    const [need] = message === undefined ? needsOf(resource.value).values() : [];
    if (message === undefined && !need) return true;
    run.failures.push(
      need ? { id, ...need } : { id, code: "invalid", message: `an API server refuses it: ${message}` },
    );
    return false;
  });
}

/** The shape is that of v1, but for what v1 brought; nothing here converts one into the other. */
function olderVersion(apiVersion: unknown): string | undefined {
  if (apiVersion === "admissionregistration.k8s.io/v1") return undefined;
  return `it is written for ${String(apiVersion)}, which is not evaluated here. Write apiVersion: admissionregistration.k8s.io/v1`;
}

function policyNameOf({ resource }: PolicyObject): string {
  const { spec } = resource.value;
  return isObject(spec) ? String(spec.policyName ?? "") : "";
}

function noteUnbound(
  policies: readonly PolicyObject[],
  bindings: readonly PolicyObject[],
  all: readonly PolicyObject[],
  run: EngineRun,
): void {
  const names = new Set(all.map(({ resource }) => resource.id.name));
  for (const { path, resource } of policies) {
    if (all.some((binding) => policyNameOf(binding) === resource.id.name)) continue;
    const message = `no ValidatingAdmissionPolicyBinding names ${resource.id.name}, so no API server asks it`;
    run.skipped.push({ kind: "policy", id: path, code: "unbound", message });
  }
  for (const binding of bindings) {
    if (names.has(policyNameOf(binding))) continue;
    const message = `the binding ${binding.resource.id.name} names the policy ${policyNameOf(binding)}, which is not there`;
    run.failures.push({ id: placeOf(binding), code: "no-policy", message });
  }
}

async function whyNot(
  policies: readonly PolicyObject[],
  documents: Parameters<typeof probeKyverno>[1],
  settings: KyvernoSettings,
  tool: Tool,
  machine: Machine,
  signal: AbortSignal,
): Promise<{ policy: PolicyObject; message: string }[]> {
  const found: { policy: PolicyObject; message: string }[] = [];
  for (const policy of policies) {
    const message = await probeKyverno(policy.resource.text, documents, settings, tool, machine, signal);
    if (message !== undefined) found.push({ policy, message });
  }
  return found;
}

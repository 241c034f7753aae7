import { type Machine, planAdmission, probeKyverno, runKyverno, type Tool } from "@gitops-actions/engine";
import type { Batch, PolicyObject } from "@gitops-actions/fleet";
import { isObject } from "@gitops-actions/manifest";
import { recordAdmission } from "./admission.ts";
import { needsOf } from "./cluster.ts";
import { type EngineRun, emptyOutcome } from "./engines.ts";
import { definitionsIn, type KyvernoSettings } from "./kyverno.ts";
import { knownNamespaces, valuesWith } from "./namespaces.ts";
import { parametersOf, writeParameters } from "./parameters.ts";
import { refusal } from "./refusal.ts";

/** Evaluates ValidatingAdmissionPolicies as their bindings say, one start a batch. */
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
  let probed = false;
  for (let index = 0; index < batches.length; index++) {
    const batch = batches[index]!;
    if (batch.items.length === 0 || policies.length === 0) continue;
    const parameters = parametersOf(policies, batch, others);
    const plan = planAdmission(
      policies.map(({ resource }) => resource.value),
      bindings.map(({ resource }) => resource.value),
      parameters,
      [...new Set(batch.items.map(({ resource }) => resource.id.namespace))].sort(),
    );
    const documents = batch.items.map(({ resource }) => resource);
    const values = valuesWith(settings.values, knownNamespaces(batch, batches));
    const source = {
      policies: plan.policies,
      definitions: definitionsIn(batches),
      parameters: writeParameters(parameters),
      ...(values && { values }),
    };
    // The CLI would take an audit for a warning; what a binding's actions mean is decided here.
    const result = await runKyverno(
      source,
      documents,
      { ...settings, auditWarn: false },
      tool,
      machine,
      signal,
    );
    if (!result.ok) {
      const failures = probed ? [] : await whyNot(policies, documents, settings, tool, machine, signal);
      probed = true;
      if (failures.length === 0) run.outcomes[index]!.failures.push(result.failure);
      else {
        for (const { policy, message } of failures)
          run.failures.push({ id: `${policy.path}:${policy.resource.line}`, code: "not-loaded", message });
        policies = policies.filter((policy) => !failures.some((each) => each.policy === policy));
        index--;
      }
      continue;
    }
    recordAdmission(
      run.outcomes[index]!,
      policies,
      plan.checks,
      result.rows,
      batch,
      batches,
      settings.auditWarn,
    );
  }
  return run;
}

/** Leaves out, as failed, what no API server would take, and what it would decide by things that nobody rendered. */
function onlyAccepted(objects: readonly PolicyObject[], run: EngineRun): PolicyObject[] {
  return objects.filter(({ path, resource }) => {
    const message = refusal(resource.value);
    const [need] = message === undefined ? needsOf(resource.value).values() : [];
    if (message === undefined && !need) return true;
    const id = `${path}:${resource.line}`;
    run.failures.push(
      need ? { id, ...need } : { id, code: "invalid", message: `an API server refuses it: ${message}` },
    );
    return false;
  });
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
    run.failures.push({ id: `${binding.path}:${binding.resource.line}`, code: "no-policy", message });
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

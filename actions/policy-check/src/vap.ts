import {
  type AdmissionCheck,
  type KyvernoRow,
  type Machine,
  type PolicyStatement,
  planAdmission,
  probeKyverno,
  runKyverno,
  type Tool,
} from "@gitops-actions/engine";
import type { Batch, PolicyObject } from "@gitops-actions/fleet";
import { formatIdentity, isObject } from "@gitops-actions/manifest";
import { needsOf } from "./cluster.ts";
import { countStatements, type EngineRun, emptyOutcome } from "./engines.ts";
import { definitionsIn, type KyvernoSettings } from "./kyverno.ts";
import { knownNamespaces, unknownLabels, valuesWith } from "./namespaces.ts";
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
  noteUnbound(policies, bindings, run);
  const bound = new Set(bindings.map(policyNameOf));
  policies = policies.filter(({ resource }) => bound.has(resource.id.name));
  let probed = false;
  for (let index = 0; index < batches.length; index++) {
    const batch = batches[index]!;
    if (batch.items.length === 0 || policies.length === 0) continue;
    const plan = planAdmission(
      policies.map(({ resource }) => resource.value),
      bindings.map(({ resource }) => resource.value),
    );
    const documents = batch.items.map(({ resource }) => resource);
    const values = valuesWith(settings.values, knownNamespaces(batch, batches));
    const source = {
      policies: plan.policies,
      definitions: definitionsIn(batches),
      parameters: parametersOf(policies, batch, others),
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
    record(run, index, policies, plan.checks, result.rows, settings, batches);
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
  run: EngineRun,
): void {
  const names = new Set(policies.map(({ resource }) => resource.id.name));
  for (const { path, resource } of policies) {
    if (bindings.some((binding) => policyNameOf(binding) === resource.id.name)) continue;
    const message = `no ValidatingAdmissionPolicyBinding names ${resource.id.name}, so no API server asks it`;
    run.skipped.push({ kind: "policy", id: path, code: "unbound", message });
  }
  for (const binding of bindings) {
    if (names.has(policyNameOf(binding))) continue;
    const message = `the binding ${binding.resource.id.name} names the policy ${policyNameOf(binding)}, which is not there`;
    run.failures.push({ id: `${binding.path}:${binding.resource.line}`, code: "no-policy", message });
  }
}

/** Objects of the kinds that policies take parameters of. */
function parametersOf(
  policies: readonly PolicyObject[],
  batch: Batch,
  others: readonly PolicyObject[],
): string[] {
  const kinds = new Set(
    policies.flatMap(({ resource }) => {
      const { spec } = resource.value;
      const kind = isObject(spec) && isObject(spec.paramKind) ? spec.paramKind : undefined;
      return kind ? [`${kind.apiVersion} ${kind.kind}`] : [];
    }),
  );
  return [...others, ...batch.items]
    .map(({ resource }) => resource)
    .filter(({ value }) => kinds.has(`${value.apiVersion} ${value.kind}`))
    .map(({ text }) => text);
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

function record(
  run: EngineRun,
  index: number,
  policies: readonly PolicyObject[],
  checks: readonly AdmissionCheck[],
  rows: readonly KyvernoRow[],
  settings: KyvernoSettings,
  batches: readonly Batch[],
): void {
  const outcome = run.outcomes[index]!;
  const { items } = batches[index]!;
  const byPolicy = Map.groupBy(rows, ({ policy }) => policy);
  for (const { resource } of policies) {
    const { name } = resource.id;
    const statements: PolicyStatement[] = [];
    const matched = new Set<number>();
    const broken = new Set<string>();
    for (const check of checks.filter(({ policy }) => policy === name)) {
      const isMatched = (document: number): boolean =>
        check.matches.every((match) =>
          byPolicy.get(match)?.some((row) => row.document === document && row.result === "pass"),
        );
      const documents = items.map((_, document) => document).filter(isMatched);
      const verdicts = new Map((byPolicy.get(check.validates) ?? []).map((row) => [row.document, row]));
      for (const document of documents) {
        const row = verdicts.get(document);
        // No row, or one that was skipped: the policy's match conditions leave the resource out.
        if (!row && !broken.has(check.validates)) {
          const where = formatIdentity(items[document]!.resource.id);
          outcome.failures.push({
            id: `${name}/${check.index}`,
            code: "evaluation",
            message: `${where}: kyverno gives no verdict of this validation`,
          });
          broken.add(check.validates);
        }
        if (!row || row.result === "skip") continue;
        matched.add(document);
        const said = statementOf(check, row, settings.auditWarn);
        if (said === "ignored")
          outcome.failures.push({
            id: `${name}/${check.index}`,
            code: "evaluation",
            message: `${formatIdentity(items[document]!.resource.id)}: ${row.message ?? ""} (failurePolicy Ignore lets it pass)`,
          });
        else if (said) statements.push(said);
      }
    }
    outcome.statements.push(...statements);
    const count = countStatements(name, items.length, matched.size, statements);
    outcome.counts.push({ ...count, notEvaluated: unknownLabels(resource.value, batches[index]!, batches) });
  }
}

function statementOf(
  check: AdmissionCheck,
  { result, message = "", document }: KyvernoRow,
  auditWarn: boolean,
): PolicyStatement | "ignored" | undefined {
  if (result === "pass") return undefined;
  // An expression that fails denies, where the policy says so; that is what the API server does.
  if (result === "error" && check.failurePolicy === "Ignore") return "ignored";
  const isDenied = check.actions.includes("Deny") || (!check.actions.includes("Warn") && !auditWarn);
  return {
    status: isDenied ? "failed" : "warned",
    ...{ policy: check.policy, rule: `${check.policy}/${check.index + 1}`, document },
    message: message || "the policy gives no message",
  };
}

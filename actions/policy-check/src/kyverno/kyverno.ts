import {
  type KyvernoRow,
  type Machine,
  type PolicyFailure,
  type PolicyLimits,
  probeKyverno,
  runKyverno,
  type Tool,
} from "@gitops-actions/engine";
import type { Batch, PolicyObject } from "@gitops-actions/fleet";
import { isObject, type Json, writeJson } from "@gitops-actions/manifest";
import pMap from "p-map";
import { answerFromValues, type Needs, needsOf } from "../cluster.ts";
import { countStatements, type EngineRun, emptyOutcome, skipOperations } from "../engines.ts";
import { labelsHold, rulesOf, unsureException } from "../labels.ts";
import { knownNamespaces, unknownReasons, unlabelled, valuesWith } from "../namespaces.ts";
import { beyondCreation } from "../operations.ts";
import { placedBy, selectsByNamespace } from "../placement.ts";
import { nameOf, placeOf } from "../policies/names.ts";
import { definitionsIn, nowhere } from "../scope.ts";
import { addUnplaced, type Unplaced, unplacedSkips } from "../unplaced.ts";
import { byNumbers, type NumberGroup } from "./numbers.ts";
import { isError, isExcepted, isUncompiled, listOf, rowsOf, ruleOf, statementOf } from "./rows.ts";

export interface KyvernoSettings extends PolicyLimits {
  auditWarn: boolean;
  /** Text of the person's own `kind: Values`. */
  values?: string;
}

/** Evaluates Kyverno's policies: one start a batch, and one for each policy that said nothing at all, to ask why. */
export async function evaluateKyverno(
  objects: readonly PolicyObject[],
  batches: readonly Batch[],
  settings: KyvernoSettings,
  tool: Tool,
  machine: Machine,
  signal: AbortSignal,
): Promise<EngineRun> {
  const run: EngineRun = {
    ...{ name: "kyverno", outcomes: batches.map(emptyOutcome), failures: [] },
    ...{ skipped: [], notes: [] },
  };
  const exceptions = objects.filter(({ resource }) => resource.id.kind === "PolicyException");
  let policies = objects
    .filter(({ resource }) => resource.id.kind !== "PolicyException")
    .flatMap((policy) => onlyValidating(policy, run))
    .map((policy) => withValues(policy, settings.values));
  // Values may make every request an update.
  if (!settings.values?.includes("request.operation"))
    for (const policy of policies)
      run.skipped.push(
        ...skipOperations(placeOf(policy), nameOf(policy), beyondCreation(policy.resource.value)),
      );
  const probe = async (some: readonly PolicyObject[]): Promise<Set<PolicyObject>> => {
    const documents = samples(batches);
    const answers = await pMap(
      some,
      ({ resource }) => probeKyverno(resource.text, documents, settings, tool, machine, signal),
      { concurrency: machine.cores },
    );
    const broken = some.filter((_, index) => answers[index] !== undefined);
    for (const [index, policy] of some.entries()) {
      const message = answers[index];
      if (message !== undefined) run.failures.push({ id: placeOf(policy), code: "not-loaded", message });
    }
    return new Set(broken);
  };
  const applyGroup = async (index: number, { policies: some, wholeNumbers }: NumberGroup) => {
    const { items } = batches[index]!;
    const values = valuesWith(settings.values, knownNamespaces(batches[index]!, batches));
    const source = {
      policies: some.map(({ resource }) => resource.text),
      exceptions: exceptions.map(({ resource }) => resource.text),
      definitions: definitionsIn(batches),
      wholeNumbers,
      ...(values && { values }),
    };
    const documents = items.map(({ resource }) => resource);
    return await runKyverno(source, documents, settings, tool, machine, signal);
  };
  const apply = async (index: number): Promise<KyvernoRow[] | PolicyFailure> => {
    const rows: KyvernoRow[] = [];
    for (const group of byNumbers(policies)) {
      const result = await applyGroup(index, group);
      if (!result.ok) return result.failure;
      rows.push(...result.rows);
    }
    return rows;
  };
  const unplaced: Unplaced = new Map();
  const spoken = new Set<string>();
  let probed = false;
  let answered = false;
  const asked = [...batches.keys()].filter((index) => batches[index]!.items.length > 0);
  const answers =
    // Loading policies and reading resources leave cores idle: one start more than there are of them.
    policies.length > 0 ? await pMap(asked, apply, { concurrency: machine.cores + 1 }) : [];
  for (const [position, answer] of answers.entries()) {
    const index = asked[position]!;
    let rows = answer;
    if (!Array.isArray(rows) && rows.code === "lost") {
      if (!probed) {
        probed = true;
        const broken = await probe(policies);
        policies = policies.filter((policy) => !broken.has(policy));
      }
      rows = policies.length > 0 ? await apply(index) : [];
    }
    if (Array.isArray(rows)) {
      answered = true;
      for (const { policy } of rows) spoken.add(policy);
      record(run, index, policies, exceptions, batches, rows, settings.values);
      noteUnplaced(unplaced, policies, batches[index]!, batches, rows);
    } else run.outcomes[index]!.failures.push(rows);
  }
  run.skipped.push(...unplacedSkips(unplaced, placedBy));
  const silent = policies.filter(
    ({ resource: { id } }) => !spoken.has(id.name) && !spoken.has(`${id.namespace}/${id.name}`),
  );
  // What was stopped says nothing of any policy.
  if (!probed && answered && silent.length > 0) {
    for (const policy of await probe(silent)) {
      for (const outcome of run.outcomes)
        outcome.counts = outcome.counts.filter((count) => count.policy !== nameOf(policy));
    }
  }
  return run;
}

/**
 * A policy with the rules that validate and no others: one that mutates makes the CLI print resources in place of its
 * report. Nothing is left of one without such a rule.
 */
function onlyValidating(policy: PolicyObject, run: EngineRun): PolicyObject[] {
  const { path, resource } = policy;
  const { spec } = resource.value;
  if (resource.id.group !== "kyverno.io" || !isObject(spec) || !Array.isArray(spec.rules)) return [policy];
  const isOther = (rule: Json): boolean =>
    isObject(rule) &&
    !("validate" in rule) &&
    ["mutate", "generate", "verifyImages"].some((key) => key in rule);
  const rules = spec.rules.filter((rule) => !isOther(rule));
  const left = spec.rules.length - rules.length;
  if (left === 0) return [policy];
  const message = `${left} of ${spec.rules.length} rules of ${resource.id.name} mutate, generate or verify images, and are not evaluated`;
  run.skipped.push({ kind: "policy", id: placeOf(policy), code: "not-validating", message });
  const value = { ...resource.value, spec: { ...spec, rules } };
  return rules.length === 0 ? [] : [{ path, resource: { ...resource, value, text: writeJson(value) } }];
}

function withValues(policy: PolicyObject, values: string | undefined): PolicyObject {
  const { path, resource } = policy;
  const value = answerFromValues(resource.value, values);
  return value === resource.value
    ? policy
    : { path, resource: { ...resource, value, text: writeJson(value) } };
}

/** One document of each kind: enough to have a policy compiled. */
function samples(batches: readonly Batch[]) {
  const kinds = new Map<string, Batch["items"][number]["resource"]>();
  for (const { items } of batches)
    for (const { resource } of items) kinds.set(`${resource.id.group}/${resource.id.kind}`, resource);
  return [...kinds.values()];
}

function record(
  run: EngineRun,
  index: number,
  policies: readonly PolicyObject[],
  exceptions: readonly PolicyObject[],
  batches: readonly Batch[],
  rows: readonly KyvernoRow[],
  values: string | undefined,
): void {
  const outcome = run.outcomes[index]!;
  const { items } = batches[index]!;
  const strange = unlabelled(batches[index]!, batches);
  for (const policy of policies) {
    const needs = needsOf(policy.resource.value, values);
    const given = rowsOf(policy, rows);
    const { unknown, isSure } = withUnknownLabels(policy, given, strange, items);
    const [excused, all] = partition(given.filter(isSure), (row) =>
      isUnsurelyExcused(row, policy, exceptions, strange, items),
    );
    outcome.failures.push(...unsurelyExcused(excused, policy, exceptions, items));
    const [asked, told] = partition(all, (row) => needs.has(ruleOf(row)) || needs.has(""));
    const [errors, own] = partition(told, isError);
    const statements = own.flatMap((row) => statementOf(row, policy, exceptions));
    outcome.statements.push(...statements);
    outcome.failures.push(...failuresOf(errors, policy, items), ...unanswered(asked, needs, policy, items));
    // A rule whose conditions leave a resource out says nothing of it; an exception is somebody's word.
    const matched = new Set(
      own.filter((row) => row.result !== "skip" || isExcepted(row)).map(({ document }) => document),
    );
    const count = countStatements(nameOf(policy), items.length, matched.size, statements);
    outcome.counts.push({ ...count, notEvaluated: unknown });
  }
}

/** Resources without a namespace that a policy would be about in some namespace, and is not here. */
function noteUnplaced(
  unplaced: Unplaced,
  policies: readonly PolicyObject[],
  { items }: Batch,
  batches: readonly Batch[],
  rows: readonly KyvernoRow[],
): void {
  const documents = nowhere(items, definitionsIn(batches));
  if (documents.length === 0) return;
  for (const policy of policies) {
    const told = new Set(rowsOf(policy, rows).map((row) => `${row.document} ${ruleOf(row)}`));
    const isOpen = (rule: string, document: number) =>
      !told.has(`${document} ${rule}`) && selectsByNamespace(policy, rule, items[document]!.resource.id.kind);
    const names = rulesOf(policy.resource.value);
    const open = documents.filter((document) => names.some((rule) => isOpen(rule, document)));
    addUnplaced(unplaced, placeOf(policy), open, items);
  }
}

/** Which namespaces a policy would have to know the labels of, and rows that do not hang on them. */
function withUnknownLabels(
  { resource }: PolicyObject,
  rows: readonly KyvernoRow[],
  strange: ReadonlySet<number>,
  items: Batch["items"],
): { unknown: string[]; isSure(row: KyvernoRow): boolean } {
  const holdOf = (rule: string, document: number) =>
    strange.has(document) ? labelsHold(resource.value, rule, items[document]!.resource.id.kind) : undefined;
  const rules = rulesOf(resource.value);
  const nameIn = (row: KyvernoRow): string => (rules.includes(ruleOf(row)) ? ruleOf(row) : "");
  const isSure = (row: KyvernoRow): boolean => {
    const hold = holdOf(nameIn(row), row.document);
    // What passes is refused by no action.
    return hold === undefined || (hold === "action" && ["pass", "skip"].includes(row.result));
  };
  const about = [...strange].filter((document) => rules.some((rule) => holdOf(rule, document) === "verdict"));
  const refused = rows.filter((row) => !isSure(row)).map(({ document }) => document);
  return { unknown: unknownReasons([...about, ...refused], items), isSure };
}

/** Whether a row says, or is spared from saying, what an exception of unknown reach decides about. */
function isUnsurelyExcused(
  row: KyvernoRow,
  policy: PolicyObject,
  exceptions: readonly PolicyObject[],
  strange: ReadonlySet<number>,
  items: Batch["items"],
): boolean {
  if (row.result === "pass" || !strange.has(row.document)) return false;
  if (row.result === "skip" && !isExcepted(row)) return false;
  const { kind } = items[row.document]!.resource.id;
  return unsureException(exceptions, policy, ruleOf(row), kind) !== undefined;
}

function unsurelyExcused(
  rows: readonly KyvernoRow[],
  policy: PolicyObject,
  exceptions: readonly PolicyObject[],
  items: Batch["items"],
): PolicyFailure[] {
  return rows.map((row) => {
    const { id } = items[row.document]!.resource;
    const exception = unsureException(exceptions, policy, ruleOf(row), id.kind)!;
    const message = `${listOf([row], items)}: labels of namespace ${id.namespace} unknown, and by them PolicyException ${nameOf(exception)} decides whether it waives this. Say them in gitops.yaml (namespaces)`;
    const rule = rulesOf(policy.resource.value).includes(ruleOf(row)) ? `/${ruleOf(row)}` : "";
    return { id: `${nameOf(policy)}${rule}`, code: "labels-unknown", message };
  });
}

function partition<Item>(items: readonly Item[], is: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(is), items.filter((item) => !is(item))];
}

/** Rules that ask for what manifests do not tell, and got an answer that the CLI made up. */
function unanswered(
  rows: readonly KyvernoRow[],
  needs: Needs,
  policy: PolicyObject,
  items: Batch["items"],
): PolicyFailure[] {
  const asked = rows.filter((row) => row.result !== "skip");
  const byRule = Map.groupBy(asked, (row) => (needs.has("") ? "" : ruleOf(row)));
  return [...byRule].map(([rule, some]) => {
    const { code, message } = needs.get(rule)!;
    const id = `${nameOf(policy)}${rule && `/${rule}`}`;
    return { id, code, message: `${listOf(some, items)}: ${message}` };
  });
}

function failuresOf(
  errors: readonly KyvernoRow[],
  policy: PolicyObject,
  items: Batch["items"],
): PolicyFailure[] {
  const byRule = Map.groupBy(errors, ({ rule = "" }) => rule);
  return [...byRule].map(([rule, some]) => {
    const id = `${nameOf(policy)}${rule && `/${rule}`}`;
    const message = some[0]!.message ?? "no message";
    return isUncompiled(some[0]!)
      ? { id, code: "compile", message }
      : { id, code: "evaluation", message: `${listOf(some, items)}: ${message}` };
  });
}

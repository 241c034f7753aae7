import type {
  AdmissionCheck,
  AdmissionPart,
  KyvernoRow,
  PolicyFailure,
  PolicyOutcome,
  PolicyStatement,
} from "@gitops-actions/engine";
import type { Batch, PolicyObject } from "@gitops-actions/fleet";
import { isObject, type Json, type JsonObject, writeJson } from "@gitops-actions/manifest";
import { annotationsOf, countStatements, listResources } from "../engines.ts";
import { namesKind, needsLabels, readsNamespace, unknownReasons, unlabelled } from "../namespaces.ts";

/** What came of one policy under one binding for the resources it is about. */
interface Verdicts {
  statements: PolicyStatement[];
  failures: PolicyFailure[];
  /** Documents that got a verdict. */
  matched: Set<number>;
}

/** Puts together what the parts of policies said, as their bindings mean it. */
export function recordAdmission(
  outcome: PolicyOutcome,
  policies: readonly PolicyObject[],
  bindings: readonly PolicyObject[],
  checks: readonly AdmissionCheck[],
  rows: Rows,
  batch: Batch,
  batches: readonly Batch[],
  auditWarn: boolean,
): void {
  const strange = unlabelled(batch, batches);
  for (const { resource } of policies) {
    const { name } = resource.id;
    const own = checks.filter(({ policy }) => policy === name);
    const unsure = own.map((check) => {
      const binding = bindings.find((each) => each.resource.id.name === check.binding)?.resource.value;
      return unsureOf(resource.value, binding ?? {}, strange, batch.items);
    });
    const all = own.map((check, index) => verdictsOf(check, rows, batch.items, unsure[index]!, auditWarn));
    const about = annotationsOf(resource.value);
    const statements = all.flatMap((each) =>
      each.statements.map((statement) => ({ ...statement, ...about })),
    );
    const matched = new Set(all.flatMap((each) => [...each.matched]));
    outcome.statements.push(...statements);
    outcome.failures.push(...all.flatMap((each) => each.failures));
    const count = countStatements(name, batch.items.length, matched.size, statements);
    const unknown = [
      ...unknownReasons(
        unsure.flatMap(({ documents }) => [...documents]),
        batch.items,
      ),
      ...otherVersions(resource.value, batch.items),
    ];
    outcome.counts.push({ ...count, notEvaluated: unknown });
  }
}

/** What of a policy under a binding hangs on labels of namespaces that nobody says. */
interface Unsure {
  /** In such namespaces, and of kinds that the policy names. */
  documents: ReadonlySet<number>;
  /** Whether a validation hangs on them. */
  has(validation: number): boolean;
}

function unsureOf(
  policy: JsonObject,
  binding: JsonObject,
  strange: ReadonlySet<number>,
  items: Batch["items"],
): Unsure {
  const spec = isObject(policy.spec) ? policy.spec : {};
  const { matchConstraints, matchConditions, validations, variables } = spec;
  const whole = [matchConstraints, matchConditions, binding.spec].some((each) => each && needsLabels(each));
  // One that reads a variable is taken to read them all.
  const inVariables = readsNamespace(writeJson(variables ?? null));
  const hangs = (Array.isArray(validations) ? validations : []).map((each: Json) => {
    const text = writeJson(each);
    return whole || readsNamespace(text) || (inVariables && /\bvariables\./.test(text));
  });
  const about = writeJson(matchConstraints ?? null);
  const documents = [...strange].filter((document) => namesKind(about, items[document]!.resource.id.kind));
  return {
    documents: new Set(hangs.some(Boolean) ? documents : []),
    has: (validation) => hangs[validation] ?? whole,
  };
}

/** Rows of each policy by document. */
export type Rows = ReadonlyMap<string, ReadonlyMap<number, KyvernoRow>>;

/** Rows by policy and document. */
export function indexRows(rows: readonly KyvernoRow[]): Rows {
  const byPolicy = Map.groupBy(rows, ({ policy }) => policy);
  return new Map(
    [...byPolicy].map(([name, own]) => [name, new Map(own.map((row) => [row.document, row]))] as const),
  );
}

/**
 * What an API server asks no policy about: those of admission themselves (admissionResources of k8s.io/apiserver's
 * pkg/admission/plugin/policy/generic/plugin.go), and reviews, which are not kept.
 */
const isExempt =
  /^admissionregistration\.k8s\.io\/(?:Validating|Mutating)AdmissionPolicy(?:Binding)?$|^authorization\.k8s\.io\/\w+AccessReview$|^authorization\.k8s\.io\/SelfSubjectRulesReview$|^authentication\.k8s\.io\/(?:Token|SelfSubject)Review$/;

/** Documents that a check is about, each with the row of all validations together. */
function rowsOf(check: AdmissionCheck, rows: Rows, items: Batch["items"]): KyvernoRow[] {
  const isNarrowed = (document: number) =>
    check.narrowed.every((name) => rows.get(name)?.get(document)?.result === "pass");
  return [...(rows.get(check.whole)?.values() ?? [])].filter(({ document }) => {
    const { group, kind, namespace } = items[document]!.resource.id;
    if (isExempt.test(`${group}/${kind}`)) return false;
    return (check.namespace === undefined || namespace === check.namespace) && isNarrowed(document);
  });
}

/** What the rows of whole policies leave open: questions, and the documents to ask them about. */
export interface OpenQuestions {
  parts: AdmissionPart[];
  /** Positions in the batch, ascending. */
  documents: number[];
}

/** Which validation it was that did not pass, and whether match conditions could be evaluated that leave something out. */
export function openQuestions(
  checks: readonly AdmissionCheck[],
  rows: Rows,
  items: Batch["items"],
): OpenQuestions {
  const parts: AdmissionPart[] = [];
  const documents = new Set<number>();
  for (const check of checks) {
    const own = rowsOf(check, rows, items);
    const ask = (some: readonly AdmissionPart[], about: readonly KyvernoRow[]): void => {
      if (some.length === 0 || about.length === 0) return;
      parts.push(...some);
      for (const { document } of about) documents.add(document);
    };
    const skipped = own.filter(({ result }) => result === "skip");
    ask(check.conditions, skipped);
    ask(
      check.validations,
      own.filter((row) => row.result !== "pass" && !skipped.includes(row)),
    );
  }
  return { parts, documents: [...documents].sort((a, b) => a - b) };
}

function verdictsOf(
  check: AdmissionCheck,
  rows: Rows,
  items: Batch["items"],
  unsure: Unsure,
  auditWarn: boolean,
): Verdicts {
  const verdicts: Verdicts = { statements: [], failures: [], matched: new Set() };
  const fail = (index: number, about: readonly KyvernoRow[], message: string): void => {
    if (about.length === 0) return;
    const where = listResources(
      about.map(({ document }) => document),
      items,
    );
    verdicts.failures.push({
      id: `${check.policy}/${index}`,
      code: "evaluation",
      message: `${where}: ${message}`,
    });
  };
  const isUnsure = (row: KyvernoRow, index: number) =>
    unsure.documents.has(row.document) && unsure.has(index);
  const parts = check.validations.length > 0 ? check.validations : [undefined];
  const whole = rowsOf(check, rows, items).filter((row) => !parts.every((_, index) => isUnsure(row, index)));
  // The policy's match conditions leave the resource out, or could not be evaluated.
  const skipped = whole.filter(({ result }) => result === "skip");
  const failing = check.conditions.flatMap(({ name }) =>
    skipped.flatMap(({ document }) => {
      const row = rows.get(name)?.get(document);
      return row?.result === "error" ? [row] : [];
    }),
  );
  const letPass = (row: KyvernoRow | undefined) =>
    `${row?.message ?? ""} (failurePolicy Ignore lets it pass)`;
  fail(0, failing, letPass(failing[0]));
  const evaluated = whole.filter(({ result }) => result !== "skip");
  for (const row of evaluated)
    if (row.result === "pass" && !unsure.documents.has(row.document)) verdicts.matched.add(row.document);
  const refusing = evaluated.filter(({ result }) => result !== "pass");
  const unexplained = new Map(refusing.map((row) => [row.document, row]));
  for (const [index, part] of parts.entries()) {
    const lost: KyvernoRow[] = [];
    const ignored: KyvernoRow[] = [];
    const refused: KyvernoRow[] = [];
    const computing: KyvernoRow[] = [];
    for (const all of refusing) {
      if (isUnsure(all, index)) {
        unexplained.delete(all.document);
        continue;
      }
      const row = part ? rows.get(part.name)?.get(all.document) : all;
      // An expression that fails denies, where the policy says so; that is what the API server does.
      if (!row) lost.push(all);
      else if (row.result === "error" && isUncompiled(row)) refused.push(row);
      else if (row.result === "error" && check.hasDoubles && /no such overload/.test(row.message ?? ""))
        computing.push(row);
      else if (row.result === "error" && check.failurePolicy === "Ignore") ignored.push(row);
      else {
        if (row.result === "pass" && unsure.documents.has(row.document)) continue;
        verdicts.matched.add(row.document);
        if (row.result === "pass") continue;
        verdicts.statements.push(statementOf(check, index, row, auditWarn));
      }
      unexplained.delete(all.document);
    }
    fail(index, lost, "kyverno gives no verdict of this validation");
    fail(index, refused, `an API server refuses the policy: ${refused[0]?.message ?? ""}`);
    fail(index, ignored, letPass(ignored[0]));
    const doubles = "kyverno takes whole numbers of parameters for doubles, and so cannot compute with them";
    fail(index, computing, `${doubles}: ${computing[0]?.message ?? ""}`);
  }
  // Each validation for itself passes, and all together do not: they share what evaluation may cost.
  const together = [...unexplained.values()];
  const why = check.failurePolicy === "Ignore" ? letPass(together[0]) : (together[0]?.message ?? "");
  fail(0, together, why);
  return verdicts;
}

function isUncompiled({ message = "" }: KyvernoRow): boolean {
  return /^compilation error/.test(message);
}

function statementOf(
  check: AdmissionCheck,
  index: number,
  { message = "", document }: KyvernoRow,
  auditWarn: boolean,
): PolicyStatement {
  const isDenied = check.actions.includes("Deny") || (!check.actions.includes("Warn") && !auditWarn);
  return {
    status: isDenied ? "failed" : "warned",
    ...{ policy: check.policy, rule: `${check.policy}/${index + 1}`, document },
    message: message || "the policy gives no message",
  };
}

/**
 * Reasons why a policy says nothing of resources that it is about: an API server converts what is applied in another
 * version to the one the policy names (matchPolicy Equivalent, the default), and the CLI leaves it out.
 */
function otherVersions(policy: JsonObject, items: Batch["items"]): string[] {
  const spec = isObject(policy.spec) ? policy.spec : {};
  const constraints = isObject(spec.matchConstraints) ? spec.matchConstraints : {};
  if (constraints.matchPolicy === "Exact" || !Array.isArray(constraints.resourceRules)) return [];
  const rules = constraints.resourceRules.filter(isObject);
  const reasons = new Set<string>();
  for (const { resource } of items) {
    const { group, version, kind } = resource.id;
    const about = rules.filter(
      (rule) =>
        namesAny(rule.apiGroups, [group]) &&
        namesAny(rule.operations, ["CREATE"]) &&
        namesAny(rule.resources, plurals(kind)),
    );
    if (about.length === 0 || about.some((rule) => namesAny(rule.apiVersions, [version]))) continue;
    reasons.add(
      `${kind} is rendered as ${group}/${version}, and only an API server converts it to what the policy names`,
    );
  }
  return [...reasons].sort();
}

function namesAny(list: unknown, names: readonly string[]): boolean {
  return Array.isArray(list) && list.some((each) => each === "*" || names.includes(String(each)));
}

/** What the resources of a kind may be called in a URL. */
function plurals(kind: string): string[] {
  const singular = kind.toLowerCase();
  return [`${singular}s`, `${singular}es`, singular.replace(/y$/, "ies")];
}

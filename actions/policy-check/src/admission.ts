import type {
  AdmissionCheck,
  KyvernoRow,
  PolicyFailure,
  PolicyOutcome,
  PolicyStatement,
} from "@gitops-actions/engine";
import type { Batch, PolicyObject } from "@gitops-actions/fleet";
import { isObject, type JsonObject } from "@gitops-actions/manifest";
import { annotationsOf, countStatements, listResources } from "./engines.ts";
import { unknownLabels } from "./namespaces.ts";

/** What came of one validation for the resources it is about. */
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
  checks: readonly AdmissionCheck[],
  rows: readonly KyvernoRow[],
  batch: Batch,
  batches: readonly Batch[],
  auditWarn: boolean,
): void {
  const byPolicy = Map.groupBy(rows, ({ policy }) => policy);
  for (const { resource } of policies) {
    const { name } = resource.id;
    const own = checks.filter(({ policy }) => policy === name);
    const all = own.map((check) => verdictsOf(check, byPolicy, batch.items, auditWarn));
    const about = annotationsOf(resource.value);
    const statements = all.flatMap((each) =>
      each.statements.map((statement) => ({ ...statement, ...about })),
    );
    const matched = new Set(all.flatMap((each) => [...each.matched]));
    outcome.statements.push(...statements);
    outcome.failures.push(...all.flatMap((each) => each.failures));
    const count = countStatements(name, batch.items.length, matched.size, statements);
    const unknown = [
      ...unknownLabels(resource.value, batch, batches),
      ...otherVersions(resource.value, batch.items),
    ];
    outcome.counts.push({ ...count, notEvaluated: unknown });
  }
}

function verdictsOf(
  check: AdmissionCheck,
  byPolicy: ReadonlyMap<string, KyvernoRow[]>,
  items: Batch["items"],
  auditWarn: boolean,
): Verdicts {
  const passing = check.matches.map(
    (match) =>
      new Set(
        (byPolicy.get(match) ?? []).flatMap(({ result, document }) => (result === "pass" ? [document] : [])),
      ),
  );
  const rows = new Map((byPolicy.get(check.validates) ?? []).map((row) => [row.document, row]));
  const verdicts: Verdicts = { statements: [], failures: [], matched: new Set() };
  const lost: number[] = [];
  const ignored: KyvernoRow[] = [];
  const refused: KyvernoRow[] = [];
  const unsure = new Map(
    check.conditions.flatMap((condition) =>
      (byPolicy.get(condition) ?? []).flatMap((row) =>
        row.result === "error" ? [[row.document, row] as const] : [],
      ),
    ),
  );
  for (const [document, { resource }] of items.entries()) {
    if (check.namespace !== undefined && resource.id.namespace !== check.namespace) continue;
    if (!passing.every((documents) => documents.has(document))) continue;
    const row = rows.get(document);
    if (!row) lost.push(document);
    // The policy's match conditions leave the resource out.
    if (unsure.has(document)) ignored.push(unsure.get(document)!);
    if (!row || row.result === "skip" || unsure.has(document)) continue;
    // An expression that fails denies, where the policy says so; that is what the API server does.
    if (row.result === "error" && isUncompiled(row)) refused.push(row);
    else if (row.result === "error" && check.failurePolicy === "Ignore") ignored.push(row);
    else {
      verdicts.matched.add(document);
      if (row.result !== "pass") verdicts.statements.push(statementOf(check, row, auditWarn));
    }
  }
  const fail = (documents: readonly number[], message: string): void => {
    if (documents.length === 0) return;
    const where = listResources(documents, items);
    verdicts.failures.push({
      id: `${check.policy}/${check.index}`,
      code: "evaluation",
      message: `${where}: ${message}`,
    });
  };
  fail(lost, "kyverno gives no verdict of this validation");
  fail(
    refused.map(({ document }) => document),
    `an API server refuses the policy: ${refused[0]?.message ?? ""}`,
  );
  const why = `${ignored[0]?.message ?? ""} (failurePolicy Ignore lets it pass)`;
  fail(
    ignored.map(({ document }) => document),
    why,
  );
  return verdicts;
}

function isUncompiled({ message = "" }: KyvernoRow): boolean {
  return /^compilation error/.test(message);
}

function statementOf(
  check: AdmissionCheck,
  { message = "", document }: KyvernoRow,
  auditWarn: boolean,
): PolicyStatement {
  const isDenied = check.actions.includes("Deny") || (!check.actions.includes("Warn") && !auditWarn);
  return {
    status: isDenied ? "failed" : "warned",
    ...{ policy: check.policy, rule: `${check.policy}/${check.index + 1}`, document },
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

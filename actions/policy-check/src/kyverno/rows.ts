import type { KyvernoRow, PolicyStatement } from "@gitops-actions/engine";
import type { Batch, PolicyObject } from "@gitops-actions/fleet";
import type { JsonObject } from "@gitops-actions/manifest";
import { annotationsOf, listResources } from "../engines.ts";
import { toPointer } from "../pointer.ts";
import { nameOf } from "../policies/names.ts";

/** What the CLI says of one policy. */
export function rowsOf({ resource }: PolicyObject, rows: readonly KyvernoRow[]): KyvernoRow[] {
  const { name, namespace } = resource.id;
  return rows.filter((row) => row.policy === name || row.policy === `${namespace}/${name}`);
}

/** A rule as its author named it: what the CLI makes of it for workloads has a name of its own. */
export function ruleOf({ rule = "" }: KyvernoRow): string {
  return rule.replace(/^autogen-(?:cronjob-)?/, "");
}

/** The resources that rows are about, for people. */
export function listOf(rows: readonly KyvernoRow[], items: Batch["items"]): string {
  return listResources(
    rows.map(({ document }) => document),
    items,
  );
}

/** Whether a row says that a rule could not be evaluated. */
export function isError(row: KyvernoRow): boolean {
  return row.result === "error" || isUncompiled(row);
}

/** A rule in CEL that does not compile is a violation of every resource to the CLI (pkg/engine/handlers/validation/validate_cel.go). */
export function isUncompiled({ message = "" }: KyvernoRow): boolean {
  return message.startsWith("compilation error: ");
}

const statuses = { fail: "failed", warn: "warned", skip: "waived" } as const;

/** What a row says, if anything. */
export function statementOf(
  row: KyvernoRow,
  policy: PolicyObject,
  exceptions: readonly PolicyObject[],
): PolicyStatement[] {
  const { result, rule, message = "", properties = {}, document, severity } = row;
  if (result === "pass" || result === "error") return [];
  // A rule whose preconditions do not hold has nothing to say either; only an exception lets something be.
  if (result === "skip" && !isExcepted(row)) return [];
  const annotations = ((policy.resource.value.metadata ?? {}) as JsonObject).annotations as
    | JsonObject
    | undefined;
  const at = /rule \S+ failed at path (\S+)/.exec(message)?.[1];
  const field = at && toPointer(at);
  const index = properties["cel.validationIndex"];
  const own = rule === undefined ? index : ruleOf(row);
  const level = severity ?? annotations?.["policies.kyverno.io/severity"];
  return [
    {
      status: isDenied(policy, result) ? "failed" : statuses[result],
      policy: nameOf(policy),
      rule: own === undefined ? nameOf(policy) : `${nameOf(policy)}/${own}`,
      document,
      message: cleanMessage(message),
      ...(field && { field }),
      ...(result === "skip" && { waivedBy: exceptionsOf(row, exceptions) }),
      ...(typeof level === "string" && { severity: level }),
      ...annotationsOf(policy.resource.value),
    },
  ];
}

/** Whether an exception lets be what a row is about. */
export function isExcepted({ result, message = "", properties = {} }: KyvernoRow): boolean {
  return result === "skip" && (properties.exceptions !== undefined || /exception/i.test(message));
}

/** The exceptions that a row names: by their names alone, so that of namesakes all are meant. */
function exceptionsOf({ properties = {} }: KyvernoRow, exceptions: readonly PolicyObject[]): string {
  const names = (properties.exceptions ?? "").split(/,\s*/);
  const found = exceptions.filter(({ resource }) => names.includes(resource.id.name)).map(nameOf);
  return `PolicyException ${(found.length > 0 ? found : names).sort().join(", ")}`;
}

/** Of ValidatingPolicies the CLI calls everything an audit, whatever their actions are. */
function isDenied({ resource }: PolicyObject, result: KyvernoRow["result"]): boolean {
  const { validationActions } = (resource.value.spec ?? {}) as JsonObject;
  if (result !== "warn" || resource.id.group !== "policies.kyverno.io") return false;
  return !Array.isArray(validationActions) || validationActions.includes("Deny");
}

function cleanMessage(message: string): string {
  return (
    message
      .replace(/^validation (?:error|failure): /, "")
      .replace(/\.? ?rule \S+ failed at path \S+$/, "")
      .trim() || "the policy gives no message"
  );
}

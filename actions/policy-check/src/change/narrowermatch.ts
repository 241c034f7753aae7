import type { FoundPolicies, PolicyObject } from "@gitops-actions/fleet";
import { isObject, type Json, type JsonObject, writeJson } from "@gitops-actions/manifest";
import { isConstraint } from "../gatekeeper/constraints.ts";

/**
 * For each constraint of Gatekeeper that a change leaves in place, by its name in reports, the fields of `match` that leave
 * out more than they did. It tells by what is written, so it holds where labels are unknown, and for what is not there yet.
 */
export function narrowerMatches(base: FoundPolicies, head: FoundPolicies): Map<string, string[]> {
  const nameOf = ({ resource: { id } }: PolicyObject) => `gatekeeper ${id.kind}/${id.name}`;
  const before = new Map(base.gatekeeper.filter(isConstraint).map((each) => [nameOf(each), each] as const));
  return new Map(
    head.gatekeeper.filter(isConstraint).flatMap((each) => {
      const old = before.get(nameOf(each));
      const fields = old ? narrowerFields(matchOf(old), matchOf(each)) : [];
      return fields.length > 0 ? [[nameOf(each), fields] as const] : [];
    }),
  );
}

function matchOf({ resource }: PolicyObject): JsonObject {
  const { spec } = resource.value;
  return isObject(spec) && isObject(spec.match) ? spec.match : {};
}

/** Fields of a match that leave out something which the match before did not. */
function narrowerFields(before: JsonObject, after: JsonObject): string[] {
  const isLess: Record<string, (a: Json | undefined, b: Json | undefined) => boolean> = {
    kinds: (a, b) => losesPairs(kindsOf(a), kindsOf(b)),
    namespaces: (a, b) => losesAny(listOf(a), listOf(b)),
    excludedNamespaces: (a, b) => hasMore(listOf(a), listOf(b)),
    labelSelector: (a, b) => hasMore(requirementsOf(a), requirementsOf(b), isImplied),
    namespaceSelector: (a, b) => hasMore(requirementsOf(a), requirementsOf(b), isImplied),
    name: (a, b) => isChosen(b) && b !== a,
    scope: (a, b) => isChosen(b) && b !== a,
    source: (a, b) => isChosen(b) && b !== a,
  };
  return Object.keys(isLess).filter((field) => isLess[field]!(before[field], after[field]));
}

/** Whether a field says anything: these words stand for all. */
function isChosen(value: Json | undefined): boolean {
  return value !== undefined && value !== null && !["", "*", "All"].includes(String(value));
}

/** An empty list means all, and `*` too. */
function losesAny(before: readonly string[], after: readonly string[]): boolean {
  if (after.length === 0 || after.includes("*")) return false;
  return before.length === 0 || before.some((each) => !after.some((other) => isCovered(each, other)));
}

function losesPairs(before: readonly string[], after: readonly string[]): boolean {
  if (after.length === 0) return false;
  const wide = before.length === 0 ? ["*/*"] : before;
  const covers = (wanted: string, given: string) => {
    const [group, kind] = wanted.split("/");
    const [otherGroup, otherKind] = given.split("/");
    return (otherGroup === "*" || otherGroup === group) && (otherKind === "*" || otherKind === kind);
  };
  return wide.some((each) => !after.some((other) => covers(each, other)));
}

function hasMore<Item>(
  before: readonly Item[],
  after: readonly Item[],
  isKnown: (wanted: Item, before: readonly Item[]) => boolean = (wanted, all) =>
    all.some((each) => isCovered(String(wanted), String(each))),
): boolean {
  return after.some((each) => !isKnown(each, before));
}

/** Whether one name, with `*` at an end, stands for all that another does. */
function isCovered(name: string, other: string): boolean {
  if (name === other || other === "*") return true;
  const bare = name.replaceAll("*", "");
  if (other.startsWith("*") && other.endsWith("*")) return bare.includes(other.slice(1, -1));
  if (other.endsWith("*")) return !name.startsWith("*") && bare.startsWith(other.slice(0, -1));
  return other.startsWith("*") && !name.endsWith("*") && bare.endsWith(other.slice(1));
}

function listOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** `group/kind` for each that a list of kinds names. */
function kindsOf(value: Json | undefined): string[] {
  const all = (list: Json | undefined) => (listOf(list).length > 0 ? listOf(list) : ["*"]);
  return (Array.isArray(value) ? value.filter(isObject) : []).flatMap(({ apiGroups, kinds }) =>
    all(apiGroups).flatMap((group) => all(kinds).map((kind) => `${group}/${kind}`)),
  );
}

interface Requirement {
  key: string;
  operator: string;
  values: string[];
}

/** What a selector asks of labels; all of it must hold. */
function requirementsOf(value: Json | undefined): Requirement[] {
  const { matchLabels, matchExpressions } = isObject(value) ? value : {};
  return [
    ...Object.entries(isObject(matchLabels) ? matchLabels : {}).map(([key, label]) => ({
      ...{ key, operator: "In", values: [String(label)] },
    })),
    ...(Array.isArray(matchExpressions) ? matchExpressions.filter(isObject) : []).map((each) => ({
      ...{ key: String(each.key), operator: String(each.operator), values: listOf(each.values) },
    })),
  ];
}

/** Whether requirements hold a wanted one already. */
function isImplied(wanted: Requirement, all: readonly Requirement[]): boolean {
  return all.some(({ key, operator, values }) => {
    if (key !== wanted.key) return false;
    if (operator === "In" && wanted.operator === "Exists") return true;
    if (operator !== wanted.operator) return false;
    const [less, more] = operator === "NotIn" ? [wanted.values, values] : [values, wanted.values];
    return writeJson(values) === writeJson(wanted.values) || less.every((each) => more.includes(each));
  });
}

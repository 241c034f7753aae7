import type { PolicyObject } from "@gitops-actions/fleet";
import { isObject, type Json, type JsonObject, writeJson } from "@gitops-actions/manifest";
import { namesKind, needsLabels } from "./namespaces.ts";

/** How labels of a resource's namespace decide what a rule says of it. */
export type Hold = "verdict" | "action" | undefined;

const overrides = ["failureActionOverrides", "validationFailureActionOverrides"];

/**
 * What labels of namespaces decide about resources of a kind: whether a rule is about them and what it says, or no more
 * than whether a violation is refused. `rule` is a rule's name; a policy without rules is one itself.
 */
export function labelsHold(policy: JsonObject, rule: string, kind: string): Hold {
  const spec = isObject(policy.spec) ? policy.spec : {};
  if (!Array.isArray(spec.rules)) {
    const about = writeJson(spec.matchConstraints ?? spec);
    return needsLabels(spec) && namesKind(about, kind) ? "verdict" : undefined;
  }
  const own = spec.rules.filter(isObject).find(({ name }) => name === rule);
  if (!own || !namesKind(writeJson(own.match ?? null), kind)) return undefined;
  const { match, exclude, ...rest } = own;
  const selects = [...filtersOf(match), ...filtersOf(exclude)].some((filter) => isAbout(filter, kind));
  if (selects || needsLabels(withoutOverrides(rest))) return "verdict";
  const actions = [spec.validationFailureActionOverrides, isObject(rest.validate) && rest.validate];
  return actions.some((each) => each && needsLabels(each)) ? "action" : undefined;
}

/** Names of a policy's rules; "" for one that has none. */
export function rulesOf(policy: JsonObject): string[] {
  const spec = isObject(policy.spec) ? policy.spec : {};
  if (!Array.isArray(spec.rules)) return [""];
  return spec.rules.filter(isObject).map(({ name }) => String(name ?? ""));
}

/**
 * The PolicyException that labels of a namespace decide about, for a policy's rule and resources of a kind: with them
 * unknown nobody knows what it waives.
 */
export function unsureException(
  exceptions: readonly PolicyObject[],
  policy: PolicyObject,
  rule: string,
  kind: string,
): PolicyObject | undefined {
  return exceptions.find(({ resource }) => {
    const spec = isObject(resource.value.spec) ? resource.value.spec : {};
    if (!isFor(spec, policy, rule)) return false;
    const { match, ...rest } = spec;
    return filtersOf(match).some((filter) => isAbout(filter, kind)) || needsLabels(rest);
  });
}

function isFor(spec: JsonObject, { resource }: PolicyObject, rule: string): boolean {
  const { name, namespace, kind } = resource.id;
  const names = [name, `${namespace}/${name}`];
  const lists = (value: Json | undefined): JsonObject[] =>
    Array.isArray(value) ? value.filter(isObject) : [];
  return (
    lists(spec.policyRefs).some((each) => each.name === name && (each.kind ?? kind) === kind) ||
    lists(spec.exceptions).some(
      ({ policyName, ruleNames }) =>
        names.includes(String(policyName)) &&
        (Array.isArray(ruleNames) ? ruleNames : []).some((each) => isLike(String(each), rule)),
    )
  );
}

/** Names of rules may have wildcards, and may be those that Kyverno makes for workloads. */
function isLike(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/^autogen-(?:cronjob-)?/, "")
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${source}$`).test(name);
}

/** The filters of a match or an exclusion: `any`, `all`, and the old form that is one itself. */
export function filtersOf(block: Json | undefined): JsonObject[] {
  if (!isObject(block)) return [];
  const { any, all, ...own } = block;
  return [any, all, [own]].flatMap((list) => (Array.isArray(list) ? list.filter(isObject) : []));
}

/** Whether a filter selects by labels of namespaces, and may mean resources of a kind. */
function isAbout(filter: JsonObject, kind: string): boolean {
  const { resources } = filter;
  const kinds = isObject(resources) ? resources.kinds : undefined;
  return needsLabels(filter) && (!Array.isArray(kinds) || namesKind(writeJson(kinds), kind));
}

function withoutOverrides(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, child]) =>
      overrides.includes(key) ? [] : [[key, isObject(child) ? withoutOverrides(child) : child]],
    ),
  );
}

import { isObject, type Json, type JsonObject, writeJson } from "@gitops-actions/manifest";
import { asksOtherOperation } from "./celoperations.ts";

/**
 * What of a policy has nothing to say of a creation, which everything rendered is taken for: parts that are asked of
 * updates and deletions only, and what compares with the object as it was. One text for each; a policy is no verdict on
 * these. `bindings` are a ValidatingAdmissionPolicy's own.
 */
export function beyondCreation(policy: JsonObject, bindings: readonly JsonObject[] = []): string[] {
  const spec = isObject(policy.spec) ? policy.spec : {};
  if (Array.isArray(spec.rules)) return spec.rules.filter(isObject).flatMap(ofRule);
  const own = ofConstraints(spec.matchConstraints, "it");
  if (own.length > 0 && isNeverAsked(spec.matchConstraints)) return own;
  const narrowed = bindings.flatMap((binding) => {
    const { matchResources } = isObject(binding.spec) ? binding.spec : {};
    return ofConstraints(matchResources, `its binding ${nameOf(binding)}`);
  });
  return [...own, ...narrowed, ...ofExpressions(spec, "")];
}

function nameOf({ metadata }: JsonObject): string {
  return isObject(metadata) ? String(metadata.name) : "";
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function isCreated({ operations }: JsonObject): boolean {
  const all = texts(operations);
  return all.length === 0 || all.includes("CREATE") || all.includes("*");
}

function isNeverAsked(constraints: Json | undefined): boolean {
  const rules = isObject(constraints) ? objects(constraints.resourceRules) : [];
  return rules.length > 0 && !rules.some(isCreated);
}

/** Resources of rules that leave creations out, where no other rule takes them in. */
function ofConstraints(constraints: Json | undefined, what: string): string[] {
  const rules = isObject(constraints) ? objects(constraints.resourceRules) : [];
  const asked = new Set(rules.filter(isCreated).flatMap(({ resources }) => texts(resources)));
  const others = rules.filter((rule) => !isCreated(rule));
  const resources = others.flatMap((rule) => texts(rule.resources)).filter((name) => !asked.has(name));
  if (resources.length === 0) return [];
  const operations = [...new Set(others.flatMap((rule) => texts(rule.operations)))].join(", ");
  return [`${what} is about ${operations} of ${[...new Set(resources)].join(", ")}`];
}

/** CEL of a policy, or of a Kyverno rule. */
function ofExpressions(spec: JsonObject, what: string): string[] {
  const { validations, matchConditions, variables } = spec;
  const named = (list: Json | undefined, name: string) =>
    objects(list).map(({ expression }, index) => ({
      name: `${name} ${index + 1}`,
      text: String(expression),
    }));
  const found: string[] = [];
  for (const { name, text } of [
    ...named(validations, "validation"),
    ...named(matchConditions, "match condition"),
    ...named(variables, "variable"),
  ]) {
    if (/(?<![.\w])oldObject\b/.test(text))
      found.push(`${what}${name} compares with the object as it was (oldObject)`);
    else if (asksOtherOperation(text, name.startsWith("match")))
      found.push(`${what}${name} is about another operation (request.operation)`);
  }
  return found;
}

function ofRule(rule: JsonObject): string[] {
  const what = `rule ${String(rule.name ?? "")}`;
  const filters = otherFilters(rule.match);
  const own = filters ? [`${what} is about ${filters.what}`] : [];
  return filters?.whole ? own : [...own, ...ofChecks(rule, what)];
}

function ofChecks(rule: JsonObject, what: string): string[] {
  const validate = isObject(rule.validate) ? rule.validate : {};
  const { message: _, cel, ...checks } = validate;
  if (holds(rule.preconditions) === false || loops(validate).some((each) => each === false))
    return [`${what} is about another operation (request.operation)`];
  // What stands in for an object that is not there is no comparison.
  const text = writeJson([checks, rule.preconditions ?? null, rule.context ?? null]);
  if (/request\.oldObject\b/.test(text.replace(/\|\|\s*request\.oldObject\b/g, "")))
    return [`${what} compares with the object as it was (request.oldObject)`];
  const inCel = isObject(cel)
    ? { validations: cel.expressions ?? null, variables: cel.variables ?? null }
    : {};
  return ofExpressions({ ...inCel, matchConditions: rule.celPreconditions ?? null }, `${what}: `);
}

/** Filters of a match that never take a creation in, of kinds that no other takes in; `whole`: none does. */
function otherFilters(match: Json | undefined): { whole: boolean; what: string } | undefined {
  if (!isObject(match)) return undefined;
  const resources = (list: Json | undefined): JsonObject[] =>
    objects(list).map((filter) => (isObject(filter.resources) ? filter.resources : {}));
  const any = resources(match.any);
  const needed = [...resources(match.all), ...resources([match])].filter((one) => !isCreated(one));
  const taken = new Set(any.filter(isCreated).flatMap(({ kinds }) => texts(kinds)));
  const others = any.filter((each) => !isCreated(each));
  const left =
    needed.length > 0 ? needed : others.filter(({ kinds }) => texts(kinds).some((kind) => !taken.has(kind)));
  if (left.length === 0) return undefined;
  const listed = (key: string) => [...new Set(left.flatMap((each) => texts(each[key])))].join(", ");
  return {
    whole: needed.length > 0 || others.length === any.length,
    what: `${listed("operations")} of ${listed("kinds")}`,
  };
}

/** What conditions of a rule and of its loops come to for a creation, as far as it is known. */
function loops(validate: JsonObject): (boolean | undefined)[] {
  const deny = isObject(validate.deny) ? [denies(validate.deny.conditions)] : [];
  const inner = objects(validate.foreach).flatMap((each) => [holds(each.preconditions), ...loops(each)]);
  return [...deny, ...inner];
}

/** Of alternatives to deny for, one that no creation meets is a part that says nothing. */
function denies(conditions: Json | undefined): boolean | undefined {
  if (isObject(conditions) && objects(conditions.any).some((each) => truth(each) === false)) return false;
  return holds(conditions);
}

/** Whether conditions hold for a creation: true, false, or undefined where something else decides. */
function holds(conditions: Json | undefined): boolean | undefined {
  // Conditions by themselves must all hold, in the old form.
  const { any, all } = isObject(conditions) ? conditions : { all: conditions ?? null, any: null };
  const either = objects(any).map(truth);
  const each = objects(all).map(truth);
  if (each.includes(false) || (either.length > 0 && either.every((one) => one === false))) return false;
  return undefined;
}

/** What a condition on `request.operation` comes to for a creation; undefined for any other. */
function truth({ key, operator, value }: JsonObject): boolean | undefined {
  if (!/^\{\{\s*request\.operation\s*(?:\|\|[^|{}]*)?\}\}$/.test(String(key))) return undefined;
  const values = Array.isArray(value) ? value.map(String) : [String(value)];
  if (values.some((each) => /[{*?]/.test(each))) return undefined;
  const isIn = values.includes("CREATE");
  if (/^(?:Equals?|In|AnyIn|AllIn)$/.test(String(operator))) return isIn;
  if (/^(?:NotEquals?|NotIn|AnyNotIn|AllNotIn)$/.test(String(operator))) return !isIn;
  return undefined;
}

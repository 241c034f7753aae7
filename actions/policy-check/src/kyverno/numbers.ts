import type { PolicyObject } from "@gitops-actions/fleet";
import { isObject, type Json, type JsonObject, writeJson } from "@gitops-actions/manifest";

/** Policies for one start of the CLI. */
export interface NumberGroup {
  policies: PolicyObject[];
  /** Whether whole numbers are integers to them, as CEL wants, or doubles, as JMESPath does. */
  wholeNumbers: boolean;
}

/**
 * One start for all policies, or one for CEL and one for the others where both are there and some expression would take
 * an integer for something else than a double. Rules of one policy may go to both.
 */
export function byNumbers(policies: readonly PolicyObject[]): NumberGroup[] {
  const cel = policies.flatMap((policy) => withRules(policy, true));
  const others = policies.flatMap((policy) => withRules(policy, false));
  const both = cel.length > 0 && others.length > 0;
  if (both && cel.some(({ resource }) => needsIntegers(resource.value)))
    return [
      { policies: others, wholeNumbers: false },
      { policies: cel, wholeNumbers: true },
    ];
  return [{ policies: [...policies], wholeNumbers: cel.length > 0 && !both }];
}

/** A policy with its rules in CEL, or the others; nothing where it has none of these. */
function withRules(policy: PolicyObject, isCel: boolean): PolicyObject[] {
  const { resource } = policy;
  const { spec } = resource.value;
  if (!isObject(spec) || !Array.isArray(spec.rules)) return isCel ? [policy] : [];
  const rules = spec.rules.filter((rule) => inCel(rule) === isCel);
  if (rules.length === spec.rules.length) return [policy];
  const value = { ...resource.value, spec: { ...spec, rules } };
  return rules.length === 0 ? [] : [{ ...policy, resource: { ...resource, value, text: writeJson(value) } }];
}

function inCel(rule: Json): boolean {
  return isObject(rule) && isObject(rule.validate) && "cel" in rule.validate;
}

/** Functions and macros to which a double is as good as an integer. */
const indifferent = new Set(
  `has size exists all exists_one map filter in startsWith endsWith contains matches split join trim lowerAscii upperAscii
  replace orValue optMap optFlatMap hasValue optional of none isSorted dyn sets quantity isQuantity isGreaterThan isLessThan
  compareTo isURL url getHost getScheme cidr ip isCIDR isIP containsIP containsCIDR`.split(/\s+/),
);

/** Whether some expression computes with numbers, turns them into texts, or asks for their type: where doubles differ. */
function needsIntegers(policy: JsonObject): boolean {
  return expressionsIn(policy).some((text) => {
    const code = text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, "''");
    const isCalled = [...code.matchAll(/\b(\w+)\s*\(/g)].some(([, name]) => !indifferent.has(name!));
    // A sum of texts is not told from one of numbers.
    return isCalled || /[-+*/%]/.test(code) || /\[\s*[A-Za-z_]/.test(code);
  });
}

function expressionsIn(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(expressionsIn);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    /expression$/i.test(key) && typeof child === "string" ? [child] : expressionsIn(child),
  );
}

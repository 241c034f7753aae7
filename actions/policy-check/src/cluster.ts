import { isObject, type Json, type JsonObject, writeJson } from "@gitops-actions/manifest";
import { readValues } from "./namespaces.ts";

/** Something that manifests do not tell, and why a verdict that needs it is none. */
export interface Need {
  code: "needs-cluster" | "needs-request";
  message: string;
}

/** What the rules of a Kyverno policy need besides manifests; "" stands for all of a policy that has no rules. */
export type Needs = ReadonlyMap<string, Need>;

/** Entries of a rule's context for which the CLI asks a client: without a cluster, one that knows only what it was given. */
const asking = {
  apiCall: "an API call",
  globalReference: "a global context entry",
  imageRegistry: "an image registry",
} as const;

/** CEL libraries of Kyverno that look at a cluster, a registry or the network. */
const library = /\b(resource|globalcontext|http|image|imagedata)\s*\.\s*(?:get\w*|list|post)\s*\(/i;

/** Fields of a request that say who asks. */
const asker =
  /\brequest\.(?:userInfo|roles|clusterRoles)\b|\bserviceAccountName(?:space)?\b *[|}]|\bauthorizer\./;

/**
 * Finds what of a policy cannot be answered from manifests. The CLI does answer: from a made-up cluster that holds the
 * resources it was given, so that a list is shorter than the real one and a limit is never reached, and for a user who
 * has no name. `values` are those of the person, who may say who asks.
 */
export function needsOf(policy: JsonObject, values = ""): Needs {
  const spec = isObject(policy.spec) ? policy.spec : {};
  if (!Array.isArray(spec.rules)) {
    const need = needOf(spec, values);
    return new Map(need ? [["", need]] : []);
  }
  const needs = new Map<string, Need>();
  for (const rule of spec.rules) {
    const need = isObject(rule) ? needOf(rule, values) : undefined;
    if (need && isObject(rule)) needs.set(String(rule.name ?? ""), need);
  }
  return needs;
}

function needOf(rule: JsonObject, values: string): Need | undefined {
  const entry = contextsIn(rule).find((each) => Object.keys(asking).some((key) => key in each));
  const kind = entry && (Object.keys(asking) as (keyof typeof asking)[]).find((key) => key in entry);
  const found = kind ? `${asking[kind]} (${String(entry.name)})` : libraryIn(rule);
  if (found)
    return {
      code: "needs-cluster",
      message: `it asks for ${found}, which only a cluster can answer. Give the value (values-file), or leave this to the cluster`,
    };
  const who = asker.exec(writeJson(rule))?.[0].replace(/\W+$/, "") ?? selectedAsker(rule.match ?? null);
  if (!who || values.includes(who)) return undefined;
  return {
    code: "needs-request",
    message: `it depends on who asks (${who}), which manifests do not say. Give the value (values-file), or leave this to the cluster`,
  };
}

/** `subjects`, `roles` or `clusterRoles` where a rule says what it is about. */
function selectedAsker(value: Json): string | undefined {
  if (Array.isArray(value)) return value.map(selectedAsker).find((each) => each !== undefined);
  if (!isObject(value)) return undefined;
  for (const [key, child] of Object.entries(value)) {
    if (["subjects", "roles", "clusterRoles"].includes(key) && Array.isArray(child) && child.length > 0)
      return key;
    if (key === "resources") continue;
    const found = selectedAsker(child);
    if (found) return found;
  }
  return undefined;
}

function libraryIn(value: Json): string | undefined {
  if (typeof value === "string") {
    const found = library.exec(value)?.[0];
    return found && `${found})`;
  }
  const children = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  for (const child of children) {
    const found = libraryIn(child);
    if (found) return found;
  }
  return undefined;
}

/** The entries of every context of a rule: its own, and those of loops. */
function contextsIn(value: Json): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(contextsIn);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    key === "context" && Array.isArray(child) ? child.filter(isObject) : contextsIn(child),
  );
}

/**
 * A policy whose context entries have the values that a person gave for them (`kind: Values`): the CLI takes such values
 * for its tests, and asks all the same when it applies.
 */
export function answerFromValues(policy: JsonObject, values: string | undefined): JsonObject {
  const given = readValues(values);
  const name = isObject(policy.metadata) ? policy.metadata.name : undefined;
  const spec = policy.spec;
  if (!given || !isObject(spec) || !Array.isArray(spec.rules)) return policy;
  const own = objectsIn(given.policies).find((each) => each.name === name);
  const rules = spec.rules.map((rule) => {
    if (!isObject(rule)) return rule;
    const ruleValues = objectsIn(own?.rules).find((each) => each.name === rule.name)?.values;
    return answer(rule, {
      ...(isObject(given.globalValues) && given.globalValues),
      ...(isObject(ruleValues) && ruleValues),
    }) as JsonObject;
  });
  return { ...policy, spec: { ...spec, rules } };
}

function objectsIn(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function answer(value: Json, values: JsonObject): Json {
  if (Array.isArray(value)) return value.map((each) => answer(each, values));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      key,
      key === "context" && Array.isArray(child)
        ? child.map((entry) => (isObject(entry) ? answerEntry(entry, values) : entry))
        : answer(child, values),
    ]),
  );
}

/** `dictionary.data.env: test` is a field of the entry `dictionary`. */
function answerEntry(entry: JsonObject, values: JsonObject): JsonObject {
  const name = String(entry.name ?? "");
  if ("variable" in entry) return entry;
  if (name in values) return { name, variable: { value: values[name]! } };
  const fields = Object.entries(values).filter(([key]) => key.startsWith(`${name}.`));
  if (fields.length === 0) return entry;
  const value: JsonObject = {};
  for (const [key, text] of fields) setField(value, key.slice(name.length + 1).split("."), text);
  return { name, variable: { value } };
}

function setField(target: JsonObject, [first = "", ...rest]: string[], value: Json): void {
  if (rest.length === 0) target[first] = value;
  else {
    const child = target[first];
    const next: JsonObject = isObject(child) ? child : {};
    target[first] = next;
    setField(next, rest, value);
  }
}

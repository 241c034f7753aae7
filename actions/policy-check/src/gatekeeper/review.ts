import { isObject, type Json, type JsonObject } from "@gitops-actions/manifest";
import { type Reading, readingOf } from "./requestfields.ts";
import { tokensOf } from "./tokens.ts";

/**
 * Fields of a request that gator fills (unstructuredToAdmissionRequest in Gatekeeper's pkg/target/target.go), and those
 * that a request to create something leaves as empty as it does.
 */
const filled = new Set([
  "kind",
  "name",
  "namespace",
  "object",
  "oldObject",
  "subResource",
  "requestSubResource",
]);

/**
 * What a ConstraintTemplate decides by and gator leaves empty, so that its rule never holds: who asks, in which operation,
 * and the namespace with its labels. Undefined for one that looks at the object alone. `constraints` are those of its
 * kind: a parameter may hold what it asks for.
 */
export function reviewNeed(
  template: JsonObject,
  constraints: readonly JsonObject[] = [],
): string | undefined {
  const { rego, cel } = codeOf(template);
  const given = constraints.flatMap(({ spec }) => (isObject(spec) ? textsOf(spec.parameters ?? null) : []));
  const modules = rego.map((text) => tokensOf(text, "rego"));
  const expressions = cel.map((text) => tokensOf(text, "cel"));
  const roots = new Set(
    expressions.flatMap((tokens) =>
      tokens.flatMap(({ kind, value }, index) =>
        kind === "name" && !tokens[index - 1]?.value.startsWith(".") ? [value] : [],
      ),
    ),
  );
  if (roots.has("authorizer")) return "it depends on who asks (authorizer), which manifests do not say";
  const texts = [...modules, ...expressions].flat().filter(({ kind }) => kind === "text");
  const words = [...texts.map(({ value }) => value), ...given];
  const readings = [readingOf(modules, "rego", given), readingOf(expressions, "cel", given)];
  if (roots.has("namespaceObject") || readings.some(({ fields }) => fields.has("namespaceObject")))
    return "it reads namespaceObject, which gator leaves empty. Select namespaces in the constraint (namespaceSelector), or leave this to the cluster";
  for (const reading of readings) {
    const need = needOf(reading, words);
    if (need !== undefined) return need;
  }
  return undefined;
}

function needOf({ fields, isComputed, operation }: Reading, words: readonly string[]): string | undefined {
  const field = [...fields].sort().find((name) => name !== "operation" && !filled.has(name));
  if (field) return `it depends on the request (${field}), which manifests do not have`;
  if (isComputed)
    return "it looks for a field of the request by a name that is known only when it runs, and most of a request is not in manifests. Name the field: input.review.object";
  // What asks for an update or a deletion is right to say nothing: everything here is a creation, or could be one.
  const isOpen = operation === "open" && (words.some(isCreation) || !words.some(isChange));
  if (operation === "other" || isOpen)
    return "it depends on the operation of a request, which gator leaves empty";
  return undefined;
}

function isCreation(word: string): boolean {
  return word.includes("CREATE") || (word !== "" && "create".startsWith(word.toLowerCase()));
}

function isChange(word: string): boolean {
  return /^(?:UPDATE|DELETE|CONNECT)$/i.test(word);
}

/** Modules of Rego and expressions of CEL, below `spec.targets`. */
export function codeOf({ spec }: JsonObject): { rego: string[]; cel: string[] } {
  const targets = isObject(spec) && Array.isArray(spec.targets) ? spec.targets.filter(isObject) : [];
  const blocks = targets.flatMap(({ code }) => (Array.isArray(code) ? code.filter(isObject) : []));
  const isCel = ({ engine }: JsonObject) => engine === "K8sNativeValidation";
  return {
    rego: [
      ...targets.flatMap(({ rego, libs }) => textsOf([rego ?? null, libs ?? null])),
      ...blocks.filter((block) => !isCel(block)).flatMap(({ source }) => textsOf(source ?? null)),
    ],
    cel: blocks.filter(isCel).flatMap(({ source }) => textsOf(source ?? null, ["message", "name"])),
  };
}

function textsOf(value: Json, without: readonly string[] = []): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap((each) => textsOf(each, without));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    without.includes(key) ? [] : textsOf(child, without),
  );
}

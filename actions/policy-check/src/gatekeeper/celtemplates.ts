import { isObject, type Json, type JsonObject } from "@gitops-actions/manifest";

/** A template whose CEL may not ignore its own errors: with `failurePolicy: Ignore` gator says nothing of them. */
export function withStrictCel(template: JsonObject): JsonObject {
  if (!sourcesOf(template).some(isIgnoring)) return template;
  const strict = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(strict);
    if (!isObject(value)) return value;
    if (!isCel(value) || !isObject(value.source) || !isIgnoring(value.source))
      return mapValues(value, strict);
    return { ...value, source: { ...value.source, failurePolicy: "Fail" } };
  };
  const spec = template.spec as JsonObject;
  return { ...template, spec: { ...spec, targets: strict(spec.targets!) } };
}

/** Why a template's CEL does not compile, if a violation says so: Gatekeeper takes such a template, and denies by it. */
export function compileProblem(template: JsonObject, message: string): string | undefined {
  if (sourcesOf(template).length === 0) return undefined;
  const isBroken =
    message.startsWith("compilation error: ") ||
    /^expression '[\s\S]*' resulted in error: composited variable "[^"]*" fails to compile/.test(message);
  return isBroken ? message.replace(/\s+/g, " ").trim() : undefined;
}

/** Whether a violation says that an expression could not be evaluated which a cluster lets pass. */
export function isLetPass(template: JsonObject, message: string): boolean {
  return /^expression '[\s\S]*' resulted in error: /.test(message) && sourcesOf(template).some(isIgnoring);
}

/** CEL of a template, as `source` has it. */
function sourcesOf({ spec }: JsonObject): JsonObject[] {
  const targets = isObject(spec) && Array.isArray(spec.targets) ? spec.targets.filter(isObject) : [];
  return targets
    .flatMap(({ code }) => (Array.isArray(code) ? code.filter(isObject) : []))
    .filter(isCel)
    .flatMap(({ source }) => (isObject(source) ? [source] : []));
}

function isCel({ engine }: JsonObject): boolean {
  return engine === "K8sNativeValidation";
}

function isIgnoring({ failurePolicy }: JsonObject): boolean {
  return failurePolicy === "Ignore";
}

function mapValues(object: JsonObject, map: (value: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}

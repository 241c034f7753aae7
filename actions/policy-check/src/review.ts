import { isObject, type Json, type JsonObject } from "@gitops-actions/manifest";

/**
 * What a ConstraintTemplate decides by and gator leaves empty, so that its rule never holds: who asks, in which operation,
 * and the namespace with its labels. Undefined for one that looks at the object alone.
 */
export function reviewNeed(template: JsonObject): string | undefined {
  const source = textsOf(template.spec ?? null)
    .map(withoutComments)
    .join("\n");
  const field = /\b(?:input\.review|review|request)\.(userInfo|options|dryRun)\b/.exec(source)?.[1];
  if (field) return `it depends on the request (${field}), which manifests do not have`;
  if (/\bauthorizer\b\s*\./.test(source))
    return "it depends on who asks (authorizer), which manifests do not say";
  if (/\bnamespaceObject\b/.test(source))
    return "it reads namespaceObject, which gator leaves empty. Select namespaces in the constraint (namespaceSelector), or leave this to the cluster";
  // What asks for an update or a deletion is right to say nothing: everything here is a creation, or could be one.
  const asksOperation = /\b(?:review|request)\.operation\b/.test(source);
  if (asksOperation && (/["']CREATE["']/.test(source) || !/["'](?:UPDATE|DELETE|CONNECT)["']/.test(source)))
    return "it depends on the operation of a request, which gator leaves empty";
  return undefined;
}

/** Code of Rego and CEL: every text below `spec.targets`. */
function textsOf(value: Json): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, child]) => (key === "crd" ? [] : textsOf(child)));
}

function withoutComments(text: string): string {
  return text.replace(/^\s*#.*$/gm, "");
}

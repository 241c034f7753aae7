import { isObject, type JsonObject, writeJson } from "@gitops-actions/manifest";
import type { PolicyObject } from "./find.ts";

/** What of a policy decides: not what it is called, nor most of what is said about it. */
export function bodyOf(value: JsonObject): JsonObject {
  const { apiVersion: _, kind: __, status: ___, metadata, ...rest } = value;
  const annotations = isObject(metadata) && isObject(metadata.annotations) ? metadata.annotations : {};
  // Kyverno makes rules for workloads out of those for Pods, or none, as this says.
  const autogen = annotations["pod-policies.kyverno.io/autogen-controllers"];
  return autogen === undefined ? rest : { ...rest, metadata: { annotations: { autogen } } };
}

/** Written once: many overlays may render a policy, and each is compared with many. */
const written = new WeakMap<JsonObject, string>();

/** The same as one text, to compare. */
export function bodyText({ resource: { value } }: PolicyObject): string {
  const text = written.get(value) ?? writeJson(bodyOf(value));
  written.set(value, text);
  return text;
}

/** Equal for policies that are called the same and decide alike, wherever they stand. */
export function contentOf(policy: PolicyObject): string {
  const { group, kind, name } = policy.resource.id;
  return `${group}/${kind}/${name} ${decisionOf(policy)}`;
}

/** Equal for versions of one policy that decide alike. A namespaced one is about its own namespace. */
export function decisionOf(policy: PolicyObject): string {
  const { kind, namespace } = policy.resource.id;
  return `${isNamespaced(kind) ? namespace : ""} ${bodyText(policy)}`;
}

/** Policy, PolicyException and NamespacedValidatingPolicy of Kyverno: all other kinds are a cluster's. */
export function isNamespaced(kind: string): boolean {
  return /^(?:Namespaced|Policy)/.test(kind);
}

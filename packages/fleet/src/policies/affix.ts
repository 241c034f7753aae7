import { isObject, type JsonObject, writeJson } from "@gitops-actions/manifest";
import { bodyText } from "./decision.ts";
import type { PolicyObject } from "./find.ts";

/** What kustomize puts around names. */
export interface Affix {
  prefix: string;
  suffix: string;
}

/** What kustomize puts around the names of an overlay: told by an object that is a file's but for that. */
export function affixOf(policy: PolicyObject, sources: readonly PolicyObject[]): Affix | undefined {
  for (const source of sources) {
    const affix = source.foreign ? undefined : affixBetween(source, policy);
    if (affix) return affix;
  }
  return undefined;
}

/** What stands around the name of a policy that is another one but for that. */
export function affixBetween(plain: PolicyObject, policy: PolicyObject): Affix | undefined {
  const [from, to] = [plain.resource.id, policy.resource.id];
  const at = to.name.indexOf(from.name);
  if (from.group !== to.group || from.kind !== to.kind || at < 0 || from.name === to.name) return undefined;
  const affix = { prefix: to.name.slice(0, at), suffix: to.name.slice(at + from.name.length) };
  return bodyText(withoutAffix(policy, affix)) === bodyText(plain) ? affix : undefined;
}

/** A policy under its file's name; kustomize renames what a binding names as well. */
export function withoutAffix<Policy extends PolicyObject>(policy: Policy, { prefix, suffix }: Affix): Policy {
  const strip = (name: string): string =>
    name.startsWith(prefix) && name.endsWith(suffix) && name.length > prefix.length + suffix.length
      ? name.slice(prefix.length, name.length - suffix.length)
      : name;
  const { id, value } = policy.resource;
  const { metadata, spec } = value;
  const plain: JsonObject = {
    ...value,
    ...(isObject(metadata) && { metadata: { ...metadata, name: strip(id.name) } }),
    ...(isObject(spec) &&
      typeof spec.policyName === "string" && { spec: { ...spec, policyName: strip(spec.policyName) } }),
  };
  const named = { ...id, name: strip(id.name) };
  return { ...policy, resource: { ...policy.resource, id: named, value: plain, text: writeJson(plain) } };
}

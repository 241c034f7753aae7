import { identityKey, type ResourceId } from "./resource.ts";

// kustomize's hasher encodes ten hexadecimal digits with letters that form no words (api/hasher/hasher.go).
const hash = /^(.+)-[2456789bcdfghkmt]{10}$/;

/** Splits `apps/v1` into group and version; the core group (`v1`) is "". */
export function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf("/");
  if (slash < 0) return { group: "", version: apiVersion };
  return { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** `apps/v1`, or `v1` for the core group. */
export function joinApiVersion(id: Pick<ResourceId, "group" | "version">): string {
  return id.group ? `${id.group}/${id.version}` : id.version;
}

/** A name without the hash that kustomize's generators append; the name itself where there is none. */
export function stripHash(name: string): string {
  return hash.exec(name)?.[1] ?? name;
}

/** True for the two kinds whose names kustomize's generators give a hash. */
export function isGenerated(id: ResourceId): boolean {
  return id.group === "" && (id.kind === "ConfigMap" || id.kind === "Secret");
}

/** The identity without a generator's hash: the same resource before and after its content changed. */
export function canonicalId(id: ResourceId): ResourceId {
  return isGenerated(id) ? { ...id, name: stripHash(id.name) } : id;
}

/** `identityKey` of the canonical identity: for fingerprints and for pairing across commits. */
export function canonicalKey(id: ResourceId): string {
  return identityKey(canonicalId(id));
}

/** Orders identities the way they are read: namespace, kind, name, then group. */
export function compareIds(a: ResourceId, b: ResourceId): number {
  return (
    compareText(a.namespace, b.namespace) ||
    compareText(a.kind, b.kind) ||
    compareText(a.name, b.name) ||
    compareText(a.group, b.group) ||
    compareText(a.version, b.version)
  );
}

/** Orders texts by code unit: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

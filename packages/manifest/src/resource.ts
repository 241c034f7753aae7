/**
 * The identity of one Kubernetes object. Core group: `group` is "". Cluster-scoped or unset: `namespace` is "".
 * With generateName only, `name` is `<prefix>*`, which no real name can be.
 */
export interface ResourceId {
  group: string;
  version: string;
  kind: string;
  namespace: string;
  name: string;
}

export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** One Kubernetes object of a rendered stream (or of a file), with the text it was read from. */
export interface Resource {
  id: ResourceId;
  /** Position among the documents of its stream, from 0; items of a List share their document's. */
  document: number;
  /** 1-based line of the stream on which the document begins. */
  line: number;
  /**
   * The document's own text, exactly as in the stream; for an item of a List its own lines, outdented so that they are a
   * document. Holds Secret values: never publish it.
   */
  text: string;
  value: JsonObject;
}

/** Stable key of an identity, for maps: version is left out, because the API server stores one object for all versions. */
export function identityKey(id: ResourceId): string {
  return `${id.group}/${id.kind}/${id.namespace}/${id.name}`;
}

/** How an identity is written for people: `Deployment shop/web`, `apps/v1 Deployment shop/web` with `full`. */
export function formatIdentity(id: ResourceId, full = false): string {
  const name = id.namespace ? `${id.namespace}/${id.name}` : id.name;
  const kind = full ? `${id.group ? `${id.group}/` : ""}${id.version} ${id.kind}` : id.kind;
  return `${kind} ${name}`;
}

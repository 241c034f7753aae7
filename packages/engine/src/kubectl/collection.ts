import type { ServedKind } from "./discovery.ts";

/** What to list: all objects of one kind, in one namespace or in all. */
export interface ListRequest {
  group: string;
  version: string;
  kind: string;
  /** Undefined: cluster-wide. */
  namespace?: string;
}

/** Path of all objects of a kind, in the namespace of the request or in all. */
export function collectionOf({ group, version, namespace }: ListRequest, kind: ServedKind): string {
  const root = group ? `/apis/${group}/${version}` : `/api/${version}`;
  const scope =
    namespace === undefined || !kind.namespaced ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${scope}/${kind.plural}`;
}

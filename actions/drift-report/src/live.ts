import type { Cluster, ListRequest, Unread } from "@gitops-actions/engine";
import { isObject, type JsonObject, type ResourceId } from "@gitops-actions/manifest";

type Identity = Pick<ResourceId, "group" | "version" | "kind" | "namespace" | "name">;

/** What a cluster has of the objects that were asked for. */
export interface Live {
  /** The object in the version asked for; undefined: it is not there; unread: nobody knows. */
  find(id: Identity): { object: JsonObject | undefined } | { unread: Unread };
  /** All objects that were read, of every kind asked for. */
  objects: JsonObject[];
}

/** Above this many namespaces a kind is listed cluster-wide: one long list is cheaper than many short ones. */
const manyNamespaces = 4;

/** Reads the kinds of these objects: one paged list for each kind and namespace, never one call for each object. */
export async function readLive(cluster: Cluster, ids: readonly Identity[]): Promise<Live> {
  const found = new Map<string, JsonObject>();
  const unread = new Map<string, Unread>();
  const objects: JsonObject[] = [];
  const kinds = Map.groupBy(ids, (id) => `${id.group}/${id.version}/${id.kind}`);
  await Promise.all([...kinds.values()].map((group) => readKind(group)));
  return {
    objects,
    find(id) {
      const reason = unread.get(scopeKey(id, "")) ?? unread.get(scopeKey(id, id.namespace));
      return reason ? { unread: reason } : { object: found.get(objectKey(id)) };
    },
  };

  async function readKind(group: readonly Identity[]): Promise<void> {
    const { group: name, version, kind } = group[0]!;
    const request = { group: name, version, kind };
    const served = cluster.kind(request);
    if ("unread" in served) {
      unread.set(scopeKey(request, ""), served.unread);
      return;
    }
    const namespaces = [...new Set(group.map((id) => id.namespace))].sort();
    if (!served.namespaced) return readList(request, "");
    if (namespaces.length <= manyNamespaces) return readNamespaces(request, namespaces);
    const all = await cluster.list(request);
    if ("objects" in all) keep(request, all.objects);
    // Who may not list a kind everywhere may still be allowed to in the namespaces that matter.
    else if (all.unread.code === "forbidden") return readNamespaces(request, namespaces);
    else unread.set(scopeKey(request, ""), all.unread);
  }

  async function readNamespaces(request: ListRequest, namespaces: readonly string[]): Promise<void> {
    await Promise.all(namespaces.map((namespace) => readList(request, namespace)));
  }

  async function readList(request: ListRequest, namespace: string): Promise<void> {
    const listed = await cluster.list(namespace === "" ? request : { ...request, namespace });
    if ("objects" in listed) keep(request, listed.objects);
    else unread.set(scopeKey(request, namespace), listed.unread);
  }

  function keep(request: ListRequest, list: readonly JsonObject[]): void {
    for (const object of list) {
      const metadata = isObject(object.metadata) ? object.metadata : {};
      const place = { namespace: String(metadata.namespace ?? ""), name: String(metadata.name ?? "") };
      found.set(objectKey({ ...request, ...place }), object);
      objects.push(object);
    }
  }
}

function scopeKey(
  { group, version, kind }: Pick<Identity, "group" | "version" | "kind">,
  namespace: string,
): string {
  return `${group}/${version}/${kind}/${namespace}`;
}

function objectKey(id: Identity): string {
  return `${scopeKey(id, id.namespace)}/${id.name}`;
}

import type { Cluster, Unread } from "@gitops-actions/engine";
import { type JsonObject, writeJson } from "@gitops-actions/manifest";
import { type Deliverer, readDeliverers } from "./delivery.ts";
import { readSyncStatus, type SyncStatus, syncKinds } from "./sync.ts";

export interface Controllers {
  statuses: SyncStatus[];
  deliverers: Deliverer[];
  /** Kinds of Argo CD or Flux that the cluster has and that could not be read. */
  unread: { kind: string; unread: Unread }[];
}

/** Reads the objects of Argo CD and Flux; a kind that the cluster does not have is no failure. */
export async function readControllers(hub: Cluster): Promise<Controllers> {
  const objects: JsonObject[] = [];
  const unread: Controllers["unread"] = [];
  for (const { group, kind, versions } of syncKinds) {
    const version = versions.find((each) => !("unread" in hub.kind({ group, version: each, kind })));
    if (!version) continue;
    const listed = await hub.list({ group, version, kind });
    if ("objects" in listed) objects.push(...listed.objects);
    else unread.push({ kind: `${group}/${version} ${kind}`, unread: listed.unread });
  }
  const statuses = objects.map(readSyncStatus);
  const key = ({ kind, namespace, name }: SyncStatus): string => writeJson([kind, namespace, name]);
  statuses.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return { statuses, deliverers: readDeliverers(objects), unread };
}

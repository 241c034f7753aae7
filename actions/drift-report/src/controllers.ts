import type { Cluster, Unread } from "@gitops-actions/engine";
import { isObject, type JsonObject, writeJson } from "@gitops-actions/manifest";
import { type Deliverer, readDeliverers } from "./delivery.ts";
import { systemRules } from "./ignore/argo.ts";
import { releaseRules } from "./ignore/flux.ts";
import type { IgnoreRule } from "./ignore/rule.ts";
import { explainSources } from "./sync/sources.ts";
import { explainWindows } from "./sync/windows.ts";
import { readSyncStatus, type SyncStatus, syncKinds } from "./sync.ts";

export interface Controllers {
  statuses: SyncStatus[];
  deliverers: Deliverer[];
  /** Ignore rules that hold for all Applications. */
  argoRules: IgnoreRule[];
  /** Why rules of Argo CD may be missing; empty when none are. */
  argoNotes: string[];
  /** Ignore rules of HelmReleases: each selects what belongs to its release. */
  releaseRules: IgnoreRule[];
  /** Kinds of Argo CD or Flux that the cluster has and that could not be read. */
  unread: { kind: string; unread: Unread }[];
}

const projects = { group: "argoproj.io", kind: "AppProject", versions: ["v1alpha1"] };

/** Reads the objects of Argo CD and Flux; a kind that the cluster does not have is no failure. */
export async function readControllers(hub: Cluster, now: Date): Promise<Controllers> {
  const unread: Controllers["unread"] = [];
  const lists = await Promise.all([...syncKinds, projects].map((kind) => listKind(hub, kind, unread)));
  const objects = lists.flat();
  const applications = objects.filter(({ kind }) => kind === "Application");
  const statuses = objects.filter(({ kind }) => kind !== "AppProject").map(readSyncStatus);
  explainSources(statuses, objects);
  explainWindows(statuses, objects, now);
  const key = ({ kind, namespace, name }: SyncStatus): string => writeJson([kind, namespace, name]);
  statuses.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  unread.sort((a, b) => (a.kind < b.kind ? -1 : 1));
  return {
    statuses,
    deliverers: readDeliverers(objects),
    ...(await readArgoRules(hub, applications)),
    releaseRules: objects.filter(({ kind }) => kind === "HelmRelease").flatMap(releaseRules),
    unread,
  };
}

async function listKind(
  hub: Cluster,
  { group, kind, versions }: { group: string; kind: string; versions: readonly string[] },
  unread: Controllers["unread"],
): Promise<JsonObject[]> {
  const answers = versions.map((version) => ({ version, served: hub.kind({ group, version, kind }) }));
  const version = answers.find(({ served }) => !("unread" in served))?.version;
  if (!version) {
    // A kind that the hub does not have is no failure; a hub that does not answer says nothing of what it has.
    const silent = answers.find(({ served }) => "unread" in served && served.unread.code !== "unknown-kind");
    if (silent && "unread" in silent.served)
      unread.push({ kind: `${group}/${silent.version} ${kind}`, unread: silent.served.unread });
    return [];
  }
  const listed = await hub.list({ group, version, kind });
  if ("objects" in listed) return listed.objects;
  unread.push({ kind: `${group}/${version} ${kind}`, unread: listed.unread });
  return [];
}

/**
 * The rules in argocd-cm, which stands where Argo CD is installed: beside its Applications. Who may not read it gets
 * fewer rules, and so rather a difference too many.
 */
async function readArgoRules(
  hub: Cluster,
  applications: readonly JsonObject[],
): Promise<Pick<Controllers, "argoRules" | "argoNotes">> {
  const argoRules: IgnoreRule[] = [];
  const argoNotes: string[] = [];
  const namespaces = new Set(applications.map(({ metadata }) => isObject(metadata) && metadata.namespace));
  for (const namespace of [...namespaces].sort()) {
    if (typeof namespace !== "string") continue;
    const listed = await hub.list({ group: "", version: "v1", kind: "ConfigMap", namespace });
    if ("unread" in listed) {
      const { code } = listed.unread;
      argoNotes.push(
        `ignore rules in argocd-cm of ${namespace} are not known (${code}): more may differ here than in Argo CD`,
      );
      continue;
    }
    const own = listed.objects.filter(({ metadata }) => isObject(metadata) && metadata.name === "argocd-cm");
    argoRules.push(...own.flatMap(({ data }) => (isObject(data) ? systemRules(data) : [])));
  }
  return { argoRules, argoNotes };
}

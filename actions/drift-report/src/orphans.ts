import type { Cluster, Unread } from "@gitops-actions/engine";
import type { Config } from "@gitops-actions/fleet";
import { identityKey, isObject, type Json, type JsonObject, type ResourceId } from "@gitops-actions/manifest";
import pMap from "p-map";
import type { Deliverer } from "./delivery.ts";
import type { Desired } from "./desired.ts";
import type { DriftInputs } from "./inputs.ts";
import { readManagers } from "./managed.ts";
import { declaredOwner, isSystem } from "./owners.ts";
import type { Placed } from "./revision.ts";

/** An object that no overlay has and nobody tracks. */
export interface Orphan {
  id: ResourceId;
  live: JsonObject;
}

export interface Orphans {
  /** Where was looked; undefined when it was not asked for. */
  namespaces?: string[];
  found: Orphan[];
  /** Kinds that could not be listed: of those it is not known. */
  unread: { kind: string; unread: Unread }[];
}

/** Kinds that the cluster makes by itself, or that come and go. */
const made = new Set(
  (
    "/Event events.k8s.io/Event /Endpoints discovery.k8s.io/EndpointSlice coordination.k8s.io/Lease " +
    "apps/ControllerRevision metrics.k8s.io/PodMetrics /Binding authorization.k8s.io/LocalSubjectAccessReview " +
    "storage.k8s.io/CSIStorageCapacity resource.k8s.io/ResourceClaim wgpolicyk8s.io/PolicyReport " +
    "cilium.io/CiliumEndpoint acme.cert-manager.io/Order acme.cert-manager.io/Challenge " +
    "cert-manager.io/CertificateRequest reports.kyverno.io/EphemeralReport packages.operators.coreos.com/PackageManifest"
  ).split(" "),
);

/** Lists all kinds of the namespaces that the fleet owns, for objects that nobody put there by Git. */
export async function findOrphans(
  parts: { head: Desired; placed: readonly Placed[]; deliverers: readonly Deliverer[]; config: Config },
  cluster: Cluster,
  inputs: DriftInputs,
): Promise<Orphans> {
  if (!inputs.orphans) return { found: [], unread: [] };
  const namespaces = ownedNamespaces(parts, inputs);
  const known = knownObjects(parts);
  const kinds = cluster
    .kinds()
    .filter(
      ({ group, kind, namespaced, listable }) => namespaced && listable && !made.has(`${group}/${kind}`),
    );
  const requests = namespaces.flatMap((namespace) => kinds.map((kind) => ({ ...kind, namespace })));
  const lists = await pMap(
    requests,
    async ({ group, version, kind, namespace }) => {
      const listed = await cluster.list({ group, version, kind, namespace });
      if ("unread" in listed)
        return {
          unread: [{ kind: `${kindName(group, kind)} in ${namespace}`, unread: listed.unread }],
          found: [],
        };
      const found = listed.objects.flatMap((live): Orphan[] => {
        const name = String(metadataOf(live).name ?? "");
        const id = { group, version, kind, namespace, name };
        const isKnown = known.has(identityKey(id)) || isTracked(live) || isGiven(id, live, inputs.owners);
        return isKnown ? [] : [{ id, live }];
      });
      return { unread: [], found };
    },
    { concurrency: 8 },
  );
  return {
    namespaces,
    found: lists.flatMap(({ found }) => found),
    unread: lists.flatMap(({ unread }) => unread),
  };
}

/** The namespaces that gitops.yaml gives the environment; where it names none, those whose Namespace is in Git. */
function ownedNamespaces(
  { placed, config }: { placed: readonly Placed[]; config: Config },
  { environment }: DriftInputs,
): string[] {
  const named = config.environments
    .filter(({ name }) => environment === "" || name === environment)
    .flatMap(({ namespaces }) => namespaces);
  const inGit = placed.flatMap(({ resources }) =>
    resources.filter(({ id }) => id.kind === "Namespace" && id.group === "").map(({ id }) => id.name),
  );
  return [...new Set(named.length > 0 ? named : inGit)].sort();
}

/** Everything that any overlay has, of whatever environment, and what controllers say they brought. */
function knownObjects(parts: {
  head: Desired;
  placed: readonly Placed[];
  deliverers: readonly Deliverer[];
}): Set<string> {
  const ids = [
    ...parts.placed.flatMap(({ resources }) => resources.map(({ id }) => id)),
    ...parts.head.index.overlays.flatMap(({ head }) => head?.resources.map(({ id }) => id) ?? []),
    ...parts.deliverers.flatMap(({ inventory }) => inventory),
  ];
  return new Set(ids.map(identityKey));
}

const trackingLabels =
  /^(?:(?:kustomize|helm)\.toolkit\.fluxcd\.io\/name|argocd\.argoproj\.io\/instance|fleet\.cattle\.io\/.*|objectset\.rio\.cattle\.io\/.*|addonmanager\.kubernetes\.io\/mode)$/;
const trackingAnnotations =
  /^(?:argocd\.argoproj\.io\/tracking-id|meta\.helm\.sh\/release-name|config\.kubernetes\.io\/owning-inventory|objectset\.rio\.cattle\.io\/.*)$/;

/** Whether an object says who brought it: a controller, a Helm release, or an object that owns it. */
function isTracked(live: JsonObject): boolean {
  const { labels, annotations, ownerReferences } = metadataOf(live);
  const says = (map: Json | undefined, pattern: RegExp): boolean =>
    isObject(map) && Object.keys(map).some((key) => pattern.test(key));
  const isOwned = Array.isArray(ownerReferences) && ownerReferences.length > 0;
  return isOwned || says(labels, trackingLabels) || says(annotations, trackingAnnotations);
}

/** Whether the cluster itself, or a program that is expected to, put an object there. */
function isGiven(id: ResourceId, live: JsonObject, owners: readonly RegExp[]): boolean {
  const { kind, namespace, name } = id;
  if (kind === "ServiceAccount" && name === "default") return true;
  if (kind === "Service" && namespace === "default" && name === "kubernetes") return true;
  if (
    kind === "ConfigMap" &&
    /^(?:kube-root-ca\.crt|openshift-service-ca\.crt|istio-ca-root-cert)$/.test(name)
  )
    return true;
  if (
    kind === "Secret" &&
    /^(?:kubernetes\.io\/service-account-token|helm\.sh\/release\.v1|bootstrap\.kubernetes\.io\/token)$/.test(
      String(live.type),
    )
  )
    return true;
  const managers = readManagers(live).filter(({ subresource }) => subresource !== "status");
  return (
    managers.length > 0 &&
    managers.every(({ name: manager }) => isSystem(manager) || declaredOwner(manager, owners) !== undefined)
  );
}

function metadataOf(live: JsonObject): JsonObject {
  return isObject(live.metadata) ? live.metadata : {};
}

function kindName(group: string, kind: string): string {
  return group ? `${group} ${kind}` : kind;
}

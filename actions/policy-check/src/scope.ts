import type { Batch, PolicyObject } from "@gitops-actions/fleet";
import { isObject, type JsonObject, type Resource } from "@gitops-actions/manifest";

type Scope = "Namespaced" | "Cluster";

/** Kinds of Kubernetes itself that are in no namespace: `kubectl api-resources --namespaced=false` of 1.37. */
const clusterKinds = new Set(
  `Namespace Node PersistentVolume ComponentStatus ClusterRole ClusterRoleBinding StorageClass CSIDriver CSINode
  VolumeAttachment VolumeAttributesClass PriorityClass RuntimeClass IngressClass ServiceCIDR IPAddress APIService
  CustomResourceDefinition MutatingWebhookConfiguration ValidatingWebhookConfiguration ValidatingAdmissionPolicy
  ValidatingAdmissionPolicyBinding MutatingAdmissionPolicy MutatingAdmissionPolicyBinding FlowSchema
  PriorityLevelConfiguration CertificateSigningRequest ClusterTrustBundle DeviceClass ResourceSlice DeviceTaintRule
  SelfSubjectReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview TokenReview StorageVersion
  StorageVersionMigration`.split(/\s+/),
);

/** The same for the tools whose schemas ship with validate-schema: groups, and kinds of groups that have both. */
const clusterGroups = /^(?:constraints|expansion|externaldata|mutations|syncset|templates)\.gatekeeper\.sh$/;
const clusterPolicies =
  /^(?:ClusterPolicy|ClusterCleanupPolicy|GlobalContextEntry|(?:Deleting|Generating|ImageValidating|Mutating|Validating)Policy)$/;
const knownGroups = /^(?:(?:policies\.)?kyverno\.io|[a-z]+\.toolkit\.fluxcd\.io|config\.gatekeeper\.sh)$/;
const argoKinds = /^(?:Application|ApplicationSet|AppProject)$/;

const ownGroup = /^(?:|apps|batch|autoscaling|policy|extensions|[a-z.-]+\.k8s\.io)$/;

/** Whether a resource is in a namespace; undefined for a custom kind that names none and that nobody defines. */
export function scopeOf({ id }: Resource, definitions: readonly JsonObject[]): Scope | undefined {
  if (id.namespace !== "") return "Namespaced";
  if (ownGroup.test(id.group)) return clusterKinds.has(id.kind) ? "Cluster" : "Namespaced";
  const own = definitions.find(({ spec }) => {
    const { group, names } = (spec ?? {}) as { group?: string; names?: { kind?: string } };
    return group === id.group && names?.kind === id.kind;
  });
  return (own?.spec as { scope?: Scope } | undefined)?.scope ?? scopeOfTools(id);
}

function scopeOfTools({ group, kind }: Resource["id"]): Scope | undefined {
  if (clusterGroups.test(group)) return "Cluster";
  if (knownGroups.test(group)) return clusterPolicies.test(kind) ? "Cluster" : "Namespaced";
  return group === "argoproj.io" && argoKinds.test(kind) ? "Namespaced" : undefined;
}

/** The scope that a constraint's match asks for; undefined for any. */
export function constraintScope({ resource }: PolicyObject): Scope | undefined {
  const { spec } = resource.value;
  const match = isObject(spec) && isObject(spec.match) ? spec.match : {};
  return match.scope === "Namespaced" || match.scope === "Cluster" ? match.scope : undefined;
}

/** A constraint without its scope: gator takes everything for namespaced, and so passes what is not. */
export function withoutScope(constraint: PolicyObject): JsonObject {
  const { value } = constraint.resource;
  if (constraintScope(constraint) === undefined) return value;
  const spec = value.spec as JsonObject;
  const { scope: _, ...match } = spec.match as JsonObject;
  return { ...value, spec: { ...spec, match } };
}

/** Which documents a constraint's scope leaves, and reasons for those of which nobody knows. */
export function inScope(
  constraint: PolicyObject,
  items: Batch["items"],
  definitions: readonly JsonObject[],
): { has(document: number): boolean; unknown(matched: ReadonlySet<number>): string[] } {
  const wanted = constraintScope(constraint);
  const scopes = wanted && items.map(({ resource }) => scopeOf(resource, definitions));
  return {
    has: (document) => !scopes || scopes[document] === wanted,
    unknown: (matched) => {
      const kinds = [...matched].filter((document) => scopes && scopes[document] === undefined);
      return unknownScope(kinds, items);
    },
  };
}

/** Reasons for resources, by their positions, of which nobody knows whether they are in a namespace. */
export function unknownScope(documents: Iterable<number>, items: Batch["items"]): string[] {
  const kinds = [...documents].map((document) => items[document]!.resource.id.kind);
  return [...new Set(kinds)]
    .sort()
    .map((kind) => `whether ${kind} is in a namespace is unknown: no CustomResourceDefinition says so`);
}

/** Positions of the documents that are in some namespace and name none. */
export function nowhere(items: Batch["items"], definitions: readonly JsonObject[]): number[] {
  return [...items.keys()].filter((document) => {
    const { resource } = items[document]!;
    return resource.id.namespace === "" && scopeOf(resource, definitions) === "Namespaced";
  });
}

/** The CustomResourceDefinitions of the fleet. */
export function definitionsIn(batches: readonly Batch[]): JsonObject[] {
  return batches
    .flatMap(({ items }) => items.map(({ resource }) => resource))
    .filter(({ id }) => id.kind === "CustomResourceDefinition")
    .map(({ value }) => value);
}

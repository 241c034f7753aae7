import { isObject, type JsonObject } from "@gitops-actions/manifest";

/** Managers that are the cluster itself: what they write is no change of a person. */
const system =
  /^(?:kube-(?:controller-manager|apiserver|scheduler|proxy)|apiserver|clusterrole-aggregation-controller|kubelet|cloud-controller-manager|k3s|gke-[\w-]+|eks|aks-[\w-]+)$/;

/** Controllers that apply what Git says. */
const appliers =
  /^(?:kubectl-client-side-apply|before-first-apply|kustomize-controller|helm-controller|argocd-controller|argocd-application-controller|argocd|flux|helm|fleetagent|gitops-actions)$/;

/** Programs whose purpose is to change live objects, by the names of their managers. */
const declared: readonly (readonly [RegExp, string])[] = [
  [/^(?:cert-manager-)?cainjector/, "cert-manager"],
  [/^cert-manager/, "cert-manager"],
  [/^(?:vpa-|vertical-pod-autoscaler)/, "VerticalPodAutoscaler"],
  [/^keda/, "KEDA"],
  [/^(?:pilot-discovery|istio)/, "Istio"],
  [/^(?:linkerd|proxy-injector)/, "Linkerd"],
  [/^external-secrets/, "External Secrets"],
  [/^(?:kyverno|background-controller)/, "Kyverno"],
  [/^(?:ingress|nginx-ingress|traefik)/, "an ingress controller"],
  [/^cluster-autoscaler$/, "cluster autoscaler"],
];

export function isSystem(manager: string): boolean {
  return system.test(manager);
}

export function isApplier(manager: string): boolean {
  return appliers.test(manager);
}

/** Whom a manager belongs to, of those that are expected to write; `more` are the user's own patterns. */
export function declaredOwner(manager: string, more: readonly RegExp[] = []): string | undefined {
  const known = declared.find(([pattern]) => pattern.test(manager));
  if (known) return known[1];
  return more.some((pattern) => pattern.test(manager)) ? manager : undefined;
}

/** What an autoscaler writes into: `Kind/namespace/name`. */
export type Scaled = ReadonlyMap<string, string>;

/** The workloads that autoscalers scale, with the name of the autoscaler, from objects of Git and of the cluster. */
export function readScaled(values: Iterable<JsonObject>): Scaled {
  const scaled = new Map<string, string>();
  for (const value of values) {
    const spec = isObject(value.spec) ? value.spec : {};
    const reference = spec.scaleTargetRef;
    const isScaler = value.kind === "HorizontalPodAutoscaler" || value.kind === "ScaledObject";
    if (!isScaler || !isObject(reference) || !isObject(value.metadata)) continue;
    const kind = typeof reference.kind === "string" ? reference.kind : "Deployment";
    const namespace = String(value.metadata.namespace ?? "");
    scaled.set(`${kind}/${namespace}/${reference.name}`, `${value.kind} ${value.metadata.name}`);
  }
  return scaled;
}

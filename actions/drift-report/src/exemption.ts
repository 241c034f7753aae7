import { isObject, type JsonObject } from "@gitops-actions/manifest";

const flux = "kustomize.toolkit.fluxcd.io";

/** Why Flux or Argo CD itself leaves an object of Git alone, by its annotations; undefined when it does not. */
export function leftAlone(value: JsonObject): string | undefined {
  const annotations = annotationsOf(value);
  if (annotations[`${flux}/reconcile`] === "disabled") return `${flux}/reconcile: disabled`;
  const ssa = annotations[`${flux}/ssa`];
  if (ssa === "Ignore" || ssa === "IfNotPresent") return `${flux}/ssa: ${ssa}`;
  const release = "helm.toolkit.fluxcd.io/driftDetection";
  return annotations[release] === "disabled" ? `${release}: disabled` : undefined;
}

/** Whether Git lets others add fields to an object: Flux then leaves what it does not set (its `ssa: Merge`). */
export function welcomesAdditions(value: JsonObject): boolean {
  return annotationsOf(value)[`${flux}/ssa`] === "Merge";
}

/** Why a live object that Git no longer has is meant to stay, by its own annotations; undefined when it is not. */
export function keptOnPurpose(live: JsonObject): string | undefined {
  const annotations = annotationsOf(live);
  const says = (name: string, value: string): boolean =>
    String(annotations[name] ?? "")
      .split(",")
      .some((each) => each.trim() === value);
  const kept: [string, string][] = [
    [`${flux}/prune`, "disabled"],
    [`${flux}/reconcile`, "disabled"],
    ["argocd.argoproj.io/sync-options", "Prune=false"],
    ["argocd.argoproj.io/compare-options", "IgnoreExtraneous"],
    ["helm.sh/resource-policy", "keep"],
  ];
  const found = kept.find(([name, value]) => says(name, value));
  return found && `${found[0]}: ${found[1]}`;
}

function annotationsOf(value: JsonObject): JsonObject {
  const metadata = isObject(value.metadata) ? value.metadata : {};
  return isObject(metadata.annotations) ? metadata.annotations : {};
}

/** What of an object says that it comes and goes: then its absence is no drift. Undefined for all others. */
export function transience(value: JsonObject): string | undefined {
  const metadata = isObject(value.metadata) ? value.metadata : {};
  const annotations = annotationsOf(value);
  if (metadata.name === undefined && metadata.generateName !== undefined) return "generateName";
  const hook = annotations["helm.sh/hook"];
  if (typeof hook === "string") return hook.startsWith("test") ? "test" : "hook";
  if (typeof annotations["argocd.argoproj.io/hook"] === "string") return "hook";
  const spec = isObject(value.spec) ? value.spec : {};
  return value.kind === "Job" && spec.ttlSecondsAfterFinished !== undefined ? "ttl" : undefined;
}

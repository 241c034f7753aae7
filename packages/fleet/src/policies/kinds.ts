import type { ResourceId } from "@gitops-actions/manifest";

/** Lists of `FoundPolicies` that hold objects which an engine is asked about. */
export const policyEngines = ["kyverno", "gatekeeper", "admission"] as const;

const kyvernoKinds = /^(?:Cluster)?Policy$|^(?:Namespaced)?ValidatingPolicy$|^PolicyException$/;

/** Which engine reads an object as a policy, or as a part of one; undefined for all else. */
export function policyEngineOf({
  group,
  kind,
}: Pick<ResourceId, "group" | "kind">): (typeof policyEngines)[number] | undefined {
  if (["kyverno.io", "policies.kyverno.io"].includes(group))
    return kyvernoKinds.test(kind) ? "kyverno" : undefined;
  if (group === "templates.gatekeeper.sh" && kind === "ConstraintTemplate") return "gatekeeper";
  if (["constraints.gatekeeper.sh", "expansion.gatekeeper.sh"].includes(group)) return "gatekeeper";
  if (group === "admissionregistration.k8s.io" && /^ValidatingAdmissionPolicy(?:Binding)?$/.test(kind))
    return "admission";
  return undefined;
}

/** Whether an object is a policy that no engine here evaluates: one that changes or generates things. */
export function isUnread({ group, kind }: Pick<ResourceId, "group" | "kind">): boolean {
  if (/(?:^|\.)kyverno\.io$/.test(group) && group !== "cli.kyverno.io")
    return /Polic|CleanUp|CleanupPolicy/.test(kind);
  return group === "mutations.gatekeeper.sh" || /^MutatingAdmissionPolicy/.test(kind);
}

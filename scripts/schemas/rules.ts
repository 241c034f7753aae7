// What the API server's validation asks beyond the types of its OpenAPI document, where one JSON Schema can say it.
// Each line was seen at a real server (scripts/schemas/compare): it holds wherever the type is used.
import { cluster } from "./rules/cluster.ts";
import { core } from "./rules/core.ts";
import { extensions } from "./rules/extensions.ts";
import type { TypeRule } from "./rules/shapes.ts";
import { versionRules } from "./rules/versions.ts";
import { workloads } from "./rules/workloads.ts";

export { dnsLabel, dnsName, label, prefixedName, qualified, segment, type TypeRule } from "./rules/shapes.ts";

const typeRules: Readonly<Record<string, TypeRule>> = { ...cluster, ...core, ...extensions, ...workloads };

/** Kinds whose names end up in host names: they have no dots. */
export const shortNames: ReadonlySet<string> = new Set(["Namespace", "Service"]);

/** What an object's name may be: most kinds want a DNS subdomain, these only a path segment. */
export const freeNames: ReadonlySet<string> = new Set([
  ...["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
  ...[
    "APIService",
    "IPAddress",
    "CertificateSigningRequest",
    "ClusterTrustBundle",
    "Event",
    "StorageVersion",
    "PodDisruptionBudget",
  ],
]);

const prefixes =
  /^io\.k8s\.(?:api|apimachinery\.pkg\.apis|apiextensions-apiserver\.pkg\.apis|kube-aggregator\.pkg\.apis)\./;

/** The rule for a type of the document, by its full name, in a minor version of Kubernetes. */
export function ruleOf(type: string, minor: number): TypeRule {
  const name = type.replace(prefixes, "");
  const rule = typeRules[name] ?? {};
  const fields = { ...rule.fields };
  for (const added of versionRules(name, minor))
    for (const [field, schema] of Object.entries(added.fields ?? {}))
      fields[field] = { ...fields[field], ...schema };
  return { ...rule, fields };
}

/** Groups whose kinds take finalizers that name nobody, as far as a label would. */
const looseFinalizers: ReadonlySet<string> = new Set([
  ...["admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io"],
  ...["coordination.k8s.io", "node.k8s.io", "policy"],
]);

/** Whether a kind's finalizers have to be the server's own or have somebody's domain before them. */
export function hasOwnedFinalizers({
  group,
  kind,
  version,
}: {
  group: string;
  kind: string;
  version: string;
}): boolean {
  return /^v\d+$/.test(version) && !looseFinalizers.has(group) && !(group === "" && kind === "Event");
}

/** Whether a type belongs to a stable version: only of those is an empty text or list known to be refused. */
export function isStable(type: string): boolean {
  return /\.v\d+\.[^.]+$/.test(type);
}

import type { Json } from "@gitops-actions/manifest";
import type { templates } from "./objects.ts";

/** What drift-report should say: of a field of Git, of one that only the cluster has, of an owner, or nothing. */
export type Expected = "changed" | "unmanaged-addition" | "missing" | "owned" | "nothing";

/** One change by hand of one live object. */
export interface Change {
  what: string;
  of: keyof typeof templates;
  expected: Expected;
  /** JSON Patch (RFC 6902); none: the object is deleted. */
  patch?: readonly { op: string; path: string; value?: Json }[];
  subresource?: "scale" | "status";
  /** Field manager; kubectl edit where nothing is said. */
  by?: string;
}

const pod = "/spec/template/spec";
const web = `${pod}/containers/0`;
const set = (path: string, value: Json, op = "replace") => [{ op, path, value }];
const add = (path: string, value: Json) => set(path, value, "add");
const remove = (path: string) => [{ op: "remove", path }];

export const changes: readonly Change[] = [
  {
    what: "scaled (`kubectl scale`)",
    of: "deployment",
    expected: "changed",
    subresource: "scale",
    patch: set("/spec/replicas", 5),
    by: "kubectl",
  },
  { what: "image", of: "deployment", expected: "changed", patch: set(`${web}/image`, "web:2") },
  {
    what: "value of an environment variable",
    of: "deployment",
    expected: "changed",
    patch: set(`${web}/env/0/value`, "9"),
  },
  {
    what: "environment variable added",
    of: "deployment",
    expected: "unmanaged-addition",
    patch: add(`${web}/env/-`, { name: "DEBUG", value: "1" }),
  },
  {
    what: "environment variable removed",
    of: "deployment",
    expected: "changed",
    patch: remove(`${web}/env/1`),
  },
  {
    what: "container added",
    of: "deployment",
    expected: "unmanaged-addition",
    patch: add(`${pod}/containers/-`, { name: "spy", image: "spy:1" }),
  },
  {
    what: "init container added",
    of: "deployment",
    expected: "unmanaged-addition",
    patch: add(`${pod}/initContainers`, [{ name: "spy", image: "spy:1" }]),
  },
  { what: "container removed", of: "deployment", expected: "changed", patch: remove(`${pod}/containers/1`) },
  {
    what: "label changed",
    of: "deployment",
    expected: "changed",
    patch: set("/metadata/labels/app", "other"),
  },
  {
    what: "label added",
    of: "deployment",
    expected: "unmanaged-addition",
    patch: add("/metadata/labels/team", "me"),
    by: "kubectl-label",
  },
  { what: "labels removed", of: "configMap", expected: "changed", patch: remove("/metadata/labels/app") },
  {
    what: "annotation added",
    of: "service",
    expected: "unmanaged-addition",
    patch: add("/metadata/annotations/note", "x"),
    by: "kubectl-annotate",
  },
  {
    what: "restarted (`kubectl rollout restart`)",
    of: "deployment",
    expected: "nothing",
    patch: add("/spec/template/metadata/annotations", {
      "kubectl.kubernetes.io/restartedAt": "2026-11-24T00:00:00Z",
    }),
    by: "kubectl-rollout",
  },
  {
    what: "memory limit",
    of: "deployment",
    expected: "changed",
    patch: set(`${web}/resources/limits/memory`, "1Gi"),
  },
  {
    what: "the same CPU limit written otherwise",
    of: "deployment",
    expected: "nothing",
    patch: set(`${web}/resources/limits/cpu`, "500m"),
  },
  { what: "probe removed", of: "deployment", expected: "changed", patch: remove(`${web}/readinessProbe`) },
  {
    what: "period of a probe, where Git leaves the default",
    of: "deployment",
    expected: "unmanaged-addition",
    patch: set(`${web}/readinessProbe/periodSeconds`, 99),
  },
  {
    what: "container port added",
    of: "deployment",
    expected: "unmanaged-addition",
    patch: add(`${web}/ports/-`, { containerPort: 22 }),
  },
  {
    what: "toleration added",
    of: "deployment",
    expected: "unmanaged-addition",
    patch: add(`${pod}/tolerations`, [{ operator: "Exists" }]),
  },
  {
    what: "strategy, where Git leaves the default",
    of: "deployment",
    expected: "unmanaged-addition",
    patch: set("/spec/strategy", { type: "Recreate" }),
  },
  {
    what: "service account given",
    of: "deployment",
    expected: "unmanaged-addition",
    patch: add(`${pod}/serviceAccountName`, "admin"),
  },
  {
    what: "host network switched on",
    of: "deployment",
    expected: "unmanaged-addition",
    patch: add(`${pod}/hostNetwork`, true),
  },
  {
    what: "privileged container",
    of: "deployment",
    expected: "unmanaged-addition",
    patch: add(`${web}/securityContext`, { privileged: true }),
  },
  {
    what: "paused",
    of: "deployment",
    expected: "unmanaged-addition",
    patch: add("/spec/paused", true),
    by: "kubectl-rollout",
  },
  {
    what: "command given",
    of: "deployment",
    expected: "unmanaged-addition",
    patch: add(`${web}/command`, ["sleep"]),
  },
  {
    what: "finalizer added",
    of: "configMap",
    expected: "unmanaged-addition",
    patch: add("/metadata/finalizers", ["example.org/hold"]),
  },
  {
    what: "status alone",
    of: "deployment",
    expected: "nothing",
    subresource: "status",
    patch: add("/status/conditions/-", { type: "Odd", status: "True" }),
  },
  {
    what: "replicas by a HorizontalPodAutoscaler",
    of: "autoscaler",
    expected: "owned",
    subresource: "scale",
    patch: set("/spec/replicas", 7),
    by: "kube-controller-manager",
  },
  { what: "value of a ConfigMap", of: "configMap", expected: "changed", patch: set("/data/a", "9") },
  {
    what: "key of a ConfigMap added",
    of: "configMap",
    expected: "unmanaged-addition",
    patch: add("/data/c", "3"),
  },
  { what: "key of a ConfigMap removed", of: "configMap", expected: "changed", patch: remove("/data/b") },
  { what: "value of a Secret", of: "secret", expected: "changed", patch: set("/data/password", "b3RoZXI=") },
  {
    what: "key of a Secret added",
    of: "secret",
    expected: "unmanaged-addition",
    patch: add("/data/more", "eA=="),
  },
  {
    what: "type of a Service",
    of: "service",
    expected: "unmanaged-addition",
    patch: set("/spec/type", "NodePort"),
  },
  {
    what: "selector of a Service",
    of: "service",
    expected: "changed",
    patch: set("/spec/selector/app", "other"),
  },
  {
    what: "target port of a Service",
    of: "service",
    expected: "changed",
    patch: set("/spec/ports/0/targetPort", 9090),
  },
  {
    what: "host of an Ingress",
    of: "ingress",
    expected: "changed",
    patch: set("/spec/rules/0/host", "b.example.org"),
  },
  {
    what: "rule of a Role widened",
    of: "role",
    expected: "changed",
    patch: add("/rules/0/verbs/-", "delete"),
  },
  {
    what: "rule of a Role added",
    of: "role",
    expected: "changed",
    patch: add("/rules/-", { apiGroups: ["*"], resources: ["*"], verbs: ["*"] }),
  },
  {
    what: "subject of a RoleBinding added",
    of: "roleBinding",
    expected: "changed",
    patch: add("/subjects/-", { apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "me" }),
  },
  {
    what: "pull secret of a ServiceAccount",
    of: "serviceAccount",
    expected: "unmanaged-addition",
    patch: add("/imagePullSecrets", [{ name: "mine" }]),
  },
  {
    what: "NetworkPolicy opened to all",
    of: "networkPolicy",
    expected: "changed",
    patch: set("/spec/ingress", [{}]),
  },
  {
    what: "CronJob suspended",
    of: "cronJob",
    expected: "unmanaged-addition",
    patch: set("/spec/suspend", true),
  },
  {
    what: "schedule of a CronJob",
    of: "cronJob",
    expected: "changed",
    patch: set("/spec/schedule", "* * * * *"),
  },
  { what: "PodDisruptionBudget", of: "budget", expected: "changed", patch: set("/spec/minAvailable", 0) },
  {
    what: "caBundle of a webhook, by cert-manager",
    of: "webhook",
    expected: "owned",
    patch: add(
      "/webhooks/0/clientConfig/caBundle",
      "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCi0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K",
    ),
    by: "cert-manager-cainjector",
  },
  { what: "field of a custom resource", of: "widget", expected: "changed", patch: set("/spec/size", 9) },
  {
    what: "field of a custom resource added",
    of: "widget",
    expected: "unmanaged-addition",
    patch: add("/spec/colour", "red"),
  },
  {
    what: "item of a custom resource changed",
    of: "widget",
    expected: "changed",
    patch: set("/spec/parts/0/weight", 9),
  },
  { what: "object deleted", of: "configMap", expected: "missing" },
];

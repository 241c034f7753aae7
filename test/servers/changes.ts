// Hand changes to a small shop, each with what the report must say of it.
import { parseManifests } from "@gitops-actions/manifest";
import { expect } from "vitest";

/** The shop as Git has it. */
export const shop = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      automountServiceAccountToken: false
      containers:
        - name: app
          image: web:1
          env: [{name: MODE, value: fast}, {name: EMPTY, value: ""}]
          ports: [{containerPort: 80}, {containerPort: 53, protocol: UDP}]
          resources: {limits: {cpu: 0.5, memory: 1024Mi}}
          readinessProbe: {httpGet: {path: /, port: 80}}
          securityContext: {privileged: false}
      tolerations: [{key: a, operator: Exists}]
      volumes: [{name: tmp, emptyDir: {}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: scaled, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: scaled}}
  template:
    metadata: {labels: {app: scaled}}
    spec: {containers: [{name: app, image: web:1}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: scaled, namespace: shop}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: scaled}, minReplicas: 1, maxReplicas: 9}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {mode: fast, size: "10"}
---
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: shop}
stringData: {password: correct-horse-battery}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  rules: [{host: shop.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: web, namespace: shop}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {}, ingress: [{ports: [{port: 80}]}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: shop}
spec:
  schedule: "0 * * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: app, image: "report:1"}]}}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  replicas: 1
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "db:1", volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop, labels: {app: web}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: shop-checks}
webhooks:
  - name: checks.shop.example
    clientConfig: {service: {name: web, namespace: shop, path: /check, port: 443}, caBundle: Cg==}
    rules: [{apiGroups: [shop.example], apiVersions: [v1], operations: [CREATE], resources: [nothings]}]
    sideEffects: None
    admissionReviewVersions: [v1]
    failurePolicy: Ignore
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: limits, namespace: shop}
spec: {hard: {pods: "1000", requests.cpu: 2000m}}
`;

export const resources = parseManifests(shop, "shop.yaml").resources;
export const deployment = "/apis/apps/v1/namespaces/shop/deployments/web";
export const merge = "application/merge-patch+json";
const strategic = "application/strategic-merge-patch+json";
const containers = (...list: object[]) => ({ spec: { template: { spec: { containers: list } } } });

/** One change, and what is said of it; the manager that made it is called `hand` there. */
export interface Change {
  what: string;
  path: string;
  method?: string;
  type?: string;
  body?: unknown;
  /** Requests that come after it, by the same manager. */
  after?: Pick<Change, "path" | "method" | "type" | "body">[];
  /** The manager, where its name matters. */
  manager?: string;
  says: Record<string, unknown>;
  /** What the server's own answer shows, where that is something else. */
  dryRunSays?: Record<string, unknown>;
}
export const changes: Change[] = [
  {
    what: "scaled",
    path: `${deployment}/scale`,
    type: merge,
    body: { spec: { replicas: 5 } },
    says: { "Deployment web": ["changed /spec/replicas by hand"] },
  },
  {
    what: "another image",
    path: deployment,
    type: strategic,
    body: containers({ name: "app", image: "web:2" }),
    says: { "Deployment web": ["changed /spec/template/spec/containers/0/image by hand"] },
  },
  {
    what: "another value in env",
    path: deployment,
    type: strategic,
    body: containers({ name: "app", env: [{ name: "MODE", value: "slow" }] }),
    says: { "Deployment web": ["changed /spec/template/spec/containers/0/env/0/value by hand"] },
  },
  {
    what: "env added",
    path: deployment,
    type: strategic,
    body: containers({ name: "app", env: [{ name: "DEBUG", value: "1" }] }),
    says: {
      "Deployment web": [
        expect.stringMatching(/^added \/spec\/template\/spec\/containers\/0\/env\/\d by hand$/),
      ],
    },
  },
  {
    what: "env removed",
    path: deployment,
    type: strategic,
    body: containers({ name: "app", env: [{ name: "MODE", $patch: "delete" }] }),
    says: { "Deployment web": ["changed /spec/template/spec/containers/0/env/0 by nobody recorded"] },
  },
  {
    what: "container added",
    path: deployment,
    type: strategic,
    body: containers({ name: "spy", image: "spy:1" }),
    says: {
      "Deployment web": [expect.stringMatching(/^added \/spec\/template\/spec\/containers\/\d by hand$/)],
    },
  },
  {
    what: "label changed",
    path: deployment,
    type: merge,
    body: { metadata: { labels: { app: "other" } } },
    says: { "Deployment web": ["changed /metadata/labels/app by hand"] },
  },
  {
    what: "label removed",
    path: deployment,
    type: merge,
    body: { metadata: { labels: { app: null } } },
    says: { "Deployment web": ["changed /metadata/labels/app by nobody recorded"] },
  },
  {
    what: "annotation added",
    path: deployment,
    type: merge,
    body: { metadata: { annotations: { note: "x" } } },
    says: { "Deployment web": ["added /metadata/annotations/note by hand"] },
  },
  {
    what: "limit raised",
    path: deployment,
    type: strategic,
    body: containers({ name: "app", resources: { limits: { cpu: "2" } } }),
    says: { "Deployment web": ["changed /spec/template/spec/containers/0/resources/limits/cpu by hand"] },
  },
  {
    what: "limit removed",
    path: deployment,
    type: strategic,
    body: containers({ name: "app", resources: { limits: { cpu: null } } }),
    says: {
      "Deployment web": ["changed /spec/template/spec/containers/0/resources/limits/cpu by nobody recorded"],
    },
  },
  {
    what: "a switch that Git has off turned on",
    path: deployment,
    type: strategic,
    body: containers({ name: "app", securityContext: { privileged: true } }),
    says: {
      "Deployment web": ["changed /spec/template/spec/containers/0/securityContext/privileged by hand"],
    },
  },
  {
    what: "a switch that Git has off removed",
    path: deployment,
    type: merge,
    body: { spec: { template: { spec: { automountServiceAccountToken: null } } } },
    says: {
      "Deployment web": ["changed /spec/template/spec/automountServiceAccountToken by nobody recorded"],
    },
  },
  {
    what: "probe changed",
    path: deployment,
    type: strategic,
    body: containers({ name: "app", readinessProbe: { httpGet: { path: "/ok" } } }),
    says: {
      "Deployment web": ["changed /spec/template/spec/containers/0/readinessProbe/httpGet/path by hand"],
    },
  },
  {
    what: "port's protocol changed",
    path: deployment,
    type: "application/json-patch+json",
    body: [{ op: "replace", path: "/spec/template/spec/containers/0/ports/1/protocol", value: "SCTP" }],
    says: {
      "Deployment web": [
        "changed /spec/template/spec/containers/0/ports/1 by nobody recorded",
        expect.stringMatching(/^added \/spec\/template\/spec\/containers\/0\/ports\/1 by hand$/),
      ],
    },
    // In the server's answer Git's port comes after the other one.
    dryRunSays: {
      "Deployment web": [
        "changed /spec/template/spec/containers/0/ports/2 by nobody recorded",
        "added /spec/template/spec/containers/0/ports/1 by hand",
      ],
    },
  },
  {
    what: "toleration added to a list that is one value",
    path: deployment,
    type: "application/json-patch+json",
    body: [{ op: "add", path: "/spec/template/spec/tolerations/-", value: { key: "b", operator: "Exists" } }],
    says: { "Deployment web": ["changed /spec/template/spec/tolerations by hand"] },
  },
  {
    what: "a default changed that Git does not set",
    path: deployment,
    type: merge,
    body: { spec: { revisionHistoryLimit: 3 } },
    says: { "Deployment web": ["added /spec/revisionHistoryLimit by hand"] },
  },
  {
    what: "restarted",
    path: deployment,
    type: merge,
    body: {
      spec: {
        template: {
          metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": "2026-11-24T08:00:00Z" } },
        },
      },
    },
    says: {},
  },
  {
    what: "status alone",
    path: `${deployment}/status`,
    type: merge,
    body: { status: { observedGeneration: 1, replicas: 7 } },
    says: {},
  },
  {
    what: "what an autoscaler scales",
    path: "/apis/apps/v1/namespaces/shop/deployments/scaled/scale",
    type: merge,
    body: { spec: { replicas: 7 } },
    says: { "Deployment scaled": ["owned /spec/replicas by HorizontalPodAutoscaler scaled"] },
  },
  {
    what: "an autoscaler's limit",
    path: "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/scaled",
    type: merge,
    body: { spec: { maxReplicas: 99 } },
    says: { "HorizontalPodAutoscaler scaled": ["changed /spec/maxReplicas by hand"] },
  },
  {
    what: "a service's port",
    path: "/api/v1/namespaces/shop/services/web",
    type: strategic,
    body: { spec: { ports: [{ port: 80, targetPort: 8080 }] } },
    says: { "Service web": ["changed /spec/ports/0/targetPort by hand"] },
  },
  {
    what: "a service's selector",
    path: "/api/v1/namespaces/shop/services/web",
    type: merge,
    body: { spec: { selector: { app: "evil" } } },
    says: { "Service web": ["changed /spec/selector/app by hand"] },
  },
  {
    what: "a ConfigMap's value",
    path: "/api/v1/namespaces/shop/configmaps/settings",
    type: merge,
    body: { data: { mode: "slow" } },
    says: { "ConfigMap settings": ["changed /data/mode by hand"] },
  },
  {
    what: "a ConfigMap's key removed",
    path: "/api/v1/namespaces/shop/configmaps/settings",
    type: merge,
    body: { data: { size: null } },
    says: { "ConfigMap settings": ["changed /data/size by nobody recorded"] },
  },
  {
    what: "a ConfigMap's key added",
    path: "/api/v1/namespaces/shop/configmaps/settings",
    type: merge,
    body: { data: { more: "x" } },
    says: { "ConfigMap settings": ["added /data/more by hand"] },
  },
  {
    what: "a Secret's value",
    path: "/api/v1/namespaces/shop/secrets/keys",
    type: merge,
    body: { data: { password: "d3Jvbmc=" } },
    says: { "Secret keys": ["changed /data/password by hand"] },
  },
  {
    what: "a budget",
    path: "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/web",
    type: merge,
    body: { spec: { minAvailable: 0 } },
    says: { "PodDisruptionBudget web": ["changed /spec/minAvailable by hand"] },
  },
  {
    what: "an ingress host",
    path: "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/web",
    type: "application/json-patch+json",
    body: [{ op: "replace", path: "/spec/rules/0/host", value: "evil.example" }],
    says: { "Ingress web": ["changed /spec/rules/0/host by hand"] },
  },
  {
    what: "a role's verb",
    path: "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles/web",
    type: "application/json-patch+json",
    body: [{ op: "add", path: "/rules/0/verbs/-", value: "delete" }],
    says: { "Role web": ["changed /rules/0/verbs by hand"] },
  },
  {
    what: "a policy opened",
    path: "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/web",
    type: merge,
    body: { spec: { ingress: [{}] } },
    says: { "NetworkPolicy web": ["changed /spec/ingress/0/ports by hand"] },
  },
  {
    what: "a finalizer added",
    path: "/api/v1/namespaces/shop/configmaps/settings",
    type: merge,
    body: { metadata: { finalizers: ["example.org/hold"] } },
    says: { "ConfigMap settings": [expect.stringMatching(/^added \/metadata\/finalizers.* by hand$/)] },
  },
  {
    what: "a CronJob suspended",
    path: "/apis/batch/v1/namespaces/shop/cronjobs/report",
    type: merge,
    body: { spec: { suspend: true } },
    says: { "CronJob report": ["added /spec/suspend by hand"] },
  },
  {
    what: "a schedule",
    path: "/apis/batch/v1/namespaces/shop/cronjobs/report",
    type: merge,
    body: { spec: { schedule: "* * * * *" } },
    says: { "CronJob report": ["changed /spec/schedule by hand"] },
  },
  {
    what: "a command put into a container",
    path: deployment,
    type: strategic,
    body: containers({ name: "app", command: ["sleep", "1d"] }),
    says: {
      "Deployment web": ["added /spec/template/spec/containers/0/command by hand"],
    },
  },
  {
    what: "a volume's source",
    path: deployment,
    type: "application/json-patch+json",
    body: [
      {
        op: "replace",
        path: "/spec/template/spec/volumes/0",
        value: { name: "tmp", hostPath: { path: "/" } },
      },
    ],
    says: {
      "Deployment web": [
        "changed /spec/template/spec/volumes/0/emptyDir by nobody recorded",
        "added /spec/template/spec/volumes/0/hostPath by hand",
      ],
    },
  },
  {
    what: "an init container added",
    path: deployment,
    type: strategic,
    body: { spec: { template: { spec: { initContainers: [{ name: "fix", image: "fix:1" }] } } } },
    says: {
      "Deployment web": [expect.stringMatching(/^added \/spec\/template\/spec\/initContainers/)],
    },
  },
  {
    what: "another service account",
    path: deployment,
    type: merge,
    body: { spec: { template: { spec: { serviceAccountName: "admin" } } } },
    says: {
      "Deployment web": [
        "added /spec/template/spec/serviceAccount by hand",
        "added /spec/template/spec/serviceAccountName by hand",
      ],
    },
  },
  {
    what: "the way of rolling out",
    path: deployment,
    type: merge,
    body: { spec: { strategy: { type: "Recreate", rollingUpdate: null } } },
    says: { "Deployment web": [expect.stringMatching(/^added \/spec\/strategy(?:\/type)? by hand$/)] },
  },
  {
    what: "a StatefulSet scaled",
    path: "/apis/apps/v1/namespaces/shop/statefulsets/db/scale",
    type: merge,
    body: { spec: { replicas: 3 } },
    says: { "StatefulSet db": ["changed /spec/replicas by hand"] },
  },
  {
    // The server forgets whose field it is: a Scale with no replicas has no such field.
    what: "a StatefulSet scaled to nothing",
    path: "/apis/apps/v1/namespaces/shop/statefulsets/db/scale",
    type: merge,
    body: { spec: { replicas: 0 } },
    says: { "StatefulSet db": ["changed /spec/replicas by nobody recorded"] },
  },
  {
    what: "a binding's subject added",
    path: "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/web",
    type: "application/json-patch+json",
    body: [
      {
        op: "add",
        path: "/subjects/-",
        value: { kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "eve" },
      },
    ],
    says: { "RoleBinding web": ["changed /subjects by hand"] },
  },
  {
    what: "a quota",
    path: "/api/v1/namespaces/shop/resourcequotas/limits",
    type: merge,
    body: { spec: { hard: { pods: "9999" } } },
    says: { "ResourceQuota limits": ["changed /spec/hard/pods by hand"] },
  },
  {
    what: "a quota in another writing of the same amount",
    path: "/api/v1/namespaces/shop/resourcequotas/limits",
    type: merge,
    body: { spec: { hard: { "requests.cpu": "2" } } },
    says: {},
  },
  {
    what: "the CA of a webhook, by who injects CAs",
    path: "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/shop-checks",
    type: "application/json-patch+json",
    body: [{ op: "replace", path: "/webhooks/0/clientConfig/caBundle", value: "QUJD" }],
    manager: "cert-manager-cainjector",
    says: {},
  },
  {
    what: "a webhook that fails no longer fails",
    path: "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/shop-checks",
    type: "application/json-patch+json",
    body: [{ op: "replace", path: "/webhooks/0/failurePolicy", value: "Fail" }],
    says: { "ValidatingWebhookConfiguration shop-checks": ["changed /webhooks/0/failurePolicy by hand"] },
  },
  {
    what: "an annotation of a program that is expected to write",
    path: deployment,
    type: merge,
    body: { metadata: { annotations: { "autoscaling.keda.sh/paused": "false" } } },
    manager: "keda-operator",
    says: { "Deployment web": ["owned /metadata/annotations/autoscaling.keda.sh~1paused by KEDA"] },
  },
  {
    what: "a label of the namespace",
    path: "/api/v1/namespaces/shop",
    type: merge,
    body: { metadata: { labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
    says: { "Namespace shop": ["added /metadata/labels/pod-security.kubernetes.io~1enforce by hand"] },
  },
  {
    what: "an image pull secret of an account",
    path: "/api/v1/namespaces/shop/serviceaccounts/web",
    type: merge,
    body: { imagePullSecrets: [{ name: "mine" }] },
    says: { "ServiceAccount web": [expect.stringMatching(/^added \/imagePullSecrets/)] },
  },
  {
    what: "a Secret's key added",
    path: "/api/v1/namespaces/shop/secrets/keys",
    type: merge,
    body: { data: { more: "eA==" } },
    says: { "Secret keys": ["added /data/more by hand"] },
  },
  {
    what: "a service made reachable from outside",
    path: "/api/v1/namespaces/shop/services/web",
    type: merge,
    body: { spec: { type: "LoadBalancer" } },
    says: {
      "Service web": expect.arrayContaining(["added /spec/type by hand"]),
    },
  },
  {
    what: "deleted and made again as it was",
    path: "/api/v1/namespaces/shop/configmaps/settings",
    method: "DELETE",
    after: [
      {
        path: "/api/v1/namespaces/shop/configmaps",
        method: "POST",
        body: {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "settings" },
          data: { mode: "fast", size: "10" },
        },
      },
    ],
    says: {},
  },
  {
    what: "deleted and made again as another",
    path: "/api/v1/namespaces/shop/configmaps/settings",
    method: "DELETE",
    after: [
      {
        path: "/api/v1/namespaces/shop/configmaps",
        method: "POST",
        body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" }, data: { mode: "slow" } },
      },
    ],
    says: {
      "ConfigMap settings": ["changed /data/mode by hand", "changed /data/size by nobody recorded"],
    },
  },
  {
    what: "marked by hand as not to be reconciled",
    path: deployment,
    type: merge,
    body: { metadata: { annotations: { "kustomize.toolkit.fluxcd.io/reconcile": "disabled" } } },
    says: {
      "Deployment web": ["added /metadata/annotations/kustomize.toolkit.fluxcd.io~1reconcile by hand"],
    },
  },
  {
    what: "changed, and changed back",
    path: `${deployment}/scale`,
    type: merge,
    body: { spec: { replicas: 5 } },
    after: [{ path: `${deployment}/scale`, method: "PATCH", type: merge, body: { spec: { replicas: 2 } } }],
    says: {},
  },
  {
    what: "an object deleted",
    path: "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/web",
    method: "DELETE",
    says: { "Ingress web": "missing" },
  },
];

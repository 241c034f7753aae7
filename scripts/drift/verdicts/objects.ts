import type { JsonObject } from "@gitops-actions/manifest";

/** An object of Git by its kind, of which every change gets one for itself, and where the API server has it. */
export interface Template {
  api: string;
  plural: string;
  clusterWide?: true;
  make(name: string): JsonObject;
}

const metadata = (name: string): JsonObject => ({
  name,
  labels: { app: name },
  annotations: { about: "a test" },
});

const podSpec: JsonObject = {
  containers: [
    {
      name: "web",
      image: "web:1",
      env: [
        { name: "A", value: "1" },
        { name: "B", value: "2" },
      ],
      ports: [{ containerPort: 80 }],
      resources: { limits: { cpu: "0.5", memory: "64Mi" } },
      readinessProbe: { httpGet: { path: "/", port: 80 } },
    },
    { name: "log", image: "log:1" },
  ],
};

const deployment: Template = {
  api: "/apis/apps/v1",
  plural: "deployments",
  make: (name) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(name),
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: podSpec },
    },
  }),
};

/** What the changes are made to. */
export const templates = {
  deployment,
  autoscaler: {
    api: "/apis/autoscaling/v2",
    plural: "horizontalpodautoscalers",
    make: (name) => ({
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: metadata(name),
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
        maxReplicas: 9,
        metrics: [
          {
            type: "Resource",
            resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
          },
        ],
      },
    }),
  },
  configMap: {
    api: "/api/v1",
    plural: "configmaps",
    make: (name) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: metadata(name),
      data: { a: "1", b: "2" },
    }),
  },
  secret: {
    api: "/api/v1",
    plural: "secrets",
    make: (name) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: metadata(name),
      stringData: { password: "correct-horse" },
    }),
  },
  service: {
    api: "/api/v1",
    plural: "services",
    make: (name) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata(name),
      spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
    }),
  },
  ingress: {
    api: "/apis/networking.k8s.io/v1",
    plural: "ingresses",
    make: (name) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: metadata(name),
      spec: {
        rules: [
          {
            host: "a.example.org",
            http: {
              paths: [
                { path: "/", pathType: "Prefix", backend: { service: { name, port: { number: 80 } } } },
              ],
            },
          },
        ],
      },
    }),
  },
  role: {
    api: "/apis/rbac.authorization.k8s.io/v1",
    plural: "roles",
    make: (name) => ({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: metadata(name),
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
    }),
  },
  roleBinding: {
    api: "/apis/rbac.authorization.k8s.io/v1",
    plural: "rolebindings",
    make: (name) => ({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: metadata(name),
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "team" }],
    }),
  },
  serviceAccount: {
    api: "/api/v1",
    plural: "serviceaccounts",
    make: (name) => ({ apiVersion: "v1", kind: "ServiceAccount", metadata: metadata(name) }),
  },
  networkPolicy: {
    api: "/apis/networking.k8s.io/v1",
    plural: "networkpolicies",
    make: (name) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: metadata(name),
      spec: {
        podSelector: { matchLabels: { app: name } },
        ingress: [{ from: [{ podSelector: { matchLabels: { app: "a" } } }] }],
      },
    }),
  },
  cronJob: {
    api: "/apis/batch/v1",
    plural: "cronjobs",
    make: (name) => ({
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: metadata(name),
      spec: {
        schedule: "0 3 1 1 *",
        jobTemplate: {
          spec: {
            template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image: "a:1" }] } },
          },
        },
      },
    }),
  },
  budget: {
    api: "/apis/policy/v1",
    plural: "poddisruptionbudgets",
    make: (name) => ({
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: metadata(name),
      spec: { minAvailable: 1, selector: { matchLabels: { app: name } } },
    }),
  },
  webhook: {
    api: "/apis/admissionregistration.k8s.io/v1",
    plural: "validatingwebhookconfigurations",
    clusterWide: true,
    make: (name) => ({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: metadata(name),
      webhooks: [
        {
          name: "a.example.org",
          clientConfig: { url: "https://127.0.0.1:9/" },
          sideEffects: "None",
          failurePolicy: "Ignore",
          admissionReviewVersions: ["v1"],
          rules: [
            {
              apiGroups: ["example.org"],
              apiVersions: ["v1"],
              operations: ["CREATE"],
              resources: ["nothings"],
            },
          ],
        },
      ],
    }),
  },
  widget: {
    api: "/apis/example.org/v1",
    plural: "widgets",
    make: (name) => ({
      apiVersion: "example.org/v1",
      kind: "Widget",
      metadata: metadata(name),
      spec: { size: 1, parts: [{ name: "a", weight: 2 }] },
    }),
  },
} satisfies Record<string, Template>;

/** The kind of the custom resources above. */
export const widgetDefinition: JsonObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.org" },
  spec: {
    group: "example.org",
    scope: "Namespaced",
    names: { kind: "Widget", plural: "widgets", singular: "widget", listKind: "WidgetList" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          },
        },
      },
    ],
  },
};

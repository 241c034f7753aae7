import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkObjects, defaults, type Judged } from "@gitops-actions/drift-report";
import { type Cluster, clusterLimits, openCluster, type Tool, userCacheDir } from "@gitops-actions/engine";
import { parseManifests, type Resource } from "@gitops-actions/manifest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient } from "../../scripts/drift/cluster.ts";
import { type ControlPlane, kubectlPath, startControlPlane } from "./control-plane.ts";

const shop = `
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
`;

let plane: ControlPlane;
let cluster: Cluster;
const tempDir = mkdtempSync(join(tmpdir(), "drift-test-"));
const machine = {
  env: process.env,
  cwd: tempDir,
  cacheDir: userCacheDir(process.env),
  tempDir,
  cores: 2,
  now: () => new Date("2026-11-24T08:00:00Z"),
  isTerminal: false,
};
const kubectl = {
  name: "kubectl",
  version: "1.36.3",
  path: kubectlPath(),
  source: "given",
  sha256: "",
} satisfies Tool;

function open(kubeconfig: string, name: string): Promise<Cluster> {
  return openCluster(kubectl, { ...clusterLimits, kubeconfig }, machine, name);
}

beforeAll(async () => {
  plane = await startControlPlane({ users: ["reader"] });
  cluster = await open(plane.kubeconfig(), "admin");
}, 120_000);

afterAll(async () => {
  await cluster?.close();
  plane?.stop();
  rmSync(tempDir, { recursive: true, force: true });
});

async function check(resources: Resource[], at = cluster): Promise<Judged[]> {
  const world = {
    host: machine,
    progress: () => {},
    signal: new AbortController().signal,
    secretKey: new Uint8Array(32),
  };
  const placed = [{ overlay: "shop", resources, deliverers: [], pending: 0 }];
  return (await checkObjects(placed, [], at, defaults, world)).judged;
}

/** What is said of each object that is not clean: its class, and the fields with whom they are said to be by. */
function said(judged: readonly Judged[]): Record<string, unknown> {
  return Object.fromEntries(
    judged.flatMap(({ resource, judgement }): [string, unknown][] => {
      const name = `${resource.id.kind} ${resource.id.name}`;
      if (judgement.class !== "compared") return [[name, judgement.class]];
      const fields = [
        ...judgement.changed.map(
          ({ pointer, by }) => `changed ${pointer} by ${by?.manager ?? "nobody recorded"}`,
        ),
        ...judgement.owned.map(({ pointer, owner }) => `owned ${pointer} by ${owner}`),
        ...judgement.unmanaged.map(({ livePointer, manager }) => `added ${livePointer} by ${manager.name}`),
        ...judgement.removedFromGit.map(({ livePointer }) => `removed from Git ${livePointer}`),
      ];
      return fields.length > 0 ? [[name, fields]] : [];
    }),
  );
}

async function applyAll(resources: readonly Resource[]): Promise<void> {
  const client = createClient(plane.send);
  for (const resource of resources) {
    const applied = await client.apply(resource, "server-side apply");
    if ("refused" in applied) throw new Error(`${resource.id.kind} ${resource.id.name}: ${applied.refused}`);
  }
}

const resources = parseManifests(shop, "shop.yaml").resources;
const deployment = "/apis/apps/v1/namespaces/shop/deployments/web";
const merge = "application/merge-patch+json";
const strategic = "application/strategic-merge-patch+json";
const containers = (...list: object[]) => ({ spec: { template: { spec: { containers: list } } } });

interface Change {
  what: string;
  path: string;
  method?: string;
  type?: string;
  body?: unknown;
  says: Record<string, unknown>;
}
const changes: Change[] = [
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
    says: {
      "Deployment web": [
        "added /spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt by hand",
      ],
    },
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
    says: { "NetworkPolicy web": ["changed /spec/ingress/0/ports by nobody recorded"] },
  },
  {
    what: "a finalizer added",
    path: "/api/v1/namespaces/shop/configmaps/settings",
    type: merge,
    body: { metadata: { finalizers: ["example.org/hold"] } },
    says: { "ConfigMap settings": [expect.stringMatching(/^added \/metadata\/finalizers.* by hand$/)] },
  },
  {
    what: "an object deleted",
    path: "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/web",
    method: "DELETE",
    says: { "Ingress web": "missing" },
  },
];

describe("changes made by hand", () => {
  test("nothing is found when nothing was changed", async () => {
    await applyAll(resources);
    const judged = await check(resources);
    expect(said(judged)).toEqual({});
    expect(judged.every(({ judgement }) => judgement.class === "compared")).toBe(true);
  });

  test.each(changes)("$what", async ({ path, method = "PATCH", type, body, says }) => {
    await applyAll(resources);
    const { status, body: answer } = await plane.send(method, `${path}?fieldManager=hand`, body, type);
    expect(status, JSON.stringify(answer)).toBeLessThan(300);
    expect(said(await check(resources))).toEqual(says);
    await restore(path);
  });

  /** Applying again does not take away what others added: the object is made anew. */
  async function restore(path: string): Promise<void> {
    const object = path.replace(/\/(?:scale|status)$/, "");
    await plane.send("PATCH", object, { metadata: { finalizers: null } }, merge);
    await plane.send("DELETE", object, { propagationPolicy: "Background" });
  }

  test("what Git no longer sets and was applied once", async () => {
    await applyAll(resources);
    const less = parseManifests(
      shop.replace('data: {mode: fast, size: "10"}', "data: {mode: fast}"),
      "shop.yaml",
    ).resources;
    expect(said(await check(less))).toEqual({ "ConfigMap settings": ["removed from Git /data/size"] });
  });
});

describe("what cannot be read is not checked", () => {
  test("kinds that a user may not list", async () => {
    await applyAll(resources);
    const rules = [{ apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "list"] }];
    const role = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "reader" },
      rules,
    };
    const binding = {
      ...role,
      kind: "RoleBinding",
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
      subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "reader" }],
      rules: undefined,
    };
    const root = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop";
    await plane.send("POST", `${root}/roles`, role);
    await plane.send("POST", `${root}/rolebindings`, binding);
    const reader = await open(plane.kubeconfig("reader"), "reader");
    try {
      const judged = await check(resources, reader);
      for (const { resource, judgement } of judged) {
        const wanted =
          resource.id.kind === "Deployment"
            ? { class: "compared" }
            : { class: "not-checked", code: "forbidden" };
        expect(judgement, resource.id.kind).toMatchObject(wanted);
      }
    } finally {
      await reader.close();
    }
  });

  test("with credentials that are not accepted", async () => {
    const stranger = await open(plane.kubeconfig("stranger"), "stranger");
    try {
      const judged = await check(resources, stranger);
      expect(
        judged.every(
          ({ judgement }) => judgement.class === "not-checked" && judgement.code === "unauthorised",
        ),
      ).toBe(true);
    } finally {
      await stranger.close();
    }
  });

  test("nothing can be written through the proxy", async () => {
    const { request } = await import("node:http");
    const status = await new Promise<number>((resolve, reject) => {
      const socketPath = join(tempDir, "admin.sock");
      const path = "/api/v1/namespaces/shop/configmaps/settings";
      const call = request({ socketPath, path, method: "DELETE", headers: { host: "localhost" } }, (answer) =>
        resolve(answer.statusCode ?? 0),
      );
      call.on("error", reject);
      call.end();
    });
    expect(status).toBe(403);
  });

  test("lists longer than a page are read to their end", async () => {
    const small = await openCluster(
      kubectl,
      { ...clusterLimits, pageSize: 1, kubeconfig: plane.kubeconfig() },
      machine,
      "small",
    );
    try {
      expect(said(await check(resources, small))).toEqual({});
    } finally {
      await small.close();
    }
  });

  // The last test: it stops the server.
  test("when the server is gone", async () => {
    plane.stopServer();
    const judged = await check(resources);
    for (const { judgement } of judged)
      expect(judgement).toMatchObject({ class: "not-checked", code: "unreachable" });
  });
});

import { explainSources, explainWindows, readDeliverers, readSyncStatus } from "@gitops-actions/drift-report";
import type { JsonObject } from "@gitops-actions/manifest";
import { describe, expect, test } from "vitest";

const commit = "1c2a9f0b7d3e4a5f6b7c8d9e0f1a2b3c4d5e6f70";

const kustomization: JsonObject = {
  apiVersion: "kustomize.toolkit.fluxcd.io/v1",
  kind: "Kustomization",
  metadata: {
    name: "web",
    namespace: "flux-system",
    generation: 2,
    managedFields: [
      {
        manager: "kubectl-patch",
        operation: "Update",
        time: "2026-11-20T09:00:00Z",
        fieldsV1: { "f:spec": { "f:suspend": {} } },
      },
    ],
  },
  spec: { path: "./apps/web/overlays/prod/", prune: true },
  status: {
    observedGeneration: 2,
    lastAppliedRevision: `main@sha1:${commit}`,
    conditions: [
      { type: "Ready", status: "True", reason: "ReconciliationSucceeded", message: "Applied revision" },
    ],
    inventory: {
      entries: [
        { id: "shop_web_apps_Deployment", v: "v1" },
        { id: "shop_settings__ConfigMap", v: "v1" },
        { id: "_system__node-reader_rbac.authorization.k8s.io_ClusterRole", v: "v1" },
      ],
    },
  },
};

const application: JsonObject = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Application",
  metadata: { name: "web", namespace: "argocd" },
  spec: {
    source: { repoURL: "https://git.example/fleet", path: "apps/web/overlays/prod" },
    destination: { namespace: "shop" },
    syncPolicy: { automated: {} },
    ignoreDifferences: [
      {
        group: "apps",
        kind: "Deployment",
        jsonPointers: ["/spec/replicas"],
        jqPathExpressions: [".spec.template.spec.containers[].image"],
      },
    ],
  },
  status: {
    sync: { status: "Synced", revision: commit },
    health: { status: "Healthy" },
    resources: [
      { group: "apps", version: "v1", kind: "Deployment", namespace: "shop", name: "web", status: "Synced" },
    ],
  },
};

const change = (object: JsonObject, spec: JsonObject, status: JsonObject = {}): JsonObject => ({
  ...object,
  spec: { ...(object.spec as JsonObject), ...spec },
  status: { ...(object.status as JsonObject), ...status },
});

describe("what controllers deliver", () => {
  test("Flux: path, applied commit, inventory", () => {
    expect(readDeliverers([kustomization])).toMatchObject([
      {
        kind: "Kustomization",
        path: "apps/web/overlays/prod",
        applied: commit,
        options: [],
        inventory: [
          { group: "apps", version: "v1", kind: "Deployment", namespace: "shop", name: "web" },
          { group: "", version: "v1", kind: "ConfigMap", namespace: "shop", name: "settings" },
          {
            group: "rbac.authorization.k8s.io",
            kind: "ClusterRole",
            namespace: "",
            name: "system:node-reader",
          },
        ],
      },
    ]);
  });

  test("Argo CD: path, namespace, applied commit, ignore rules", () => {
    expect(readDeliverers([application])).toMatchObject([
      {
        kind: "Application",
        path: "apps/web/overlays/prod",
        applied: commit,
        defaultNamespace: "shop",
        options: [],
        ignores: [{ pointers: ["/spec/replicas"] }],
      },
    ]);
  });

  test.each([
    ["postBuild", change(kustomization, { postBuild: { substitute: { a: "b" } } }), ["postBuild"]],
    ["targetNamespace", change(kustomization, { targetNamespace: "x" }), ["targetNamespace"]],
    ["an empty list", change(kustomization, { patches: [] }), []],
    [
      "valuesObject",
      change(application, { source: { path: "a", helm: { valuesObject: { a: 1 } } } }),
      ["helm.valuesObject"],
    ],
    [
      "images",
      change(application, { source: { path: "a", kustomize: { images: ["a=b"] } } }),
      ["kustomize.images"],
    ],
  ])("options that a render does not know of: %s", (_what, object, options) => {
    expect(readDeliverers([object])[0]?.options).toEqual(options);
  });
});

describe("the commit that is applied", () => {
  const other = "2".repeat(40);
  const last = (result: JsonObject): JsonObject => ({
    sync: { status: "OutOfSync", revision: other },
    operationState: { phase: "Succeeded", syncResult: result },
  });
  const sources = { source: null, sources: [{ path: "a" }, { path: "b" }] } as unknown as JsonObject;
  test.each<[string, JsonObject, (string | undefined)[]]>([
    ["out of sync: of the last operation", change(application, {}, last({ revision: commit })), [commit]],
    [
      "in sync with a newer commit that changed nothing of it",
      change(
        application,
        {},
        { sync: { status: "Synced", revision: other }, operationState: { syncResult: { revision: commit } } },
      ),
      [other],
    ],
    [
      "several sources, each its own",
      change(application, sources, last({ revision: "", revisions: [commit, other] })),
      [commit, other],
    ],
    ["nothing said yet", { ...application, status: {} }, [undefined]],
  ])("%s", (_what, object, applied) => {
    expect(readDeliverers([object]).map((each) => each.applied)).toEqual(applied);
  });

  test("a release of a chart in the repository is delivered, and its values are not modelled", () => {
    const release = (spec: JsonObject): JsonObject => ({
      apiVersion: "helm.toolkit.fluxcd.io/v2",
      kind: "HelmRelease",
      metadata: { name: "web", namespace: "shop" },
      spec,
    });
    const chart = { spec: { chart: "./charts/web", sourceRef: { kind: "GitRepository", name: "fleet" } } };
    expect(readDeliverers([release({ chart, values: { a: 1 }, targetNamespace: "prod" })])).toMatchObject([
      { kind: "HelmRelease", path: "charts/web", options: ["values"], defaultNamespace: "prod" },
    ]);
    const elsewhere = { spec: { chart: "web", sourceRef: { kind: "HelmRepository", name: "x" } } };
    expect(readDeliverers([release({ chart: elsewhere })])).toEqual([]);
  });
});

describe("what explains a state", () => {
  const waiting = change(
    application,
    { project: "shop" },
    { sync: { status: "OutOfSync", revision: commit } },
  );
  const project = (...syncWindows: JsonObject[]): JsonObject => ({
    kind: "AppProject",
    metadata: { name: "shop" },
    spec: { syncWindows },
  });
  const now = new Date("2026-11-24T08:00:00Z");
  const explained = (...windows: JsonObject[]): string => {
    const statuses = [readSyncStatus(waiting)];
    explainWindows(statuses, [waiting, project(...windows)], now);
    return statuses[0]!.waiting ? statuses[0]!.message : "it may sync";
  };
  const deny = { kind: "deny", schedule: "0 6 * * *", duration: "4h", applications: ["w*"] };
  const allow = { kind: "allow", schedule: "0 22 * * *", duration: "1h", namespaces: ["shop"] };
  test.each<[string, JsonObject[], string]>([
    [
      "a deny window that is open",
      [deny],
      "OutOfSync; a sync window of its project forbids syncs until 2026-11-24 10:00 UTC",
    ],
    ["one that is over", [{ ...deny, duration: "90m" }], "it may sync"],
    ["one for others", [{ ...deny, applications: ["x*"] }], "it may sync"],
    [
      "one for others, by all of its conditions",
      [{ ...deny, namespaces: ["x"], andOperator: true }],
      "it may sync",
    ],
    ["one in another zone", [{ ...deny, timeZone: "America/New_York" }], "it may sync"],
    [
      "an allow window that opens later",
      [allow],
      "OutOfSync; no sync window of its project is open until 2026-11-24 22:00 UTC",
    ],
    ["one of two that is open", [allow, { ...allow, schedule: "0 8 * * *" }], "it may sync"],
    [
      "a deny window beside an open allow window",
      [{ ...allow, schedule: "0 8 * * *" }, deny],
      "OutOfSync; a sync window of its project forbids syncs until 2026-11-24 10:00 UTC",
    ],
    ["one that cannot be read", [{ ...deny, schedule: "never" }], "it may sync"],
    ["none", [], "it may sync"],
  ])("%s", (_what, windows, message) => expect(explained(...windows)).toBe(message));

  test("a source that has fetched more than is applied", () => {
    const own = change(kustomization, { sourceRef: { kind: "GitRepository", name: "fleet" } });
    const source = (revision: string): JsonObject => ({
      kind: "GitRepository",
      metadata: { name: "fleet", namespace: "flux-system" },
      status: { artifact: { revision } },
    });
    const say = (revision: string): string => {
      const statuses = [readSyncStatus(own)];
      explainSources(statuses, [own, source(revision)]);
      return statuses[0]!.message;
    };
    expect(say(`main@sha1:${"3".repeat(40)}`)).toBe(
      "Applied revision; its source has 3333333, it has applied 1c2a9f0",
    );
    expect(say(`main@sha1:${commit}`)).toBe("Applied revision");
  });
});

describe("the state that controllers are in", () => {
  const condition = (type: string, status: string, message: string): JsonObject => ({
    type,
    status,
    reason: "Why",
    message,
    lastTransitionTime: "2026-11-20T09:00:00Z",
  });
  test.each([
    ["Flux ready", kustomization, { state: "in-sync" }],
    [
      "Flux suspended, with who and since when",
      change(kustomization, { suspend: true }),
      { state: "suspended", message: "suspended, by kubectl-patch", since: "2026-11-20T09:00:00Z" },
    ],
    [
      "Flux failing",
      change(kustomization, {}, { conditions: [condition("Ready", "False", "no such file")] }),
      { state: "failing", message: "Why: no such file", since: "2026-11-20T09:00:00Z" },
    ],
    [
      "Flux stalled",
      change(
        kustomization,
        {},
        { conditions: [condition("Ready", "True", "x"), condition("Stalled", "True", "bad path")] },
      ),
      { state: "failing", message: "Why: bad path" },
    ],
    [
      "Flux behind its own spec",
      change(kustomization, {}, { observedGeneration: 1 }),
      { state: "progressing" },
    ],
    ["Flux without a controller", { ...kustomization, status: {} }, { state: "unknown" }],
    ["Argo CD synced", application, { state: "in-sync" }],
    [
      "Argo CD out of sync",
      change(application, {}, { sync: { status: "OutOfSync", revision: commit } }),
      { state: "out-of-sync", message: "OutOfSync" },
    ],
    [
      "Argo CD out of sync by choice",
      change(application, { syncPolicy: {} }, { sync: { status: "OutOfSync" } }),
      { state: "out-of-sync", message: "OutOfSync, and auto-sync is off" },
    ],
    [
      "Argo CD failed",
      change(
        application,
        {},
        { operationState: { phase: "Failed", message: "denied", finishedAt: "2026-11-20T09:00:00Z" } },
      ),
      { state: "failing", message: "the last sync failed: denied" },
    ],
    [
      "Argo CD out of sync: what it has applied is what its last operation brought",
      change(
        application,
        {},
        {
          sync: { status: "OutOfSync", revision: "2".repeat(40) },
          operationState: { phase: "Succeeded", syncResult: { revision: commit } },
        },
      ),
      { state: "out-of-sync", revision: commit },
    ],
    [
      "Argo CD with a chart of a repository",
      change(application, {}, { sync: { status: "OutOfSync", revision: "37.2.0" } }),
      { revision: "37.2.0" },
    ],
    [
      "Argo CD with auto-sync switched off",
      change(application, { syncPolicy: { automated: { enabled: false } } }),
      { state: "in-sync", message: "Synced; auto-sync is off" },
    ],
    [
      "Argo CD told to leave it alone",
      {
        ...application,
        metadata: {
          ...(application.metadata as JsonObject),
          annotations: { "argocd.argoproj.io/skip-reconcile": "true" },
        },
      },
      { state: "suspended" },
    ],
    ["Argo CD degraded", change(application, {}, { health: { status: "Degraded" } }), { state: "failing" }],
    [
      "Argo CD with an error",
      change(application, {}, { conditions: [{ type: "ComparisonError", message: "no repository" }] }),
      { state: "failing", message: "ComparisonError: no repository" },
    ],
  ])("%s", (_what, object, expected) => {
    expect(readSyncStatus(object)).toMatchObject({ ...expected, name: "web" });
  });
});

import { findExtras } from "@gitops-actions/drift-report";
import type { Json, JsonObject } from "@gitops-actions/manifest";
import { describe, expect, test } from "vitest";
import { readOne, shapeFor } from "./schemas.ts";

/** Pointers of what only the cluster has. The field sets below are from objects that real controllers applied. */
function extrasOf(git: ReturnType<typeof readOne>, live: JsonObject, ...managers: JsonObject[]) {
  const metadata = { ...(live.metadata as JsonObject), managedFields: managers as Json };
  const extras = findExtras(git.value, { ...live, metadata }, shapeFor(git));
  return {
    unmanaged: extras.unmanaged.map(({ livePointer }) => livePointer),
    removed: extras.removedFromGit.map(({ livePointer }) => livePointer),
  };
}

const none = { unmanaged: [], removed: [] };
const flux = (fieldsV1: JsonObject): JsonObject => ({
  manager: "kustomize-controller",
  operation: "Apply",
  fieldsV1,
});

describe("what kustomize-controller 1.9.5 applies besides what Git says", () => {
  test("its labels, and the empty spec of a Namespace that the server fills", () => {
    const git = readOne("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n");
    const labels = {
      team: "a",
      "kustomize.toolkit.fluxcd.io/name": "n",
      "kustomize.toolkit.fluxcd.io/namespace": "f",
    };
    const live = { ...git.value, metadata: { name: "shop", labels }, spec: { finalizers: ["kubernetes"] } };
    const fields = {
      "f:labels": {
        "f:kustomize.toolkit.fluxcd.io/name": {},
        "f:kustomize.toolkit.fluxcd.io/namespace": {},
        "f:team": {},
      },
    };
    expect(extrasOf(git, live, flux({ "f:metadata": fields, "f:spec": {} }))).toEqual(none);
  });

  test("the defaults of ports", () => {
    const git = readOne(
      "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {a: b}, ports: [{port: 80}]}\n",
    );
    const ports = [{ port: 80, protocol: "TCP", targetPort: 80 }];
    const live = { ...git.value, spec: { selector: { a: "b" }, ports } };
    // Its target port is written as zero, and made the port by the server.
    const port = { ".": {}, "f:port": {}, "f:protocol": {}, "f:targetPort": {} };
    const fields = { "f:ports": { 'k:{"port":80,"protocol":"TCP"}': port }, "f:selector": {} };
    expect(extrasOf(git, live, flux({ "f:spec": fields }))).toEqual(none);
  });

  test("the zero of a precedence", () => {
    const git = readOne(
      "apiVersion: flowcontrol.apiserver.k8s.io/v1\nkind: FlowSchema\nmetadata: {name: a}\nspec: {priorityLevelConfiguration: {name: exempt}}\n",
    );
    const live = { ...git.value, spec: { ...(git.value.spec as JsonObject), matchingPrecedence: 1000 } };
    const fields = { "f:priorityLevelConfiguration": { "f:name": {} }, "f:matchingPrecedence": {} };
    expect(extrasOf(git, live, flux({ "f:spec": fields }))).toEqual(none);
  });

  test("zero values and empty structs of the Go types, but not what Git no longer sets", () => {
    const git = readOne(
      "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\nspec: {selector: {matchLabels: {a: b}}}\n",
    );
    const spec = { serviceName: "", updateStrategy: { type: "RollingUpdate" }, minReadySeconds: 5 };
    const live = { ...git.value, spec: { ...(git.value.spec as JsonObject), ...spec } };
    const fields = {
      "f:selector": {},
      "f:serviceName": {},
      "f:updateStrategy": {},
      "f:minReadySeconds": {},
    };
    expect(extrasOf(git, live, flux({ "f:spec": fields }))).toEqual({
      unmanaged: [],
      removed: ["/spec/minReadySeconds"],
    });
  });

  test("the null of a pointer, of which the server makes an empty text", () => {
    const probe = (grpc: string): string =>
      `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, livenessProbe: {grpc: ${grpc}}}]}\n`;
    const field = { "f:grpc": { "f:port": {}, "f:service": {} } };
    const item = { ".": {}, "f:name": {}, "f:livenessProbe": field };
    const applied = flux({ "f:spec": { "f:containers": { 'k:{"name":"a"}': item } } });
    const live = readOne(probe('{port: 1, service: ""}')).value;
    expect(extrasOf(readOne(probe("{port: 1}")), live, applied)).toEqual(none);
  });

  test("not an atomic struct: server-side apply names no field of it", () => {
    const git = readOne(
      "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: web}\nspec: {accessModes: [ReadWriteOnce]}\n",
    );
    const spec = { accessModes: ["ReadWriteOnce"], selector: { matchLabels: { a: "b" } } };
    const fields = { "f:accessModes": {}, "f:selector": {} };
    expect(extrasOf(git, { ...git.value, spec }, flux({ "f:spec": fields })).removed).toEqual([
      "/spec/selector",
    ]);
  });
});

describe("an object that somebody made before Git's was applied over it", () => {
  const git = readOne(
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 2, selector: {matchLabels: {a: b}}}\n",
  );
  const made = "2026-11-20T09:00:00Z";
  const metadata = { name: "a", creationTimestamp: made };
  const spec = { ...(git.value.spec as JsonObject), progressDeadlineSeconds: 600 };
  const fields = { "f:replicas": {}, "f:selector": {} };
  const applied = flux({ "f:spec": fields });
  const creator = (time: string, set: JsonObject): JsonObject => ({
    manager: "terraform",
    operation: "Update",
    time,
    fieldsV1: { "f:spec": { ...set, "f:progressDeadlineSeconds": {} } },
  });
  const told = { unmanaged: ["/spec/progressDeadlineSeconds"], removed: [] };

  test("has its maker for the owner of the server's defaults: nothing tells them from what was given", () => {
    const managedFields = [applied, creator(made, fields)];
    const live = { ...git.value, metadata: { ...metadata, managedFields }, spec };
    expect(findExtras(git.value, live, shapeFor(git))).toMatchObject({ unmanaged: [], untold: "all" });
  });

  test("unless the applier made it, within the same second", () => {
    const live = { ...git.value, metadata, spec };
    const sameSecond = { ...applied, time: made };
    expect(extrasOf(git, live, sameSecond, creator(made, fields))).toEqual(told);
  });

  test("unless they have written later, or set next to nothing of what Git sets", () => {
    const live = { ...git.value, metadata, spec };
    expect(extrasOf(git, live, applied, creator("2026-11-20T09:00:01Z", fields))).toEqual(told);
    expect(extrasOf(git, live, applied, creator(made, {}))).toEqual(told);
  });
});

test("the label of a Namespace that the server writes belongs to nobody", () => {
  const git = readOne("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n");
  const labels = { "kubernetes.io/metadata.name": "shop" };
  const live = { ...git.value, metadata: { name: "shop", labels } };
  const fields = { "f:labels": { ".": {}, "f:kubernetes.io/metadata.name": {} } };
  const made = { manager: "kubectl-create", operation: "Update", fieldsV1: { "f:metadata": fields } };
  expect(extrasOf(git, live, flux({ "f:spec": {} }), made)).toEqual(none);
});

test("the rules that the control plane gathers into a ClusterRole are its own", () => {
  const git = readOne(
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\naggregationRule: {clusterRoleSelectors: []}\n",
  );
  const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
  const aggregated = {
    manager: "clusterrole-aggregation-controller",
    operation: "Apply",
    fieldsV1: { "f:rules": {} },
  };
  const applied = flux({ "f:aggregationRule": { "f:clusterRoleSelectors": {} }, "f:rules": {} });
  expect(extrasOf(git, { ...git.value, rules }, applied, aggregated)).toEqual(none);
});

describe("a finalizer", () => {
  const git = readOne(
    "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: fleet}\nspec: {url: x}\n",
  );
  const live = { ...git.value, metadata: { name: "fleet", finalizers: ["finalizers.fluxcd.io"] } };
  const applied = flux({ "f:spec": { "f:url": {} } });
  const held = (manager: string): JsonObject => ({
    manager,
    operation: "Update",
    fieldsV1: { "f:metadata": { "f:finalizers": { ".": {}, 'v:"finalizers.fluxcd.io"': {} } } },
  });
  const status = (manager: string): JsonObject => ({
    manager,
    operation: "Update",
    subresource: "status",
    fieldsV1: { "f:status": { "f:observedGeneration": {} } },
  });

  test("of the controller that writes the object's status is its own", () => {
    expect(extrasOf(git, live, applied, held("source-controller"), status("source-controller"))).toEqual(
      none,
    );
  });

  test("of anybody else is told, and of kubectl whatever it writes", () => {
    const told = { unmanaged: ["/metadata/finalizers"], removed: [] };
    expect(extrasOf(git, live, applied, held("somebody"), status("source-controller"))).toEqual(told);
    expect(extrasOf(git, live, applied, held("kubectl-edit"), status("kubectl-edit"))).toEqual(told);
  });
});

test("asking a controller to look is no change, whoever asks; another annotation is", () => {
  const git = readOne("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n");
  const annotations = {
    "reconcile.fluxcd.io/requestedAt": "1",
    "argocd.argoproj.io/refresh": "hard",
    note: "x",
  };
  const live = { ...git.value, metadata: { name: "a", annotations } };
  const names = Object.fromEntries(Object.keys(annotations).map((name) => [`f:${name}`, {}]));
  const hand = { manager: "kubectl-annotate", operation: "Update" };
  const fieldsV1 = { "f:metadata": { "f:annotations": { ".": {}, ...names } } };
  expect(extrasOf(git, live, flux({ "f:data": { "f:a": {} } }), { ...hand, fieldsV1 })).toEqual({
    unmanaged: ["/metadata/annotations/note"],
    removed: [],
  });
});

import { attribute, attributeRemoval, findExtras } from "@gitops-actions/drift-report";
import type { JsonObject } from "@gitops-actions/manifest";
import { describe, expect, test } from "vitest";
import { readOne, shapeFor } from "./schemas.ts";

const git = readOne(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      tolerations: [{key: a}]
      containers: [{name: app, image: "web:1", ports: [{containerPort: 80}]}]
`);

const container = {
  "f:image": {},
  "f:name": {},
  "f:ports": { 'k:{"containerPort":80,"protocol":"TCP"}': { "f:containerPort": {} } },
};
const template = (fields: JsonObject) => ({ "f:spec": { "f:template": { "f:spec": fields } } });

/** As an API server writes it: the applier, a person with kubectl edit, a controller of the cluster, and the status. */
const live: JsonObject = {
  ...structuredClone(git.value),
  metadata: {
    name: "web",
    namespace: "shop",
    labels: { app: "web" },
    annotations: { note: "x", "deployment.kubernetes.io/revision": "1" },
    managedFields: [
      {
        manager: "kustomize-controller",
        operation: "Apply",
        time: "2026-11-01T00:00:00Z",
        fieldsV1: {
          "f:metadata": { "f:labels": { "f:app": {} } },
          ...template({
            "f:tolerations": {},
            "f:containers": { 'k:{"name":"app"}': { ".": {}, ...container } },
          }),
        },
      },
      {
        manager: "kubectl-edit",
        operation: "Update",
        time: "2026-11-20T00:00:00Z",
        fieldsV1: {
          "f:metadata": { "f:annotations": { ".": {}, "f:note": {} } },
          ...template({
            "f:containers": {
              'k:{"name":"app"}': { "f:image": {} },
              'k:{"name":"spy"}': { ".": {}, "f:name": {}, "f:image": {} },
            },
          }),
        },
      },
      {
        manager: "kube-controller-manager",
        operation: "Update",
        time: "2026-11-21T00:00:00Z",
        fieldsV1: { "f:metadata": { "f:annotations": { "f:deployment.kubernetes.io/revision": {} } } },
      },
      {
        manager: "somebody",
        operation: "Update",
        subresource: "status",
        time: "2026-11-22T00:00:00Z",
        fieldsV1: { "f:status": { "f:replicas": {} } },
      },
    ],
  },
  spec: {
    ...(git.value.spec as JsonObject),
    template: {
      spec: {
        tolerations: [{ key: "a" }],
        containers: [
          { name: "spy", image: "spy:1" },
          { name: "app", image: "web:2", ports: [{ containerPort: 80, protocol: "TCP" }] },
        ],
      },
    },
  },
  status: { replicas: 1 },
};
const containers = "/spec/template/spec/containers";

describe("who wrote a field", () => {
  test.each([
    ["the last of several", `${containers}/1/image`, "kubectl-edit"],
    [
      "by the key of its item, wherever that stands",
      `${containers}/1/ports/0/containerPort`,
      "kustomize-controller",
    ],
    ["a part of what is owned as a whole", "/spec/template/spec/tolerations/0/key", "kustomize-controller"],
    ["a label", "/metadata/labels/app", "kustomize-controller"],
    ["status", "/status/replicas", "somebody"],
  ])("%s", (_what, pointer, manager) => expect(attribute(live, pointer)?.manager).toBe(manager));

  test("nobody, where nothing is recorded", () => {
    expect(attribute(live, "/spec/replicas")).toBeUndefined();
    expect(attribute({ metadata: { managedFields: "broken" } }, "/spec")).toBeUndefined();
    expect(attribute({}, "/spec")).toBeUndefined();
  });

  test("of what is not there: whoever wrote as a whole what it was part of, else nobody", () => {
    expect(attributeRemoval(live, "/spec/template/spec/tolerations/1")?.manager).toBe("kustomize-controller");
    expect(attributeRemoval(live, `${containers}/1/command`)).toBeUndefined();
    expect(attributeRemoval(live, "/metadata/labels/gone")).toBeUndefined();
  });

  test("whoever names the field comes before whoever owns what is above it, however late", () => {
    const object: JsonObject = {
      metadata: {
        managedFields: [
          {
            manager: "exact",
            operation: "Update",
            time: "2026-11-01T00:00:00Z",
            fieldsV1: { "f:spec": { "f:a": { "f:b": {} } } },
          },
          {
            manager: "above",
            operation: "Update",
            time: "2026-11-02T00:00:00Z",
            fieldsV1: { "f:spec": { "f:a": {} } },
          },
        ],
      },
      spec: { a: { b: 1 } },
    };
    expect(attribute(object, "/spec/a/b")?.manager).toBe("exact");
  });
});

describe("fields that only the cluster has", () => {
  const pointers = (desired: JsonObject, object = live): Record<string, string[]> => {
    const extras = findExtras(desired, object, shapeFor(git));
    return {
      unmanaged: extras.unmanaged.map((each) => each.livePointer),
      removed: extras.removedFromGit.map((each) => each.livePointer),
    };
  };

  test("are told when somebody wrote them, not when the cluster did, and never in status", () => {
    expect(pointers(git.value)).toEqual({
      unmanaged: ["/metadata/annotations/note", `${containers}/0`],
      removed: [],
    });
  });

  test("that were applied once are told apart", () => {
    const less = structuredClone(git.value);
    delete (less.metadata as JsonObject).labels;
    expect(pointers(less).removed).toEqual(["/metadata/labels/app"]);
  });

  test("of a client-side applier are not determinable, and not told", () => {
    const applied = structuredClone(live);
    const [first] = (applied.metadata as JsonObject).managedFields as JsonObject[];
    Object.assign(first!, { manager: "kubectl-client-side-apply", operation: "Update" });
    const less = structuredClone(git.value);
    delete (less.metadata as JsonObject).labels;
    expect(pointers(less, applied).removed).toEqual([]);
  });
});

describe("who brought an object", () => {
  const secret = readOne("apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\ndata: {password: YQ==}\n");
  const entry = (manager: string, operation: string, data: JsonObject): JsonObject => ({
    manager,
    operation,
    time: "2026-11-20T00:00:00Z",
    fieldsV1: { "f:data": data, "f:type": {} },
  });
  const object = (...managedFields: JsonObject[]): JsonObject => ({
    ...secret.value,
    metadata: { name: "keys", managedFields },
    data: { password: "Yg==", more: "Yg==" },
  });
  const added = (live: JsonObject): string[] =>
    findExtras(secret.value, live, shapeFor(secret)).unmanaged.map(({ livePointer }) => livePointer);
  const hand = entry("hand", "Update", { "f:password": {}, "f:more": {} });

  test("is not who overwrote all that Git sets", () => {
    expect(added(object(entry("kubectl-client-side-apply", "Update", {}), hand))).toEqual(["/data/more"]);
    expect(added(object(entry("our-own-tool", "Apply", {}), hand))).toEqual(["/data/more"]);
  });

  test("is whoever owns most, where nobody is known for it", () => {
    expect(added(object(hand))).toEqual([]);
  });
});

describe("what went from Git", () => {
  const git2 = readOne(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {spec: {containers: [{name: app, image: "web:1"}]}}}
`);
  const applied = {
    ...git2.value,
    metadata: { name: "web", labels: { team: "a", "app.kubernetes.io/instance": "web" } },
    spec: {
      replicas: 2,
      template: {
        spec: { containers: [{ name: "app", image: "web:1", env: [{ name: "OLD", value: "x" }] }] },
      },
    },
  };
  const note = "kubectl.kubernetes.io/last-applied-configuration";
  const clientSide = (annotations: JsonObject): JsonObject => ({
    ...git2.value,
    metadata: {
      name: "web",
      labels: { team: "a", "app.kubernetes.io/instance": "web" },
      annotations,
      managedFields: [
        {
          manager: "kubectl-client-side-apply",
          operation: "Update",
          time: "2026-11-20T00:00:00Z",
          fieldsV1: {
            "f:metadata": { "f:labels": { "f:team": {}, "f:app.kubernetes.io/instance": {} } },
            "f:spec": {
              "f:replicas": {},
              "f:progressDeadlineSeconds": {},
              "f:template": {
                "f:spec": {
                  "f:containers": {
                    'k:{"name":"app"}': { "f:image": {}, "f:env": { 'k:{"name":"OLD"}': { ".": {} } } },
                  },
                },
              },
            },
          },
        },
      ],
    },
    spec: {
      progressDeadlineSeconds: 600,
      template: {
        spec: {
          containers: [
            { name: "sidecar" },
            { name: "app", image: "web:1", env: [{ name: "A" }, { name: "OLD", value: "x" }] },
          ],
        },
      },
    },
  });

  test("is told from the note of a client-side applier, where it still is", () => {
    const { removedFromGit, untold } = findExtras(
      git2.value,
      clientSide({ [note]: JSON.stringify(applied) }),
      shapeFor(git2),
    );
    // Not replicas, which are gone; not what the server defaulted; not the mark of who tracks it.
    expect(removedFromGit.map(({ livePointer }) => livePointer)).toEqual([
      "/metadata/labels/team",
      "/spec/template/spec/containers/1/env",
    ]);
    expect(untold).toBe("nothing");
  });

  test("cannot be told without it, nor where nobody is recorded", () => {
    expect(findExtras(git2.value, clientSide({}), shapeFor(git2))).toMatchObject({
      removedFromGit: [],
      untold: "removed",
    });
    expect(findExtras(git2.value, git2.value, shapeFor(git2)).untold).toBe("all");
    expect(findExtras(git2.value, clientSide({ [note]: "{broken" }), shapeFor(git2)).untold).toBe("removed");
  });
});

import { compareObjects, shapeOf } from "@gitops-actions/drift-report";
import { combineSchemas, type SchemaPack } from "@gitops-actions/engine";
import type { Json, JsonObject } from "@gitops-actions/manifest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readOne, shapeFor } from "./schemas.ts";

function differing(git: string, live: string, ...definitions: string[]): string[] {
  const desired = readOne(git);
  const shape = shapeFor(desired, ...definitions.map(readOne));
  return compareObjects(desired.value, readOne(live).value, shape).differences.map(({ pointer }) => pointer);
}

const pod = (container: string, spec = ""): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  ${spec}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: app
          image: web:1
${container.replace(/^/gm, "          ")}
`;

describe("what the API server writes otherwise is no difference", () => {
  test.each([
    [
      "quantities",
      "resources: {limits: {cpu: 0.5, memory: 1024Mi}}",
      "resources: {limits: {cpu: 500m, memory: 1Gi}}",
    ],
    ["a number as a quantity", "resources: {limits: {cpu: 1}}", 'resources: {limits: {cpu: "1"}}'],
    ["the default protocol", "ports: [{containerPort: 80}]", "ports: [{containerPort: 80, protocol: TCP}]"],
    [
      "two protocols of one port",
      "ports: [{containerPort: 53, protocol: UDP}, {containerPort: 53}]",
      "ports: [{containerPort: 53, protocol: TCP}, {containerPort: 53, protocol: UDP}]",
    ],
    ["an empty text that is dropped", 'env: [{name: A, value: ""}]', "env: [{name: A}]"],
    ["an empty list and map", "args: []", "imagePullPolicy: Always"],
    ["null", "command: null", "imagePullPolicy: Always"],
    ["false that is dropped", "stdin: false", "imagePullPolicy: Always"],
    ["an empty text that the server fills", 'imagePullPolicy: ""', "imagePullPolicy: Always"],
    [
      "the order of named items",
      "env: [{name: A, value: a}, {name: B, value: b}]",
      "env: [{name: B, value: b}, {name: A, value: a}]",
    ],
    [
      "what only the cluster has",
      "env: [{name: A, value: a}]",
      "env: [{name: X, value: x}, {name: A, value: a}]",
    ],
  ])("%s", (_what, git, live) => {
    expect(differing(pod(git), pod(live))).toEqual([]);
  });

  test("stringData, line breaks in base64, and what the server sets itself", () => {
    const git =
      'apiVersion: v1\nkind: Secret\nmetadata: {name: a, creationTimestamp: null}\ndata: {cert: "YWJj\\nZGVm"}\nstringData: {user: admin}\n';
    const live =
      "apiVersion: v1\nkind: Secret\nmetadata: {name: a, uid: x, namespace: default}\ntype: Opaque\ndata: {cert: YWJjZGVm, user: YWRtaW4=}\n";
    expect(differing(git, live)).toEqual([]);
  });

  test("a duration of a custom resource, as its own program writes it, and not of a ConfigMap", () => {
    const certificate =
      "apiVersion: x.example/v1\nkind: Thing\nmetadata: {name: a}\nspec: {duration: 2160h}\n";
    expect(differing(certificate, certificate.replace("2160h", "2160h0m0s"))).toEqual([]);
    expect(differing(certificate, certificate.replace("2160h", "2161h0m0s"))).toEqual(["/spec/duration"]);
    const config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {wait: 60m}\n";
    expect(differing(config, config.replace("60m", "1h0m0s"))).toEqual(["/data/wait"]);
  });

  test("a CA that Git leaves to whoever injects it", () => {
    const of = (bundle: string): string =>
      `apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: a}\nwebhooks: [{name: a.b.c, clientConfig: {caBundle: ${bundle}}}]\n`;
    expect(differing(of("Cg=="), of("QUJD"))).toEqual([]);
    expect(differing(of('""'), of("QUJD"))).toEqual([]);
    expect(differing(of("QUJE"), of("QUJD"))).toEqual(["/webhooks/0/clientConfig/caBundle"]);
  });

  test("rules of an aggregated role, status, a namespace for a cluster-wide object", () => {
    const git =
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a, namespace: x}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}\nrules: []\nstatus: {x: 1}\n";
    const live = git
      .replace("rules: []", "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]")
      .replace(", namespace: x", "")
      .replace("status: {x: 1}\n", "");
    expect(differing(git, live)).toEqual([]);
  });
});

describe("what is another value is a difference", () => {
  test.each([
    [
      "an amount",
      "resources: {limits: {cpu: 0.5}}",
      "resources: {limits: {cpu: 501m}}",
      "/resources/limits/cpu",
    ],
    ["an image", "imagePullPolicy: Always", "imagePullPolicy: Never", "/imagePullPolicy"],
    [
      "a removed item",
      "env: [{name: A, value: a}, {name: B, value: b}]",
      "env: [{name: B, value: b}]",
      "/env/0",
    ],
    [
      "a port's protocol",
      "ports: [{containerPort: 53, protocol: UDP}]",
      "ports: [{containerPort: 53, protocol: TCP}]",
      "/ports/0",
    ],
    ["an item more in a list that is one value", "args: [a]", "args: [a, b]", "/args"],
    ["the order of a list that is one value", "args: [a, b]", "args: [b, a]", "/args/0"],
    ["false against true", "stdin: false", "stdin: true", "/stdin"],
    [
      "false that is kept and was removed",
      "securityContext: {privileged: false}",
      "securityContext: {}",
      "/securityContext/privileged",
    ],
    [
      "a port's number against its name",
      "livenessProbe: {httpGet: {port: 80}}",
      'livenessProbe: {httpGet: {port: "80"}}',
      "/livenessProbe/httpGet/port",
    ],
  ])("%s", (_what, git, live, field) => {
    const prefix = "/spec/template/spec/containers/0";
    expect(differing(pod(git), pod(live)).map((pointer) => pointer.replace(prefix, ""))).toContain(field);
  });

  test("an item whose name stands twice is held against its own partner", () => {
    const env = (second: string): string => pod(`env: [{name: A, value: one}, {name: A, value: ${second}}]`);
    expect(differing(env("two"), env("two"))).toEqual([]);
    expect(differing(env("two"), env("three"))).toEqual(["/spec/template/spec/containers/0/env/1/value"]);
  });

  test("zero replicas are kept, so their absence is one", () => {
    expect(differing(pod("stdin: true", "replicas: 0"), pod("stdin: true", "replicas: 3"))).toEqual([
      "/spec/replicas",
    ]);
    expect(differing(pod("stdin: true", "replicas: 0"), pod("stdin: true"))).toEqual(["/spec/replicas"]);
  });

  test("where all labels are gone, each is named", () => {
    const config = (metadata: string): string =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a${metadata}}\n`;
    expect(differing(config(", labels: {a: b, c: d}"), config(""))).toEqual([
      "/metadata/labels/a",
      "/metadata/labels/c",
    ]);
  });

  test("what the type does not have is no difference, and is counted", () => {
    const desired = readOne("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndatum: {a: b}\n");
    const live = readOne("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    const comparison = compareObjects(desired.value, live.value, shapeFor(desired));
    expect(comparison).toMatchObject({ differences: [], unknown: ["/datum"] });
  });

  test("an empty label is a label", () => {
    const config = (labels: string): string =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: ${labels}}\n`;
    expect(differing(config('{a: ""}'), config("{}"))).toEqual(["/metadata/labels/a"]);
  });
});

describe("custom resources", () => {
  const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: queues.example.org}
spec:
  group: example.org
  names: {kind: Queue, plural: queues}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                users: {type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [name], items: {type: object}}
                tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
                rules: {type: array, items: {type: object}}
                size: {x-kubernetes-int-or-string: true, pattern: "^(\\\\+|-)?(([0-9]+(\\\\.[0-9]*)?)|(\\\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\\\+|-)?(([0-9]+(\\\\.[0-9]*)?)|(\\\\.[0-9]+))))?$"}
`;
  const queue = (spec: string): string =>
    `apiVersion: example.org/v1\nkind: Queue\nmetadata: {name: a}\nspec: ${spec}\n`;

  test("lists go by their definition", () => {
    const git = queue("{users: [{name: a, x: 1}, {name: b}], tags: [x, y], size: 1Gi}");
    const live = queue("{users: [{name: b}, {name: c}, {name: a, x: 1}], tags: [y, z, x], size: 1024Mi}");
    expect(differing(git, live, definition)).toEqual([]);
    expect(differing(queue("{rules: [{a: 1}]}"), queue("{rules: [{a: 1}, {b: 1}]}"), definition)).toEqual([
      "/spec/rules",
    ]);
  });

  test("are stored as they are written: an empty value is a value", () => {
    expect(differing(queue("{enabled: false, list: [], text: ''}"), queue("{}"))).toEqual([
      "/spec/enabled",
      "/spec/list",
      "/spec/text",
    ]);
  });
});

describe("any object", () => {
  const none: SchemaPack = { version: 1, name: "none", source: "", kinds: [], definitions: {} };
  const id = { group: "example.org", version: "v1", kind: "Any", namespace: "", name: "a" };
  const shape = shapeOf(id, combineSchemas(none, []), new Map());
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean());
  const { object } = fc.letrec<{ object: JsonObject; value: Json }>((tie) => ({
    object: fc.dictionary(
      fc.string({ minLength: 1 }).filter((name) => !["status", "metadata", "__proto__"].includes(name)),
      tie("value"),
      { maxKeys: 4 },
    ),
    value: fc.oneof({ maxDepth: 4 }, leaf, tie("object"), fc.array(tie("value"), { maxLength: 3 })),
  }));

  test("is equal to itself and to itself with more in it", () => {
    fc.assert(
      fc.property(object, object, (desired, more) => {
        expect(compareObjects(desired, { ...more, ...desired }, shape).differences).toEqual([]);
      }),
    );
  });

  test("shows each value that was changed, there and nowhere else", () => {
    fc.assert(
      fc.property(object, fc.nat(), (desired, choice) => {
        const leaves = leavesOf(desired, "");
        fc.pre(leaves.length > 0);
        const pointer = leaves[choice % leaves.length]!;
        const live = structuredClone(desired);
        change(live, pointer);
        expect(compareObjects(desired, live, shape).differences.map((each) => each.pointer)).toEqual([
          pointer,
        ]);
      }),
    );
  });
});

function leavesOf(value: Json, at: string): string[] {
  if (typeof value !== "object" || value === null) return [at];
  return Object.entries(value).flatMap(([name, child]) =>
    leavesOf(child, `${at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`),
  );
}

function change(root: JsonObject, pointer: string): void {
  const tokens = pointer
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
  // biome-ignore lint/suspicious/noExplicitAny: any object or list on the way.
  let at: any = root;
  for (const token of tokens.slice(0, -1)) at = at[token];
  at[tokens.at(-1)!] = "something else entirely, and longer";
}

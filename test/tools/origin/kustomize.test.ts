import { beforeAll, describe, expect, test } from "vitest";
import type { Files } from "../../pure/fleet/memory-tree.ts";
import { type Traced, traceOf } from "./trace.ts";

const shop: Files = {
  "base/kustomization.yaml": `resources: [web.yaml, extra.yaml]
configMapGenerator:
  - name: settings
    literals:
      - COLOUR=blue
      - 'QUOTED="a b"'
    envs: [settings.env]
    files: [banner.txt, page=index.html]
secretGenerator:
  - name: login
    type: Opaque
    literals: [PASSWORD=hunter2]
`,
  "base/web.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  template:
    metadata:
      annotations: &notes
        owner: team-a
    spec:
      serviceAccountName: web
      automountServiceAccountToken: false
      containers:
        - name: app
          image: registry.example.com/web:1.0.0
          args: ["--port=80", '--quiet']
          env:
            - name: MODE
              value: plain
            - name: GREETING
              value: hello
            - name: TARGET
              value: nowhere
          envFrom:
            - configMapRef:
                name: settings
          ports:
            - containerPort: 8080
              name: http
          resources: { limits: { cpu: 2, memory: 64Mi } }
        - name: sidecar
          image: busybox
---
apiVersion: v1
kind: Service
metadata:
  name: web
  annotations: { note: "" }
spec:
  selector: { app: web }
  ports:
    - port: 80
      targetPort: http
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: web }
`,
  "base/extra.yaml": `apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: ConfigMap
    metadata: { name: listed }
    data:
      key: value
      script: |
        #!/bin/sh
        exit 0
  - apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata: { name: rb }
    roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: r }
    subjects:
      - { kind: ServiceAccount, name: web, namespace: default }
`,
  "base/settings.env": "# comment\nFIRST=1\nSECOND=two words\n",
  "base/banner.txt": "welcome\nall\n",
  "base/index.html": "<p>hello</p>\n",
  "component/kustomization.yaml": `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
  - target: { kind: Deployment, name: web }
    patch: |-
      # adds a variable
      - op: test
        path: /spec/replicas
        value: 1
      - op: add
        path: /spec/template/spec/containers/0/env/-
        value:
          name: FROM_COMPONENT
          value: yes-please
`,
  "overlay/kustomization.yaml": `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: prod
namePrefix: eu-
resources: [../base]
components: [../component]
labels:
  - pairs: { tier: front }
    includeSelectors: true
commonAnnotations:
  contact: ops@example.com
images:
  - name: registry.example.com/web
    newTag: 2.0.0
  - name: busybox
    newName: mirror.example.com/busybox
replicas:
  - name: web
    count: 5
patches:
  - path: strategic.yaml
  - path: operations.json
    target: { kind: Service }
  - patch: |
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: web }
      spec:
        template:
          spec:
            containers:
              - name: app
                workingDir: /srv
replacements:
  - path: replacement.yaml
transformers:
  - annotate.yaml
`,
  "overlay/strategic.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - name: app
          env:
            - name: GREETING
              value: good day
          livenessProbe:
            httpGet: { path: /live, port: http }
        - name: added
          image: example.com/added:3
`,
  "overlay/operations.json": `[
  { "op": "add", "path": "/spec/type", "value": "LoadBalancer" },
  { "op": "replace", "path": "/spec/ports/0/targetPort", "value": 9090 }
]
`,
  "overlay/replacement.yaml": `- source: { kind: ConfigMap, name: listed, fieldPath: data.key }
  targets:
    - select: { kind: Deployment, name: web }
      fieldPaths: ["spec.template.spec.containers.[name=app].env.[name=TARGET].value"]
`,
  "overlay/annotate.yaml": `apiVersion: builtin
kind: AnnotationsTransformer
metadata: { name: any }
annotations:
  audited: "yes"
fieldSpecs: [{ path: metadata/annotations, create: true }]
`,
};

const deployment = "Deployment/eu-web";
const app = "spec.template.spec.containers[name=app]";

const exact: [what: string, resource: string, field: string, place: string][] = [
  [
    "a value of the base",
    deployment,
    `${app}.env[name=MODE].value`,
    "base/web.yaml:20 exact | value: ^plain",
  ],
  [
    "a flow mapping",
    deployment,
    `${app}.resources.limits.memory`,
    "base/web.yaml:31 exact | resources: { limits: { cpu: 2, memory: ^64Mi } }",
  ],
  [
    "a number",
    deployment,
    `${app}.resources.limits.cpu`,
    "base/web.yaml:31 exact | resources: { limits: { cpu: ^2, memory: 64Mi } }",
  ],
  [
    "a boolean",
    deployment,
    "spec.template.spec.automountServiceAccountToken",
    "base/web.yaml:13 exact | automountServiceAccountToken: ^false",
  ],
  [
    "an item of a list",
    deployment,
    `${app}.args[1]`,
    `base/web.yaml:17 exact | args: ["--port=80", ^'--quiet']`,
  ],
  [
    "the key of an item",
    deployment,
    "spec.template.spec.containers[name=sidecar].name",
    "base/web.yaml:32 exact | - name: ^sidecar",
  ],
  ["a block scalar", "ConfigMap/eu-listed", "data.script", "base/extra.yaml:9 exact | script: ^|"],
  ["an item of a List", "ConfigMap/eu-listed", "data.key", "base/extra.yaml:8 exact | key: ^value"],
  ["a kind", "Service/eu-web", "kind", "base/web.yaml:36 exact | kind: ^Service"],
  [
    "a name with a prefix",
    "ServiceAccount/eu-web",
    "metadata.name",
    "base/web.yaml:48 exact | metadata: { name: ^web }",
  ],
  [
    "a reference to a name",
    deployment,
    "spec.template.spec.serviceAccountName",
    "base/web.yaml:12 exact | serviceAccountName: ^web",
  ],
  [
    "an empty text",
    "Service/eu-web",
    "metadata.annotations.note",
    'base/web.yaml:39 exact | annotations: { note: ^"" }',
  ],
  [
    "a strategic merge patch",
    deployment,
    `${app}.env[name=GREETING].value`,
    "overlay/strategic.yaml:12 exact | value: ^good day",
  ],
  [
    "an item that a patch adds",
    deployment,
    "spec.template.spec.containers[name=added].image",
    "overlay/strategic.yaml:16 exact | image: ^example.com/added:3",
  ],
  [
    "its key",
    deployment,
    "spec.template.spec.containers[name=added].name",
    "overlay/strategic.yaml:15 exact | - name: ^added",
  ],
  [
    "an inline patch",
    deployment,
    `${app}.workingDir`,
    "overlay/kustomization.yaml:33 exact | workingDir: ^/srv",
  ],
  [
    "operations in JSON",
    "Service/eu-web",
    "spec.type",
    `overlay/operations.json:2 exact | { "op": "add", "path": "/spec/type", "value": ^"LoadBalancer" },`,
  ],
  [
    "a number in them",
    "Service/eu-web",
    "spec.ports[0].targetPort",
    `overlay/operations.json:3 exact | { "op": "replace", "path": "/spec/ports/0/targetPort", "value": ^9090 }`,
  ],
  [
    "a component, past a test",
    deployment,
    `${app}.env[name=FROM_COMPONENT].value`,
    "component/kustomization.yaml:14 exact | value: ^yes-please",
  ],
  [
    "a name in an operation",
    deployment,
    `${app}.env[name=FROM_COMPONENT].name`,
    "component/kustomization.yaml:13 exact | name: ^FROM_COMPONENT",
  ],
  ["a tag of images", deployment, `${app}.image`, "overlay/kustomization.yaml:14 exact | newTag: ^2.0.0"],
  [
    "a new name of images",
    deployment,
    "spec.template.spec.containers[name=sidecar].image",
    "overlay/kustomization.yaml:16 exact | newName: ^mirror.example.com/busybox",
  ],
  ["a count of replicas", deployment, "spec.replicas", "overlay/kustomization.yaml:19 exact | count: ^5"],
  [
    "labels",
    "Service/eu-web",
    "metadata.labels.tier",
    "overlay/kustomization.yaml:8 exact | - pairs: { tier: ^front }",
  ],
  [
    "labels in selectors",
    deployment,
    "spec.selector.matchLabels.tier",
    "overlay/kustomization.yaml:8 exact | - pairs: { tier: ^front }",
  ],
  [
    "common annotations",
    "Service/eu-web",
    "metadata.annotations.contact",
    "overlay/kustomization.yaml:11 exact | contact: ^ops@example.com",
  ],
  [
    "a transformer's configuration",
    "Service/eu-web",
    "metadata.annotations.audited",
    'overlay/annotate.yaml:5 exact | audited: ^"yes"',
  ],
  [
    "a namespace",
    "Service/eu-web",
    "metadata.namespace",
    "overlay/kustomization.yaml:3 exact | namespace: ^prod",
  ],
  [
    "the namespace of a subject",
    "RoleBinding/eu-rb",
    "subjects[0].namespace",
    "overlay/kustomization.yaml:3 exact | namespace: ^prod",
  ],
  ["a literal", "ConfigMap/eu-settings", "data.COLOUR", "base/kustomization.yaml:5 exact | - COLOUR=^blue"],
  [
    "a quoted literal",
    "ConfigMap/eu-settings",
    "data.QUOTED",
    `base/kustomization.yaml:6 exact | - 'QUOTED="^a b"'`,
  ],
  [
    "a line of an env file",
    "ConfigMap/eu-settings",
    "data.SECOND",
    "base/settings.env:3 exact | SECOND=^two words",
  ],
  ["a whole file", "ConfigMap/eu-settings", 'data["banner.txt"]', "base/banner.txt:1 exact | ^welcome"],
  [
    "a file under another key",
    "ConfigMap/eu-settings",
    "data.page",
    "base/index.html:1 exact | ^<p>hello</p>",
  ],
  [
    "the name of a generated object",
    "ConfigMap/eu-settings",
    "metadata.name",
    "base/kustomization.yaml:3 exact | - name: ^settings",
  ],
  [
    "a literal of a Secret",
    "Secret/eu-login",
    "data.PASSWORD",
    "base/kustomization.yaml:12 exact | literals: [PASSWORD=^hunter2]",
  ],
  [
    "the source of a replacement",
    deployment,
    `${app}.env[name=TARGET].value`,
    "base/extra.yaml:8 exact | key: ^value",
  ],
];

describe("what kustomize renders", () => {
  let traced: Traced;
  beforeAll(async () => {
    traced = await traceOf(shop, { path: "overlay", kind: "kustomize" });
  });

  test.each(exact)("%s: %s %s", async (_what, resource, field, place) => {
    expect(await traced.at(resource, field)).toBe(place);
  });

  test.each(exact.filter(([what]) => !/^(a kind|the key|its key|a name|the name)/.test(what)))(
    "editing the line changes it: %s",
    async (_what, resource, field) => {
      const { before, after } = await traced.edited(resource, field);
      expect(after).not.toBe("refused");
      expect(after).not.toBe(before);
    },
  );

  test.each([
    ["a field that is absent", deployment, "spec.template.spec.hostNetwork", "base/web.yaml:11 near"],
    ["an item that base and patch share", deployment, `${app}.name`, "base/web.yaml:15 near"],
    ["a mapping that several files make", deployment, app, "near"],
    ["the kind of a generated object", "ConfigMap/eu-settings", "kind", "base/kustomization.yaml:3 near"],
  ])("the right file, no more: %s", async (_what, resource, field, place) => {
    expect(await traced.at(resource, field)).toContain(place);
  });

  test("the resource itself is its document", async () => {
    expect(await traced.at("Service/eu-web", "")).toBe("base/web.yaml:35 exact | ^apiVersion: v1");
  });

  test("a mapping of one file is its key", async () => {
    expect(await traced.at(deployment, `${app}.resources`)).toContain("base/web.yaml:31 exact | ^resources:");
  });

  test("all answers took one more render", () => {
    expect(traced.probes.length).toBe(1);
  });

  test("what stands in between is named, outermost first", async () => {
    const location = await traced.location(deployment, `${app}.env[name=MODE].value`);
    expect(location?.via).toEqual([
      "overlay/annotate.yaml",
      "overlay/kustomization.yaml",
      "component/kustomization.yaml",
      "base/kustomization.yaml",
    ]);
  });

  test("a resource that is not there has no origin", async () => {
    const id = { group: "", version: "v1", kind: "Secret", namespace: "", name: "none" };
    expect(traced.resources.some((each) => each.id.name === id.name)).toBe(false);
  });
});

import { describe, expect, test } from "vitest";
import type { Files } from "../../pure/fleet/memory-tree.ts";
import { traceOf } from "./trace.ts";

const kustomize = { path: "overlay", kind: "kustomize" } as const;

/** A ConfigMap, with what else its document says. */
const config = (name: string, data: string, more = "") => `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
${more}data:
  ${data}
`;

const deployment = (image: string, more = "") => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  template:
    spec:
      containers:
        - name: app
          image: ${image}
${more}`;
const image = "spec.template.spec.containers[name=app].image";

const cases: [what: string, files: Files, resource: string, field: string, place: string][] = [
  [
    "labels by which a patch chooses",
    {
      "overlay/kustomization.yaml": `resources: [a.yaml]
patches:
  - target: { labelSelector: "app=web" }
    patch: |-
      - op: replace
        path: /data/key
        value: patched
`,
      "overlay/a.yaml": config("a", "key: base", "  labels: { app: web }\n"),
    },
    "ConfigMap/a",
    "data.key",
    "overlay/kustomization.yaml:7 exact | value: ^patched",
  ],
  [
    "labels by which a patch chooses, to change nothing",
    {
      "overlay/kustomization.yaml": `resources: [a.yaml]
patches:
  - target: { labelSelector: "app=web" }
    patch: |-
      - op: replace
        path: /data/key
        value: same
`,
      "overlay/a.yaml": config("a", "key: same", "  labels: { app: web }\n"),
    },
    "ConfigMap/a",
    "data.key",
    "overlay/kustomization.yaml:7 exact | value: ^same",
  ],
  [
    "common labels by which a patch chooses, to change nothing",
    {
      "overlay/kustomization.yaml": `resources: [../base]
patches:
  - target: { labelSelector: "team=x" }
    patch: |-
      - op: replace
        path: /data/key
        value: same
`,
      "base/kustomization.yaml": "resources: [a.yaml]\ncommonLabels: { team: x }\n",
      "base/a.yaml": config("a", "key: same"),
    },
    "ConfigMap/a",
    "data.key",
    "overlay/kustomization.yaml:7 exact | value: ^same",
  ],
  [
    "a name inside another",
    {
      "overlay/kustomization.yaml": `configMapGenerator:
  - { name: a, literals: [k=1] }
  - { name: a-b, literals: [k=2] }
`,
    },
    "ConfigMap/a-b",
    "metadata.name",
    "overlay/kustomization.yaml:3 exact | - { name: ^a-b, literals: [k=2] }",
  ],
  [
    "the name of an item of which the patch sets something deeper",
    {
      "overlay/kustomization.yaml": "resources: [a.yaml]\npatches: [{ path: p.yaml }]\n",
      "overlay/a.yaml": deployment("nginx:1"),
      "overlay/p.yaml": deployment("nginx:1").replace("image: nginx:1", "resources: { limits: { cpu: 1 } }"),
    },
    "Deployment/web",
    "spec.template.spec.containers[0].name",
    "overlay/a.yaml:8 near | - name: ^app",
  ],
  [
    "such a label itself",
    {
      "overlay/kustomization.yaml": `resources: [a.yaml]
commonLabels: { team: x }
patches:
  - target: { labelSelector: "app=web" }
    patch: '[{"op": "remove", "path": "/data/key"}]'
`,
      "overlay/a.yaml": config("a", "key: base", "  labels: { app: web }\n"),
    },
    "ConfigMap/a",
    "metadata.labels.app",
    "overlay/a.yaml:5 exact | labels: { app: ^web }",
  ],
  [
    "a common label where labels choose",
    {
      "overlay/kustomization.yaml": `resources: [a.yaml]
commonLabels: { team: x }
patches:
  - target: { labelSelector: "app=web" }
    patch: '[{"op": "remove", "path": "/data/key"}]'
`,
      "overlay/a.yaml": config("a", "key: base", "  labels: { app: web }\n"),
    },
    "ConfigMap/a",
    "metadata.labels.team",
    "overlay/kustomization.yaml:2 exact | commonLabels: { team: ^x }",
  ],
  [
    "a name that is an anchor",
    {
      "overlay/kustomization.yaml": "resources: [a.yaml]\n",
      "overlay/a.yaml":
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: &name a\ndata:\n  self: *name\n  key: b\n",
    },
    "ConfigMap/a",
    "data.key",
    "overlay/a.yaml:7 exact | key: ^b",
  ],
  [
    "what the anchor is used for",
    {
      "overlay/kustomization.yaml": "resources: [a.yaml]\n",
      "overlay/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: &name a\ndata:\n  self: *name\n",
    },
    "ConfigMap/a",
    "data.self",
    "overlay/a.yaml:4 exact | name: &name ^a",
  ],
  [
    "a Namespace that is renamed",
    {
      "overlay/kustomization.yaml": "resources: [a.yaml]\nnamespace: prod\n",
      "overlay/a.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: { name: base }\n",
    },
    "Namespace/prod",
    "metadata.name",
    "overlay/kustomization.yaml:2 exact | namespace: ^prod",
  ],
  [
    "an operation on a name",
    {
      "overlay/kustomization.yaml": `resources: [a.yaml]
patches:
  - target: { kind: ConfigMap }
    patch: |-
      - { op: replace, path: /metadata/name, value: other }
`,
      "overlay/a.yaml": config("a", "key: b"),
    },
    "ConfigMap/other",
    "metadata.name",
    "overlay/kustomization.yaml:5 exact | - { op: replace, path: /metadata/name, value: ^other }",
  ],
  [
    "a digest",
    {
      "overlay/kustomization.yaml": `resources: [a.yaml]
images: [{ name: nginx, digest: "sha256:${"a".repeat(64)}" }]
`,
      "overlay/a.yaml": deployment("nginx:1"),
    },
    "Deployment/web",
    image,
    `overlay/kustomization.yaml:2 exact | images: [{ name: nginx, digest: ^"sha256:${"a".repeat(64)}" }]`,
  ],
  [
    "images renamed twice",
    {
      "overlay/kustomization.yaml":
        "resources: [../base]\nimages: [{ name: mirror/nginx, newName: other/nginx }]\n",
      "base/kustomization.yaml": "resources: [a.yaml]\nimages: [{ name: nginx, newName: mirror/nginx }]\n",
      "base/a.yaml": deployment("nginx"),
    },
    "Deployment/web",
    image,
    "overlay/kustomization.yaml:2 exact | images: [{ name: mirror/nginx, newName: ^other/nginx }]",
  ],
  [
    "a tag that two kustomizations set",
    {
      "overlay/kustomization.yaml": "resources: [../base]\nimages: [{ name: nginx, newTag: same }]\n",
      "base/kustomization.yaml": "resources: [a.yaml]\nimages: [{ name: nginx, newTag: same }]\n",
      "base/a.yaml": deployment("nginx:same"),
    },
    "Deployment/web",
    image,
    "overlay/kustomization.yaml:2 exact | images: [{ name: nginx, newTag: ^same }]",
  ],
  [
    "a value that base and patch agree on",
    {
      "overlay/kustomization.yaml": "resources: [a.yaml]\npatches: [{ path: p.yaml }]\n",
      "overlay/a.yaml": config("a", "key: same"),
      "overlay/p.yaml": config("a", "key: same"),
    },
    "ConfigMap/a",
    "data.key",
    "overlay/p.yaml:6 exact | key: ^same",
  ],
  [
    "a variable",
    {
      "overlay/kustomization.yaml": `resources: [a.yaml]
configurations: [refs.yaml]
vars:
  - name: HOST
    objref: { apiVersion: v1, kind: ConfigMap, name: a }
    fieldref: { fieldpath: data.key }
`,
      "overlay/refs.yaml": "varReference: [{ path: data/url, kind: ConfigMap }]\n",
      "overlay/a.yaml": config("a", "key: db.example.com\n  url: http://$(HOST)/x"),
    },
    "ConfigMap/a",
    "data.url",
    "overlay/a.yaml:7 exact | url: ^http://$(HOST)/x",
  ],
  [
    "the same file for two purposes",
    {
      "overlay/kustomization.yaml":
        "resources: [a.yaml]\nconfigMapGenerator: [{ name: g, files: [a.yaml] }]\n",
      "overlay/a.yaml": config("a", "key: b"),
    },
    "ConfigMap/a",
    "data.key",
    "unknown",
  ],
  [
    "an env file of Windows",
    {
      "overlay/kustomization.yaml": "configMapGenerator: [{ name: g, envs: [e.env] }]\n",
      "overlay/e.env": "A=1\r\nB=2\r\n",
    },
    "ConfigMap/g",
    "data.B",
    "overlay/e.env:2 exact | B=^2",
  ],
  [
    "what a generator merges",
    {
      "overlay/kustomization.yaml":
        "resources: [../base]\nconfigMapGenerator: [{ name: g, behavior: merge, literals: [B=2] }]\n",
      "base/kustomization.yaml": "configMapGenerator: [{ name: g, literals: [A=1, B=1] }]\n",
    },
    "ConfigMap/g",
    "data.B",
    "overlay/kustomization.yaml:2 exact | configMapGenerator: [{ name: g, behavior: merge, literals: [B=^2] }]",
  ],
  [
    "what it merges into",
    {
      "overlay/kustomization.yaml":
        "resources: [../base]\nconfigMapGenerator: [{ name: g, behavior: merge, literals: [B=2] }]\n",
      "base/kustomization.yaml": "configMapGenerator: [{ name: g, literals: [A=1, B=1] }]\n",
    },
    "ConfigMap/g",
    "data.A",
    "base/kustomization.yaml:1 exact | configMapGenerator: [{ name: g, literals: [A=^1, B=1] }]",
  ],
  [
    "a replacement inside a text",
    {
      "overlay/kustomization.yaml": `resources: [a.yaml]
replacements:
  - source: { kind: ConfigMap, name: a, fieldPath: data.host }
    targets:
      - select: { kind: ConfigMap, name: a }
        fieldPaths: [data.url]
        options: { delimiter: "/", index: 2 }
`,
      "overlay/a.yaml": config("a", "host: db\n  url: http://x/path"),
    },
    "ConfigMap/a",
    "data.url",
    "overlay/a.yaml:7 exact | url: ^http://x/path",
  ],
  [
    "a container of a patch that has the base's name",
    {
      "overlay/kustomization.yaml": "resources: [a.yaml]\npatches: [{ path: p.yaml }]\n",
      "overlay/a.yaml": deployment("nginx:1"),
      "overlay/p.yaml": deployment("nginx:2"),
    },
    "Deployment/web",
    "spec.template.spec.containers[0].name",
    "overlay/a.yaml:8 near | - name: ^app",
  ],
  [
    "the label that says who built it",
    {
      "overlay/kustomization.yaml": "resources: [a.yaml]\nbuildMetadata: [managedByLabel]\n",
      "overlay/a.yaml": config("a", "key: b"),
    },
    "ConfigMap/a",
    'metadata.labels["app.kubernetes.io/managed-by"]',
    "unknown",
  ],
];

describe("corners of kustomize", () => {
  test.each(cases)("%s", async (_what, files, resource, field, place) => {
    const traced = await traceOf(files, kustomize);
    expect(await traced.at(resource, field)).toBe(place);
    if (!place.includes(" exact ") || /metadata\.(name|labels)|self/.test(field)) return;
    const { before, after } = await traced.edited(resource, field);
    expect(after).not.toBe(before);
  });

  test("the root of a repository", async () => {
    const files = { "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": config("a", "key: b") };
    const traced = await traceOf(files, { path: ".", kind: "kustomize" });
    expect(await traced.at("ConfigMap/a", "data.key")).toBe("a.yaml:6 exact | key: ^b");
  });

  test("a base behind a link", async () => {
    const files: Files = {
      "overlay/kustomization.yaml": "resources: [linked]\n",
      "overlay/linked": { link: "../base" },
      "base/kustomization.yaml": "resources: [a.yaml]\nnamespace: prod\n",
      "base/a.yaml": config("a", "key: b"),
    };
    const traced = await traceOf(files, kustomize);
    expect(await traced.at("ConfigMap/a", "data.key")).toBe("base/a.yaml:6 exact | key: ^b");
    expect(await traced.at("ConfigMap/a", "kind")).toBe("base/a.yaml:2 exact | kind: ^ConfigMap");
    expect(await traced.at("ConfigMap/a", "metadata.namespace")).toContain("base/kustomization.yaml:2 exact");
  });

  test("a tool that refuses marks is asked with fewer of them", async () => {
    const files = {
      "overlay/kustomization.yaml": "resources: [a.yaml]\nimages: [{ name: nginx, newTag: '2' }]\n",
      "overlay/a.yaml": deployment("nginx:1", "          workingDir: /srv\n"),
    };
    const at = async (refused: number, field: string) =>
      (await traceOf(files, kustomize, {}, refused)).at("Deployment/web", field);
    const directory = "spec.template.spec.containers[0].workingDir";
    expect(await at(1, directory)).toContain("overlay/a.yaml:10 exact");
    // Without marks in the kustomization nobody can say that it set the tag.
    expect(await at(1, image)).toBe("unknown");
    expect(await at(4, directory)).toBe("unknown");
    expect(await at(3, "kind")).toContain("overlay/a.yaml:2 exact");
  });
});

test("a chart that has something where the probe's template would be is not traced, and nothing breaks", async () => {
  const files: Files = {
    "chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    "chart/templates/a.yaml": config("a", "key: b"),
    "chart/templates/gitops-origin.yaml/inner.yaml": config("b", "key: b"),
  };
  const traced = await traceOf(files, { path: "chart", kind: "helm" });
  expect(await traced.at("ConfigMap/a", "data.key")).toBe("unknown");
});

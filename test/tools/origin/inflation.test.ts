import { beforeAll, describe, expect, test } from "vitest";
import type { Files } from "../../pure/fleet/memory-tree.ts";
import { type Traced, traceOf } from "./trace.ts";

const files: Files = {
  "overlay/kustomization.yaml": `namespace: prod
namePrefix: eu-
helmGlobals: { chartHome: charts }
helmCharts:
  - name: shop
    releaseName: r
    valuesFile: values-prod.yaml
    valuesInline:
      colour: green
      nested: { key: inline }
images:
  - name: example.com/shop
    newTag: "7"
patches:
  - target: { kind: Deployment }
    patch: |-
      - op: add
        path: /spec/paused
        value: true
`,
  "overlay/values-prod.yaml": "colour: red\nsize: 5\nnested: { key: file, other: kept }\n",
  "overlay/charts/shop/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
  "overlay/charts/shop/values.yaml": "colour: blue\nsize: 1\nplain: default\nnested: {}\n",
  "overlay/charts/shop/templates/all.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  colour: {{ .Values.colour }}
  size: {{ .Values.size | quote }}
  plain: {{ .Values.plain }}
  key: {{ .Values.nested.key }}
  other: {{ .Values.nested.other }}
  fixed: text
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - name: app
          image: example.com/shop:1
`,
};

const settings = "ConfigMap/eu-settings";
const exact: [what: string, resource: string, field: string, place: string][] = [
  ["valuesInline", settings, "data.colour", "overlay/kustomization.yaml:9 exact | colour: ^green"],
  [
    "inside valuesInline",
    settings,
    "data.key",
    "overlay/kustomization.yaml:10 exact | nested: { key: ^inline }",
  ],
  ["valuesFile", settings, "data.size", "overlay/values-prod.yaml:2 exact | size: ^5"],
  [
    "what the file adds",
    settings,
    "data.other",
    "overlay/values-prod.yaml:3 exact | nested: { key: file, other: ^kept }",
  ],
  ["the chart's values", settings, "data.plain", "overlay/charts/shop/values.yaml:3 exact | plain: ^default"],
  ["the template", settings, "data.fixed", "overlay/charts/shop/templates/all.yaml:11 exact | fixed: ^text"],
  [
    "images over the chart",
    "Deployment/eu-web",
    "spec.template.spec.containers[name=app].image",
    'overlay/kustomization.yaml:13 exact | newTag: ^"7"',
  ],
  [
    "a patch over the chart",
    "Deployment/eu-web",
    "spec.paused",
    "overlay/kustomization.yaml:19 exact | value: ^true",
  ],
];

describe("charts that kustomize inflates", () => {
  let traced: Traced;
  beforeAll(async () => {
    traced = await traceOf(files, { path: "overlay", kind: "kustomize" });
  });

  test.each(exact)("%s", async (_what, resource, field, place) => {
    expect(await traced.at(resource, field)).toBe(place);
  });

  test.each(exact)("editing the line changes it: %s", async (_what, resource, field) => {
    const { before, after } = await traced.edited(resource, field);
    expect(after).not.toBe("refused");
    expect(after).not.toBe(before);
  });

  test("a name is the chart's, with the prefix around it", async () => {
    expect(await traced.at(settings, "metadata.name")).toContain("overlay/charts/shop/templates/all.yaml:4");
  });

  test("valuesMerge: merge lets the file win, replace leaves it out", async () => {
    const with_ = (how: string) => ({
      ...files,
      "overlay/kustomization.yaml": String(files["overlay/kustomization.yaml"]).replace(
        "    valuesInline:",
        `    valuesMerge: ${how}\n    valuesInline:`,
      ),
    });
    const merged = await traceOf(with_("merge"), { path: "overlay", kind: "kustomize" });
    expect(await merged.at(settings, "data.colour")).toContain("overlay/values-prod.yaml:1");
    const replaced = await traceOf(with_("replace"), { path: "overlay", kind: "kustomize" });
    expect(await replaced.at(settings, "data.size")).toContain("overlay/charts/shop/values.yaml:2");
    expect(await replaced.at(settings, "data.colour")).toContain("overlay/kustomization.yaml:10");
  });
});

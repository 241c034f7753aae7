import { beforeAll, describe, expect, test } from "vitest";
import { type Traced, traceOf } from "./trace.ts";

// Where a person adds what a mapping lacks: each case names the file that makes the mapping, or says that it is not sure.
const values = `probes:
  ready:
    httpGetx:
      path: /
    periodSeconds: 5
  live:
    periodSeconds: 7
  startup:
    periodSeconds: 9
  given: {}
  extra:
    failureThreshold: 3
security:
  runAsUser: 1
  fsGroup: 2
affinity:
  nodeAffinity:
    a: 1
    b: 2
tolerations:
  - operator: Exists
    effectx: NoSchedule
volumes: |
  - name: data
    emptyDirx: {}
names:
  one:
    port: 1
word: [nonsense]
nothing:
env:
  - name: A
    wrong: [a]
`;

const template = `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  word: {{ .Values.word }}
  nothing: {{ toYaml .Values.nothing }}
  securityContext:
    {{- toYaml .Values.security | nindent 4 }}
  affinity: {{ toYaml (merge (dict) .Values.affinity) | nindent 4 }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumes:
    {{- tpl .Values.volumes $ | nindent 4 }}
  containers:
    - name: app
      readinessProbe:
        {{- toYaml .Values.probes.ready | nindent 8 }}
      livenessProbe:
        httpGet: { path: /live }
        {{- toYaml .Values.probes.live | nindent 8 }}
      startupProbe:
        {{- include "probe" (dict "probe" .Values.probes.startup) | nindent 8 }}
      given:
        {{- toYaml (.Values.probes.given | default .Values.probes.ready) | nindent 8 }}
      both:
        {{- toYaml (merge .Values.probes.startup .Values.probes.extra) | nindent 8 }}
      some: {{ pick .Values.probes.ready "periodSeconds" | toYaml | nindent 8 }}
      made:
        {{- toYaml (dict "a" .Values.probes.live.periodSeconds) | nindent 8 }}
      {{- range .Values.env }}
      env:
        - {{- toYaml . | nindent 10 }}
      {{- end }}
      fromHelper:
        {{- include "helper" . | nindent 8 }}
      {{- range $name, $value := .Values.names }}
      {{ $name }}: {{ $value | toYaml | nindent 8 }}
      {{- end }}
`;

const helpers = `{{- define "probe" -}}
{{ toYaml .probe }}
{{- end }}
{{- define "helper" -}}
first: 1
second: 2
{{- end }}
`;

const app = "spec.containers[name=app]";

describe("what a chart makes mappings from", () => {
  let chart: Traced;
  beforeAll(async () => {
    chart = await traceOf(
      {
        "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        "chart/values.yaml": values,
        "prod.yaml": "security:\n  fsGroup: 3\naffinity:\n  nodeAffinity:\n    a: 3\n    b: 4\n",
        "chart/templates/_helpers.tpl": helpers,
        "chart/templates/pod.yaml": template,
      },
      { path: "chart", kind: "helm" },
      { values: ["prod.yaml"] },
    );
  });

  test.each([
    ["a value printed as YAML", `${app}.readinessProbe`, "chart/values.yaml:2 exact | ^ready:"],
    ["a mapping in it", `${app}.readinessProbe.httpGetx`, "chart/values.yaml:3 exact | ^httpGetx:"],
    ["what it lacks", `${app}.readinessProbe.httpGet`, "chart/values.yaml:2 exact | ^ready:"],
    [
      "partly the template, partly a value",
      `${app}.livenessProbe`,
      "chart/templates/pod.yaml:21 near | ^livenessProbe:",
    ],
    [
      "the template alone",
      `${app}.livenessProbe.httpGet`,
      "chart/templates/pod.yaml:22 exact | ^httpGet: { path: /live }",
    ],
    ["through a named template", `${app}.startupProbe`, "chart/values.yaml:8 exact | ^startup:"],
    ["a default, as the value is empty", `${app}.given`, "chart/values.yaml:2 exact | ^ready:"],
    ["two values in one", `${app}.both`, "chart/values.yaml:8 near | ^startup:"],
    ["a part of a value", `${app}.some`, "chart/values.yaml:2 exact | ^ready:"],
    ["a mapping that an action makes", `${app}.made`, "chart/templates/pod.yaml:32 near"],
    ["an item of a loop", `${app}.env[0]`, "chart/values.yaml:32 exact | - ^name: A"],
    ["the text of a named template", `${app}.fromHelper`, "chart/templates/_helpers.tpl:5 near | ^first: 1"],
    ["the value that a loop is at", `${app}.one`, "chart/values.yaml:27 exact | ^one:"],
    ["a mapping that two files make", "spec.securityContext", "prod.yaml:1 near | ^security:"],
    [
      "a mapping of which one file makes all",
      "spec.affinity.nodeAffinity",
      "prod.yaml:4 exact | ^nodeAffinity:",
    ],
    ["an item of a list", "spec.tolerations[0]", "chart/values.yaml:21 exact | - ^operator: Exists"],
    ["an item of a text that is executed", "spec.volumes[0]", "chart/values.yaml:24 exact | - ^name: data"],
    ["a list where a word belongs", "spec.word", "chart/values.yaml:29 exact | ^word: [nonsense]"],
    ["nothing", "spec.nothing", "chart/values.yaml:30 exact | ^nothing:"],
    ["the resource", "status", "chart/templates/pod.yaml:1 exact | ^apiVersion: v1"],
  ])("%s: %s", async (_what, field, place) => {
    expect(await chart.bodyAt("Pod/web", field)).toContain(place);
  });

  test.each([
    ["a key in a value", `${app}.readinessProbe.httpGetx`, "chart/values.yaml:3 exact | ^httpGetx:"],
    ["a key of one of two values", `${app}.both.failureThreshold`, "chart/values.yaml:12 exact"],
    ["a key that an action makes", `${app}.made.a`, "chart/templates/pod.yaml:32 near"],
    ["a key in an executed text", "spec.volumes[0].emptyDirx", "chart/values.yaml:25 exact | ^emptyDirx: {}"],
    ["a key that two files have", "spec.affinity.nodeAffinity", "prod.yaml:4 near | ^nodeAffinity:"],
  ])("%s is named by its line: %s", async (_what, field, place) => {
    expect(await chart.keyAt("Pod/web", field)).toContain(place);
  });
});

const base = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  template:
    spec:
      securityContext:
        fsGroup: 1
      containers:
        - name: app
          image: web:1
          readinessProbe:
            periodSeconds: 5
            httpGet: { path: / }
          livenessProbe:
            periodSeconds: 5
          startupProbe:
            periodSeconds: 5
            httpGet: { path: / }
          resources: {}
          envFrom: []
`;

const patch = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  template:
    spec:
      securityContext:
        fsGroup: 2
      containers:
        - name: app
          readinessProbe:
            periodSeconds: 6
            httpGet: null
          livenessProbe:
            httpGetx: { path: / }
          ports:
            - name: http
              containerPort: 80
        - name: sidecar
          imagex: web:2
`;

const operations = `- op: replace
  path: /spec/template/spec/containers/0/startupProbe
  value:
    periodSeconds: 7
    failureThreshold: 2
- op: add
  path: /spec/template/spec/affinity
  value:
    nodeAffinity:
      a: b
- op: add
  path: /spec/template/spec/tolerations
  value: [{ operator: Exists }]
`;

describe("what kustomize builds mappings from", () => {
  let overlay: Traced;
  beforeAll(async () => {
    overlay = await traceOf(
      {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": base,
        "prod/kustomization.yaml":
          "resources: [../base]\npatches:\n  - path: patch.yaml\n  - target: { kind: Deployment }\n    path: operations.yaml\n",
        "prod/patch.yaml": patch,
        "prod/operations.yaml": operations,
      },
      { path: "prod", kind: "kustomize" },
    );
  });

  const container = "spec.template.spec.containers[name=app]";
  test.each([
    ["a mapping in which a patch changes a value", "spec", "base/web.yaml:5 exact | ^spec:"],
    ["what it lacks", "spec.selector", "base/web.yaml:5 exact | ^spec:"],
    [
      "a mapping of which a patch sets all",
      "spec.template.spec.securityContext",
      "prod/patch.yaml:9 near | ^securityContext:",
    ],
    [
      "what a patch takes away",
      `${container}.readinessProbe.httpGet`,
      "prod/patch.yaml:15 exact | ^httpGet: null",
    ],
    [
      "a mapping of which base and patch make a part each",
      `${container}.livenessProbe`,
      "base/web.yaml:17 near | ^livenessProbe:",
    ],
    [
      "a mapping that an operation replaces",
      `${container}.startupProbe`,
      "prod/operations.yaml:3 exact | ^value:",
    ],
    [
      "what an operation leaves out",
      `${container}.startupProbe.httpGet`,
      "prod/operations.yaml:3 exact | ^value:",
    ],
    [
      "a mapping that an operation adds",
      "spec.template.spec.affinity.nodeAffinity",
      "prod/operations.yaml:9 exact | ^nodeAffinity:",
    ],
    [
      "an item that an operation adds",
      "spec.template.spec.tolerations[0]",
      "prod/operations.yaml:13 exact | value: [^{ operator: Exists }]",
    ],
    [
      "an item that a patch adds",
      "spec.template.spec.containers[name=sidecar]",
      "prod/patch.yaml:21 exact | - ^name: sidecar",
    ],
    ["a list that a patch adds", `${container}.ports`, "prod/patch.yaml:18 exact | ^ports:"],
    ["an empty mapping", `${container}.resources`, "base/web.yaml:22 exact | ^resources: {}"],
    ["an empty list", `${container}.envFrom`, "base/web.yaml:23 exact | ^envFrom: []"],
    ["an item that both make", container, "base/web.yaml:12 near | - ^name: app"],
  ])("%s: %s", async (_what, field, place) => {
    expect(await overlay.bodyAt("Deployment/web", field)).toBe(place);
  });
});

describe("what charts that kustomize inflates make mappings from", () => {
  let overlay: Traced;
  beforeAll(async () => {
    overlay = await traceOf(
      {
        "overlay/kustomization.yaml": `helmGlobals: { chartHome: charts }
helmCharts:
  - name: shop
    releaseName: r
    valuesFile: values-prod.yaml
    valuesInline:
      live:
        httpGetx: {}
      ready: { periodSeconds: 4 }
patches:
  - target: { kind: Pod }
    patch: |-
      - op: add
        path: /spec/containers/0/patched
        value: { a: 1 }
      - op: add
        path: /spec/containers/0/fixed/b
        value: 2
`,
        "overlay/values-prod.yaml": "start:\n  path: /\n",
        "overlay/charts/shop/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        "overlay/charts/shop/values.yaml":
          "live: {}\nready:\n  httpGet: {}\n  failureThreshold: 3\nstart: {}\n",
        "overlay/charts/shop/templates/all.yaml": `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: app
      live: {{ toYaml .Values.live | nindent 8 }}
      ready: {{ toYaml .Values.ready | nindent 8 }}
      start: {{ toYaml .Values.start | nindent 8 }}
      fixed:
        a: 1
`,
      },
      { path: "overlay", kind: "kustomize" },
    );
  });

  test.each([
    ["valuesInline", `${app}.live`, "overlay/kustomization.yaml:7 exact | ^live:"],
    ["valuesFile", `${app}.start`, "overlay/values-prod.yaml:1 exact | ^start:"],
    [
      "the chart's values and valuesInline",
      `${app}.ready`,
      "overlay/charts/shop/values.yaml:2 near | ^ready:",
    ],
    ["a patch", `${app}.patched`, "overlay/kustomization.yaml:15 exact | ^value: { a: 1 }"],
    ["a template and a patch", `${app}.fixed`, "overlay/charts/shop/templates/all.yaml:11 near | ^fixed:"],
    ["the template", "spec", "overlay/charts/shop/templates/all.yaml:5 exact | ^spec:"],
  ])("%s: %s", async (_what, field, place) => {
    expect(await overlay.bodyAt("Pod/web", field)).toBe(place);
  });
});

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
    ["a part of a value", `${app}.some`, "chart/values.yaml:2 near | ^ready:"],
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

describe("what other ways of charts to print values come to", () => {
  let chart: Traced;
  beforeAll(async () => {
    chart = await traceOf(
      {
        "chart/Chart.yaml":
          "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n  - { name: cache, version: 1.0.0 }\n",
        "chart/values.yaml": `probe:
  httpGet: { path: / }
  periodSeconds: 5
defaults:
  a: { b: 1, c: 2 }
  d: 1
overrides:
  a: { b: 3 }
global:
  common: { a: 1 }
list:
  - { a: 1 }
  - { a: 2 }
single: { key: value }
flag: true
text: |
  a: {{ .Values.flag }}
  b: { c: 1 }
  d: {{ toYaml .Values.map | nindent 4 }}
quoted: 'a: 1'
cache:
  limits: { cpu: 1 }
label: chosen
left: { same: 1 }
right: { same: 1 }
empty: {}
map: { one: { x: 1 } }
words: [a, b]
`,
        "prod.yaml": "probe:\n  httpGet: null\n  failureThreshold: 1\n",
        "chart/charts/cache/Chart.yaml": "apiVersion: v2\nname: cache\nversion: 1.0.0\n",
        "chart/charts/cache/values.yaml": "own: { a: 1 }\nlimits: {}\n",
        "chart/charts/cache/templates/cache.yaml": `apiVersion: v1
kind: Pod
metadata: { name: cache }
spec:
  own: {{ toYaml .Values.own | nindent 4 }}
  limits: {{ toYaml .Values.limits | nindent 4 }}
  common: {{ toYaml .Values.global.common | nindent 4 }}
`,
        "chart/templates/_helpers.tpl": `{{- define "wrap" -}}
wrapped:
  {{- toYaml .given | nindent 2 }}
{{- end }}
{{- define "switch" -}}
{{- if .Values.flag }}
{{ toYaml .Values.single }}
{{- else }}
{{ toYaml .Values.overrides }}
{{- end }}
{{- end }}
`,
        "chart/templates/pod.yaml": `{{- $merged := mergeOverwrite (deepCopy .Values.defaults) .Values.overrides }}
{{- $probe := .Values.probe }}
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  probe: {{ toYaml $probe | nindent 4 }}
  merged: {{ toYaml $merged | nindent 4 }}
  {{- include "wrap" (dict "given" .Values.single) | nindent 2 }}
  switched:
    {{- include "switch" . | nindent 4 }}
  items:
    {{- range .Values.list }}
    - {{ toYaml . | nindent 6 }}
    {{- end }}
  parsed: {{ tpl .Values.text . | fromYaml | toYaml | nindent 4 }}
  text:
    {{- tpl .Values.text . | nindent 4 }}
  json: {{ .Values.single | toJson }}
  quoted:
    {{ .Values.quoted }}
  either: {{ ternary .Values.left .Values.right .Values.flag | toYaml | nindent 4 }}
  coalesced: {{ coalesce .Values.empty .Values.single | toYaml | nindent 4 }}
  two:
    {{- toYaml .Values.left | nindent 4 }}
    {{- toYaml .Values.single | nindent 4 }}
  {{ .Values.label }}:
    a: 1
  spread:
    {{- range $key, $value := .Values.map }}
    {{ $key }}: {{ toYaml $value | nindent 6 }}
    {{- end }}
  keyed:
    {{ .Values.label }}: 1
  words: {{ .Values.words | quote }}
  mapping: {{ .Values.single }}
`,
      },
      { path: "chart", kind: "helm" },
      { values: ["prod.yaml"] },
    );
  });

  test.each([
    ["the null of a later file", "Pod/web", "spec.probe.httpGet", "prod.yaml:2 exact | ^httpGet: null"],
    ["a variable, and a file of an environment", "Pod/web", "spec.probe", "prod.yaml:1 near | ^probe:"],
    ["mergeOverwrite", "Pod/web", "spec.merged", "chart/values.yaml:4 near | ^defaults:"],
    ["a part that both have", "Pod/web", "spec.merged.a", "chart/values.yaml:5 near | ^a: { b: 1, c: 2 }"],
    [
      "a named template that is given a value",
      "Pod/web",
      "spec.wrapped",
      "chart/values.yaml:14 exact | ^single: { key: value }",
    ],
    [
      "a condition in a named template",
      "Pod/web",
      "spec.switched",
      "chart/values.yaml:14 exact | ^single: { key: value }",
    ],
    ["an item of a loop", "Pod/web", "spec.items[1]", "chart/values.yaml:13 exact | - ^{ a: 2 }"],
    ["a list that a loop makes", "Pod/web", "spec.items", "chart/templates/pod.yaml:13 near | ^items:"],
    [
      "an executed text that is read",
      "Pod/web",
      "spec.parsed.b",
      "chart/values.yaml:18 exact | ^b: { c: 1 }",
    ],
    ["an executed text", "Pod/web", "spec.text", "chart/values.yaml:16 exact | ^text: |"],
    ["a mapping in it", "Pod/web", "spec.text.b", "chart/values.yaml:18 exact | ^b: { c: 1 }"],
    ["JSON", "Pod/web", "spec.json", "chart/values.yaml:14 exact | ^single: { key: value }"],
    ["what an action prints in it", "Pod/web", "spec.text.d.one", "chart/values.yaml:19 near"],
    ["a text of YAML", "Pod/web", "spec.quoted", "chart/values.yaml:20 exact | ^quoted: 'a: 1'"],
    ["ternary", "Pod/web", "spec.either", "chart/values.yaml:24 near | ^left: { same: 1 }"],
    ["coalesce", "Pod/web", "spec.coalesced", "chart/values.yaml:14 exact | ^single: { key: value }"],
    ["two values one after the other", "Pod/web", "spec.two", "chart/templates/pod.yaml:25 near | ^two:"],
    ["a key that is a value", "Pod/web", "spec.chosen", "chart/templates/pod.yaml:29 near | ^a: 1"],
    [
      "a mapping that a loop makes",
      "Pod/web",
      "spec.spread",
      "chart/values.yaml:27 exact | ^map: { one: { x: 1 } }",
    ],
    ["a mapping in it", "Pod/web", "spec.spread.one", "chart/values.yaml:27 exact | map: { ^one: { x: 1 } }"],
    [
      "a mapping of a key that is a value",
      "Pod/web",
      "spec.keyed",
      "chart/templates/pod.yaml:34 near | ^keyed:",
    ],
    [
      "a subchart's own value",
      "Pod/cache",
      "spec.own",
      "chart/charts/cache/values.yaml:1 exact | ^own: { a: 1 }",
    ],
    [
      "a subchart's value from its parent",
      "Pod/cache",
      "spec.limits",
      "chart/values.yaml:22 exact | ^limits: { cpu: 1 }",
    ],
    ["a global value", "Pod/cache", "spec.common", "chart/values.yaml:10 exact | ^common: { a: 1 }"],
  ])("%s: %s %s", async (_what, resource, field, place) => {
    expect(await chart.bodyAt(resource, field)).toContain(place);
  });

  test.each([
    ["what an action prints in a text", "spec.text.d.one.x", "chart/values.yaml:19 near"],
    ["a list that is printed as a text", "spec.words", "chart/values.yaml:28 exact | ^words: [a, b]"],
    ["a mapping that is", "spec.mapping", "chart/values.yaml:14 exact | ^single: { key: value }"],
  ])("%s: %s", async (_what, field, place) => {
    expect(await chart.at("Pod/web", field)).toContain(place);
  });
});

describe("what charts print of their files", () => {
  let chart: Traced;
  const definition = (name: string, more = "") => `apiVersion: example.com/v1
kind: Thing
metadata:
  name: ${name}
spec:
  size: 1
  ports:
    - port: 1
${more}`;
  beforeAll(async () => {
    chart = await traceOf(
      {
        "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        "chart/values.yaml": "keep: true\n",
        "chart/things/a.yaml": definition("a"),
        "chart/things/b.yaml": definition("b", "  wrong: [1]\n"),
        "chart/things/c.txt": definition("c"),
        "chart/other.yaml": `${definition("d", "  colour: {{ .Values.keep }}\n")}---\n${definition("e")}`,
        "chart/templates/_helpers.tpl": `{{- define "keep" -}}
{{- regexReplaceAllLiteral "size: 1" .input (ternary "size: 2" "size: 3" .value) -}}
{{- end -}}
`,
        "chart/templates/things.yaml": `{{- range $path, $_ := .Files.Glob "things/*.yaml" }}
---
{{ include "keep" (dict "input" ($.Files.Get $path) "value" $.Values.keep) }}
{{- end }}
---
{{ tpl (.Files.Get "other.yaml") . }}
`,
      },
      { path: "chart", kind: "helm" },
    );
  });

  test.each([
    [
      "a field of a file that a loop is at",
      "Thing/b",
      "spec.wrong",
      "chart/things/b.yaml:9 exact | ^wrong: [1]",
    ],
    [
      "a mapping of it, in which something was replaced",
      "Thing/b",
      "spec",
      "chart/things/b.yaml:5 exact | ^spec:",
    ],
    ["what it lacks", "Thing/a", "spec.colour", "chart/things/a.yaml:5 exact | ^spec:"],
    ["an item of a list", "Thing/a", "spec.ports[0]", "chart/things/a.yaml:8 exact | - ^port: 1"],
    ["a document of a file that is executed", "Thing/d", "spec", "chart/other.yaml:5 exact | ^spec:"],
    ["another document of it", "Thing/e", "spec.ports", "chart/other.yaml:17 exact | ^ports:"],
    ["the resource", "Thing/a", "status", "chart/things/a.yaml:1 exact | ^apiVersion: example.com/v1"],
  ])("%s: %s %s", async (_what, resource, field, place) => {
    expect(await chart.bodyAt(resource, field)).toBe(place);
  });

  test.each([
    ["a kind", "Thing/a", "kind", "chart/things/a.yaml:2 exact | kind: ^Thing"],
    ["what the template put there", "Thing/a", "spec.size", "chart/templates/_helpers.tpl:2"],
    ["an action", "Thing/d", "spec.colour", "chart/other.yaml:9 exact | colour: ^{{ .Values.keep }}"],
  ])("the value of %s", async (_what, resource, field, place) => {
    expect(await chart.at(resource, field)).toContain(place);
  });
});

describe("what a chart prints only if a value is there", () => {
  let chart: Traced;
  beforeAll(async () => {
    chart = await traceOf(
      {
        "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        "chart/values.yaml": `sets:
  one:
    template:
      metadata: { name: a }
      specx: { a: 1 }
service:
  enabled: false
  ports: []
other: {}
`,
        "chart/templates/_helpers.tpl": `{{- define "box" -}}
box:
  name: a
  {{- if .box.lid }}
  lid: {{ .box.lid }}
  {{- end }}
{{- end }}
`,
        "chart/templates/set.yaml": `{{- range $name, $set := .Values.sets }}
---
apiVersion: example.com/v1
kind: Set
metadata:
  name: {{ $name }}
spec:
  fixed: 1
  {{- with $set.template }}
  template:
    {{- with .metadata }}
    metadata:
      name: {{ .name }}
    {{- end }}
    {{- with .spec }}
    spec:
      inner: {{ .a }}
    {{- end }}
  {{- end }}
  {{- with $set.strategy }}
  strategy: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- if and $.Values.service.enabled $.Values.service.ports }}
  ports: {{ toYaml $.Values.service.ports | nindent 4 }}
  {{- end }}
  {{- if $.Release.IsUpgrade }}
  never: 1
  {{- end }}
  {{- include "box" (dict "box" $.Values.other) | nindent 2 }}
  nested:
    deeper:
      {{- if $.Values.service.enabled }}
      strategy: 1
      {{- end }}
      a: 1
  port: {{ $.Values.service.port }}
  destination:
    {{- toYaml $set.destination | nindent 4 }}
  hosts:
    {{- range $.Values.service.ports }}
    - {{ . }}
    {{- end }}
  quoted: {{ $.Values.other | default $.Values.service.none | toYaml }}
  nothing:
  release: {{ if $.Release.IsUpgrade }}1{{ end }}
  absent:
    {{- range $.Values.service.absent }}
    - {{ . }}
    {{- end }}
  optional:
    {{- with $.Values.service.absent }}
    a: 1
    {{- end }}
{{- end }}
`,
      },
      { path: "chart", kind: "helm" },
    );
  });

  test.each([
    ["a mapping of an element of a loop", "spec.template.spec", "chart/values.yaml:3 exact | ^template:"],
    ["an element of a loop", "spec.strategy", "chart/values.yaml:2 exact | ^one:"],
    ["a condition of two values", "spec.ports", "chart/templates/set.yaml:7 near | ^spec:"],
    ["a condition that is no value", "spec.never", "chart/templates/set.yaml:7 near | ^spec:"],
    ["what a named template is given", "spec.box.lid", "chart/values.yaml:9 exact | ^other: {}"],
    ["a field that no condition has", "spec.none", "chart/templates/set.yaml:7 near | ^spec:"],
    ["a value that is not there", "spec.port", "chart/values.yaml:6 exact | ^service:"],
    ["one that is printed as YAML", "spec.destination", "chart/values.yaml:2 exact | ^one:"],
    ["a list that is empty", "spec.hosts", "chart/templates/set.yaml:39 exact | ^hosts:"],
    ["a list that is not there", "spec.absent", "chart/values.yaml:6 exact | ^service:"],
    ["a condition below a key", "spec.optional", "chart/templates/set.yaml:50 exact | ^optional:"],
    ["two values that are empty", "spec.quoted", "chart/values.yaml:9 near | ^other: {}"],
    ["nothing", "spec.nothing", "chart/templates/set.yaml:44 exact | ^nothing:"],
    ["nothing under a condition that is no value", "spec.release", "chart/templates/set.yaml:45"],
    ["the same name further in", "spec.nested.strategy", "chart/templates/set.yaml:30 exact | ^nested:"],
  ])("%s: %s", async (_what, field, place) => {
    expect(await chart.bodyAt("Set/one", field)).toContain(place);
  });
});

import { beforeAll, describe, expect, test } from "vitest";
import type { Files } from "../../pure/fleet/memory-tree.ts";
import { type Traced, traceOf } from "./trace.ts";

const chart: Files = {
  "chart/Chart.yaml": `apiVersion: v2
name: shop
version: 1.2.3
appVersion: "9.9"
dependencies:
  - name: cache
    version: 1.0.0
`,
  "chart/values.yaml": `image:
  repository: registry.example.com/shop
  tag: ""
replicas: 2
colour: blue
list:
  - name: first
    port: 81
  - name: second
    port: 82
settings:
  alpha: one
  beta: two
resources:
  limits:
    cpu: 100m
    memory: 64Mi
labels:
  team: a
extra: |
  apiVersion: v1
  kind: ConfigMap
  metadata:
    name: extra
  data:
    colour: {{ .Values.colour }}
    fixed: text
secret: hunter2
nested:
  deep:
    key: value
flag: false
twins: { left: same, right: same }
modes: { up: fast, down: slow }
items:
  - name: only
    port: 80
cache:
  size: 10
global:
  domain: example.com
`,
  "prod.yaml": `replicas: 5
resources:
  limits:
    cpu: 2
nested: { deep: { key: other } }
items:
  - name: only
global:
  domain: shop.example.com
`,
  "chart/charts/cache/Chart.yaml": "apiVersion: v2\nname: cache\nversion: 1.0.0\n",
  "chart/charts/cache/values.yaml": "size: 1\npolicy: lru\n",
  "chart/charts/cache/templates/config.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: cache
data:
  size: {{ .Values.size | quote }}
  policy: {{ .Values.policy }}
  domain: {{ .Values.global.domain }}
`,
  "chart/config.ini": "[main]\nkey = 1\n",
  "chart/crds/thing.yaml": `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: things.example.com
spec:
  scope: Namespaced
`,
  "chart/templates/_helpers.tpl": `{{- define "shop.labels" -}}
app: shop
release: {{ .Release.Name }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- define "shop.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}
{{- define "shop.port" -}}
{{ .item.port }}
{{- end }}
{{- define "shop.yes" -}}true{{- end }}
{{- define "shop.either" -}}
{{- if .Values.flag }}{{ .Values.twins.left }}{{ else }}{{ .Values.twins.right }}{{ end -}}
{{- end }}
{{- define "shop.mode" -}}
{{- if .Values.flag }}{{ .Values.modes.up }}{{ else }}{{ .Values.modes.down }}{{ end -}}
{{- end }}
{{- define "shop.pair" -}}
{{ printf "%s=%s" (index . 0) (index . 1) }}
{{- end }}
`,
  "chart/templates/deployment.yaml": `{{- $colour := .Values.colour -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-web
  labels:
    {{- include "shop.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers:
        - name: app
          image: {{ include "shop.image" . | quote }}
          {{- if eq (include "shop.yes" .) "true" }}
          workingDir: /srv
          {{- end }}
          ports:
            {{- range .Values.list }}
            - name: {{ .name }}
              containerPort: {{ include "shop.port" (dict "item" .) }}
            {{- end }}
          env:
            {{- range $key, $value := .Values.settings }}
            - name: {{ $key | upper }}
              value: {{ $value | quote }}
            {{- end }}
            - name: COLOUR
              value: "{{ $colour }}-ish"
            - name: PAIR
              value: {{ template "shop.pair" (list "left" .Values.nested.deep.key) }}
          resources:
            {{- toYaml .Values.resources | nindent 12 }}
---
apiVersion: v1
kind: Secret
metadata:
  name: login
  annotations:
    checksum/config: {{ include (print $.Template.BasePath "/config.yaml") . | sha256sum }}
data:
  password: {{ .Values.secret | b64enc }}
`,
  "chart/templates/config.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: config
data:
  main.ini: |
{{ .Files.Get "config.ini" | indent 4 }}
  flag: {{ .Values.flag | quote }}
  random: {{ randAlphaNum 8 }}
  either: {{ include "shop.either" . | quote }}
  mode: {{ include "shop.mode" . | quote }}
  {{- range .Values.items }}
  port: {{ .port | default 80 | quote }}
  {{- end }}
  script: |
    first {{ .Values.colour }}
    second {{ .Values.replicas }}
  both: {{ .Values.twins.left | default .Values.twins.right }}
`,
  "chart/templates/extra.yaml": "{{ tpl .Values.extra $ }}\n",
};

const web = "Deployment/r-web";
const app = "spec.template.spec.containers[name=app]";

const exact: [what: string, resource: string, field: string, place: string][] = [
  ["a literal of the template", web, "kind", "chart/templates/deployment.yaml:3 exact | kind: ^Deployment"],
  ["the last values file", web, "spec.replicas", "prod.yaml:1 exact | replicas: ^5"],
  ["the chart's values", web, `${app}.resources.limits.memory`, "chart/values.yaml:17 exact | memory: ^64Mi"],
  [
    "a value that a file overrides in a mapping",
    web,
    `${app}.resources.limits.cpu`,
    "prod.yaml:4 exact | cpu: ^2",
  ],
  ["a default", web, `${app}.image`, 'chart/Chart.yaml:4 exact | appVersion: ^"9.9"'],
  [
    "text behind a condition",
    web,
    `${app}.workingDir`,
    "chart/templates/deployment.yaml:16 exact | workingDir: ^/srv",
  ],
  ["an element of a loop", web, `${app}.ports[1].name`, "chart/values.yaml:9 exact | - name: ^second"],
  [
    "what a template is given in a dict",
    web,
    `${app}.ports[1].containerPort`,
    "chart/values.yaml:10 exact | port: ^82",
  ],
  ["a value of a loop over a mapping", web, `${app}.env[1].value`, "chart/values.yaml:13 exact | beta: ^two"],
  ["a variable in quotes", web, `${app}.env[name=COLOUR].value`, "chart/values.yaml:5 exact | colour: ^blue"],
  [
    "what a template is given in a list",
    web,
    `${app}.env[name=PAIR].value`,
    "prod.yaml:5 exact | nested: { deep: { key: ^other } }",
  ],
  [
    "text of a named template",
    web,
    "metadata.labels.app",
    "chart/templates/_helpers.tpl:2 exact | app: ^shop",
  ],
  ["a mapping inside a named template", web, "metadata.labels.team", "chart/values.yaml:19 exact | team: ^a"],
  [
    "what no file says",
    web,
    "metadata.labels.release",
    "chart/templates/_helpers.tpl:3 exact | release: ^{{ .Release.Name }}",
  ],
  [
    "a name put together",
    web,
    "metadata.name",
    "chart/templates/deployment.yaml:5 exact | name: ^{{ .Release.Name }}-web",
  ],
  ["base64", "Secret/login", "data.password", "chart/values.yaml:28 exact | secret: ^hunter2"],
  ["a file that is read", "ConfigMap/config", 'data["main.ini"]', "chart/config.ini:1 exact | ^[main]"],
  ["a boolean in quotes", "ConfigMap/config", "data.flag", "chart/values.yaml:32 exact | flag: ^false"],
  ["text that is executed", "ConfigMap/extra", "data.fixed", "chart/values.yaml:27 exact | fixed: ^text"],
  [
    "an action in it",
    "ConfigMap/extra",
    "data.colour",
    "chart/values.yaml:26 exact | colour: ^{{ .Values.colour }}",
  ],
  [
    "a subchart's own value",
    "ConfigMap/cache",
    "data.policy",
    "chart/charts/cache/values.yaml:2 exact | policy: ^lru",
  ],
  [
    "a subchart's value from its parent",
    "ConfigMap/cache",
    "data.size",
    "chart/values.yaml:39 exact | size: ^10",
  ],
  ["a global value", "ConfigMap/cache", "data.domain", "prod.yaml:9 exact | domain: ^shop.example.com"],
  [
    "a value that has a default of the same text",
    "ConfigMap/config",
    "data.both",
    "chart/values.yaml:33 exact | twins: { left: ^same, right: same }",
  ],
  [
    "one branch of a quoted template",
    "ConfigMap/config",
    "data.mode",
    "chart/values.yaml:34 exact | modes: { up: fast, down: ^slow }",
  ],
  [
    "a file of crds",
    "CustomResourceDefinition/things.example.com",
    "spec.scope",
    "chart/crds/thing.yaml:6 exact | scope: ^Namespaced",
  ],
];

describe("what Helm renders", () => {
  let traced: Traced;
  beforeAll(async () => {
    const options = { values: ["prod.yaml"], releaseName: "r", kubeVersion: "1.35.0", includeCrds: true };
    traced = await traceOf(chart, { path: "chart", kind: "helm" }, options);
  });

  test.each(exact)("%s: %s %s", async (_what, resource, field, place) => {
    expect(await traced.at(resource, field)).toBe(place);
  });

  test.each(exact.filter(([what]) => what !== "a literal of the template" && what !== "a name put together"))(
    "editing the line changes it: %s",
    async (_what, resource, field) => {
      const { before, after } = await traced.edited(resource, field);
      expect(after).not.toBe("refused");
      expect(after).not.toBe(before);
    },
  );

  test.each([
    ["the name of a loop's key", web, `${app}.env[1].name`, "chart/templates/deployment.yaml:25 exact"],
    ["what differs in each render", "ConfigMap/config", "data.random", "chart/templates/config.yaml:9 near"],
    [
      "two branches with one value",
      "ConfigMap/config",
      "data.either",
      "chart/templates/config.yaml:10 exact",
    ],
    [
      "a text of several lines and values",
      "ConfigMap/config",
      "data.script",
      "config.yaml:15 exact | script: ^|",
    ],
    ["a list that hides another", "ConfigMap/config", "data.port", "chart/templates/config.yaml:13 exact"],
    ["a field that is absent", web, "spec.paused", "chart/templates/deployment.yaml:9 near"],
    ["a mapping that a value makes", web, `${app}.resources`, "chart/templates/deployment.yaml:33 near"],
  ])("%s", async (_what, resource, field, place) => {
    expect(await traced.at(resource, field)).toContain(place);
  });

  test("all answers took one more render", () => {
    expect(traced.probes.length).toBe(1);
  });
});

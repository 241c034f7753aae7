import { beforeAll, describe, expect, test } from "vitest";
import { type Traced, traceOf } from "./trace.ts";

describe("keys of what a chart prints", () => {
  let chart: Traced;
  beforeAll(async () => {
    chart = await traceOf(
      {
        "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        "chart/values.yaml":
          "port: 80\nresources:\n  limits:\n    cpu: 1\n    memory: 1Gi\nsettings:\n  a: b\n",
        "prod.yaml": "resources:\n  limits:\n    cpu: 2\n",
        "chart/templates/pod.yaml": `apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    {{- range $key, $value := .Values.settings }}
    {{ $key }}: {{ $value }}
    {{- end }}
spec:
  containers:
    - name: app
      image: shop:1
      ports:
        - containerPort: {{ .Values.port }}
          wrong: [1]
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
`,
      },
      { path: "chart", kind: "helm" },
      { values: ["prod.yaml"] },
    );
  });

  const app = "spec.containers[name=app]";
  test.each([
    [
      "a key of the template, whose value is not",
      `${app}.ports[0].containerPort`,
      "chart/templates/pod.yaml:14 exact | - ^containerPort: {{ .Values.port }}",
    ],
    ["a list", `${app}.ports[0].wrong`, "chart/templates/pod.yaml:15 exact | ^wrong: [1]"],
    [
      "an item",
      `${app}.ports[0]`,
      "chart/templates/pod.yaml:14 exact | - ^containerPort: {{ .Values.port }}",
    ],
    ["a mapping of which values are a part", app, "chart/templates/pod.yaml:11 exact | - ^name: app"],
    [
      "a key in values that are printed as YAML",
      `${app}.resources.limits.memory`,
      "chart/values.yaml:5 exact | ^memory: 1Gi",
    ],
    ["a mapping that two files of values make", `${app}.resources.limits`, "prod.yaml:2 near | ^limits:"],
    ["a key that a loop prints", "metadata.labels.a", "chart/values.yaml:7 exact | ^a: b"],
    [
      "where an absent field has to be put",
      `${app}.command`,
      "chart/templates/pod.yaml:11 exact | - ^name: app",
    ],
    ["where one has to be put in values", `${app}.resources.limits.gpu`, "prod.yaml:2 near | ^limits:"],
    [
      "where one has to be put in the resource",
      "status",
      "chart/templates/pod.yaml:1 exact | ^apiVersion: v1",
    ],
  ])("%s: %s", async (_what, field, place) => {
    expect(await chart.keyAt("Pod/web", field)).toBe(place);
  });
});

describe("keys of what kustomize builds", () => {
  let overlay: Traced;
  beforeAll(async () => {
    overlay = await traceOf(
      {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  strategy:
    type: Recreate
  minReadySeconds: 5
  template:
    spec:
      hostname: web
      containers:
        - name: app
          image: web:1
`,
        "prod/kustomization.yaml":
          "resources: [../base]\npatches:\n  - path: patch.yaml\n  - target: {kind: Deployment}\n    patch: |-\n      - op: remove\n        path: /spec/minReadySeconds\n",
        "prod/patch.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  strategy: null
  template:
    spec:
      containers:
        - name: app
          resourcez:
            limits: {cpu: 1}
        - name: sidecar
          command: [run]
`,
      },
      { path: "prod", kind: "kustomize" },
    );
  });

  test.each([
    ["a value that a patch sets", "spec.replicas", "prod/patch.yaml:6 exact | ^replicas: 3"],
    [
      "a mapping that a patch brings",
      "spec.template.spec.containers[name=app].resourcez",
      "prod/patch.yaml:12 exact | ^resourcez:",
    ],
    ["a mapping that a patch adds to", "spec.template.spec", "base/web.yaml:11 exact | ^spec:"],
    ["where a field has to be put that the base lacks", "spec.selector", "base/web.yaml:5 exact | ^spec:"],
    [
      "where one has to be put in what a patch brings",
      "spec.template.spec.containers[name=sidecar].image",
      "prod/patch.yaml:14 exact | - ^name: sidecar",
    ],
    ["the null that took a field away", "spec.strategy", "prod/patch.yaml:7 exact | ^strategy: null"],
    [
      "the operation that took a field away",
      "spec.minReadySeconds",
      "prod/kustomization.yaml:7 exact | path: ^/spec/minReadySeconds",
    ],
  ])("%s: %s", async (_what, field, place) => {
    expect(await overlay.keyAt("Deployment/web", field)).toBe(place);
  });
});

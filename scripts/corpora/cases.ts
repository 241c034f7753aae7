import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Contents by path; `link` is the text of a symlink. */
export type CaseFiles = Record<string, string | { link: string }>;

/** A small repository in which a tool reads something in one particular way. */
export interface Case {
  name: string;
  files: CaseFiles;
  overlay: { path: string; kind: "kustomize" | "helm"; values?: string[] };
  /** The closure, exactly. Names that kustomize looks for in every folder it enters are added by `expected`. */
  reads: { files: string[]; directories?: string[]; absent?: string[]; enters?: string[] };
  gaps?: string[];
  escapes?: string[];
  /** Whether the real tool renders it: `fails` is as good a proof of what it reads, `never` is not run. */
  renders: "ok" | "fails" | "never";
}

const config = (name: string, data = "a: b") => `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
data:
  ${data}
`;
const settings = config("settings");
const patch = config("settings", "c: d");
const json6902 = `- op: add
  path: /data/e
  value: f
`;
const chart = (name: string, more = "") => `apiVersion: v2
name: ${name}
version: 1.0.0
${more}`;
const template = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-chart
data:
  value: {{ .Values.value | quote }}
`;

/** A kustomization in `app` that lists `settings.yaml` and whatever else the text says. */
function app(text: string, more: CaseFiles = {}): CaseFiles {
  return {
    "app/kustomization.yaml": `resources: [settings.yaml]\n${text}`,
    "app/settings.yaml": settings,
    ...more,
  };
}

/** What such a kustomization reads besides the given files, all of them in `app`. */
function reading(...files: string[]): Case["reads"] {
  return {
    files: ["kustomization.yaml", "settings.yaml", ...files].map((name) => `app/${name}`),
    enters: ["app"],
  };
}

function one(name: string, files: CaseFiles, reads: Case["reads"], more: Partial<Case> = {}): Case {
  return { name, files, overlay: { path: "app", kind: "kustomize" }, reads, renders: "ok", ...more };
}

/** A patch transformer and its like, as a file of its own that `field` names. */
function plugin(name: string, field: string, text: string, more: CaseFiles, ...read: string[]): Case {
  const files = app(`${field}: [plugin.yaml]\n`, {
    "app/plugin.yaml": `apiVersion: builtin\n${text}`,
    ...more,
  });
  return one(name, files, reading("plugin.yaml", ...read));
}

const fields: Case[] = [
  one("resources: a file", app(""), reading()),
  one(
    "resources: a folder, kustomization.yml",
    {
      "app/kustomization.yaml": "resources: [../base]\n",
      "base/kustomization.yml": "resources: [a.yaml]\n",
      "base/a.yaml": settings,
    },
    { files: ["app/kustomization.yaml", "base/kustomization.yml", "base/a.yaml"], enters: ["app", "base"] },
  ),
  one(
    "bases, Kustomization",
    {
      "app/kustomization.yaml": "bases: [../base]\n",
      "base/Kustomization": "resources: [a.yaml]\n",
      "base/a.yaml": settings,
    },
    { files: ["app/kustomization.yaml", "base/Kustomization", "base/a.yaml"], enters: ["app", "base"] },
  ),
  one(
    "components",
    app("components: [../part]\n", {
      "part/kustomization.yaml":
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{path: patch.yaml}]\n",
      "part/patch.yaml": patch,
    }),
    {
      files: ["app/kustomization.yaml", "app/settings.yaml", "part/kustomization.yaml", "part/patch.yaml"],
      enters: ["app", "part"],
    },
  ),
  one("crds", app("crds: [crd.json]\n", { "app/crd.json": "{}\n" }), reading("crd.json")),
  one(
    "configurations",
    app("configurations: [conf.yaml]\n", { "app/conf.yaml": "namePrefix: [{path: metadata/name}]\n" }),
    reading("conf.yaml"),
  ),
  one(
    "openapi",
    app("openapi: {path: schema.json}\n", { "app/schema.json": '{"definitions": {}}\n' }),
    reading("schema.json"),
  ),
  one(
    "openapi of a base",
    {
      "app/kustomization.yaml": "resources: [../base]\n",
      "base/kustomization.yaml": "resources: [a.yaml]\nopenapi: {path: schema.json}\n",
      "base/a.yaml": settings,
      "base/schema.json": '{"definitions": {}}\n',
    },
    {
      files: ["app/kustomization.yaml", "base/kustomization.yaml", "base/a.yaml", "base/schema.json"],
      enters: ["app", "base"],
    },
  ),
  one("patches", app("patches: [{path: patch.yaml}]\n", { "app/patch.yaml": patch }), reading("patch.yaml")),
  one(
    "patchesJson6902",
    app("patchesJson6902: [{target: {version: v1, kind: ConfigMap, name: settings}, path: ops.yaml}]\n", {
      "app/ops.yaml": json6902,
    }),
    reading("ops.yaml"),
  ),
  one(
    "patchesStrategicMerge: a path and an inline patch",
    app(`patchesStrategicMerge:\n- patch.yaml\n- |-\n${patch.replace(/^/gm, "  ").trimEnd()}\n`, {
      "app/patch.yaml": patch,
    }),
    reading("patch.yaml"),
  ),
  one(
    "replacements",
    app("replacements: [{path: replace.yaml}]\n", {
      "app/replace.yaml":
        "source: {kind: ConfigMap, name: settings, fieldPath: data.a}\ntargets: [{select: {kind: ConfigMap}, fieldPaths: [data.a]}]\n",
    }),
    reading("replace.yaml"),
  ),
  one(
    "configMapGenerator",
    app(
      "configMapGenerator:\n- name: generated\n  files: [plain.txt, key=named.txt]\n  envs: [some.env]\n  env: one.env\n  literals: [x=y.txt]\n",
      { "app/plain.txt": "1", "app/named.txt": "2", "app/some.env": "A=1\n", "app/one.env": "B=2\n" },
    ),
    reading("plain.txt", "named.txt", "some.env", "one.env"),
  ),
  one(
    "secretGenerator",
    app(
      "secretGenerator:\n- name: generated\n  files: [plain.txt, key=named.txt]\n  envs: [some.env]\n  env: one.env\n  literals: [x=y.txt]\n",
      { "app/plain.txt": "1", "app/named.txt": "2", "app/some.env": "A=1\n", "app/one.env": "B=2\n" },
    ),
    reading("plain.txt", "named.txt", "some.env", "one.env"),
  ),
  one(
    "keys in another case, anchors, merges and a second document",
    app(
      `PATCHES:\n- &first {Path: patch.yaml}\n- <<: *first\nconfigMapGenerator:\n- <<: {files: [merged.txt]}\n  name: generated\n---\nresources: [never.yaml]\n`,
      { "app/patch.yaml": patch, "app/merged.txt": "1", "app/never.yaml": settings },
    ),
    reading("patch.yaml", "merged.txt"),
  ),
  one(
    "duplicate keys: all of them",
    {
      "app/kustomization.yaml": "resources: [a.yaml]\nresources: [b.yaml]\n",
      "app/a.yaml": config("a"),
      "app/b.yaml": config("b"),
    },
    { files: ["app/kustomization.yaml", "app/a.yaml", "app/b.yaml"], enters: ["app"] },
  ),
];

const chartFiles = (folder: string): CaseFiles => ({
  [`${folder}/Chart.yaml`]: chart("web"),
  [`${folder}/values.yaml`]: "value: own\n",
  [`${folder}/templates/config.yaml`]: template,
});

const plugins: Case[] = [
  plugin(
    "transformers: PatchTransformer",
    "transformers",
    "kind: PatchTransformer\nmetadata: {name: x}\npath: patch.yaml\ntarget: {kind: ConfigMap}\n",
    { "app/patch.yaml": patch },
    "patch.yaml",
  ),
  plugin(
    "transformers: PatchJson6902Transformer",
    "transformers",
    "kind: PatchJson6902Transformer\nmetadata: {name: x}\npath: ops.yaml\ntarget: {version: v1, kind: ConfigMap, name: settings}\n",
    { "app/ops.yaml": json6902 },
    "ops.yaml",
  ),
  plugin(
    "transformers: PatchStrategicMergeTransformer",
    "transformers",
    "kind: PatchStrategicMergeTransformer\nmetadata: {name: x}\npaths: [patch.yaml]\n",
    { "app/patch.yaml": patch },
    "patch.yaml",
  ),
  plugin(
    "transformers: ReplacementTransformer",
    "transformers",
    "kind: ReplacementTransformer\nmetadata: {name: x}\nreplacements: [{path: replace.yaml}]\nothers: [{path: never.yaml}]\n",
    {
      "app/never.yaml": "[]\n",
      "app/replace.yaml":
        "source: {kind: ConfigMap, name: settings, fieldPath: data.a}\ntargets: [{select: {kind: ConfigMap}, fieldPaths: [data.a]}]\n",
    },
    "replace.yaml",
  ),
  plugin(
    "transformers: ValueAddTransformer",
    "transformers",
    "kind: ValueAddTransformer\nmetadata: {name: x}\nvalue: v\ntargetFilePath: targets.yaml\n",
    { "app/targets.yaml": "targets: [{fieldPath: metadata/labels/x}]\n" },
    "targets.yaml",
  ),
  plugin(
    "validators are transformers",
    "validators",
    "kind: LabelTransformer\nmetadata: {name: x}\nlabels: {}\nfieldSpecs: []\n",
    {},
  ),
  plugin(
    "generators: ConfigMapGenerator",
    "generators",
    "kind: ConfigMapGenerator\nmetadata: {name: x}\nname: x\nfiles: [some.txt]\nenvs: [some.env]\n",
    { "app/some.txt": "1", "app/some.env": "A=1\n" },
    "some.txt",
    "some.env",
  ),
  plugin(
    "generators: SecretGenerator",
    "generators",
    "kind: SecretGenerator\nmetadata: {name: x}\nname: x\nfiles: [k=some.txt]\n",
    { "app/some.txt": "1" },
    "some.txt",
  ),
  one(
    "transformers: an inline configuration",
    app(
      "transformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: x}\n  path: patch.yaml\n  target: {kind: ConfigMap}\n",
      { "app/patch.yaml": patch },
    ),
    reading("patch.yaml"),
  ),
  one(
    "generators: an inline HelmChartInflationGenerator",
    app(
      "generators:\n- |-\n  apiVersion: builtin\n  kind: HelmChartInflationGenerator\n  metadata: {name: x}\n  name: web\n  chartHome: ../shared\n  releaseName: r\n  valuesFile: values-a.yaml\n",
      { ...chartFiles("shared/web"), "app/values-a.yaml": "value: a\n" },
    ),
    { ...reading("values-a.yaml"), directories: ["shared/web"] },
  ),
  one(
    "generators: an inline configuration",
    app(
      "generators:\n- |-\n  apiVersion: builtin\n  kind: ConfigMapGenerator\n  metadata: {name: x}\n  files: [some.txt]\n",
      { "app/some.txt": "1" },
    ),
    reading("some.txt"),
  ),
  one(
    "transformers: a folder, whose paths start from the folder that names it",
    app("transformers: [plugins]\n", {
      "app/plugins/kustomization.yaml": "resources: [plugin.yaml]\n",
      "app/plugins/plugin.yaml":
        "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: x}\npath: patch.yaml\ntarget: {kind: ConfigMap}\n",
      "app/patch.yaml": patch,
    }),
    {
      files: [
        "app/kustomization.yaml",
        "app/settings.yaml",
        "app/plugins/kustomization.yaml",
        "app/plugins/plugin.yaml",
        "app/patch.yaml",
      ],
      enters: ["app", "app/plugins"],
    },
  ),
  one(
    "transformers: a folder that changes the configurations it yields",
    app("transformers: [plugins]\n", {
      "app/plugins/kustomization.yaml":
        "resources: [plugin.yaml]\npatches:\n- patch: '[{op: replace, path: /path, value: other.yaml}]'\n  target: {kind: PatchTransformer}\n",
      "app/plugins/plugin.yaml":
        "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: x}\npath: patch.yaml\ntarget: {kind: ConfigMap}\n",
      "app/patch.yaml": patch,
      "app/other.yaml": patch,
    }),
    {
      files: [
        "app/kustomization.yaml",
        "app/settings.yaml",
        "app/plugins/kustomization.yaml",
        "app/plugins/plugin.yaml",
        "app/patch.yaml",
      ],
      enters: ["app", "app/plugins"],
    },
    { gaps: ["computed-plugin"], renders: "never" },
  ),
  one(
    "transformers: not a builtin",
    app("transformers: [plugin.yaml]\n", {
      "app/plugin.yaml": "apiVersion: example.com/v1\nkind: Custom\nmetadata: {name: x}\n",
    }),
    reading("plugin.yaml"),
    { gaps: ["plugin"], renders: "fails" },
  ),
  one(
    "transformers: an inline text that we cannot read and another parser might",
    app("transformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  path: [patch.yaml\n"),
    { ...reading(), absent: ["app/apiVersion: builtin\nkind: PatchTransformer\npath: [patch.yaml"] },
    { gaps: ["unreadable-kustomization"], renders: "never" },
  ),
  one(
    "transformers: the name of a builtin in another group",
    app("transformers: [plugin.yaml]\n", {
      "app/plugin.yaml":
        "apiVersion: example.com/v1\nkind: PatchTransformer\nmetadata: {name: x}\npath: patch.yaml\n",
      "app/patch.yaml": patch,
    }),
    reading("plugin.yaml"),
    { gaps: ["plugin"], renders: "fails" },
  ),
  one(
    "transformers: a configuration that is no YAML",
    app("transformers: [plugin.yaml]\n", { "app/plugin.yaml": "apiVersion: builtin\nkind: [\n" }),
    reading("plugin.yaml"),
    { gaps: ["unreadable-kustomization"], renders: "fails" },
  ),
  one(
    "transformers: not a builtin, inline",
    app("transformers:\n- |-\n  apiVersion: example.com/v1\n  kind: Custom\n  metadata: {name: x}\n"),
    reading(),
    { gaps: ["plugin"], renders: "fails" },
  ),
  one(
    "transformers: a list of configurations",
    app("transformers: [plugin.yaml]\n", {
      "app/plugin.yaml":
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: x}\n  path: patch.yaml\n",
      "app/patch.yaml": patch,
    }),
    reading("plugin.yaml"),
    { gaps: ["plugin"], renders: "never" },
  ),
  one(
    "generators: a function",
    app("generators: [plugin.yaml]\n", {
      "app/plugin.yaml":
        "apiVersion: example.com/v1\nkind: Custom\nmetadata:\n  name: x\n  annotations:\n    config.kubernetes.io/function: 'container: {image: example.com/x}'\n",
    }),
    reading("plugin.yaml"),
    { gaps: ["plugin"], renders: "fails" },
  ),
  one(
    "transformers: an unknown builtin",
    app("transformers: [plugin.yaml]\n", {
      "app/plugin.yaml": "apiVersion: builtin\nkind: Nothing\nmetadata: {name: x}\n",
    }),
    reading("plugin.yaml"),
    { gaps: ["plugin"], renders: "fails" },
  ),
];

const inflation: Case[] = [
  one(
    "helmCharts: a local chart with its own values",
    app("helmCharts: [{name: web, releaseName: r}]\n", chartFiles("app/charts/web")),
    { ...reading("charts/web/values.yaml"), directories: ["app/charts/web"] },
  ),
  one(
    "helmCharts: chartHome, values file, more values files",
    app(
      "helmGlobals: {chartHome: ../shared}\nhelmCharts:\n- name: web\n  releaseName: r\n  valuesFile: values-a.yaml\n  additionalValuesFiles: [values-b.yaml]\n",
      { ...chartFiles("shared/web"), "app/values-a.yaml": "value: a\n", "app/values-b.yaml": "value: b\n" },
    ),
    { ...reading("values-a.yaml", "values-b.yaml"), directories: ["shared/web"] },
  ),
  one(
    "helmCharts: a chart that was pulled before lies in NAME-VERSION",
    app(
      "helmCharts: [{name: web, version: 1.0.0, repo: 'https://charts.example.com', releaseName: r}]\n",
      chartFiles("app/charts/web-1.0.0/web"),
    ),
    { ...reading("charts/web-1.0.0/web/values.yaml"), directories: ["app/charts/web-1.0.0/web"] },
  ),
  one(
    "helmCharts: a version or a repository alone leaves the folder's name",
    app(
      "helmCharts:\n- {name: web, version: 1.0.0, releaseName: r}\n- {name: web, repo: 'https://charts.example.com', releaseName: s}\n",
      chartFiles("app/charts/web"),
    ),
    { ...reading("charts/web/values.yaml"), directories: ["app/charts/web"] },
  ),
  one(
    "helmCharts: a chart that is not there is pulled",
    app("helmCharts: [{name: web, version: 1.0.0, repo: 'https://charts.example.com', releaseName: r}]\n"),
    { ...reading(), absent: ["app/charts"] },
    { gaps: ["remote-chart"], renders: "fails" },
  ),
  one(
    "helmCharts: what the chart's links lead to",
    app("helmCharts: [{name: web, releaseName: r}]\n", {
      ...chartFiles("app/charts/web"),
      "app/charts/web/files/a.txt": { link: "../../../../shared/a.txt" },
      "shared/a.txt": "a",
    }),
    {
      files: [...reading("charts/web/values.yaml", "charts/web/files/a.txt").files, "shared/a.txt"],
      directories: ["app/charts/web"],
      enters: ["app"],
    },
  ),
  one(
    "helmCharts: a dangling link and a missing dependency of the chart",
    app("helmCharts: [{name: web, releaseName: r}]\n", {
      ...chartFiles("app/charts/web"),
      "app/charts/web/Chart.yaml": chart(
        "web",
        "dependencies: [{name: db, version: 1.0.0, repository: 'https://x.example.com'}]\n",
      ),
      "app/charts/web/files/a.txt": { link: "../../../../shared/a.txt" },
    }),
    {
      ...reading("charts/web/values.yaml", "charts/web/files/a.txt"),
      directories: ["app/charts/web"],
      absent: ["shared"],
    },
    { gaps: ["chart-dependency"], renders: "fails" },
  ),
  one(
    "helmCharts: a link of the chart that leads out of the repository",
    app("helmCharts: [{name: web, releaseName: r}]\n", {
      ...chartFiles("app/charts/web"),
      "app/charts/web/files/a.txt": { link: "/proc/self/environ" },
    }),
    { ...reading("charts/web/values.yaml", "charts/web/files/a.txt"), directories: ["app/charts/web"] },
    { escapes: ["link-outside"], renders: "never" },
  ),
  one(
    "helmCharts: a release name that Helm would take for an option",
    app("helmCharts: [{name: web, releaseName: --post-renderer}]\n", chartFiles("app/charts/web")),
    { ...reading("charts/web/values.yaml"), directories: ["app/charts/web"] },
    { escapes: ["chart-option"], renders: "never" },
  ),
  one(
    "helmCharts: values from the network",
    app(
      "helmCharts: [{name: web, releaseName: r, valuesFile: 'https://example.com/values.yaml'}]\n",
      chartFiles("app/charts/web"),
    ),
    { ...reading(), directories: ["app/charts/web"] },
    { gaps: ["remote-file"], renders: "fails" },
  ),
  one(
    "helmChartInflationGenerator, the older field",
    app(
      "helmChartInflationGenerator: [{chartName: web, chartHome: ../shared, releaseName: r, values: values-a.yaml}]\n",
      { ...chartFiles("shared/web"), "app/values-a.yaml": "value: a\n" },
    ),
    { ...reading("values-a.yaml"), directories: ["shared/web"] },
  ),
  one(
    "generators: HelmChartInflationGenerator",
    app("generators: [plugin.yaml]\n", {
      ...chartFiles("shared/web"),
      "app/plugin.yaml":
        "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: x}\nname: web\nchartHome: ../shared\nreleaseName: r\nvaluesFile: values-a.yaml\n",
      "app/values-a.yaml": "value: a\n",
    }),
    { ...reading("plugin.yaml", "values-a.yaml"), directories: ["shared/web"] },
  ),
];

const links: Case[] = [
  one(
    "a linked file: the link, and what it leads to",
    { ...app(""), "app/settings.yaml": { link: "real/settings.yaml" }, "app/real/settings.yaml": settings },
    { files: ["app/kustomization.yaml", "app/settings.yaml", "app/real/settings.yaml"], enters: ["app"] },
  ),
  one(
    "a chain of links",
    {
      ...app(""),
      "app/settings.yaml": { link: "one.yaml" },
      "app/one.yaml": { link: "./two.yaml" },
      "app/two.yaml": settings,
    },
    {
      files: ["app/kustomization.yaml", "app/settings.yaml", "app/one.yaml", "app/two.yaml"],
      enters: ["app"],
    },
  ),
  one(
    "a linked folder as base, with `..` in the link",
    {
      "app/kustomization.yaml": "resources: [linked]\n",
      "app/linked": { link: "../deep/er/../base" },
      "deep/er/keep": "",
      "deep/base/kustomization.yaml": "resources: [a.yaml]\n",
      "deep/base/a.yaml": settings,
    },
    {
      files: ["app/kustomization.yaml", "app/linked", "deep/base/kustomization.yaml", "deep/base/a.yaml"],
      directories: ["deep/er"],
      enters: ["app", "deep/base"],
    },
  ),
  one(
    "a link to a kustomization outside its folder is not one for kustomize",
    {
      "app/kustomization.yaml": { link: "../other/kustomization.yaml" },
      "other/kustomization.yaml": "resources: [a.yaml]\n",
      "app/a.yaml": settings,
    },
    { files: ["app/kustomization.yaml", "other/kustomization.yaml", "app/a.yaml"], enters: ["app"] },
    { renders: "fails" },
  ),
  one(
    "a dangling link",
    { ...app(""), "app/settings.yaml": { link: "gone.yaml" } },
    { files: ["app/kustomization.yaml", "app/settings.yaml"], absent: ["app/gone.yaml"], enters: ["app"] },
    { renders: "fails" },
  ),
  one(
    "a link to itself",
    { ...app(""), "app/settings.yaml": { link: "settings.yaml" } },
    {
      files: ["app/kustomization.yaml", "app/settings.yaml"],
      absent: ["app/settings.yaml"],
      enters: ["app"],
    },
    { renders: "fails" },
  ),
];

const absences: Case[] = [
  one(
    "a resource that is not there",
    { "app/kustomization.yaml": "resources: [gone/a.yaml]\n" },
    { files: ["app/kustomization.yaml"], absent: ["app/gone"], enters: ["app"] },
    { renders: "fails" },
  ),
  one(
    "a file where a folder is needed",
    { "app/kustomization.yaml": "resources: [file/a.yaml]\n", "app/file": "" },
    { files: ["app/kustomization.yaml", "app/file"], absent: ["app/file/a.yaml"], enters: ["app"] },
    { renders: "fails" },
  ),
  one(
    "a base without a kustomization",
    { "app/kustomization.yaml": "resources: [../base]\n", "base/a.yaml": settings },
    { files: ["app/kustomization.yaml"], directories: ["base"], enters: ["app", "base"] },
    { renders: "fails" },
  ),
  one(
    "an empty kustomization",
    { "app/kustomization.yaml": "" },
    { files: ["app/kustomization.yaml"], enters: ["app"] },
    { renders: "fails" },
  ),
  one(
    "a kustomization of comments",
    { "app/kustomization.yaml": "# nothing\n" },
    { files: ["app/kustomization.yaml"], enters: ["app"] },
    { renders: "fails" },
  ),
  one(
    "a kustomization of nothing",
    { "app/kustomization.yaml": "---\n" },
    { files: ["app/kustomization.yaml"], enters: ["app"] },
    { renders: "fails" },
  ),
  one(
    "a kustomization without fields",
    { "app/kustomization.yaml": "{}\n" },
    { files: ["app/kustomization.yaml"], enters: ["app"] },
    { renders: "fails" },
  ),
  one("an empty path", app("transformers: ['']\npatches: [{path: ''}]\n"), reading(), { renders: "fails" }),
  one(
    "two kustomizations in one folder",
    { ...app(""), "app/Kustomization": "resources: [other.yaml]\n", "app/other.yaml": config("other") },
    {
      files: ["app/kustomization.yaml", "app/Kustomization", "app/settings.yaml", "app/other.yaml"],
      enters: ["app"],
    },
    { renders: "fails" },
  ),
  one(
    "a folder under a probed name",
    { ...app(""), "app/kustomization.yml/keep": "" },
    { ...reading(), directories: ["app/kustomization.yml"] },
  ),
  one(
    "a folder where a file is wanted",
    app("patches: [{path: folder}]\n", { "app/folder/keep": "" }),
    { ...reading(), directories: ["app/folder"] },
    { renders: "fails" },
  ),
  one(
    "bases in a circle",
    {
      "app/kustomization.yaml": "resources: [../base]\n",
      "base/kustomization.yaml": "resources: [../app]\n",
    },
    { files: ["app/kustomization.yaml", "base/kustomization.yaml"], enters: ["app", "base"] },
    { renders: "fails" },
  ),
  one(
    "a kustomization that is no YAML",
    { "app/kustomization.yaml": "resources: [\n" },
    { files: ["app/kustomization.yaml"], enters: ["app"] },
    { gaps: ["unreadable-kustomization"], renders: "fails" },
  ),
  one(
    "a kustomization that is a list",
    { "app/kustomization.yaml": "- resources\n" },
    { files: ["app/kustomization.yaml"], enters: ["app"] },
    { gaps: ["unreadable-kustomization"], renders: "fails" },
  ),
];

const commit = "0123456789abcdef0123456789abcdef01234567";

const remotes: Case[] = [
  one(
    "resources: a repository, pinned or not, and a file",
    app(
      `resources:\n- github.com/org/repo//base?ref=${commit}\n- https://example.com/org/repo?ref=main\n- https://raw.example.com/org/${commit}/a.yaml\n`,
    ),
    { ...reading(), absent: ["app/github.com"] },
    { gaps: ["remote-base", "remote-base", "remote-base"], renders: "fails" },
  ),
  one(
    "resources: a file whose name looks like a repository, which is cloned when the file does not parse",
    app("resources: ['git@example.com:org/repo']\n", { "app/git@example.com:org/repo": config("local") }),
    reading("git@example.com:org/repo"),
    { gaps: ["remote-base"] },
  ),
  one(
    "resources: a folder whose name looks like a repository is cloned",
    app("resources: [github.com/org/repo]\n", {
      "app/github.com/org/repo/kustomization.yaml": "namePrefix: x-\n",
    }),
    { ...reading(), directories: ["app/github.com/org/repo"] },
    { gaps: ["remote-base"], renders: "fails" },
  ),
  one(
    "components: never a file, so never looked for when it is a repository",
    app("components: ['git@example.com:org/repo']\n", { "app/git@example.com:org/repo": config("local") }),
    reading(),
    { gaps: ["remote-base"], renders: "fails" },
  ),
  one("a patch from the network", app("patches: [{path: 'https://example.com/patch.yaml'}]\n"), reading(), {
    gaps: ["remote-file"],
    renders: "fails",
  }),
  one(
    "generators: a mapping that is no object and reads as an address",
    app("generators:\n- |-\n  https://example.com/generator: x\n- 'git@example.com:org/repo: {}'\n"),
    { ...reading(), absent: ["app/git@example.com:org", "app/https:"] },
    { gaps: ["plugin", "remote-base", "plugin", "remote-base"], renders: "fails" },
  ),
  one(
    "patchesStrategicMerge: a mapping that is no object and reads as an address",
    app("patchesStrategicMerge: ['https://example.com/patch: x']\n"),
    reading(),
    { gaps: ["remote-file"], renders: "fails" },
  ),
  one(
    "a repository of the machine",
    app("resources: ['file:///srv/repo']\n"),
    { ...reading(), absent: ["app/file:"] },
    { escapes: ["file-url"], renders: "never" },
  ),
];

const escapes: Case[] = [
  one(
    "a patch outside the kustomization's folder, which build arguments may allow",
    app("patches: [{path: ../shared/patch.yaml}]\n", { "shared/patch.yaml": patch }),
    { files: ["app/kustomization.yaml", "app/settings.yaml", "shared/patch.yaml"], enters: ["app"] },
    { renders: "fails" },
  ),
  one(
    "a base above the root",
    { "app/kustomization.yaml": "resources: [../../outside]\n" },
    { files: ["app/kustomization.yaml"], enters: ["app"] },
    { escapes: ["path-outside"], renders: "never" },
  ),
  one("an absolute path", app("configMapGenerator: [{name: x, files: [/etc/hostname]}]\n"), reading(), {
    escapes: ["absolute-path"],
    renders: "never",
  }),
  one(
    "a link to an absolute path",
    { ...app(""), "app/settings.yaml": { link: "/etc/hostname" } },
    { files: ["app/kustomization.yaml", "app/settings.yaml"], enters: ["app"] },
    { escapes: ["link-outside"], renders: "never" },
  ),
  one(
    "a link above the root",
    { ...app(""), "app/settings.yaml": { link: "../../settings.yaml" } },
    { files: ["app/kustomization.yaml", "app/settings.yaml"], enters: ["app"] },
    { escapes: ["link-outside"], renders: "never" },
  ),
];

const helm = (name: string, files: CaseFiles, reads: Case["reads"], more: Partial<Case> = {}): Case => ({
  name,
  files: { ...chartFiles("web"), ...files },
  overlay: { path: "web", kind: "helm" },
  renders: "ok",
  reads,
  ...more,
});

const charts: Case[] = [
  helm("a chart: its whole folder", {}, { files: [], directories: ["web"] }),
  helm(
    "values files, also beside the chart and through a link",
    { "web/values-a.yaml": "value: a\n", "env/b.yaml": { link: "c.yaml" }, "env/c.yaml": "value: c\n" },
    { files: ["web/values-a.yaml", "env/b.yaml", "env/c.yaml"], directories: ["web"] },
    { overlay: { path: "web", kind: "helm", values: ["web/values-a.yaml", "env/b.yaml"] } },
  ),
  helm(
    "a values file that is not there",
    {},
    { files: [], directories: ["web"], absent: ["env"] },
    { overlay: { path: "web", kind: "helm", values: ["env/a.yaml"] }, renders: "fails" },
  ),
  helm(
    "links in a chart to a file and to a folder beside it",
    {
      "web/files/a.txt": { link: "../../shared/a.txt" },
      "web/files/all": { link: "../../shared/all" },
      "shared/a.txt": "a",
      "shared/all/b.txt": { link: "../c.txt" },
      "shared/c.txt": "c",
    },
    {
      files: ["web/files/a.txt", "web/files/all", "shared/a.txt", "shared/all/b.txt", "shared/c.txt"],
      directories: ["web", "shared/all"],
    },
  ),
  helm(
    "a dangling link in a chart",
    { "web/files/a.txt": { link: "../../shared/a.txt" } },
    { files: ["web/files/a.txt"], directories: ["web"], absent: ["shared"] },
    { renders: "fails" },
  ),
  helm(
    "a link in a chart that leads out of the repository",
    { "web/files/a.txt": { link: "/proc/self/environ" } },
    { files: ["web/files/a.txt"], directories: ["web"] },
    { escapes: ["link-outside"], renders: "never" },
  ),
  helm(
    "a link in a chart that leads to itself",
    { "web/files/again": { link: ".." } },
    { files: ["web/files/again"], directories: ["web"] },
    { escapes: ["link-loop"], renders: "never" },
  ),
  helm(
    "links in a chart that lead in a circle through another folder",
    { "web/files/out": { link: "../../shared" }, "shared/back": { link: "../web" } },
    { files: ["web/files/out", "shared/back"], directories: ["web", "shared"] },
    { escapes: ["link-loop"], renders: "never" },
  ),
  helm(
    "a link in a chart to the whole repository",
    { "web/files/all": { link: "../.." } },
    { files: ["web/files/all"], directories: ["web"] },
    { escapes: ["link-loop"], renders: "never" },
  ),
  helm(
    "two links in a chart to the same folder",
    {
      "web/files/one": { link: "../../shared" },
      "web/files/two": { link: "../../shared" },
      "shared/a.txt": "a",
    },
    { files: ["web/files/one", "web/files/two"], directories: ["web", "shared"] },
  ),
  helm(
    "a dependency that is not vendored",
    {
      "web/Chart.yaml": chart(
        "web",
        "dependencies: [{name: db, version: 1.0.0, repository: 'https://charts.example.com'}]\n",
      ),
    },
    { files: [], directories: ["web"] },
    { gaps: ["chart-dependency"], renders: "fails" },
  ),
  helm(
    "a dependency that is vendored under another folder name",
    {
      "web/Chart.yaml": chart(
        "web",
        "dependencies: [{name: db, version: 1.0.0, repository: 'file://../db'}]\n",
      ),
      "web/charts/database/Chart.yaml": chart("db"),
    },
    { files: [], directories: ["web"] },
  ),
  helm(
    "a dependency that is vendored by a link to a folder of another name",
    {
      "web/Chart.yaml": chart(
        "web",
        "dependencies: [{name: db, version: 1.0.0, repository: 'file://../database'}]\n",
      ),
      "web/charts/anything": { link: "../../database" },
      "database/Chart.yaml": chart("db"),
    },
    { files: ["web/charts/anything"], directories: ["web", "database"] },
  ),
  helm(
    "a dependency of a vendored chart, which Helm does not ask for",
    {
      "web/charts/db/Chart.yaml": chart(
        "db",
        "dependencies: [{name: deep, version: 1.0.0, repository: 'https://charts.example.com'}]\n",
      ),
    },
    { files: [], directories: ["web"] },
  ),
  helm(
    "a dependency in a folder that Helm passes over",
    {
      "web/Chart.yaml": chart(
        "web",
        "dependencies: [{name: db, version: 1.0.0, repository: 'https://charts.example.com'}]\n",
      ),
      "web/charts/_db/Chart.yaml": chart("db"),
      "web/charts/.db/Chart.yaml": chart("db"),
    },
    { files: [], directories: ["web"] },
    { gaps: ["chart-dependency"], renders: "fails" },
  ),
  helm(
    "a dependency of requirements.yaml that is not vendored",
    {
      "web/requirements.yaml":
        "dependencies: [{name: db, version: 1.0.0, repository: 'https://charts.example.com'}]\n",
    },
    { files: [], directories: ["web"] },
    { gaps: ["chart-dependency"], renders: "fails" },
  ),
  helm(
    "a schema that refers to the network",
    { "web/values.schema.json": '{"properties": {"value": {"$ref": "https://example.com/schema.json"}}}\n' },
    { files: [], directories: ["web"] },
    { gaps: ["remote-schema"], renders: "fails" },
  ),
  helm(
    "a schema that refers to a file, in a chart of the chart",
    {
      "web/charts/db/Chart.yaml": chart("db"),
      "web/charts/db/values.schema.json": '{"$ref": "etc/hostname"}\n',
    },
    { files: [], directories: ["web"] },
    { escapes: ["schema-outside"], renders: "never" },
  ),
  helm(
    "a schema that refers to itself and to the published metaschema",
    {
      "web/values.schema.json":
        '{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"s": {"type": "string"}}, "properties": {"value": {"$ref": "#/definitions/s"}}}\n',
    },
    { files: [], directories: ["web"] },
  ),
];

/** One case for every way in which kustomize and Helm come to read a file. */
export const cases: readonly Case[] = [
  ...fields,
  ...plugins,
  ...inflation,
  ...links,
  ...absences,
  ...remotes,
  ...escapes,
  ...charts,
];

const probed = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/** The whole closure that a case expects, sorted. */
export function expected({ reads, files }: Case): {
  files: string[];
  directories: string[];
  absent: string[];
} {
  const looked = (reads.enters ?? []).flatMap((folder) => probed.map((name) => `${folder}/${name}`));
  const there = (path: string) =>
    Object.keys(files).some((file) => file === path || file.startsWith(`${path}/`));
  return {
    files: [...reads.files].sort(),
    directories: [...(reads.directories ?? [])].sort(),
    absent: [...(reads.absent ?? []), ...looked.filter((path) => !there(path))].sort(),
  };
}

/** Writes a case's files into a new folder. */
export function writeCase(one: Case, folder: string): void {
  for (const [path, content] of Object.entries(one.files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    if (typeof content === "string") writeFileSync(join(folder, path), content);
    else symlinkSync(content.link, join(folder, path));
  }
}

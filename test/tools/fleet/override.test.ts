// What Flux and Argo CD objects set over what they deploy from Git is rendered nowhere: that must be said, and said aloud
// where a pull request changes it.
import { userCacheDir } from "@gitops-actions/engine";
import { defaults, run } from "@gitops-actions/render-overlays";
import { expect, test } from "vitest";
import { scratch } from "../git/scratch.ts";

const chart = {
  "apps/api/Chart.yaml": "apiVersion: v2\nname: api\nversion: 1.0.0\n",
  "apps/api/values.yaml": "replicas: 1\n",
  "apps/api/values-prod.yaml": "replicas: 2\n",
  "apps/api/templates/a.yaml":
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: {{ .Values.replicas | quote }}}\n",
  "apps/web/kustomization.yaml": "namespace: web\nresources: [a.yaml]\n",
  "apps/web/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
};

const release = (more: string) => `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: api, namespace: prod}
spec:
  interval: 5m
  chart:
    spec:
      chart: ./apps/api
      sourceRef: {kind: GitRepository, name: fleet}
      valuesFiles: [./apps/api/values.yaml, ./apps/api/values-prod.yaml]
${more}`;

const kustomization = (more: string) => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: web, namespace: flux-system}
spec:
  path: ./apps/web
  targetNamespace: web
  sourceRef: {kind: GitRepository, name: fleet}
${more}`;

const application = (source: string) => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  source:
    repoURL: https://github.com/org/fleet
${source}`;

const applicationSet = (source: string) => `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: web, namespace: argocd}
spec:
  template:
    spec:
      source:
        repoURL: https://github.com/org/fleet
${source}`;

async function reportOf(before: Record<string, string>, after: Record<string, string>) {
  const space = scratch();
  const cwd = space.repository("fleet", { ...chart, ...before });
  space.git(cwd, "remote", "add", "origin", "git@github.com:org/fleet.git");
  space.git(cwd, "checkout", "-q", "-b", "change");
  space.commit(cwd, after);
  const cacheDir = userCacheDir(process.env);
  const host = { ...space.machine, cacheDir, cwd, now: () => new Date(0), isTerminal: false };
  const { report } = await run(
    { ...defaults, baseRef: "main", fetch: false },
    { host, progress: () => {}, signal: new AbortController().signal, secretKey: new Uint8Array(32) },
  );
  return {
    skipped: report.skipped.filter(({ code }) => code === "controller-override"),
    findings: report.findings.filter(({ rule }) => rule === "fleet/controller-override"),
  };
}

const at = "clusters/prod/x.yaml";

test.each<[before: string, after: string, line: number, says: string, warns: string]>([
  [
    release("  values: {replicas: 2}\n"),
    release("  values: {replicas: many, debug: true}\n"),
    11,
    "HelmRelease api sets values over ./apps/api",
    "this change sets other values over ./apps/api: the effect",
  ],
  [
    kustomization("  patches: [{patch: a}]\n"),
    kustomization("  patches: [{patch: b}]\n"),
    8,
    "Kustomization web sets patches over ./apps/web",
    "patches",
  ],
  [
    kustomization("  images: [{name: a, newTag: '1'}]\n"),
    kustomization("  images: [{name: a, newTag: '2'}]\n"),
    8,
    "Kustomization web sets images over ./apps/web",
    "images",
  ],
  [
    kustomization("  postBuild: {substitute: {a: b}}\n"),
    kustomization("  postBuild: {substitute: {a: c}}\n"),
    8,
    "Kustomization web sets postBuild over ./apps/web",
    "postBuild",
  ],
  [
    kustomization("  components: [../a]\n"),
    kustomization("  components: [../b]\n"),
    8,
    "Kustomization web sets components over ./apps/web",
    "components",
  ],
  [
    application("    path: apps/web\n    kustomize:\n      images: [a=b:1]\n"),
    application("    path: apps/web\n    kustomize:\n      images: [a=b:2]\n"),
    9,
    "Application web sets kustomize.images over apps/web",
    "kustomize.images",
  ],
  ...[
    "values: 'a: 1'",
    "valuesObject: {a: 1}",
    "parameters: [{name: a, value: '1'}]",
    "valueFiles: [values-1.yaml]",
  ].map((part): [string, string, number, string, string] => {
    const name = `helm.${part.split(":")[0]}`;
    const one = `    path: apps/api\n    helm:\n      ${part}\n`;
    return [
      application(one),
      application(one.replace("1", "2")),
      9,
      `Application web sets ${name} over apps/api`,
      name,
    ];
  }),
  [
    applicationSet("        path: '{{path}}'\n        helm:\n          values: 'a: 1'\n"),
    applicationSet("        path: '{{path}}'\n        helm:\n          values: 'a: 2'\n"),
    11,
    "ApplicationSet web sets helm.values over {{path}}",
    "helm.values",
  ],
])("case %#", async (before, after, line, says, warns) => {
  const same = await reportOf({ [at]: before }, { "README.md": "x" });
  expect(same.skipped).toMatchObject([{ kind: "object", id: `${at}:${line}` }]);
  expect(same.skipped[0]!.message).toContain(says);
  expect(same.findings).toEqual([]);
  const changed = await reportOf({ [at]: before }, { [at]: after });
  expect(changed.skipped).toHaveLength(1);
  expect(changed.findings).toMatchObject([
    { severity: "warning", location: { path: at, line }, message: expect.stringContaining(warns) },
  ]);
});

test.each([
  ["a release with the files that are rendered", release("")],
  ["a namespace that the overlay has itself", kustomization("")],
  ["nothing set", kustomization("  patches: []\n  postBuild: {}\n")],
  [
    "values of a rendered variant",
    application("    path: apps/api\n    helm: {valueFiles: [values-prod.yaml]}\n"),
  ],
  ["a chart from a registry", application("    chart: x\n    helm: {values: 'a: 1'}\n")],
  [
    "a release from a chart repository",
    release("  values: {a: 1}\n").replace("kind: GitRepository", "kind: HelmRepository"),
  ],
])("nothing is said of %s", async (_what, text) => {
  expect(await reportOf({}, { [at]: text })).toEqual({ skipped: [], findings: [] });
});

test("a patch of a release, in a file and as text, is said where it stands", async () => {
  const files = {
    "base/kustomization.yaml": "resources: [release.yaml]\n",
    "base/release.yaml": release(""),
    "clusters/prod/kustomization.yaml": "resources: [../../base]\npatches:\n  - path: values.yaml\n",
    "clusters/prod/values.yaml":
      "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: api, namespace: prod}\nspec:\n  values: {a: 1}\n",
    "clusters/dev/kustomization.yaml":
      "resources: [../../base]\npatches:\n  - patch: |\n      apiVersion: helm.toolkit.fluxcd.io/v2\n      kind: HelmRelease\n      metadata: {name: api, namespace: prod}\n      spec: {values: {a: 1}}\n",
  };
  const { skipped, findings } = await reportOf(files, {
    "clusters/prod/values.yaml": files["clusters/prod/values.yaml"].replace("a: 1", "a: 2"),
  });
  expect(skipped.map(({ id }) => id)).toEqual([
    "clusters/dev/kustomization.yaml:3",
    "clusters/prod/values.yaml:5",
  ]);
  expect(findings).toMatchObject([{ location: { path: "clusters/prod/values.yaml", line: 5 } }]);
});

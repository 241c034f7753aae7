import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeMachine, script } from "./machine.ts";
import { render, text } from "./renders.ts";

const base = {
  "base/kustomization.yaml": "resources: [d.yaml]\n",
  "base/d.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
};
const apps = (
  kustomization: string,
  more: Record<string, string | Uint8Array> = {},
): Record<string, string | Uint8Array> => ({
  ...base,
  "apps/web/kustomization.yaml": kustomization,
  ...more,
});
const web = { path: "apps/web", kind: "kustomize" as const };
const own = "apps/web/kustomization.yaml";
const chart = {
  "apps/web/charts/c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n",
  "apps/web/charts/c/values.yaml": "a: 1\n",
  "apps/web/charts/c/templates/a.yaml":
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}\ndata: {a: '{{ .Values.a }}', kube: {{ .Capabilities.KubeVersion.Version }}}\n",
};
const inflates = "helmCharts:\n- name: c\n  releaseName: r\n";

describe("renders", () => {
  test("gives exactly what kustomize prints, and its warnings", async () => {
    const result = await render(apps("resources: [../../base]\nnamePrefix: x-\ncommonLabels: {a: b}\n"), web);
    expect(text(result)).toBe(
      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels:\n    a: b\n  name: x-a\n",
    );
    expect(result).toMatchObject({
      warnings: [expect.stringMatching(/^'commonLabels' is deprecated\. Please use 'labels'/)],
    });
  });

  test("an overlay that renders nothing is rendered", async () => {
    expect(await render(apps("resources: []\nnamespace: x\n"), web)).toMatchObject({
      status: "rendered",
      output: Buffer.from(""),
    });
  });

  test("a folder called like an option", async () => {
    const result = await render(
      { ...base, "-o/kustomization.yaml": "resources: [../base]\n" },
      { path: "-o", kind: "kustomize" },
    );
    expect(result.status).toBe("rendered");
  });

  test("the root of the repository", async () => {
    expect(
      (await render({ ...base, "kustomization.yaml": "resources: [base]\n" }, { ...web, path: "." })).status,
    ).toBe("rendered");
  });

  test("inflates local charts with the pinned Helm where that is asked for", async () => {
    const kubeArgs = { kustomizeBuildArgs: ["--helm-kube-version", "1.33.0"] };
    const result = await render(apps(inflates, chart), { ...web, needsHelm: true }, kubeArgs);
    expect(text(result)).toBe(
      'apiVersion: v1\ndata:\n  a: "1"\n  kube: v1.33.0\nkind: ConfigMap\nmetadata:\n  name: r\n',
    );
  });

  test("an option that is out of fashion is a warning, also when the render fails", async () => {
    const old = { kustomizeBuildArgs: ["--reorder=legacy"] };
    expect(await render(apps("resources: [../../base]\n"), web, old)).toMatchObject({
      warnings: [expect.stringMatching(/^Flag --reorder has been deprecated/)],
    });
    expect(await render(apps("resources: [none.yaml]\n"), web, old)).toMatchObject({ code: "missing-file" });
  });

  test("reads files beside the overlay with the load restrictor off", async () => {
    const files = apps("configMapGenerator: [{name: x, files: [../shared.txt]}]\n", {
      "apps/shared.txt": "hello",
    });
    expect(await render(files, web)).toMatchObject({ code: "outside-root" });
    expect(
      text(await render(files, web, { kustomizeBuildArgs: ["--load-restrictor=LoadRestrictionsNone"] })),
    ).toContain("shared.txt: hello");
  });

  test("the tool sees nothing of the job's environment", async () => {
    const machine = makeMachine();
    const path = script(join(machine.folder, "spy"), "");
    writeFileSync(path, "#!/bin/sh\nenv\n");
    const spy = { name: "kustomize" as const, version: "5.8.2", path, source: "given" as const, sha256: "" };
    const env = {
      GITHUB_TOKEN: "canary-5e1f",
      INPUT_TOKEN: "canary-5e1f",
      HTTPS_PROXY: "http://user:canary-5e1f@proxy:1",
    };
    const seen = text(await render(apps("resources: []\n"), web, { kustomize: spy }, env));
    expect(seen).toContain("/temp/home");
    expect(seen).toContain("HTTPS_PROXY=http://127.0.0.1:9\n");
    expect(seen).not.toContain("canary");
  });
});

/** Name, files, and what is said: code, message, path:line. Everything here is what kustomize 5.8.2 really does. */
const failures: [string, Record<string, string | Uint8Array>, string, string | RegExp, string?][] = [
  [
    "a resource that is missing",
    apps("resources:\n- ../../base\n- missing.yaml\n"),
    "missing-file",
    "apps/web/missing.yaml does not exist; the kustomization of apps/web names it.",
    `${own}:3`,
  ],
  [
    "a resource that a base misses",
    apps("resources: [../../base]\n", { "base/kustomization.yaml": "resources:\n- d.yaml\n- e.yaml\n" }),
    "missing-file",
    "base/e.yaml does not exist; the kustomization of base names it.",
    "base/kustomization.yaml:3",
  ],
  [
    "a base that is missing",
    apps("\nresources: [../nowhere]\n"),
    "missing-file",
    "apps/nowhere does not exist; the kustomization of apps/web names it.",
    `${own}:2`,
  ],
  [
    "a component that is missing",
    apps("\n\ncomponents: [../c]\n"),
    "missing-file",
    "apps/c does not exist; the kustomization of apps/web names it.",
    `${own}:3`,
  ],
  [
    "a resource that a component misses",
    apps("components: [../c]\n", {
      "apps/c/kustomization.yml":
        "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nresources: [x.yaml]\n",
    }),
    "missing-file",
    "apps/c/x.yaml does not exist; the kustomization of apps/c names it.",
    "apps/c/kustomization.yml:3",
  ],
  [
    "a component that is none",
    apps("components: [../c]\n", { "apps/c/kustomization.yaml": "resources: []\nnamespace: x\n" }),
    "invalid-kustomization",
    "expected kind 'Component' for path 'apps/c' but got 'Kustomization'",
    `${own}:1`,
  ],
  [
    "a patch that is missing",
    apps("resources: [../../base]\npatches:\n- path: nope.yaml\n"),
    "missing-file",
    "apps/web/nope.yaml does not exist; the kustomization of apps/web names it.",
    `${own}:3`,
  ],
  [
    "a patch that is no patch",
    apps("resources: [../../base]\npatches: [{path: p.yaml}]\n", { "apps/web/p.yaml": "a: [\n" }),
    "failed",
    'PatchTransformer: unable to parse SM or JSON patch from [path: "p.yaml"]',
    `${own}:1`,
  ],
  [
    "a patch without a target",
    apps("resources: [../../base]\npatches: [{path: p.yaml}]\n", {
      "apps/web/p.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: zz}\n",
    }),
    "patch-target",
    /^no resource matches strategic merge patch "Deployment\.v1\.apps\/zz/,
    `${own}:1`,
  ],
  [
    "a JSON patch that does not apply",
    apps(
      'resources: [../../base]\npatches: [{target: {kind: ConfigMap}, patch: "- {op: remove, path: /data/x}"}]\n',
    ),
    "failed",
    'remove operation does not apply: doc is missing path: "/data/x": missing value',
    `${own}:1`,
  ],
  [
    "a generator's file that is missing",
    apps("resources: [../../base]\nsecretGenerator:\n- name: s\n  files: [nope]\n"),
    "missing-file",
    "apps/web/nope does not exist; the kustomization of apps/web names it.",
    `${own}:4`,
  ],
  [
    "a literal that is none",
    apps("configMapGenerator: [{name: a, literals: [x]}]\n"),
    "failed",
    "loading KV pairs: literal sources [x]: invalid literal source x, expected key=value",
    `${own}:1`,
  ],
  [
    "a field that does not exist",
    apps("resources: [../../base]\npatchs: []\n"),
    "invalid-kustomization",
    'the kustomization of apps/web is not valid: unknown field "patchs"',
    `${own}:2`,
  ],
  [
    "a field that does not exist, in a base",
    apps("resources: [../../base]\n", { "base/kustomization.yaml": "resources: [d.yaml]\nfoo: 1\n" }),
    "invalid-kustomization",
    'the kustomization of base is not valid: unknown field "foo"',
    "base/kustomization.yaml:2",
  ],
  [
    "a field of the wrong type",
    apps("resources: [../../base]\nnamespace: [1]\n"),
    "invalid-kustomization",
    /cannot unmarshal array into Go struct field Kustomization\.namespace of type string/,
    `${own}:2`,
  ],
  [
    "a kustomization that is not YAML",
    apps("resources: [../../base\n"),
    "invalid-kustomization",
    "the kustomization of apps/web is not valid: yaml: line 1: did not find expected ',' or ']'",
    `${own}:1`,
  ],
  [
    "a kustomization with a NUL in it",
    apps("a\0b"),
    "invalid-kustomization",
    /control characters are not allowed/,
    `${own}:1`,
  ],
  [
    "a kustomization that is empty",
    apps(""),
    "invalid-kustomization",
    "kustomization.yaml is empty",
    `${own}:1`,
  ],
  [
    "a kustomization of another kind",
    apps("kind: Kustomizatio\nresources: [../../base]\n"),
    "invalid-kustomization",
    /kind should be Kustomization or Component/,
    `${own}:1`,
  ],
  [
    "two kustomizations in a folder",
    apps("resources: []\n", { "apps/web/kustomization.yml": "" }),
    "invalid-kustomization",
    "Found multiple kustomization files under: apps/web",
    `${own}:1`,
  ],
  [
    "a folder without a kustomization",
    { ...base, "apps/web/x.yaml": "" },
    "no-kustomization",
    /^unable to find one of 'kustomization\.yaml'.* in directory 'apps\/web'$/,
  ],
  [
    "a resource that is not YAML",
    apps("resources: [../../base]\n", {
      "base/d.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: a\n",
    }),
    "invalid-yaml",
    "base/d.yaml is not YAML: line 4: found character that cannot start any token",
    "base/d.yaml:4",
  ],
  [
    "a resource with a key twice",
    apps("resources: [x.yaml]\n", {
      "apps/web/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nmetadata: {name: b}\n",
    }),
    "invalid-yaml",
    /mapping key "metadata" already defined at line 3/,
  ],
  [
    "a resource without a name",
    apps("resources: [x.yaml]\n", { "apps/web/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n" }),
    "invalid-resource",
    /^apps\/web\/x\.yaml: missing metadata\.name/,
    "apps/web/x.yaml:1",
  ],
  [
    "a resource that is only text",
    apps("resources: [x.yaml]\n", { "apps/web/x.yaml": "hello" }),
    "invalid-resource",
    "apps/web/x.yaml: missing Resource metadata",
    "apps/web/x.yaml:1",
  ],
  [
    "the same resource twice",
    apps("resources: [../../base, ../other]\n", {
      "apps/other/kustomization.yaml": "resources: [d.yaml]\n",
      "apps/other/d.yaml": base["base/d.yaml"],
    }),
    "duplicate-id",
    "may not add resource with an already registered id: ConfigMap.v1.[noGrp]/a.[noNs]",
    "apps/other/kustomization.yaml:1",
  ],
  [
    "a cycle",
    apps("resources: [../loop]\n", { "apps/loop/kustomization.yaml": "resources: [../web]\n" }),
    "cycle",
    "cycle detected: candidate root 'apps/web' contains visited root 'apps/web'",
  ],
  [
    "a file outside the repository",
    apps("resources:\n- /etc/hostname\n"),
    "outside-root",
    /^\/etc\/hostname is not in or below apps\/web/,
    `${own}:2`,
  ],
  [
    "a remote file",
    apps("resources:\n- https://example.invalid/x.yaml\n"),
    "remote",
    /^https:\/\/example\.invalid\/x\.yaml would have to be fetched, and the network is closed/,
    `${own}:2`,
  ],
  [
    "a remote repository",
    apps('resources:\n- "https://github.com/x/y?ref=v1"\n'),
    "remote",
    /^https:\/\/github\.com\/x\/y\?ref=v1 would have to be fetched/,
    `${own}:2`,
  ],
  [
    "a remote repository by ssh",
    apps('resources:\n- "ssh://git@github.com/x/y?ref=v1"\n'),
    "remote",
    /^ssh:\/\/git@github\.com\/x\/y\?ref=v1 would have to be fetched/,
    `${own}:2`,
  ],
  [
    "a function",
    apps("resources: [../../base]\ntransformers: [t.yaml]\n", {
      "apps/web/t.yaml":
        'apiVersion: v1\nkind: Foo\nmetadata:\n  name: x\n  annotations: {config.kubernetes.io/function: "exec: {path: ./x.sh}"}\n',
      "apps/web/x.sh": "#!/bin/sh\n",
    }),
    "plugin",
    /external plugins disabled; unable to load external plugin 'Foo'/,
    `${own}:1`,
  ],
  [
    "a chart without Helm",
    apps(inflates, chart),
    "needs-helm",
    "HelmChartInflationGenerator: must specify --enable-helm",
    `${own}:1`,
  ],
];

describe("says what a person needs when kustomize fails", () => {
  test.each(failures)("%s", async (_, files, code, message, place) => {
    const result = await render(files, web);
    expect(result).toMatchObject({ status: "failed", code });
    if (result.status !== "failed") return;
    if (typeof message === "string") expect(result.message).toBe(message);
    else expect(result.message).toMatch(message);
    expect(result.message).not.toContain("/repo");
    if (place) expect(`${result.location?.path}:${result.location?.line}`).toBe(place);
  });

  test("a chart whose template fails", async () => {
    const failing = { ...chart, "apps/web/charts/c/templates/a.yaml": '\na: {{ fail "no way" }}\n' };
    const result = await render(apps(inflates, failing), { ...web, needsHelm: true });
    expect(result).toMatchObject({
      status: "failed",
      code: "template",
      location: { path: "apps/web/charts/c/templates/a.yaml", line: 2 },
    });
    expect(text(result)).toContain("no way");
  });

  test("a chart that is not there is not fetched", async () => {
    const remote = `${inflates}  repo: https://charts.example.invalid\n  version: 1.0.0\n`;
    const result = await render(apps(remote), { ...web, needsHelm: true });
    expect(result).toMatchObject({ status: "failed" });
    expect(text(result)).toMatch(/charts\.example\.invalid/);
  });
});

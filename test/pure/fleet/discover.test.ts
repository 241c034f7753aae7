import { discover, type Fleet, parseConfig } from "@gitops-actions/fleet";
import { describe, expect, test } from "vitest";
import { type Files, memoryTree } from "./memory-tree.ts";

const object = (kind = "ConfigMap") => `apiVersion: v1\nkind: ${kind}\nmetadata: {name: x}\n`;
const chart = (name: string, more = "") => `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n${more}`;

function find(files: Files, config?: string): Promise<Fleet> {
  return discover(memoryTree(files), config === undefined ? undefined : parseConfig(config, "gitops.yaml"));
}

async function ids(files: Files, config?: string): Promise<string[]> {
  return (await find(files, config)).overlays.map((overlay) => overlay.id);
}

async function noticed(files: Files, config?: string): Promise<string[]> {
  return (await find(files, config)).noticed.map(({ code, path }) => `${code} ${path}`);
}

describe("kustomizations", () => {
  test("an overlay is one that no other refers to, a component never is one", async () => {
    const files = {
      "base/kustomization.yaml": "resources: [a.yaml]\n",
      "base/a.yaml": object(),
      "parts/kustomization.yml": "kind: Component\nresources: [../from-part]\n",
      "from-part/Kustomization": "namePrefix: x-\n",
      "overlays/dev/kustomization.yaml": "bases: [../../base]\n",
      "overlays/prod/kustomization.yaml": "resources: [../../base]\ncomponents: [../../parts]\n",
    };
    expect(await ids(files)).toEqual(["overlays/dev", "overlays/prod"]);
    expect(await noticed(files)).toEqual([]);
  });

  test("the root is `.`", async () => {
    expect(await ids({ "kustomization.yaml": "namePrefix: x-\n" })).toEqual(["."]);
  });

  test("its namespace is that of the overlay", async () => {
    const { overlays } = await find({ "a/kustomization.yaml": "namespace: shop\n" });
    expect(overlays[0]?.namespace).toBe("shop");
  });

  test("what generators refer to is no overlay", async () => {
    const files = {
      "a/kustomization.yaml": "transformers: [../plugins]\n",
      "plugins/kustomization.yaml": "resources: [p.yaml]\n",
      "plugins/p.yaml": "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: x}\n",
    };
    expect(await ids(files)).toEqual(["a"]);
  });

  test("one that refers to itself is an overlay, and fails when it is rendered", async () => {
    expect(await ids({ "a/kustomization.yaml": "resources: [.]\n" })).toEqual(["a"]);
  });

  test("nothing is dropped in silence", async () => {
    const files = {
      "circle/a/kustomization.yaml": "resources: [../b]\n",
      "circle/b/kustomization.yaml": "resources: [../a]\n",
      "parts/kustomization.yaml": "kind: Component\nresources: [../lost]\n",
      "lost/kustomization.yaml": "namePrefix: x-\n",
      "flux/kustomization.yaml":
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x}\n",
      "{{cookiecutter.name}}/kustomization.yaml": "namePrefix: x-\n",
      "template/kustomization.yaml": "namePrefix: {{ prefix }}\n",
      "template2/kustomization.yaml": "{{ if x }}\nnamePrefix: y\n",
    };
    expect(await ids(files)).toEqual([]);
    expect(await noticed(files)).toEqual([
      "unreached circle/a",
      "unreached circle/b",
      "not-kustomize flux",
      "unreached lost",
      "unused-component parts",
      "template template",
      "template template2",
      "template {{cookiecutter.name}}",
    ]);
  });

  test("braces that YAML may hold make no template", async () => {
    const text =
      "configMapGenerator:\n- name: x\n  literals: ['a={{ .b }}']\n  # {{ c }}\npatches:\n- patch: |-\n    {{ d }}\n";
    expect(await ids({ "a/kustomization.yaml": text })).toEqual(["a"]);
  });

  test("one that does not parse is an overlay: its render says what is wrong", async () => {
    expect(await ids({ "a/kustomization.yaml": "resources: [\n" })).toEqual(["a"]);
  });

  test("a linked folder counts where it really lies", async () => {
    const files = {
      "real/kustomization.yaml": "namePrefix: x-\n",
      alias: { link: "real" },
      "a/kustomization.yaml": "resources: [../alias]\n",
    };
    expect(await ids(files)).toEqual(["a"]);
    expect(await noticed(files)).toEqual([]);
  });

  test("a link to an overlay is noticed: under its name nothing is looked at", async () => {
    const files: Files = {
      "k/dev/kustomization.yaml": "namePrefix: x-\n",
      "k/qa": { link: "dev" },
      all: { link: "k" },
      "k/dev/notes": { link: "../../docs" },
      "linked/a.yaml": { link: "../plain/a.yaml" },
      "plain/a.yaml": object(),
      "plain/b.yaml": { link: "a.yaml" },
      "docs/x.md": "",
    };
    expect(await ids(files)).toEqual(["k/dev", "plain"]);
    expect(await noticed(files)).toEqual(["link all", "link k/qa", "link linked/a.yaml"]);
  });
});

describe("charts", () => {
  const web = { "charts/web/Chart.yaml": chart("web"), "charts/web/values.yaml": "a: b\n" };

  test("one overlay for its own values and one for each values file of an environment", async () => {
    const { overlays } = await find({
      ...web,
      "charts/web/values-prod.yaml": "",
      "charts/web/values/dev.yml": "",
      "charts/web/envs/qa/values.yaml": "",
      "charts/web/staging/values.yaml": "",
      "charts/web/values.schema.json": "{}",
      "charts/web/templates/values.yaml": "",
    });
    expect(overlays.map(({ id, environment, options }) => [id, environment, options.values])).toEqual([
      ["charts/web", undefined, []],
      ["charts/web@dev", "dev", ["charts/web/values/dev.yml"]],
      ["charts/web@prod", "prod", ["charts/web/values-prod.yaml"]],
      ["charts/web@qa", "qa", ["charts/web/envs/qa/values.yaml"]],
      ["charts/web@staging", "staging", ["charts/web/staging/values.yaml"]],
    ]);
  });

  test("values for tests are variants without an environment", async () => {
    const { overlays } = await find({
      ...web,
      "charts/web/ci/ha-values.yaml": "",
      "charts/web/ci/values-min.yaml": "",
    });
    expect(overlays.map(({ id, environment }) => [id, environment])).toEqual([
      ["charts/web", undefined],
      ["charts/web@ci-ha", undefined],
      ["charts/web@ci-min", undefined],
    ]);
  });

  test("parts of a chart, libraries and inflated charts are none", async () => {
    const files = {
      ...web,
      "charts/web/charts/db/Chart.yaml": chart("db"),
      "charts/web/examples/other/Chart.yaml": chart("other"),
      "charts/lib/Chart.yaml": chart("lib", "type: library\n"),
      "charts/new/Chart.yaml": "name: {{ name }}\n",
      "app/kustomization.yaml": "helmGlobals: {chartHome: ../charts}\nhelmCharts: [{name: inflated}]\n",
      "charts/inflated/Chart.yaml": chart("inflated"),
    };
    expect(await ids(files)).toEqual(["app", "charts/web"]);
    expect(await noticed(files)).toEqual(["library-chart charts/lib", "template charts/new"]);
  });

  test("a chart at the root leaves the rest of the repository alone", async () => {
    const files = {
      "Chart.yaml": chart("x"),
      "charts/db/Chart.yaml": chart("db"),
      "deploy/kustomization.yaml": "namePrefix: x-\n",
    };
    expect(await ids(files)).toEqual([".", "deploy"]);
  });

  test("rules of the configuration: options for all, environments by name or by file", async () => {
    const files = {
      ...web,
      "charts/web/prod.yaml": "",
      "env/dev/web.yaml": "",
      "env/prod/web.yaml": "",
      "charts/db/Chart.yaml": chart("db"),
    };
    const { overlays } = await find(
      files,
      `
environments: [dev, stage, prod]
charts:
- path: charts/{app}
  values: [values.yaml, "../../env/{environment}/{app}.yaml"]
  release-name: "{app}-{environment}"
  kube-version: 1.35.0
`,
    );
    expect(
      overlays.map(({ id, environment, app, options }) => [
        id,
        environment,
        app,
        options.releaseName,
        options.values,
      ]),
    ).toEqual([
      ["charts/web@dev", "dev", "web", "web-dev", ["charts/web/values.yaml", "env/dev/web.yaml"]],
      ["charts/web@prod", "prod", "web", "web-prod", ["charts/web/values.yaml", "env/prod/web.yaml"]],
    ]);
    const named = await find(
      files,
      "charts:\n- path: '**'\n  namespace: all\n  values: [values.yaml]\n  environments: {prod: prod.yaml, dev: {values: [], namespace: own}}\n",
    );
    expect(named.overlays.map(({ id, namespace, options }) => [id, namespace, options.values])).toEqual([
      ["charts/db@dev", "own", ["charts/db/values.yaml"]],
      ["charts/db@prod", "all", ["charts/db/values.yaml", "charts/db/prod.yaml"]],
      ["charts/web@dev", "own", ["charts/web/values.yaml"]],
      ["charts/web@prod", "all", ["charts/web/values.yaml", "charts/web/prod.yaml"]],
    ]);
  });

  test("a rule without values or environments keeps what the folder shows", async () => {
    const { overlays } = await find(
      { ...web, "charts/web/values-prod.yaml": "" },
      "charts: [{path: '**', release-name: r}]\n",
    );
    expect(overlays.map(({ id, options }) => [id, options.releaseName])).toEqual([
      ["charts/web", "r"],
      ["charts/web@prod", "r"],
    ]);
  });

  test("a rule that names an inflated chart renders it by itself too", async () => {
    const files = {
      "app/kustomization.yaml": "helmCharts: [{name: web}]\n",
      "app/charts/web/Chart.yaml": chart("web"),
    };
    expect(await ids(files)).toEqual(["app"]);
    expect(await ids(files, "charts: ['**']\n")).toEqual(["app", "app/charts/web"]);
  });
});

describe("plain manifests", () => {
  test("folders whose files hold objects that nothing else reads", async () => {
    const files = {
      "clusters/prod/apps.yaml": object("Service"),
      "clusters/prod/more/x.yml": `# comment\n---\n${object()}---\n${object()}`,
      "docs/values.yaml": "a: b\n",
      ".github/workflows/ci.yaml": "on: push\njobs: {}\n",
      ".tekton/run.yaml": object("PipelineRun"),
      "a/kustomization.yaml": "resources: [../used/x.yaml]\n",
      "used/x.yaml": object(),
      "kind.yaml": "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n",
      "half/x.yaml": `${object()}---\njust: text\n`,
      "data.json": '{"apiVersion": "v1", "kind": "ConfigMap"}',
    };
    expect(await ids(files)).toEqual(["a", "clusters/prod", "clusters/prod/more", "half"]);
  });

  test("objects in JSON alone are noticed, and nested ones are none", async () => {
    const files = {
      "j/a.json": '{"apiVersion": "v1", "kind": "ConfigMap"}',
      "j/dashboard.json": '{"panels": [{"apiVersion": "v1", "kind": "ConfigMap"}]}',
      "j/package.json": '{"name": "x"}',
      "m/a.json": '{"apiVersion": "v1", "kind": "ConfigMap"}',
      "m/b.yaml": object(),
      "k/kustomization.yaml": "resources: [a.json]\n",
      "k/a.json": '{"apiVersion": "v1", "kind": "ConfigMap"}',
    };
    expect(await ids(files)).toEqual(["k", "m"]);
    expect(await noticed(files)).toEqual(["json-manifest j/a.json"]);
  });

  test("what lies beside a kustomization or among its files is noticed", async () => {
    const files = {
      "a/kustomization.yaml": "resources: [used.yaml, parts/p.yaml]\n",
      "a/used.yaml": object(),
      "a/forgotten.yaml": object(),
      "a/parts/p.yaml": object(),
      "a/parts/forgotten.yaml": object(),
      "a/patches/forgotten.yaml": object(),
    };
    expect(await ids(files)).toEqual(["a"]);
    expect(await noticed(files)).toEqual([
      "unlisted-manifest a",
      "unlisted-manifest a/parts",
      "unlisted-manifest a/patches",
    ]);
  });

  test("inputs of tests and templates are noticed", async () => {
    const files = {
      "pkg/testdata/x.yaml": object(),
      "policies/kyverno-test.yaml":
        "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nresources: [resource.yaml, more/] # not other.yaml\n",
      "policies/resource.yaml": object(),
      "policies/other.yaml": object(),
      "policies/more/resource.yaml": object(),
      "steps/chainsaw-test.yaml": "try:\n- apply: {file: 'p*.yaml'}\n- assert: {file: ../all/a.yaml}\n",
      "steps/pod.yaml": object(),
      "all/a.yaml": object(),
      "all/b.yaml": object(),
      "gen/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ name }}\n",
    };
    expect(await ids(files)).toEqual(["all", "policies"]);
    expect(await noticed(files)).toEqual([
      "test-fixture all",
      "template gen",
      "test-fixture pkg/testdata",
      "test-fixture policies",
      "test-fixture policies/more",
      "test-fixture steps",
    ]);
  });

  test.each<[string, boolean]>([
    ["apiVesion: v1\nkind: Secret\n", true],
    ["apiVersion: v1\nkid: Secret\n", true],
    ["kind: Secret\nmetadata: {name: x}\n", true],
    ["  apiVersion: v1\n  kind: Secret\n", true],
    ["--- {apiVersion: v1, kind: Secret}\n", true],
    ["--- !a &b\napiVersion: v1\nkind: Secret\n", true],
    ["- apiVersion: v1\n  kind: Secret\n", true],
    ["kind: DaemonSet\nreplicas: 1\n", false],
    ["apiVersion: 1\ndatasources: []\n", false],
    ["apiVersion: v2\nname: web\nversion: 1.0.0\n", false],
    ["kind: pipeline\nmetadata: {}\n", false],
    ["services: {web: {image: x}}\n", false],
    ["apiVersion: kyverno.io/v1\nkind: Test\nmetadata: {name: x}\n", false],
    [`apiVersion: v1\nkind: Config\n---\n${object()}`, true],
    [`apiVersion: kuttl.dev/v1beta1\nkind: TestStep\n---\n${object()}`, false],
    ["- op: add\n  path: /kind\n", false],
  ])("what is meant as an object, with or without a mistake: %j %j", async (text, is) => {
    expect(await ids({ "a/x.yaml": text })).toEqual(is ? ["a"] : []);
  });

  test("a manifest that does not parse is one: its render says what is wrong", async () => {
    expect(await ids({ "a/x.yaml": "apiVersion: v1\nkind: ConfigMap\ndata: [\n" })).toEqual(["a"]);
  });
});

test("other tools are noticed at their topmost folder", async () => {
  const files = {
    "infra/main.tf": "",
    "infra/modules/net/main.tf": "",
    "lib/x.libsonnet": "",
    "helmfile.yaml": "",
    "stack/Pulumi.yaml": "",
    "def/x.cue": "",
    "cdk/cdk8s.yaml": "",
    sub: { submodule: "0123456789abcdef0123456789abcdef01234567" },
  };
  expect(await noticed(files)).toEqual([
    "helmfile .",
    "cdk8s cdk",
    "cue def",
    "terraform infra",
    "jsonnet lib",
    "pulumi stack",
    "submodule sub",
  ]);
});

describe("the configuration", () => {
  const files = {
    "apps/web/base/kustomization.yaml": "namePrefix: x-\n",
    "apps/web/overlays/dev/kustomization.yaml": "resources: [../../base]\n",
    "apps/web/overlays/prod/kustomization.yaml": "resources: [../../base]\n",
    "other/kustomization.yaml": "namePrefix: x-\n",
  };

  test("patterns choose and place overlays; the others are noticed", async () => {
    const fleet = await find(files, "overlays: ['apps/{app}/overlays/{environment}']\n");
    expect(fleet.overlays.map(({ id, app, environment }) => [id, app, environment])).toEqual([
      ["apps/web/overlays/dev", "web", "dev"],
      ["apps/web/overlays/prod", "web", "prod"],
    ]);
    expect(fleet.noticed.map(({ code, path }) => [code, path])).toEqual([["not-listed", "other"]]);
  });

  test("a pattern makes an overlay of a kustomization that others refer to", async () => {
    expect(await ids(files, "overlays: ['apps/*/base']\n")).toEqual(["apps/web/base"]);
  });

  test("what a rule says holds over what its pattern finds, and its kind limits it", async () => {
    const { overlays } = await find(
      files,
      "overlays: [{path: '{app}', environment: prod, cluster: eu, kind: kustomize}]\n",
    );
    expect(overlays).toMatchObject([{ id: "other", app: "other", environment: "prod", cluster: "eu" }]);
    expect(await ids(files, "overlays: [{path: other, kind: plain}]\n")).toEqual([]);
  });

  test("what is ignored is noticed, and what it refers to is still no overlay", async () => {
    const config = "ignore: ['apps/*/overlays/**', other]\n";
    expect(await ids(files, config)).toEqual([]);
    expect(await noticed(files, config)).toEqual([
      "ignored apps/web/overlays/dev",
      "ignored apps/web/overlays/prod",
      "ignored other",
    ]);
  });

  test("environments by glob and by cluster", async () => {
    const { overlays } = await find(
      {
        "k8s/eu/kustomization.yaml": "namePrefix: x-\n",
        "clusters/c1/kustomization.yaml": "namePrefix: x-\n",
      },
      "environments: [{name: prod, paths: ['k8s/*']}, {name: dev, clusters: [c1]}]\n",
    );
    expect(overlays.map(({ id, environment }) => [id, environment])).toEqual([
      ["clusters/c1", "dev"],
      ["k8s/eu", "prod"],
    ]);
  });

  test("a rule says the namespace, else the kustomization does", async () => {
    const one = { "a/kustomization.yaml": "namespace: shop\n" };
    const namespace = async (config?: string) => (await find(one, config)).overlays[0]?.namespace;
    expect(await namespace()).toBe("shop");
    expect(await namespace("overlays: ['{app}']\n")).toBe("shop");
    expect(await namespace("overlays: [{path: '{app}', namespace: other}]\n")).toBe("other");
  });

  test("a rule for charts makes overlays also where `overlays` lists others", async () => {
    const chartsToo = {
      ...files,
      "charts/web/Chart.yaml": chart("web"),
      "charts/db/Chart.yaml": chart("db"),
    };
    const config = "overlays: [other]\ncharts: [charts/web]\n";
    expect(await ids(chartsToo, config)).toEqual(["charts/web", "other"]);
    expect(await noticed(chartsToo, config)).toContain("not-listed charts/db");
  });

  test("a pattern that matches nothing is a problem, with its line", async () => {
    const { problems } = await find(
      files,
      "overlays:\n- '**'\n- app/{app}\n- {path: other, kind: helm}\ncharts:\n- charts/{app}\n",
    );
    expect(
      problems.map(({ code, severity, message, location }) => [code, severity, message, location?.line]),
    ).toEqual([
      [
        "unmatched-pattern",
        "error",
        "app/{app} matches no folder that can be rendered; did you mean the folder `apps`?",
        3,
      ],
      ["unmatched-pattern", "error", "other matches no helm folder", 4],
      ["unmatched-pattern", "error", "charts/{app} matches no chart", 6],
    ]);
  });

  test("a folder is suggested where the pattern goes astray", async () => {
    const messages = async (pattern: string) =>
      (await find(files, `overlays: ['**', '${pattern}']\n`)).problems.map(({ message }) => message);
    expect(await messages("apps/{app}/overlay/{environment}")).toEqual([
      "apps/{app}/overlay/{environment} matches no folder that can be rendered; did you mean the folder `apps/web/overlays`?",
    ]);
    expect(await messages("elsewhere/**")).toEqual(["elsewhere/** matches no folder that can be rendered"]);
  });

  describe("a values pattern that no file matches is an error that names the files there are", () => {
    const cache = {
      "charts/cache/Chart.yaml": chart("cache"),
      "charts/cache/values.yaml": "",
      "charts/cache/values-dev.yaml": "",
      "charts/cache/values-prod.yaml": "",
    };
    const problems = async (files: Files, config: string) =>
      (await find(files, config)).problems.map(({ code, severity, message, location }) => [
        `${code} ${severity} ${location?.line}`,
        message,
      ]);
    const rule = (path: string, ...values: string[]) =>
      `charts:\n- {path: '${path}', values: [${values.map((value) => `'${value}'`).join(", ")}]}\n`;

    test("of its only chart", async () => {
      const wanted = [
        [
          "unmatched-values error 2",
          "charts/cache has no values file like vals-{environment}.yaml; there are values-dev.yaml, values-prod.yaml",
        ],
      ];
      expect(await problems(cache, rule("charts/cache", "vals-{environment}.yaml"))).toEqual(wanted);
      expect(
        await problems(
          cache,
          `${rule("charts/cache", "values.yaml", "vals-{environment}.yaml")}environments: [dev, prod]\n`,
        ),
      ).toEqual(wanted);
    });

    test("of one of its charts", async () => {
      const two = { ...cache, "charts/db/Chart.yaml": chart("db") };
      expect(await problems(two, rule("charts/{app}", "values-{environment}.yaml"))).toEqual([
        [
          "unmatched-values error 2",
          "charts/db has no values file like values-{environment}.yaml; there is none beside it",
        ],
      ]);
      expect(
        await problems(two, `${rule("charts/{app}", "values-{environment}.yaml")}ignore: [charts/db]\n`),
      ).toEqual([]);
    });

    test("of one of its patterns", async () => {
      expect(
        await problems(
          cache,
          rule("charts/{app}", "values-{environment}.yaml", "../../env/{environment}.yaml"),
        ),
      ).toEqual([
        [
          "unmatched-values error 2",
          "charts/cache has no values file like ../../env/{environment}.yaml; there is none beside it",
        ],
      ]);
    });

    test("a pattern that only some charts follow is fine", async () => {
      const two = {
        ...cache,
        "charts/db/Chart.yaml": chart("db"),
        "charts/db/values-dev.yaml": "",
        "charts/db/secret-dev.yaml": "",
      };
      expect(
        await problems(two, rule("charts/{app}", "values-{environment}.yaml", "secret-{environment}.yaml")),
      ).toEqual([]);
    });
  });

  test("a configuration that is not read is a problem", async () => {
    const unread = async (files: Files, config?: string) =>
      (await find(files, config)).problems.map(({ code, severity, message, location }) => [
        code,
        severity,
        message,
        location?.path,
      ]);
    expect(await unread({ "gitops.yaml": "", "gitops.yml": "" }, "ignore: []\n")).toEqual([
      [
        "config-not-read",
        undefined,
        "gitops.yml is not read, because gitops.yaml is; move what it says there and remove it",
        "gitops.yml",
      ],
    ]);
    expect(await unread({ "GitOps.yaml": "" })).toEqual([
      ["config-not-read", undefined, "GitOps.yaml is not read; rename it to gitops.yaml", "GitOps.yaml"],
    ]);
    expect(await unread({ "gitops.yml": "", "a/gitops.yaml": "" })).toEqual([]);
  });

  test("an environment that a rule names and that is none is an error at its line, once", async () => {
    const said = async (config: string) =>
      (
        await find({ ...files, "charts/db/Chart.yaml": chart("db"), "charts/db/a.yaml": "" }, config)
      ).problems.map(({ code, severity, message, location }) => [code, severity, location?.line, message]);
    expect(
      await said(
        "environments: [dev, production]\noverlays:\n  - apps/*/overlays/dev\n  - {path: apps/*/overlays/prod, environment: prod}\n",
      ),
    ).toEqual([
      [
        "unknown-environment",
        "error",
        4,
        "overlays.1 names the environment `prod`, which is not among dev, production; did you mean `production`?",
      ],
    ]);
    expect(
      await said(
        "environments: [dev, prod]\ncharts:\n  - path: charts/db\n    environments:\n      dev: a.yaml\n      prd: a.yaml\n      x: a.yaml\n",
      ),
    ).toEqual([
      [
        "unknown-environment",
        "error",
        6,
        "charts.0.environments names the environment `prd`, which is not among dev, prod; did you mean `prod`?",
      ],
      [
        "unknown-environment",
        "error",
        7,
        "charts.0.environments names the environment `x`, which is not among dev, prod",
      ],
    ]);
    // Where gitops.yaml names no environments, any name is one.
    expect(await said("overlays: [{path: apps/*/overlays/prod, environment: prod}]\n")).toEqual([]);
  });

  test("a values file for an environment that is not configured is a problem, and none that a rule names", async () => {
    const web = {
      "charts/web/Chart.yaml": chart("web"),
      "charts/web/values-dev.yaml": "",
      "charts/web/values-qa.yaml": "",
      "charts/web/values-common.yaml": "",
    };
    const rule =
      'charts:\n  - path: charts/web\n    values: [values-common.yaml, "values-{environment}.yaml"]\n';
    const { overlays, problems } = await find(web, `environments: [dev, qat]\n${rule}`);
    expect(overlays.map(({ id }) => id)).toEqual(["charts/web@dev"]);
    expect(problems.map(({ code, message, location }) => [code, location?.line, message])).toEqual([
      [
        "unknown-environment",
        3,
        "charts/web/values-qa.yaml is placed in qa, which is not among the configured environments; did you mean `qat`?",
      ],
    ]);
    expect((await find(web, rule)).problems).toEqual([]);
  });

  test("an environment that is not configured is a problem with a suggestion", async () => {
    const { problems } = await find(files, "environments: [development, prd]\n");
    expect(problems.map((problem) => problem.message)).toEqual([
      "apps/web/overlays/dev is placed in dev, which is not among the configured environments",
      "apps/web/overlays/prod is placed in prod, which is not among the configured environments; did you mean `prd`?",
    ]);
  });
});

test("ids stay apart when case does not count, and between kinds", async () => {
  const files = {
    "App/kustomization.yaml": "namePrefix: x-\n",
    "app/kustomization.yaml": "namePrefix: x-\n",
    "both/kustomization.yaml": "namePrefix: x-\n",
    "both/Chart.yaml": chart("both"),
  };
  const found = await ids(files);
  expect(found).toEqual(["App", "app~kustomize", "both", "both~helm"]);
  expect(new Set(found.map((id) => id.toLowerCase())).size).toBe(found.length);
});

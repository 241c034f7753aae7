import { configJsonSchema, defaultConfig, loadConfig, parseConfig } from "@gitops-actions/fleet";
import { UsageError } from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { memoryTree } from "./memory-tree.ts";

const parse = (text: string) => parseConfig(text, "gitops.yaml");

function errorOf(text: string): string {
  try {
    parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  throw new Error("no error");
}

test("an empty file says nothing", () => {
  expect(parse("# nothing\n")).toEqual({ ...defaultConfig(), path: "gitops.yaml" });
});

test("environments: names, objects, a map", () => {
  const empty = { paths: [], clusters: [], namespaces: [] };
  expect(parse("environments: [dev, {name: prod, from: dev, clusters: [eu]}]\n").environments).toEqual([
    { ...empty, name: "dev" },
    { ...empty, name: "prod", from: "dev", clusters: ["eu"] },
  ]);
  expect(parse("environments: {dev: , prod: {from: dev, branch: live}}\n").environments).toEqual([
    { ...empty, name: "dev" },
    { ...empty, name: "prod", from: "dev", branch: "live" },
  ]);
});

test("overlays and charts", () => {
  const config = parse(`
overlays:
- apps/{app}/overlays/{environment}
- {path: infra/*, kind: plain, environment: prod}
charts:
- charts/{app}
- path: vendor/web
  values: [common.yaml]
  release-name: web
  kube-version: 1.35.0
  api-versions: [example.com/v1]
  include-crds: true
  environments:
    dev: dev.yaml
    qa: [qa.yaml, more.yaml]
    prod: {values: [prod.yaml], namespace: live}
ignore: [legacy/**]
allow: {remote-bases: [github.com]}
`);
  expect(config.overlays).toEqual([
    { path: "apps/{app}/overlays/{environment}" },
    { path: "infra/*", kind: "plain", environment: "prod" },
  ]);
  expect(config.charts).toEqual([
    { path: "charts/{app}", values: [] },
    {
      path: "vendor/web",
      values: ["common.yaml"],
      releaseName: "web",
      kubeVersion: "1.35.0",
      apiVersions: ["example.com/v1"],
      includeCrds: true,
      environments: [
        { name: "dev", options: { values: ["dev.yaml"] } },
        { name: "qa", options: { values: ["qa.yaml", "more.yaml"] } },
        { name: "prod", options: { values: ["prod.yaml"], namespace: "live" } },
      ],
    },
  ]);
  expect(config.ignore).toEqual(["legacy/**"]);
  expect(config.allow).toEqual({ remoteBases: ["github.com"], chartRepositories: [] });
});

describe("errors name file, line and what was meant", () => {
  test.each([
    [
      "a misspelt key",
      "ignore: []\noverlay: []\n",
      ["gitops.yaml:2: unknown key `overlay`; did you mean `overlays`?"],
    ],
    [
      "a key far from any",
      "ignore: []\nsomething-else-altogether: 1\n",
      ["gitops.yaml:2: unknown key `something-else-altogether`"],
    ],
    [
      "a misspelt key inside a union",
      "charts:\n- path: a\n  release-nam: x\n",
      ["gitops.yaml:3: unknown key `release-nam` in charts.0; did you mean `release-name`?"],
    ],
    [
      "a misspelt key of an environment",
      "environments:\n  dev:\n    form: x\n",
      ["gitops.yaml:3: unknown key `form`", "did you mean `from`?"],
    ],
    [
      "a duplicate key",
      "ignore: []\noverlays: []\nignore: []\n",
      ["gitops.yaml:3:1: the key ignore stands twice"],
    ],
    ["broken YAML", "overlays: [\n", ["gitops.yaml:2:1: "]],
    ["several documents", "ignore: []\n---\nignore: []\n", ["expected one YAML document, found 2"]],
    ["a wrong type", "ignore: legacy\n", ["gitops.yaml:1: ignore: "]],
    ["a wrong type in a union", "overlays:\n- [a]\n", ["gitops.yaml:2: overlays.0: "]],
    ["not a mapping", "- a\n", ["gitops.yaml:1: "]],
    ["a version of the future", "version: 2\n", ["gitops.yaml:1: version"]],
    [
      "an environment twice",
      "environments: [dev, dev]\n",
      ["gitops.yaml:1: environments: dev is named twice"],
    ],
    [
      "an unknown origin",
      "environments:\n- dev\n- {name: prod, from: stage}\n",
      ["gitops.yaml:3: ", "prod comes from stage, which is not one"],
    ],
    ["a circle", "environments: [{name: a, from: b}, {name: b, from: a}]\n", ["a comes from itself"]],
    [
      "an unknown placeholder",
      "overlays:\n- apps/{app}/{env}\n",
      ["gitops.yaml:2: apps/{app}/{env}: {env} is not a placeholder"],
    ],
    [
      "a pattern that may take forever",
      "ignore: ['**/a/**/b/**']\n",
      ["gitops.yaml:1: **/a/**/b/** has more than two `**`"],
    ],
    [
      "a glob that may take forever",
      "environments: [{name: a, paths: ['*a*b*c*']}]\n",
      ["has more than three wildcards in one name"],
    ],
    ["a pattern without end", `overlays: ['${"a".repeat(1025)}']\n`, ["is longer than 1,024 characters"]],
    ["too much text", `# ${"x".repeat(600_000)}\n`, ["gitops.yaml:1:1: is larger than 512 KiB"]],
    ["too deep", `ignore: ${"[".repeat(30_000)}`, ["gitops.yaml:1:"]],
    [
      "a duplicate key deep inside",
      "charts:\n- path: a\n  environments:\n    dev: a\n    dev: b\n",
      ["gitops.yaml:5:1: the key dev stands twice"],
    ],
    ["an absolute values file", "charts: [{path: a, values: [/etc/x.yaml]}]\n", ["must be a relative path"]],
    [
      "a values file from the network",
      "charts: [{path: a, values: ['https://x/y.yaml']}]\n",
      ["must be a relative path"],
    ],
  ])("%s", (_, text, wanted) => {
    const message = errorOf(text);
    for (const part of wanted) expect(message).toContain(part);
  });

  test.each([
    ["promotion: {until: 2027-01-31}\n", "gitops.yaml:1: unknown key `until` in promotion"],
    ["environments: {dev: {name: dev}}\n", "gitops.yaml:1: unknown key `name` in environments.dev"],
    ["drift: {ignored: []}\n", "gitops.yaml:1: unknown key `ignored` in drift; did you mean `ignore`?"],
    ["drift: {overlay: []}\n", "gitops.yaml:1: unknown key `overlay` in drift"],
    [
      "promotion: {gates: {prod: {window: []}}}\n",
      "gitops.yaml:1: unknown key `window` in promotion.gates.prod; did you mean `windows`?",
    ],
    [
      "charts: [{path: a, environments: {dev: {value: [x]}}}]\n",
      "gitops.yaml:1: unknown key `value` in charts.0.environments.dev; did you mean `values`?",
    ],
    [
      "environments:\n- {name: dev, form: x}\n",
      "gitops.yaml:2: unknown key `form` in environments.0; did you mean `from`?",
    ],
  ])("a key is only compared with those of its level: %j", (text, wanted) => {
    expect(errorOf(text)).toBe(wanted);
  });

  test.each([
    ["drift: {ignore: [{jq: [.a], owner: a, reason: b}]}\n", "drift.ignore.0: `expires` is missing"],
    ["overlays: [{kind: helm}]\n", "overlays.0: `path` is missing"],
    ["ignore: legacy\n", "ignore: must be a list, not a text"],
    ["ignore:\n", "ignore: must be a list, and is empty"],
    ["ignore: ['']\n", "ignore.0: must not be empty"],
    ["environments: [{name: dev, from: []}]\n", "environments.0.from: must not be empty"],
    ["version: 2\n", "version: must be 1"],
    [
      "promotion: {strategy: push}\n",
      "promotion.strategy: must be one of `pull-request`, `direct` and `merge`",
    ],
    ["promotion: {gates: {'*': {batch: 0}}}\n", "promotion.gates.*.batch: must be more than 0"],
    [
      "promotion: {gates: {'*': {windows: [{cron: 0 99 * * 1, lasts: 1h}]}}}\n",
      'promotion.gates.*.windows.0.cron: "0 99 * * 1" is no time: expected minute hour day month weekday, such as 0 9 * * 1-5',
    ],
    [
      "promotion: {gates: {'*': {windows: [{cron: 0 9 * * 1, zone: Europe/Berln, lasts: 1h}]}}}\n",
      'promotion.gates.*.windows.0.zone: "Europe/Berln" is no time zone (did you mean Europe/Berlin?); expected one such as Europe/Berlin',
    ],
    ["promotion: {sign: 'yes'}\n", "promotion.sign: must be true or false, not a text"],
    ["[a]\n", "must be a mapping, not a list"],
    [
      "charts: [{path: a, release-name: abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij}]\n",
      "charts.0.release-name: must not be longer than 53",
    ],
  ])("what is wrong is said in words: %j", (text, wanted) => {
    expect(errorOf(text)).toBe(`gitops.yaml:1: ${wanted}`);
  });

  describe("an environment that is named and is not among the environments", () => {
    const environments = "environments: [dev, staging, prod]\n";

    test.each([
      [
        "promotion:\n  gates:\n    '*': {soak: 1h}\n    production: {soak: 1h}\n",
        "gitops.yaml:5: promotion.gates names the environment `production`, which is not among dev, staging, prod; did you mean `prod`?",
      ],
      [
        "promotion:\n  gates:\n    other: {soak: 1h}\n",
        "gitops.yaml:4: promotion.gates names the environment `other`, which is not among dev, staging, prod",
      ],
      [
        "namespaces:\n  shop:\n    environments:\n      dev: {a: b}\n      stage: {a: b}\n",
        "gitops.yaml:6: namespaces.shop.environments names the environment `stage`, which is not among dev, staging, prod; did you mean `staging`?",
      ],
      [
        "drift:\n  ignore:\n  - environments:\n    - dev\n    - prd\n    fields: [/spec]\n    owner: a\n    reason: b\n    expires: 2027-01-31\n",
        "gitops.yaml:6: drift.ignore.0.environments names the environment `prd`, which is not among dev, staging, prod; did you mean `prod`?",
      ],
      [
        "drift: {ignore: [{environments: [live-*], jq: [.a], owner: a, reason: b, expires: 2027-01-31}]}\n",
        "gitops.yaml:2: drift.ignore.0.environments names the environment `live-*`, which is not among dev, staging, prod",
      ],
    ])("%j", (text, wanted) => {
      expect(errorOf(environments + text)).toBe(wanted);
    });

    test("what is among them, a glob that matches one, and no environments at all are fine", () => {
      const named =
        "promotion: {gates: {'*': {}, prod: {}}}\nnamespaces: {shop: {environments: {prod: {a: b}}}}\n" +
        "drift: {ignore: [{environments: [pr*, dev], jq: [.a], owner: a, reason: b, expires: 2027-01-31}]}\n";
      expect(parse(environments + named).environments).toHaveLength(3);
      expect(parse(named).environments).toEqual([]);
    });
  });

  test("all of them at once", () => {
    expect(errorOf("overlay: []\nenvironment: []\n").split("\n")).toHaveLength(2);
  });
});

test("the configuration of a tree, through a link, or the defaults", async () => {
  expect(await loadConfig(memoryTree({ a: "" }))).toEqual(defaultConfig());
  expect((await loadConfig(memoryTree({ ".gitops.yml": "ignore: [x]\n" }))).path).toBe(".gitops.yml");
  const linked = memoryTree({ "gitops.yaml": { link: "conf/real.yaml" }, "conf/real.yaml": "ignore: [x]\n" });
  expect((await loadConfig(linked)).ignore).toEqual(["x"]);
  await expect(loadConfig(memoryTree({ "gitops.yaml": { link: "/etc/passwd" } }))).rejects.toThrow(
    UsageError,
  );
});

test("the schema has every key, described for editors", () => {
  const schema = configJsonSchema();
  expect(schema.additionalProperties).toBe(false);
  expect(Object.keys(schema.properties as object)).toEqual(
    expect.arrayContaining(["environments", "overlays", "charts", "ignore", "allow"]),
  );
});

import { type Closure, closureOf, createClosureContext, discover, type Overlay } from "@gitops-actions/fleet";
import { ToolError } from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { type Case, cases, expected } from "../../../scripts/corpora/cases.ts";
import { memoryTree } from "./memory-tree.ts";

function closureFor(one: Case, files: Parameters<typeof memoryTree>[0] = one.files): Promise<Closure> {
  const { path, kind, values = [] } = one.overlay;
  const overlay: Overlay = { id: path, path, kind, options: { values, apiVersions: [] } };
  return closureOf(memoryTree(files), overlay, createClosureContext());
}

describe.each(cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
  test("reads exactly this", async () => {
    const { files, directories, absent, gaps, escapes } = await closureFor(one);
    expect({ files, directories, absent }).toEqual(expected(one));
    expect(gaps.map((gap) => gap.code)).toEqual(one.gaps ?? []);
    expect(escapes.map((gap) => gap.code)).toEqual(one.escapes ?? []);
  });

  test("needs Helm when it inflates charts, and only then", async () => {
    const inflates = /^helmChart|HelmChartInflation/.test(one.name);
    expect((await closureFor(one)).inflatesCharts).toBe(inflates ? true : undefined);
  });

  test("every gap and escape says where", async () => {
    const { gaps, escapes } = await closureFor(one);
    for (const { location } of [...gaps, ...escapes])
      expect(Object.keys(one.files)).toContain(location?.path);
  });

  test("the digest changes with every file, folder and absent name, and with nothing else", async () => {
    const before = await closureFor(one);
    const digest = async (files: Parameters<typeof memoryTree>[0]) => (await closureFor(one, files)).digest;
    expect(await digest({ ...one.files, "unrelated/file.txt": "x" })).toBe(before.digest);
    const inside = (path: string) => before.directories.some((folder) => path.startsWith(`${folder}/`));
    const read = Object.keys(one.files).filter((path) => before.files.includes(path) || inside(path));
    for (const path of read) {
      const content = one.files[path]!;
      const changed =
        typeof content === "string" ? `${content}# changed\n` : { link: `${content.link}-changed` };
      expect(await digest({ ...one.files, [path]: changed }), `changed ${path}`).not.toBe(before.digest);
      const { [path]: _gone, ...without } = one.files;
      expect(await digest(without), `removed ${path}`).not.toBe(before.digest);
      if (typeof content === "string") {
        const executable = { ...one.files, [path]: { text: content, executable: true as const } };
        expect(await digest(executable), `made executable ${path}`).not.toBe(before.digest);
      }
    }
    for (const folder of before.directories) {
      expect(await digest({ ...one.files, [`${folder}/added.txt`]: "x" }), `added to ${folder}`).not.toBe(
        before.digest,
      );
    }
    for (const name of before.absent) {
      if (Object.keys(one.files).some((path) => path === name || name.startsWith(`${path}/`))) continue;
      expect(await digest({ ...one.files, [name]: "x" }), `added ${name}`).not.toBe(before.digest);
      const below = { ...one.files, [`${name}/below`]: "x" };
      expect(await digest(below), `added below ${name}`).not.toBe(before.digest);
    }
  });
});

test.each([
  "patches: [{patch: x}]",
  "patchesJson6902: []",
  "patchesStrategicMerge: []",
  "replacements: []",
  "transformers: []",
  "generators: []",
  "configMapGenerator: []",
  "secretGenerator: []",
  "helmCharts: []",
  "helmChartInflationGenerator: []",
  "vars: []",
])("what plugins read is not known where their configurations are changed: %s", async (field) => {
  const files = {
    "app/kustomization.yaml": "transformers: [plugins]\n",
    "app/plugins/kustomization.yaml": `resources: [plugin.yaml]\n${field}\n`,
    "app/plugins/plugin.yaml": "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: x}\n",
  };
  const closure = await closureFor(cases[0]!, files);
  expect(closure.gaps.map((gap) => gap.code)).toEqual(["computed-plugin"]);
  const plain = await closureFor(cases[0]!, {
    ...files,
    "app/plugins/kustomization.yaml": "resources: [plugin.yaml]\nnamePrefix: x-\n",
  });
  expect(plain.gaps).toEqual([]);
});

// GeneratorFactories and TransformerFactories of internal/plugins/builtinhelpers/builtins.go, those that read nothing.
test.each([
  "AnnotationsTransformer",
  "HashTransformer",
  "IAMPolicyGenerator",
  "ImageTagTransformer",
  "LabelTransformer",
  "NamespaceTransformer",
  "PrefixSuffixTransformer",
  "PrefixTransformer",
  "ReplicaCountTransformer",
  "SuffixTransformer",
])("the builtin %s reads nothing", async (kind) => {
  const files = {
    "app/kustomization.yaml": "transformers: [plugin.yaml]\n",
    "app/plugin.yaml": `apiVersion: builtin\nkind: ${kind}\nmetadata: {name: x}\npath: never.yaml\n`,
  };
  const closure = await closureFor(cases[0]!, files);
  expect(closure.gaps).toEqual([]);
  expect(closure.files).toEqual(["app/kustomization.yaml", "app/plugin.yaml"]);
});

test("messages say what, and what to do", async () => {
  const messages = async (name: string) => {
    const { gaps, escapes } = await closureFor(cases.find((one) => one.name === name)!);
    return [...gaps, ...escapes].map((gap) => gap.message);
  };
  expect(await messages("transformers: not a builtin")).toEqual([
    "Custom is not a builtin plugin; generators and transformers that run programs or containers are never started",
  ]);
  expect(await messages("resources: a repository, pinned or not, and a file")).toEqual([
    expect.stringMatching(/^github\.com\/org\/repo\/\/base\?ref=[0-9a-f]{40} is fetched from github\.com$/),
    "https://example.com/org/repo?ref=main is fetched from example.com, and is not pinned to a commit",
    expect.stringMatching(/^https:\/\/raw\.example\.com\/\S+ is fetched from raw\.example\.com$/),
  ]);
  expect(await messages("a kustomization that is a list")).toEqual([
    "app/kustomization.yaml cannot be read: is not a mapping",
  ]);
  expect(await messages("a dependency that is not vendored")).toEqual([
    "the chart needs db from https://charts.example.com, which is not in its charts/ folder; " +
      "run `helm dependency build` and commit charts/",
  ]);
  expect(await messages("a link in a chart that leads out of the repository")).toEqual([
    "web/files/a.txt goes through the link web/files/a.txt, which is a link to /proc/self/environ; " +
      "only files of this repository can be rendered",
  ]);
});

test("where a fetch would go", async () => {
  const closure = await closureFor(
    cases.find((one) => one.name.startsWith("resources: a repository, pinned"))!,
  );
  expect(closure.gaps.map(({ location, remote }) => [location?.line, remote?.host, remote?.pinned])).toEqual([
    [3, "github.com", true],
    [4, "example.com", false],
    [5, "raw.example.com", true],
  ]);
});

test("submodules are gaps, in kustomizations and in charts", async () => {
  const submodule = { submodule: "0123456789abcdef0123456789abcdef01234567" };
  const files = { "app/kustomization.yaml": "resources: [../vendor/base]\n", vendor: submodule };
  const { gaps } = await closureFor(cases[0]!, files);
  expect(gaps.map(({ code, location }) => [code, location?.line])).toEqual([["submodule", 1]]);
  expect(gaps[0]?.message).toBe(
    "../vendor/base lies in the submodule vendor, whose contents are not part of this repository",
  );
  const chart = cases.find((one) => one.overlay.kind === "helm")!;
  const inChart = await closureFor(chart, { ...(chart.files as object), "web/charts/db": submodule });
  expect(inChart.gaps.map(({ code }) => code)).toEqual(["submodule"]);
});

test.each([
  ["db-1.0.0.tgz", true],
  ["dbx-1.0.0.tgz", false],
  ["db-1.0.0.zip", false],
])("a dependency that is vendored as %s is there: %s", async (file, there) => {
  const one = cases.find(({ name }) => name === "a dependency that is not vendored")!;
  const closure = await closureFor(one, { ...(one.files as object), [`web/charts/${file}`]: "archive" });
  expect(closure.gaps.some(({ code }) => code === "chart-dependency")).toBe(!there);
});

test("links that double with every folder are followed once each", async () => {
  const one = cases.find(({ name }) => name === "a chart: its whole folder")!;
  const files: Parameters<typeof memoryTree>[0] = { ...(one.files as object) };
  for (let depth = 0; depth < 40; depth++) {
    for (const side of ["a", "b"])
      files[`${depth === 0 ? "web" : `d${depth}`}/${side}`] = { link: `../d${depth + 1}` };
  }
  files["d40/end"] = "";
  expect((await closureFor(one, files)).directories).toHaveLength(41);
});

test("an overlay whose folder is a link, or is not there", async () => {
  const one = cases[0]!;
  const linked: Parameters<typeof memoryTree>[0] = { app: { link: "real" } };
  for (const [path, content] of Object.entries(one.files)) linked[path.replace("app/", "real/")] = content;
  const closure = await closureFor(one, linked);
  expect(closure.files).toEqual(["app", "real/kustomization.yaml", "real/settings.yaml"]);
  expect((await closureFor(one, { other: "" })).absent).toEqual(["app"]);
  expect((await closureFor(one, { app: { link: "/etc" } })).escapes.map(({ code }) => code)).toEqual([
    "link-outside",
  ]);
});

describe("files that are there and cannot be read", () => {
  const refusing = (files: Parameters<typeof memoryTree>[0], path: string, error: Error) => {
    const tree = memoryTree(files);
    return { ...tree, read: (at: string) => (at === path ? Promise.reject(error) : tree.read(at)) };
  };
  const unreadable = new ToolError("folder/unreadable", "it cannot be read: EACCES");
  const files = {
    "app/kustomization.yaml": "transformers: [plugin.yaml]\n",
    "app/plugin.yaml": "",
    "web/Chart.yaml": "",
    "web/values.schema.json": "{}",
    "plain/a.yaml": "",
  };
  const overlay = (path: string, kind: Overlay["kind"]): Overlay => ({
    id: path,
    path,
    kind,
    options: { values: [], apiVersions: [] },
  });

  test.each([
    ["app/kustomization.yaml", overlay("app", "kustomize"), ["unreadable-kustomization"]],
    ["app/plugin.yaml", overlay("app", "kustomize"), ["unreadable-kustomization"]],
    ["web/Chart.yaml", overlay("web", "helm"), []],
    ["web/values.schema.json", overlay("web", "helm"), []],
    ["plain/a.yaml", overlay("plain", "plain"), []],
  ])("%s is of the closure, and the run goes on", async (path, one, gaps) => {
    const tree = refusing(files, path, unreadable);
    const closure = await closureOf(tree, one, createClosureContext());
    expect(closure.gaps.map((gap) => gap.code)).toEqual(gaps);
    expect([...closure.files, ...closure.directories].some((each) => path.startsWith(each))).toBe(true);
    expect((await discover(tree)).overlays.map((each) => each.id)).toContain(one.id);
  });

  test("anything else ends it", async () => {
    for (const error of [new Error("the disk is gone"), new ToolError("git/died", "the disk is gone")]) {
      const tree = refusing(files, "app/kustomization.yaml", error);
      await expect(discover(tree)).rejects.toThrow("the disk is gone");
    }
  });
});

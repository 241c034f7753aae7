import { type Closure, closureOf, createClosureContext, type Overlay } from "@gitops-actions/fleet";
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

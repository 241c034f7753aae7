import { affected, closureOf, createClosureContext, discover, type Overlay } from "@gitops-actions/fleet";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cases } from "../../../scripts/corpora/cases.ts";
import { type Files, memoryTree } from "./memory-tree.ts";

// Changes of all kinds in all cases, at names that matter and at names that do not.
const change = fc.record({
  one: fc.constantFrom(...cases),
  pick: fc.nat(),
  how: fc.constantFrom("edit", "remove", "add below", "add probed", "link", "rewrite"),
});
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

function apply({ one, pick, how }: Change) {
  const paths = Object.keys(one.files);
  const path = paths[pick % paths.length]!;
  const folder = path.replace(/[^/]*$/, "");
  const files: Files = { ...one.files };
  if (how === "edit") files[path] = "changed: true\n";
  if (how === "remove") delete files[path];
  if (how === "add below") files[`${folder}new-${pick % 3}/file.yaml`] = "x";
  if (how === "add probed") files[`${folder}Kustomization`] = "x";
  if (how === "link") files[path] = { link: "elsewhere" };
  if (how === "rewrite") {
    const content = one.files[path];
    files[path] = typeof content === "string" ? content.replaceAll("patch.yaml", "other.yaml") : content!;
  }
  const names = new Set([...paths, ...Object.keys(files)]);
  const changed = [...names].filter(
    (name) => JSON.stringify(one.files[name]) !== JSON.stringify(files[name]),
  );
  const { path: at, kind, values = [] } = one.overlay;
  const overlay: Overlay = { id: at, path: at, kind, options: { values, apiVersions: [] } };
  return { overlay, before: memoryTree(one.files), after: memoryTree(files), changed };
}

test("a closure that no changed path touches is the same on both sides", async () => {
  await fc.assert(
    fc.asyncProperty(change, async (each) => {
      const { overlay, before, after, changed } = apply(each);
      const context = createClosureContext();
      const old = await closureOf(before, overlay, context);
      const now = await closureOf(after, overlay, context);
      if (affected([old], changed).length === 0) expect(now).toEqual(old);
      if (affected([now], changed).length === 0) expect(old).toEqual(now);
    }),
    { numRuns: 2000 },
  );
});

test("what one tree takes over from another is what it would have found itself", async () => {
  await fc.assert(
    fc.asyncProperty(change, async (each) => {
      const { overlay, before, after } = apply(each);
      const shared = createClosureContext();
      await closureOf(before, overlay, shared);
      expect(await closureOf(after, overlay, shared)).toEqual(
        await closureOf(after, overlay, createClosureContext()),
      );
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["a name that was looked for is there", "resources: [gone.yaml]\n", { "app/plugins/gone.yaml": "PLUGIN" }],
  [
    "a folder without a kustomization has one",
    "resources: [more]\n",
    {
      "app/plugins/more/kustomization.yaml": "resources: [p.yaml]\n",
      "app/plugins/more/p.yaml": "PLUGIN",
    },
  ],
])("what a folder of plugins yields is worked out again when %s", async (_, plugins, added) => {
  const plugin = "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: x}\npath: patch.yaml\n";
  const files: Files = {
    "app/kustomization.yaml": "transformers: [plugins]\n",
    "app/patch.yaml": "kind: A\n",
    "app/plugins/kustomization.yaml": plugins,
    "app/plugins/more/keep": "",
  };
  const after: Files = { ...files };
  for (const [path, text] of Object.entries(added)) after[path] = text === "PLUGIN" ? plugin : text;
  const overlay: Overlay = {
    id: "app",
    path: "app",
    kind: "kustomize",
    options: { values: [], apiVersions: [] },
  };
  const context = createClosureContext();
  expect((await closureOf(memoryTree(files), overlay, context)).files).not.toContain("app/patch.yaml");
  expect((await closureOf(memoryTree(after), overlay, context)).files).toContain("app/patch.yaml");
});

test("what is the same in another tree is neither read nor worked out again", async () => {
  const files: Files = {};
  for (let index = 0; index < 50; index++) {
    files[`apps/a${index}/kustomization.yaml`] = `namePrefix: a${index}-\nresources: [../../base]\n`;
  }
  files["base/kustomization.yaml"] = "resources: [a.yaml]\n";
  files["base/a.yaml"] = "kind: A\n";
  const context = createClosureContext();
  const counted = (content: Files) => {
    const tree = memoryTree(content);
    const counting = { ...tree, gets: 0, get };
    function get(path: string) {
      counting.gets++;
      return tree.get(path);
    }
    return counting;
  };
  const first = counted(files);
  const second = counted({ ...files, "apps/a7/kustomization.yaml": "resources: [../../base]\n" });
  const third = counted(files);
  for (const tree of [first, second, third]) await discover(tree, undefined, context);
  expect(first.reads).toHaveLength(51);
  expect(second.reads).toEqual(["apps/a7/kustomization.yaml"]);
  expect(third.reads).toEqual([]);
  for (const { gets } of [second, third]) expect(gets).toBeLessThan(20);
});

test("the same text is read once, and nothing is worked out twice for one tree", async () => {
  const tree = memoryTree({
    "a/kustomization.yaml": "resources: [../base]\n",
    "b/kustomization.yaml": "resources: [../base]\n",
    "base/kustomization.yaml": "namePrefix: x-\n",
  });
  const context = createClosureContext();
  const { overlays } = await discover(tree, undefined, context);
  expect(tree.reads).toHaveLength(2);
  let gets = 0;
  const get = tree.get;
  tree.get = (path) => {
    gets++;
    return get(path);
  };
  const closures = [];
  for (const overlay of overlays) closures.push(await closureOf(tree, overlay, context));
  expect(tree.reads).toHaveLength(2);
  // The folders of the overlays, and what the digests are made of.
  const digested = closures.reduce(
    (sum, { files, directories }) => sum + files.length + directories.length,
    0,
  );
  expect(gets).toBe(overlays.length + digested);
});

test("positions in the list; below an absent name; the root folder", () => {
  const closure = (files: string[], directories: string[] = [], absent: string[] = []) => ({
    files,
    directories,
    absent,
    gaps: [],
    escapes: [],
    digest: "",
  });
  const closures = [
    closure(["a/x"]),
    closure([], ["b"]),
    closure([], [], ["c"]),
    closure([], [""]),
    closure(["a/xy"]),
  ];
  expect(affected(closures, ["a/x"])).toEqual([0, 3]);
  expect(affected(closures, ["b/deep/file"])).toEqual([1, 3]);
  expect(affected(closures, ["c/deep/file"])).toEqual([2, 3]);
  expect(affected(closures, ["a/xy"])).toEqual([3, 4]);
  expect(affected(closures, [])).toEqual([]);
});

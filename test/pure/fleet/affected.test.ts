import { affected, closureOf, createClosureContext, type Overlay } from "@gitops-actions/fleet";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cases } from "../../../scripts/corpora/cases.ts";
import { type Files, memoryTree } from "./memory-tree.ts";

test("a closure that no changed path touches is the same on both sides", async () => {
  // Changes of all kinds in all cases, at names that matter and at names that do not.
  const change = fc.record({
    one: fc.constantFrom(...cases),
    pick: fc.nat(),
    how: fc.constantFrom("edit", "remove", "add below", "add probed", "link"),
  });
  await fc.assert(
    fc.asyncProperty(change, async ({ one, pick, how }) => {
      const paths = Object.keys(one.files);
      const path = paths[pick % paths.length]!;
      const after: Files = { ...one.files };
      if (how === "edit") after[path] = "changed: true\n";
      if (how === "remove") delete after[path];
      if (how === "add below") after[`${path.replace(/[^/]*$/, "")}new-${pick % 3}/file.yaml`] = "x";
      if (how === "add probed") after[`${path.replace(/[^/]*$/, "")}Kustomization`] = "x";
      if (how === "link") after[path] = { link: "elsewhere" };
      const names = new Set([...paths, ...Object.keys(after)]);
      const changed = [...names].filter(
        (name) => JSON.stringify(one.files[name]) !== JSON.stringify(after[name]),
      );
      const { path: at, kind, values = [] } = one.overlay;
      const overlay: Overlay = { id: at, path: at, kind, options: { values, apiVersions: [] } };
      const context = createClosureContext();
      const [before, now] = await Promise.all([
        closureOf(memoryTree(one.files), overlay, context),
        closureOf(memoryTree(after), overlay, context),
      ]);
      if (affected([before], changed).length === 0) expect(now).toEqual(before);
      if (affected([now], changed).length === 0) expect(before).toEqual(now);
    }),
    { numRuns: 2000 },
  );
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

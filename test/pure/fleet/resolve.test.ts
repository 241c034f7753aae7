import { joinPath, resolvePath } from "@gitops-actions/fleet";
import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryTree } from "./memory-tree.ts";

test.each([
  ["a/b", "c.yaml", "a/b/c.yaml"],
  ["a/b", "../c", "a/c"],
  ["a/b", "./x//y/", "a/b/x/y"],
  ["a", "../..", undefined],
  ["", "..", undefined],
  ["a", "..", ""],
  ["a", "../../a/b", undefined],
  ["a", "/etc", undefined],
])("%s + %s", (folder, path, joined) => {
  expect(joinPath(folder, path)).toBe(joined);
});

const tree = memoryTree({
  "a/file": "x",
  "a/link": { link: "file" },
  "a/up": { link: "../b" },
  "b/deep/file": "y",
  "b/back": { link: "../a/./link" },
  "b/into": { link: "../a/up/deep" },
  out: { link: "../elsewhere" },
  absolute: { link: "/etc/passwd" },
  self: { link: "self" },
  pair1: { link: "pair2" },
  pair2: { link: "pair1/x" },
  gone: { link: "a/none/there" },
  module: { submodule: "0123456789abcdef0123456789abcdef01234567" },
  "a/physical": { link: "../b/deep/../back" },
});

test.each([
  ["a/file", { kind: "found", path: "a/file", links: [] }],
  ["", { kind: "found", path: "", links: [] }],
  ["a/link", { kind: "found", path: "a/file", links: ["a/link"] }],
  ["a/up/deep/file", { kind: "found", path: "b/deep/file", links: ["a/up"] }],
  ["b/back", { kind: "found", path: "a/file", links: ["b/back", "a/link"] }],
  ["b/into/file", { kind: "found", path: "b/deep/file", links: ["b/into", "a/up"] }],
  [
    "a/physical",
    { kind: "found", path: "a/file", links: ["a/physical", "b/back", "a/link"], passed: ["b/deep"] },
  ],
  ["a/none", { kind: "absent", missing: "a/none", links: [] }],
  ["a/none/x/y", { kind: "absent", missing: "a/none", links: [] }],
  ["a/file/x", { kind: "absent", missing: "a/file/x", blocker: "a/file", links: [] }],
  ["gone", { kind: "absent", missing: "a/none", links: ["gone"] }],
  ["self", { kind: "absent", missing: "self", blocker: "self", links: ["self"] }],
  ["pair1", { kind: "absent", missing: "pair1", links: ["pair1", "pair2"] }],
  ["out", { kind: "escape", links: ["out"], link: "out" }],
  ["absolute", { kind: "escape", links: ["absolute"], link: "absolute" }],
  ["../x", { kind: "escape", links: [] }],
  ["/x", { kind: "escape", reason: "is absolute", links: [] }],
  ["module/x", { kind: "submodule", path: "module", links: [] }],
  ["module", { kind: "submodule", path: "module", links: [] }],
])("%s", async (path, wanted) => {
  expect(await resolvePath(tree, path)).toMatchObject(wanted);
});

test("a folder is where the path starts", async () => {
  expect(await resolvePath(tree, "../b/back", "a")).toMatchObject({ kind: "found", path: "a/file" });
});

test("whatever the links, it ends, and what it finds is in the tree and no link", async () => {
  const name = fc.constantFrom("a", "b", "c");
  const target = fc
    .array(fc.constantFrom("a", "b", "c", "..", "."), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join("/"));
  const content = fc.oneof(
    fc.constant("text"),
    target.map((link) => ({ link })),
  );
  const path = fc.array(name, { minLength: 1, maxLength: 3 });
  const files = fc.array(fc.tuple(path, content), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(files, path, async (entries, wanted) => {
      const chosen: Record<string, "text" | { link: string }> = {};
      for (const [parts, value] of entries) {
        const at = parts.join("/");
        const clashes = Object.keys(chosen).some(
          (other) => other.startsWith(`${at}/`) || at.startsWith(`${other}/`),
        );
        if (!clashes) chosen[at] = value as "text";
      }
      const random = memoryTree(chosen);
      const found = await resolvePath(random, wanted.join("/"));
      for (const link of found.links) expect(random.get(link)?.kind).toBe("symlink");
      if (found.kind === "found") expect(["file", "directory"]).toContain(found.entry.kind);
      if (found.kind === "absent" && found.blocker === undefined)
        expect(random.get(found.missing)).toBeUndefined();
    }),
    { numRuns: 2000 },
  );
});

import { findDefinitionFiles, openRepository, treeAt } from "@gitops-actions/engine";
import { describe, expect, onTestFinished, test } from "vitest";
import { scratch } from "./scratch.ts";

const crd = (name: string): string =>
  `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: ${name}}\n`;

/** The files found at two commits of a repository that holds `before`, then `after`. */
async function search(before: Record<string, string>, after: Record<string, string | null>) {
  const { repository, machine, git, write } = scratch();
  const root = repository("fleet", before);
  const base = git(root, "rev-parse", "HEAD");
  const kept = Object.entries(after).filter((entry): entry is [string, string] => entry[1] !== null);
  for (const [path, text] of Object.entries(after)) if (text === null) git(root, "rm", "-q", path);
  write(root, Object.fromEntries(kept));
  git(root, "add", "-A");
  git(root, "commit", "-q", "-m", "after");
  const head = git(root, "rev-parse", "HEAD");
  const opened = await openRepository("fleet", machine);
  onTestFinished(() => opened.close());
  const side = async (commit: string) => ({ tree: await treeAt(opened, commit), commit });
  return await findDefinitionFiles(opened, await side(head), await side(base));
}

describe("findDefinitionFiles", () => {
  test("finds what stayed, changed, came and went, each at its commit", async () => {
    const found = await search(
      {
        "stays.yaml": crd("same"),
        "changes.yml": crd("old"),
        "goes.json": crd("gone"),
        "other.yaml": "a: 1\n",
      },
      { "changes.yml": crd("new"), "goes.json": null, "comes.yaml": crd("new"), "other.yaml": "a: 2\n" },
    );
    expect(found.head.map(({ path }) => path)).toEqual(["changes.yml", "comes.yaml", "stays.yaml"]);
    expect(found.base.map(({ path }) => path)).toEqual(["changes.yml", "goes.json", "stays.yaml"]);
    expect(found.base[0]!.text).toContain("old");
    expect(found.head[0]!.text).toContain("new");
  });

  test("looks at a file that is called binary or is no longer a definition, and at no other kind of file", async () => {
    const found = await search(
      {
        "a.yaml": crd("a"),
        "b.yaml": crd("b"),
        "notes.md": crd("prose"),
        ".gitattributes": "*.yaml binary\n",
      },
      { "b.yaml": "kind: ConfigMap\n" },
    );
    expect(found.head.map(({ path }) => path)).toEqual(["a.yaml"]);
    expect(found.base.map(({ path }) => path)).toEqual(["a.yaml", "b.yaml"]);
  });

  test("gives the same files when so many differ that Git searches both commits", async () => {
    const many = (word: string) =>
      Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`m/${i}.yaml`, `${word}: ${i}\n`]));
    const found = await search(
      { ...many("a"), "crd.yaml": crd("old") },
      { ...many("b"), "crd.yaml": crd("new") },
    );
    expect(found.base).toEqual([{ path: "crd.yaml", text: crd("old") }]);
  });
});

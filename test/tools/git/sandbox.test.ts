import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { openRepository, openSandboxes, plainFolderTree, treeAt, workingTree } from "@gitops-actions/engine";
import type { Closure, Entry, Tree } from "@gitops-actions/fleet";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Scratch, scratch } from "./scratch.ts";

function closure(parts: Partial<Closure>): Closure {
  return { files: [], directories: [], absent: [], gaps: [], escapes: [], digest: "", ...parts };
}

/** A tree of a commit of these files; `links` are symlinks by path and target. */
async function treeOf(
  s: Scratch,
  files: Record<string, string | Uint8Array>,
  links: Record<string, string> = {},
) {
  const root = s.repository("fleet", files);
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(root, path));
  const head = s.commit(root, {});
  const repository = await openRepository(root, s.machine);
  onTestFinished(() => repository.close());
  return { root, head, repository, tree: await treeAt(repository, head) };
}

/** A tree of our own making, as a hostile pack of Git objects could hold. */
function handmade(entries: [path: string, kind: Entry["kind"], contents?: string][]): Tree {
  const byPath = new Map<string, Entry & { contents: string }>();
  for (const [at, [path, kind, contents = ""]] of entries.entries()) {
    for (
      let folder = dirname(path);
      ![".", "/"].includes(folder) && !byPath.has(folder);
      folder = dirname(folder)
    ) {
      byPath.set(folder, { path: folder, kind: "directory", id: "", executable: false, contents: "" });
    }
    byPath.set(path, { path, kind, id: `${at}`.padStart(40, "a"), executable: false, contents });
  }
  return {
    name: "handmade",
    get: (path) => byPath.get(path),
    children: () => [],
    entries: () => byPath.values(),
    read: async (path) => Buffer.from(byPath.get(path)?.contents ?? ""),
  };
}

const codes = (result: { ok: boolean; reasons?: { code: string }[] }) =>
  result.ok ? "ok" : result.reasons?.map((reason) => reason.code);

describe("materialise", () => {
  test("writes exactly the closure, private, with the executable bit and the links", async () => {
    const s = scratch();
    const { tree, root } = await treeOf(
      s,
      {
        "base/a.yaml": "a: 1\n",
        "base/b.yaml": "b: 1\n",
        "chart/Chart.yaml": "name: x\n",
        "chart/t/x.yaml": "x\n",
        "other.yaml": "no\n",
      },
      { "chart/link.yaml": "../base/a.yaml" },
    );
    chmodSync(join(root, "base/b.yaml"), 0o755);
    const sandboxes = openSandboxes(s.machine);
    const directory = join(s.folder, "sandbox/one");
    const wanted = closure({
      files: ["base/a.yaml"],
      directories: ["chart"],
      absent: ["base/kustomization.yml"],
    });
    expect(await sandboxes.materialise(tree, wanted, directory)).toEqual({ ok: true, directory, files: 4 });
    const made = readdirSync(directory, { recursive: true, encoding: "utf8" }).sort();
    expect(made).toEqual([
      "base",
      "base/a.yaml",
      "chart",
      "chart/Chart.yaml",
      "chart/link.yaml",
      "chart/t",
      "chart/t/x.yaml",
    ]);
    expect(readFileSync(join(directory, "base/a.yaml"), "utf8")).toBe("a: 1\n");
    expect(readlinkSync(join(directory, "chart/link.yaml"))).toBe("../base/a.yaml");
    expect(lstatSync(join(directory, "base/a.yaml")).mode & 0o777).toBe(0o600);
    expect(lstatSync(join(directory, "chart/t")).mode & 0o777).toBe(0o700);
    expect(lstatSync(join(directory, "base/a.yaml")).nlink).toBeGreaterThan(1);

    s.commit(root, {});
    const repository = await openRepository(root, s.machine);
    onTestFinished(() => repository.close());
    const executable = await treeAt(repository, s.git(root, "rev-parse", "HEAD"));
    const second = join(s.folder, "sandbox/two");
    await sandboxes.materialise(executable, closure({ files: ["base/b.yaml"] }), second);
    expect(lstatSync(join(second, "base/b.yaml")).mode & 0o777).toBe(0o700);
  });

  test("links may lead anywhere inside the repository, also through links, and nowhere else", async () => {
    const s = scratch();
    const links = {
      "d/in": "../a.yaml",
      "d/dangling": "../missing.yaml",
      "d/through": "loop-free/../a.yaml",
      "d/loop-free": "../e",
      "d/absolute": "/etc/hostname",
      "d/above": "../../outside",
      // Lexically inside, physically above: e is one level up from where the text suggests.
      "d/tricky": "deep/../../../outside",
      "d/deep": "../e",
    };
    const { tree } = await treeOf(s, { "a.yaml": "1", "d/x": "1", "e/y": "1" }, links);
    const sandboxes = openSandboxes(s.machine);
    const result = await sandboxes.materialise(tree, closure({ directories: ["d"] }), join(s.folder, "out"));
    expect(result.ok ? [] : result.reasons.map((reason) => [reason.location?.path, reason.code])).toEqual([
      ["d/above", "escape"],
      ["d/absolute", "escape"],
      ["d/tricky", "escape"],
    ]);
    expect(existsSync(join(s.folder, "out"))).toBe(false);
    expect(existsSync(join(s.folder, "out.partial"))).toBe(false);
  });

  test("names the files that no tool can render from", async () => {
    const s = scratch();
    const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    const { tree } = await treeOf(s, {
      "chart/charts/dep.tgz": pointer,
      "chart/logo.png": pointer,
      "chart/icon.svg": "<svg/>",
      "chart/binary.yaml": "a\0b",
      "chart/utf16.yaml": Buffer.from("\ufeffa: 1", "utf16le"),
      "chart/data.bin": "\0",
      "patch.png": pointer,
    });
    const wanted = closure({ files: ["patch.png"], directories: ["chart"] });
    const result = await openSandboxes(s.machine).materialise(tree, wanted, join(s.folder, "out"));
    expect(result.ok ? [] : result.reasons.map((reason) => [reason.location?.path, reason.code])).toEqual([
      ["chart/binary.yaml", "binary"],
      ["chart/charts/dep.tgz", "lfs-pointer"],
      ["patch.png", "lfs-pointer"],
    ]);
  });

  test("says that a submodule's files are not there, whichever way it is reached", async () => {
    const s = scratch();
    const { root, repository } = await treeOf(s, { "a.yaml": "1" }, { link: "vendor/lib/base" });
    s.repository("library");
    s.git(root, "submodule", "add", "-q", join(s.folder, "library"), "vendor/lib");
    const tree = await treeAt(repository, s.commit(root, {}));
    const sandboxes = openSandboxes(s.machine);
    const reached = [
      { directories: ["vendor"] },
      { files: ["vendor/lib/x.yaml"] },
      { absent: ["vendor/lib/kustomization.yaml"] },
      { files: ["link"] },
    ];
    for (const parts of reached) {
      const result = await sandboxes.materialise(tree, closure(parts), join(s.folder, "out"));
      expect(codes(result)).toEqual(["submodule"]);
    }
  });

  test.each<[string, [string, Entry["kind"], string?][], string]>([
    ["above the root", [["../evil", "file"]], "escape"],
    ["in the middle", [["a/../../evil", "file"]], "escape"],
    ["absolute", [["/tmp/evil", "file"]], "escape"],
    ["in .git", [["a/.GIT/config", "file"]], "escape"],
    [
      "below a link",
      [
        ["a", "symlink", "b"],
        ["a/x", "file"],
      ],
      "escape",
    ],
    [
      "same under case folding",
      [
        ["A", "file"],
        ["a", "file"],
      ],
      "case-clash",
    ],
    [
      "a folder under case folding",
      [
        ["D", "directory"],
        ["d", "directory"],
        ["D/x", "file"],
        ["d/y", "file"],
      ],
      "case-clash",
    ],
    ["not UTF-8", [["caf\udce9", "file"]], "name"],
  ])("refuses a name %s", async (_, entries, code) => {
    const s = scratch();
    const tree = handmade(entries);
    const files = entries.filter(([, kind]) => kind !== "directory").map(([path]) => path);
    const result = await openSandboxes(s.machine).materialise(
      tree,
      closure({ files }),
      join(s.folder, "out/in"),
    );
    expect(codes(result)).toContain(code);
    expect(existsSync(join(s.folder, "out"))).toBe(false);
    expect(existsSync(join(s.folder, "evil"))).toBe(false);
  });

  test("what the closure found to leave the repository is a reason, and a folder is not overwritten", async () => {
    const s = scratch();
    const { tree } = await treeOf(s, { "a.yaml": "1" });
    const sandboxes = openSandboxes(s.machine);
    const out = join(s.folder, "out");
    const escapes = [{ code: "base-outside", message: "../../x leaves the repository" }];
    expect(await sandboxes.materialise(tree, closure({ files: ["a.yaml"], escapes }), out)).toEqual({
      ok: false,
      reasons: escapes,
    });
    expect((await sandboxes.materialise(tree, closure({ files: ["a.yaml"] }), out)).ok).toBe(true);
    await expect(sandboxes.materialise(tree, closure({ files: ["a.yaml"] }), out)).rejects.toThrow(
      /ENOTEMPTY/,
    );
    expect(existsSync(`${out}.partial`)).toBe(false);
  });

  test("a file that changed or cannot be read is a reason", async () => {
    const s = scratch();
    const folder = join(s.folder, "plain");
    s.write(folder, { "a.yaml": "1\n", "b.yaml": "1\n" });
    const tree = await plainFolderTree(folder);
    s.write(folder, { "a.yaml": "2\n" });
    const result = await openSandboxes(s.machine).materialise(
      tree,
      closure({ directories: ["."] }),
      join(s.folder, "out"),
    );
    expect(codes(result)).toEqual(["changed"]);
  });

  test("a full disk is a reason, and nothing of the folder is left", async ({ skip }) => {
    const s = scratch();
    const small = join(s.folder, "small");
    mkdirSync(small);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "none", small]);
    if (mounted.status !== 0) skip("no small disk can be mounted here");
    onTestFinished(() => void execFileSync("umount", ["-l", small]));
    const { tree } = await treeOf(s, { "a.yaml": "1\n", "b.yaml": "x".repeat(100_000) });
    const sandboxes = openSandboxes({ ...s.machine, tempDir: small });
    const both = closure({ files: ["a.yaml", "b.yaml"] });
    expect(codes(await sandboxes.materialise(tree, both, join(small, "out")))).toEqual(["disk-full"]);
    expect(existsSync(join(small, "out"))).toBe(false);
    expect(existsSync(join(small, "out.partial"))).toBe(false);
    execFileSync("mount", ["-o", "remount,size=1m", small]);
    expect(await sandboxes.materialise(tree, both, join(small, "out"))).toMatchObject({ ok: true, files: 2 });
  });

  test("copies where files cannot be linked", async () => {
    const s = scratch();
    const { tree } = await treeOf(s, { "a.yaml": "1\n" });
    const elsewhere = join("/dev/shm", `gitops-${process.pid}`);
    onTestFinished(() => void execFileSync("rm", ["-rf", elsewhere]));
    const result = await openSandboxes(s.machine).materialise(
      tree,
      closure({ files: ["a.yaml"] }),
      join(elsewhere, "out"),
    );
    expect(result.ok).toBe(true);
    expect(readFileSync(join(elsewhere, "out/a.yaml"), "utf8")).toBe("1\n");
    expect(lstatSync(join(elsewhere, "out/a.yaml")).mode & 0o777).toBe(0o600);
  });
});

test("the working tree is materialised as it lies on the disk", async () => {
  const s = scratch();
  const { root, repository } = await treeOf(s, { "a.yaml": "1\n", "b.yaml": "2\n" });
  s.write(root, { "a.yaml": "changed\n", "new.yaml": "n\n" });
  const tree = await workingTree(repository);
  const out = join(s.folder, "out");
  await openSandboxes(s.machine).materialise(tree, closure({ directories: ["."] }), out);
  const read = (name: string) => readFileSync(join(out, name), "utf8");
  expect(["a.yaml", "b.yaml", "new.yaml"].map(read)).toEqual(["changed\n", "2\n", "n\n"]);
});

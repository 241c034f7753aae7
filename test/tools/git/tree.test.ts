import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  openRepository,
  plainFolderTree,
  type Repository,
  treeAt,
  workingTree,
} from "@gitops-actions/engine";
import type { Tree } from "@gitops-actions/fleet";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Scratch, scratch } from "./scratch.ts";

async function open(s: Scratch, path: string): Promise<Repository> {
  const repository = await openRepository(path, s.machine);
  onTestFinished(() => repository.close());
  return repository;
}

const text = async (tree: Tree, path: string): Promise<string> =>
  Buffer.from(await tree.read(path)).toString();

/** Every entry as `mode id path`, to be held against what Git itself prints. */
function lines(tree: Tree): string[] {
  const modes = { file: "100644", symlink: "120000", directory: "040000", submodule: "160000" };
  return [...tree.entries()]
    .filter((entry) => entry.path !== "")
    .map((entry) => `${entry.executable ? "100755" : modes[entry.kind]} ${entry.id} ${entry.path}`);
}

/** What Git says of a tree-ish, in the same form and order. */
function gitLines(_s: Scratch, root: string, treeish: string): string[] {
  const listed = execFileSync("git", ["ls-tree", "-r", "-t", "-z", treeish], { cwd: root, encoding: "utf8" });
  return listed
    .split("\0")
    .filter(Boolean)
    .map((line) => line.replace(/^(\d+) \w+ (\w+)\t/, "$1 $2 "))
    .sort((a, b) => (a.slice(48) < b.slice(48) ? -1 : 1));
}

const weird = {
  "new\nline.yaml": "a\n",
  'quo"te\\back.yaml': "b\n",
  "-leading.yaml": "c\n",
  "spa ce/tab\there.yaml": "d\n",
  "ünïcode/日本.yaml": "e\n",
  "a-b/x": "1",
  "a/x": "2",
  "a.b/x": "3",
  empty: "",
};

describe("treeAt", () => {
  test("lists what Git lists, and reads any name", async () => {
    const s = scratch();
    const root = s.repository("fleet", weird);
    chmodSync(join(root, "a/x"), 0o755);
    symlinkSync("../a/x", join(root, "a-b/link"));
    const head = s.commit(root, {});
    const tree = await treeAt(await open(s, root), head);
    expect(lines(tree)).toEqual(gitLines(s, root, head));
    for (const [path, contents] of Object.entries(weird)) expect(await text(tree, path)).toBe(contents);
    expect(await text(tree, "a-b/link")).toBe("../a/x");
    expect(tree.get("")).toMatchObject({ kind: "directory", id: s.git(root, "rev-parse", `${head}^{tree}`) });
    expect(tree.children("").map((entry) => entry.path)).toContain("ünïcode");
    expect(tree.children("a").map((entry) => entry.path)).toEqual(["a/x"]);
    expect(tree.children("a/x")).toEqual([]);
    expect(tree.get("nothing")).toBeUndefined();
    await expect(tree.read("a")).rejects.toThrow(/no file named "a"/);
  });

  test("keeps names that are not UTF-8 apart and readable", async () => {
    const s = scratch();
    const root = s.repository("fleet");
    for (const [byte, contents] of [
      [0xe9, "one"],
      [0xff, "two"],
    ] as const) {
      const name = Buffer.concat([Buffer.from(`${root}/caf`), Buffer.from([byte]), Buffer.from("é.yaml")]);
      writeFileSync(name, contents);
    }
    const head = s.commit(root, {});
    const repository = await open(s, root);
    for (const tree of [
      await treeAt(repository, head),
      await workingTree(repository),
      await plainFolderTree(root),
    ]) {
      const names = tree
        .children("")
        .map((entry) => entry.path)
        .filter((path) => path.startsWith("caf"));
      expect(names).toEqual(["caf\udce9é.yaml", "caf\udcffé.yaml"]);
      expect(await text(tree, names[0]!)).toBe("one");
      expect(await text(tree, names[1]!)).toBe("two");
    }
  });

  test("reads thousands of files at once, and names what is absent", async () => {
    const s = scratch();
    const files = Object.fromEntries(
      Array.from({ length: 2000 }, (_, at) => [`d${at % 7}/f${at}`, `${at}\n`.repeat(at % 50)]),
    );
    const root = s.repository("fleet", files);
    const repository = await open(s, root);
    const tree = await treeAt(repository, s.git(root, "rev-parse", "HEAD"));
    const read = await Promise.all(Object.keys(files).map((path) => text(tree, path)));
    expect(read).toEqual(Object.values(files));
    await expect(treeAt(repository, "1".repeat(40))).rejects.toThrow(/commit 1{40} is not in the repository/);
  });

  test("refuses a blob over the cap and goes on", async () => {
    const s = scratch();
    const root = s.repository("fleet", { "big.bin": new Uint8Array(65 * 1024 ** 2), "small.yaml": "a: 1\n" });
    const tree = await treeAt(await open(s, root), s.git(root, "rev-parse", "HEAD"));
    const [big, small] = await Promise.allSettled([tree.read("big.bin"), text(tree, "small.yaml")]);
    expect(big).toMatchObject({ status: "rejected", reason: { code: "git/too-large" } });
    expect(small).toMatchObject({ value: "a: 1\n" });
  });

  test("shows submodules as such, and reads SHA-256 repositories", async () => {
    const s = scratch();
    const root = s.repository("fleet");
    s.repository("library");
    s.git(root, "submodule", "add", "-q", join(s.folder, "library"), "vendor/library");
    const head = s.commit(root, {});
    const repository = await open(s, root);
    const tree = await treeAt(repository, head);
    expect(tree.get("vendor/library")).toMatchObject({ kind: "submodule" });
    expect(lines(await workingTree(repository))).toEqual(lines(tree));

    const modern = join(s.folder, "modern");
    mkdirSync(modern);
    s.git(modern, "init", "-q", "--object-format=sha256");
    const commit = s.commit(modern, { "a/b.yaml": "a: 1\n" });
    const opened = await open(s, modern);
    expect(lines(await treeAt(opened, commit))).toEqual(lines(await workingTree(opened)));
  });
});

test("a fetched LFS file stands in place of its pointer, and only with the right SHA-256", async () => {
  const s = scratch();
  const contents = "the chart\n";
  const oid = createHash("sha256").update(contents).digest("hex");
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${contents.length}\n`;
  const root = s.repository("fleet", { "chart.tgz": pointer });
  const tree = await treeAt(await open(s, root), s.git(root, "rev-parse", "HEAD"));
  expect(await text(tree, "chart.tgz")).toBe(pointer);
  const place = `.git/lfs/objects/${oid.slice(0, 2)}/${oid.slice(2, 4)}/${oid}`;
  s.write(root, { [place]: "the other\n" });
  expect(await text(tree, "chart.tgz")).toBe(pointer);
  s.write(root, { [place]: contents });
  expect(await text(tree, "chart.tgz")).toBe(contents);
});

describe("workingTree", () => {
  test("is what committing everything would give, by Git's own ids", async () => {
    const s = scratch();
    const root = s.repository("fleet", {
      ...weird,
      ".gitignore": "*.log\n",
      "gone.yaml": "x\n",
      "kind.yaml": "file\n",
      "staged.yaml": "0\n",
    });
    const repository = await open(s, root);
    const before = await workingTree(repository);
    expect(before.dirty).toBe(false);
    expect(lines(before)).toEqual(gitLines(s, root, "HEAD"));

    s.write(root, {
      "a/x": "changed\n",
      "new/deep\n/file.yaml": "n\n",
      "ignored.log": "no\n",
      "staged.yaml": "1\n",
    });
    s.git(root, "add", "staged.yaml");
    rmSync(join(root, "gone.yaml"));
    rmSync(join(root, "kind.yaml"));
    symlinkSync("a/x", join(root, "kind.yaml"));
    chmodSync(join(root, "-leading.yaml"), 0o755);
    const after = await workingTree(repository);
    expect(after.dirty).toBe(true);
    expect(after.get("gone.yaml")).toBeUndefined();
    expect(after.get("ignored.log")).toBeUndefined();
    expect(await text(after, "a/x")).toBe("changed\n");
    expect(await text(after, "new/deep\n/file.yaml")).toBe("n\n");
    expect(await text(after, "kind.yaml")).toBe("a/x");
    expect(await text(after, "a-b/x")).toBe("1");
    expect(await text(after, "staged.yaml")).toBe("1\n");
    s.commit(root, {});
    expect(lines(after)).toEqual(gitLines(s, root, "HEAD"));
    expect(after.get("")?.id).toBe(s.git(root, "rev-parse", "HEAD^{tree}"));
  });

  test("notices a file that changes between listing and reading", async () => {
    const s = scratch();
    const root = s.repository("fleet");
    s.write(root, { "a.yaml": "1\n", "b.yaml": "2\n" });
    const tree = await workingTree(await open(s, root));
    s.write(root, { "a.yaml": "9\n" });
    rmSync(join(root, "b.yaml"));
    symlinkSync("/etc/hostname", join(root, "b.yaml"));
    await expect(tree.read("a.yaml")).rejects.toMatchObject({ code: "folder/changed" });
    await expect(tree.read("b.yaml")).rejects.toMatchObject({ code: "folder/changed" });
  });

  test("holds what a sparse checkout leaves out, and a conflict as it lies on the disk", async () => {
    const s = scratch();
    const root = s.repository("fleet", { "in/a.yaml": "a\n", "out/b.yaml": "b\n" });
    s.git(root, "checkout", "-q", "-b", "other");
    s.commit(root, { "in/a.yaml": "other\n" });
    s.git(root, "checkout", "-q", "main");
    s.commit(root, { "in/a.yaml": "main\n" });
    s.git(root, "sparse-checkout", "set", "in");
    const repository = await open(s, root);
    const sparse = await workingTree(repository);
    expect(sparse.dirty).toBe(false);
    expect(await text(sparse, "out/b.yaml")).toBe("b\n");
    expect(() => s.git(root, "merge", "-q", "other")).toThrow();
    const conflict = await workingTree(repository);
    expect(await text(conflict, "in/a.yaml")).toContain("<<<<<<<");
  });

  test("does not refresh the index of files that were merely touched", async () => {
    const s = scratch();
    const root = s.repository("fleet", { "a.yaml": "1\n" });
    utimesSync(join(root, "a.yaml"), 1_000_000_000, 1_000_000_000);
    const index = readFileSync(join(root, ".git/index"));
    expect((await workingTree(await open(s, root))).dirty).toBe(false);
    expect(readFileSync(join(root, ".git/index"))).toEqual(index);
  });

  test("a link in the place of a folder hides what the folder held; a repository inside is no part of it", async () => {
    const s = scratch();
    const root = s.repository("fleet", { "d/x.yaml": "inside\n", file: "1\n", "folder/y": "1\n" });
    s.write(s.folder, { "outside/x.yaml": "outside\n" });
    s.repository("fleet/nested");
    const repository = await open(s, root);
    expect((await workingTree(repository)).dirty).toBe(false);
    for (const path of ["d", "file", "folder"]) rmSync(join(root, path), { recursive: true });
    symlinkSync("../outside", join(root, "d"));
    s.write(root, { "file/now-a-folder": "1\n", folder: "now a file\n" });
    const tree = await workingTree(repository);
    expect([...tree.entries()].map((entry) => `${entry.kind} ${entry.path}`)).toEqual([
      "directory ",
      "symlink d",
      "directory file",
      "file file/now-a-folder",
      "file folder",
    ]);
  });

  test("reads a linked worktree", async () => {
    const s = scratch();
    const root = s.repository("fleet", { "a.yaml": "main\n" });
    const linked = join(s.folder, "linked");
    s.git(root, "worktree", "add", "-q", "-b", "topic", linked);
    s.commit(linked, { "a.yaml": "topic\n" });
    s.write(linked, { "b.yaml": "new\n" });
    const repository = await open(s, linked);
    expect(repository).toMatchObject({ root: linked, commonDir: join(root, ".git") });
    const tree = await workingTree(repository);
    expect([await text(tree, "a.yaml"), await text(tree, "b.yaml")]).toEqual(["topic\n", "new\n"]);
  });

  test("names a file that cannot be read", async () => {
    const s = scratch();
    const root = s.repository("fleet");
    s.write(root, { "secret.yaml": "x\n" });
    chmodSync(join(root, "secret.yaml"), 0);
    // Root may read everything, so somebody else looks.
    const asRoot = process.getuid?.() === 0;
    if (asRoot) execFileSync("chown", ["-R", "4321:4321", s.folder]);
    const other = asRoot ? ["setpriv", "--reuid=4321", "--regid=4321", "--clear-groups"] : ["env"];
    const [command = "", ...args] = [
      ...other,
      process.execPath,
      join(import.meta.dirname, "read-as-user.ts"),
      root,
    ];
    const env = { PATH: process.env.PATH, HOME: join(s.folder, "home"), TMPDIR: s.machine.tempDir };
    const said = execFileSync(command, args, { env, encoding: "utf8" });
    expect(said).toContain('folder/unreadable "secret.yaml" cannot be read: EACCES');
  });

  test("starts no program that the repository's configuration names", async () => {
    const s = scratch();
    const root = s.repository("fleet", {
      ".gitattributes": "*.yaml filter=evil diff=evil\n",
      "a.yaml": "1\n",
    });
    const canary = join(s.folder, "canary");
    for (const key of [
      "filter.evil.clean",
      "filter.evil.process",
      "diff.evil.textconv",
      "diff.evil.command",
      "core.fsmonitor",
    ]) {
      s.git(root, "config", key, `touch ${canary}; cat`);
    }
    s.git(root, "config", "filter.evil.required", "true");
    s.write(root, { "a.yaml": "2\n", "b.yaml": "3\n" });
    const tree = await workingTree(await open(s, root));
    expect(await text(tree, "a.yaml")).toBe("2\n");
    expect(() => s.git(s.folder, "hash-object", canary)).toThrow();
  });

  test("ignores what the person's own settings ignore, and works before the first commit", async () => {
    const s = scratch();
    const root = join(s.folder, "young");
    mkdirSync(root);
    s.git(root, "init", "-q");
    s.write(join(s.folder, "home"), { ".config/git/ignore": "*.swp\n" });
    s.write(root, { "a.yaml": "1\n", "b.swp": "x" });
    const repository = await open(s, root);
    expect([...(await workingTree(repository)).entries()].map((entry) => entry.path)).toEqual(["", "a.yaml"]);
    s.git(root, "config", "--global", "core.excludesFile", "~/mine");
    s.write(join(s.folder, "home"), { mine: "a.*\n" });
    const other = await open(s, root);
    expect([...(await workingTree(other)).entries()].map((entry) => entry.path)).toEqual(["", "b.swp"]);
  });
});

import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keepingRepositories, type Machine, openRepository, treeAt } from "@gitops-actions/engine";
import { UsageError } from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { type Scratch, scratch } from "./scratch.ts";

/** Gives a repository away; where only root could, Git is told to take it for somebody else's, as its own tests do. */
function belongingToAnother(s: Scratch, root: string): Machine {
  if (process.getuid?.() === 0) {
    for (const place of [root, join(root, ".git")]) chownSync(place, 4321, 4321);
    return s.machine;
  }
  const bin = join(s.folder, "bin");
  const real = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  s.write(bin, { git: `#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec '${real}' "$@"\n` });
  chmodSync(join(bin, "git"), 0o755);
  return { ...s.machine, env: { ...s.machine.env, PATH: `${bin}:${s.machine.env.PATH}` } };
}

describe("keepingRepositories", () => {
  test("opens a folder once, and closes it only at the end, also when the work fails", async () => {
    const { repository, machine, git } = scratch();
    const head = git(repository("fleet", { "a.yaml": "a: 1\n" }), "rev-parse", "HEAD");
    const opened = await keepingRepositories(machine, async () => {
      const first = await openRepository("fleet", machine);
      await first.close();
      const second = await openRepository("fleet", machine);
      expect(second).toBe(first);
      expect(await second.object(head)).toMatchObject({ type: "commit" });
      expect(await openRepository("fleet", { ...machine })).not.toBe(first);
      return first;
    });
    expect(existsSync(opened.store)).toBe(false);
    expect(await openRepository("fleet", machine)).not.toBe(opened);

    let store = "";
    const failing = keepingRepositories(machine, async () => {
      await expect(openRepository("nowhere", machine)).rejects.toThrow(UsageError);
      store = (await openRepository("fleet", machine)).store;
      throw new Error("on purpose");
    });
    await expect(failing).rejects.toThrow("on purpose");
    expect(existsSync(store)).toBe(false);
  });
});

describe("openRepository", () => {
  test("finds the repository that holds a folder", async () => {
    const { repository, machine, folder } = scratch();
    const root = repository("fleet", { "apps/web/a.yaml": "a: 1\n" });
    const opened = await openRepository("fleet/apps/web", machine);
    expect(opened).toMatchObject({ root, within: "apps/web", bare: false, objectFormat: "sha1" });
    expect(opened.gitDir).toBe(join(root, ".git"));
    await expect(openRepository("nowhere", machine)).rejects.toThrow(/nowhere: no such folder/);
    await expect(openRepository("fleet/apps/web/a.yaml", machine)).rejects.toThrow(/is a file/);
    mkdirSync(join(folder, "plain"));
    await expect(openRepository("plain", machine)).rejects.toThrow(/plain is not inside a Git repository/);
    await expect(openRepository("plain", machine)).rejects.toThrow(UsageError);
  });

  test("opens a bare repository, but none that is committed into a checkout", async () => {
    const { repository, machine, git, folder } = scratch();
    const root = repository("fleet");
    git(folder, "clone", "-q", "--bare", "fleet", "bare.git");
    const bare = await openRepository("bare.git", machine);
    expect(bare).toMatchObject({ bare: true, root: join(folder, "bare.git") });
    const head = git(root, "rev-parse", "HEAD");
    expect((await treeAt(bare, head)).get("README.md")?.kind).toBe("file");
    await bare.close();

    git(folder, "clone", "-q", "--bare", "fleet", "fleet/vendored");
    writeFileSync(join(root, "vendored/config"), "[core]\n\tfsmonitor = touch canary\n");
    expect(await openRepository("fleet/vendored", machine)).toMatchObject({ root, within: "vendored" });
  });

  test("says how to trust a repository of another user", async () => {
    const s = scratch();
    const { repository, git } = s;
    const root = repository("it's a fleet");
    const machine = belongingToAnother(s, root);
    const refused = openRepository(root, machine);
    await expect(refused).rejects.toThrow(UsageError);
    const command = await refused.catch((error: Error) => /run: (.*)$/.exec(error.message)?.[1] ?? "");
    expect(command).toBe(`git config --global --add safe.directory '${root.replace("'", "'\\''")}'`);

    const onLaptop = { ...machine.env, GITHUB_WORKSPACE: root };
    await expect(openRepository(root, { ...machine, env: onLaptop })).rejects.toThrow(/safe.directory/);
    const env = { ...machine.env, GITHUB_ACTIONS: "true" };
    await expect(
      openRepository(root, { ...machine, env: { ...env, GITHUB_WORKSPACE: "/" } }),
    ).rejects.toThrow(/safe.directory/);
    const inJob = await openRepository(root, { ...machine, env: { ...env, GITHUB_WORKSPACE: root } });
    expect((await inJob.git(["rev-parse", "HEAD"])).exitCode).toBe(0);

    git(root, "config", "--global", "--add", "safe.directory", root);
    expect(await openRepository(root, machine)).toMatchObject({ root });
  });
});

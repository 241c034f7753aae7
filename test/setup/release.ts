import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../contract/source.ts";

/**
 * Unpacks in `folder` what a job downloads of this repository: the working tree as `git archive` packs it
 * (ignored and export-ignore'd files left out), with the bundles as built just now.
 */
export function unpackRelease(folder: string): void {
  const work = mkdtempSync(join(tmpdir(), "gitops-release-"));
  try {
    // An index and an object store of its own: the repository stays as it is.
    mkdirSync(join(work, "objects"));
    const env = {
      PATH: process.env.PATH,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_INDEX_FILE: join(work, "index"),
      GIT_OBJECT_DIRECTORY: join(work, "objects"),
      GIT_ALTERNATE_OBJECT_DIRECTORIES: join(git(["rev-parse", "--absolute-git-dir"]), "objects"),
    };
    git(["add", "--all", "."], env);
    const tree = git(["write-tree"], env);
    git(["archive", "--format=tar", `--output=${join(work, "release.tar")}`, tree], env);
    mkdirSync(folder, { recursive: true });
    execFileSync("tar", ["-xf", join(work, "release.tar"), "-C", folder]);
    rmSync(join(folder, "dist"), { recursive: true, force: true });
    cpSync(join(root, "build/dist"), join(folder, "dist"), { recursive: true });
  } finally {
    rmSync(work, { recursive: true });
  }
}

function git(args: string[], env: NodeJS.ProcessEnv = process.env): string {
  return execFileSync("git", ["-c", `safe.directory=${root}`, ...args], {
    cwd: root,
    env,
    encoding: "utf8",
  }).trim();
}

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A working copy and the bare repository that controllers fetch from. */
export interface Repository {
  /** The working copy. */
  folder: string;
  /** Path of the bare repository. */
  bare: string;
  write(path: string, text: string): void;
  remove(path: string): void;
  /** Copies a folder in. */
  copy(from: string, to: string): void;
  /** Commits all there is on main and pushes it; the commit's id. */
  push(message: string): string;
}

/** Makes an empty repository `NAME` with its bare twin `NAME.git` in a folder. */
export function createRepository(parent: string, name: string): Repository {
  const folder = join(parent, name);
  const bare = join(parent, `${name}.git`);
  mkdirSync(folder, { recursive: true });
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=test", "-c", "user.email=test@example.org", ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: parent, GIT_CONFIG_NOSYSTEM: "1" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  git("init", "-q", "-b", "main");
  git("init", "-q", "--bare", "-b", "main", bare);
  return {
    folder,
    bare,
    write(path, text) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    },
    remove: (path) => rmSync(join(folder, path), { recursive: true }),
    copy: (from, to) => cpSync(from, join(folder, to), { recursive: true }),
    push(message) {
      git("add", "-A");
      git("commit", "-q", "--allow-empty", "-m", message);
      git("push", "-q", bare, "main");
      return git("rev-parse", "HEAD");
    },
  };
}

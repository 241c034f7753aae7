import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Machine } from "@gitops-actions/engine";
import { onTestFinished } from "vitest";

/** A folder of one test with its own HOME, and Git in it with fixed names and dates. */
export interface Scratch {
  folder: string;
  machine: Machine;
  /** Runs real Git in a folder below the scratch folder and returns what it printed, trimmed. */
  git(folder: string, ...args: string[]): string;
  /** Writes files (relative path to contents) below a folder. */
  write(folder: string, files: Record<string, string | Uint8Array>): void;
  /** Makes a repository with these files committed on main; returns its absolute path. */
  repository(name: string, files?: Record<string, string | Uint8Array>): string;
  /** Writes files, commits everything, and returns the new commit's id. */
  commit(folder: string, files: Record<string, string | Uint8Array>, message?: string): string;
  /** Commits `count` changes of one file ("v: 1" to "v: COUNT") on the current branch, fast; returns the last one's id. */
  commits(folder: string, path: string, count: number): string;
}

export function scratch(env: Record<string, string> = {}): Scratch {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "gitops-git-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const home = join(folder, "home");
  const tempDir = join(folder, "temp");
  for (const made of [home, tempDir]) mkdirSync(made, { mode: 0o700 });
  writeFileSync(
    join(home, ".gitconfig"),
    '[init]\n\tdefaultBranch = main\n[user]\n\tname = Test\n\temail = test@example.com\n[protocol "file"]\n\tallow = always\n',
  );
  const base = { PATH: process.env.PATH ?? "", HOME: home, GIT_CONFIG_NOSYSTEM: "1" };
  let clock = Date.UTC(2026, 0, 1) / 1000;
  const git = (where: string, ...args: string[]): string => {
    const date = `${++clock} +0000`;
    const output = execFileSync("git", args, {
      cwd: join(where),
      env: { ...base, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date, LC_ALL: "C" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    return output.trim();
  };
  const write = (where: string, files: Record<string, string | Uint8Array>): void => {
    for (const [path, contents] of Object.entries(files)) {
      mkdirSync(dirname(join(where, path)), { recursive: true });
      writeFileSync(join(where, path), contents);
    }
  };
  const commit = (where: string, files: Record<string, string | Uint8Array>, message = "change"): string => {
    write(where, files);
    git(where, "add", "-A");
    git(where, "commit", "-q", "--allow-empty", "-m", message);
    return git(where, "rev-parse", "HEAD");
  };
  return {
    folder,
    machine: {
      env: { ...base, ...env },
      cwd: folder,
      cacheDir: join(folder, "cache"),
      tempDir,
      cores: 2,
    },
    git,
    write,
    commit,
    commits(where, path, count) {
      const branch = git(where, "symbolic-ref", "HEAD");
      const stream = Array.from({ length: count }, (_, at) => {
        const contents = `v: ${at + 1}\n`;
        const from = at === 0 ? `from ${git(where, "rev-parse", "HEAD")}\n` : "";
        const who = `committer Test <test@example.com> ${++clock} +0000\n`;
        return `commit ${branch}\n${who}data 1\nx\n${from}M 644 inline ${path}\ndata ${contents.length}\n${contents}\n`;
      });
      execFileSync("git", ["fast-import", "--quiet"], { cwd: where, env: base, input: stream.join("") });
      git(where, "reset", "-q", "--hard");
      return git(where, "rev-parse", "HEAD");
    },
    repository(name, files = { "README.md": "fleet\n" }) {
      const made = join(folder, name);
      mkdirSync(made, { recursive: true });
      git(made, "init", "-q");
      commit(made, files, "first");
      return made;
    },
  };
}

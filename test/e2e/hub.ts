import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { root } from "../contract/source.ts";
import { type GitHub, serveGitHub, token } from "../github/server.ts";
import { serveGit } from "../tools/git/http-backend.ts";
import { git } from "./fleet.ts";

/** The repository org/fleet on a GitHub of loopback: Git over HTTP, and the API. */
export interface Hub {
  folder: string;
  /** The bare repository that is served. */
  remote: string;
  github: GitHub;
  /** What a job must be told to find it. */
  env: Record<string, string>;
  /** A checkout of a branch, as a job has it. */
  checkOut(branch: string, name?: string): string;
  /** Commits files to a branch, an hour ago for the forge unless said otherwise; a new branch starts at `from`. */
  push(branch: string, files: Record<string, string>, from?: string, at?: string): string;
  show(path: string, ref?: string): string;
  subjects(ref?: string): string[];
}

export const hourAgo = (hours = 1): string =>
  `${new Date(Date.now() - hours * 3_600_000).toISOString().slice(0, 19)}Z`;

/** Serves a repository whose main holds the files of a folder of examples/, pushed two days ago. */
export async function serveHub(example: string): Promise<Hub> {
  const folder = mkdtempSync(join(tmpdir(), "gitops-hub-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [work, remote] = [join(folder, "work"), join(folder, "hub/org/fleet.git")];
  cpSync(join(root, "examples", example), work, { recursive: true });
  git(folder, "init", "-q", "-b", "main", work);
  git(work, "add", "-A");
  git(work, "commit", "-q", "-m", "Start the fleet");
  mkdirSync(dirname(remote), { recursive: true });
  git(folder, "clone", "-q", "--bare", work, remote);
  git(remote, "config", "http.receivepack", "true");
  git(work, "remote", "add", "origin", remote);
  const tipOf = (branch: string): string | undefined => {
    try {
      return git(remote, "rev-parse", "--verify", "-q", `refs/heads/${branch}`);
    } catch {
      return undefined;
    }
  };
  const github = await serveGitHub(tipOf);
  const server = await serveGit(join(folder, "hub"), { token });
  const record = (before: string | undefined, branch: string, at: string) =>
    github.pushes.push({
      before: before ?? "0".repeat(40),
      after: tipOf(branch)!,
      ref: `refs/heads/${branch}`,
      at,
    });
  record(undefined, "main", hourAgo(48));
  const url = `${server.origin}/org/fleet.git`;
  return {
    folder,
    remote,
    github,
    env: {
      GITHUB_REPOSITORY: "org/fleet",
      GITHUB_API_URL: github.url,
      GITHUB_SERVER_URL: server.origin,
      NO_PROXY: "127.0.0.1",
    },
    checkOut(branch, name = "checkout") {
      const into = join(folder, name);
      git(folder, "clone", "-q", "--depth=1", `--branch=${branch}`, `file://${remote}`, into);
      git(into, "remote", "set-url", "origin", url);
      return into;
    },
    push(branch, files, from = `origin/${branch}`, at = hourAgo(2)) {
      const before = tipOf(branch);
      git(work, "fetch", "-q", "origin");
      git(work, "checkout", "-q", "--force", "-B", branch, from);
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(work, path)), { recursive: true });
        writeFileSync(join(work, path), text);
      }
      git(work, "add", "-A");
      git(work, "commit", "-q", "--allow-empty", "-m", "change");
      git(work, "push", "-q", "origin", branch);
      record(before, branch, at);
      return tipOf(branch)!;
    },
    show: (path, ref = "main") => git(remote, "show", `${ref}:${path}`),
    subjects: (ref = "main") => git(remote, "log", "--first-parent", "--format=%s", ref).split("\n"),
  };
}

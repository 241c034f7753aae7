import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, homedir, tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { ToolError } from "@gitops-actions/report";

/** The machine and the moment a run happens in. Entry points build one; everything else is given it. */
export interface Host {
  env: Readonly<Record<string, string | undefined>>;
  /** Absolute path of the folder the person is in; in a job, the workspace. */
  cwd: string;
  /** Absolute path of a folder kept between runs (tools). Created on demand by whoever writes to it. */
  cacheDir: string;
  /** Absolute path of a private folder for this run, mode 0700. */
  tempDir: string;
  cores: number;
  now: () => Date;
  /** Whether standard output is a terminal that a person watches. */
  isTerminal: boolean;
}

/** What of `process` a host is made from. */
export interface ProcessLike {
  env: Readonly<Record<string, string | undefined>>;
  cwd(): string;
  stdout: { isTTY?: boolean };
}

/** The host of this process: the one place that reads its environment. Makes the private temporary folder. */
export function hostFromProcess(process: ProcessLike): Host {
  const env = { ...process.env };
  return {
    env,
    cwd: process.cwd(),
    cacheDir: findCacheDir(env),
    tempDir: makeTempDir(absolute(env.RUNNER_TEMP) ?? tmpdir()),
    cores: availableParallelism(),
    now: () => new Date(),
    isTerminal: process.stdout.isTTY === true && !isJob({ env }),
  };
}

// mkdtemp makes it with mode 0700, and never takes a folder that somebody else has prepared.
function makeTempDir(parent: string): string {
  try {
    return mkdtempSync(join(parent, "gitops-actions-"));
  } catch (error) {
    const message = `cannot make a temporary folder in ${parent}: ${(error as Error).message}. Set TMPDIR to a folder you can write to.`;
    throw new ToolError("no-temporary-folder", message, { cause: error });
  }
}

/** Whether this runs inside a GitHub Actions job, where standard output is parsed for commands. */
export function isJob(host: Pick<Host, "env">): boolean {
  return host.env.GITHUB_ACTIONS === "true";
}

/** Removes the private temporary folder with all in it. Never throws: it runs when something else has already failed. */
export function removeTempDir(host: Pick<Host, "tempDir">): void {
  try {
    rmSync(host.tempDir, { recursive: true, force: true, maxRetries: 2 });
  } catch {
    // What cannot be removed stays in a folder that is private and temporary.
  }
}

// The XDG base directory specification says that a relative path in its variables must be ignored.
function findCacheDir(env: Host["env"]): string {
  const inJob = isJob({ env }) ? absolute(env.RUNNER_TOOL_CACHE) : undefined;
  const base = inJob ?? absolute(env.XDG_CACHE_HOME) ?? join(absolute(env.HOME) ?? homedir(), ".cache");
  return join(base, "gitops-actions");
}

function absolute(path: string | undefined): string | undefined {
  return path && isAbsolute(path) ? path : undefined;
}

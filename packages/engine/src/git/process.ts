import { ToolError } from "@gitops-actions/report";
import { childEnvironment } from "../environment.ts";
import { runProcess } from "../exec.ts";
import type { Machine } from "../machine.ts";

/** What one run of Git may see and do beyond reading the repository. */
export interface GitRun {
  /** Folder Git is started in; default: the machine's temporary folder. */
  cwd?: string;
  stdin?: string | Uint8Array;
  /** Variables on top of the closed environment. Secrets go here, never into the arguments. */
  env?: Record<string, string>;
  /** Read the person's and the system's Git configuration as well (safe.directory, credential helpers, proxies). */
  userSettings?: boolean;
  /** Allow transports; without it every kind of fetch, lazy ones too, fails at once. */
  network?: boolean;
  deadlineMs?: number;
  signal?: AbortSignal | undefined;
}

export interface GitResult {
  exitCode: number;
  stdout: Buffer;
  stderr: string;
}

const settings = [
  "core.fsmonitor=false",
  "core.hooksPath=/dev/null",
  "core.askPass=",
  "protocol.ext.allow=never",
  "protocol.version=2",
  "http.followRedirects=false",
  // A server that sends nothing for half a minute is given up.
  "http.lowSpeedLimit=1",
  "http.lowSpeedTime=30",
  "gc.auto=0",
  "maintenance.auto=false",
  "fetch.recurseSubmodules=no",
  // Unpacking an object that the checkout has as well would renew the time of the file it lies in.
  "fetch.unpackLimit=1",
  "safe.bareRepository=explicit",
  "advice.detachedHead=false",
];

/** Options that stand before every subcommand: nothing the repository's own configuration names may be started. */
export const quietly: readonly string[] = ["--no-pager", ...settings.flatMap((setting) => ["-c", setting])];

/** The environment of every Git process: built anew, without the person's settings and without transports unless asked. */
export function gitEnvironment(machine: Machine, run: GitRun): Record<string, string> {
  const environment: Record<string, string> = {
    ...childEnvironment(machine, run.network ? ["SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "GIT_SSH"] : []),
    LC_ALL: "C",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    // Git before 2.44 does not know GIT_NO_LAZY_FETCH; a list of transports that names none stops it as well.
    GIT_ALLOW_PROTOCOL: run.network ? "file:git:http:https:ssh" : "none",
  };
  if (run.userSettings) {
    for (const name of [
      "HOME",
      "XDG_CONFIG_HOME",
      "GIT_CONFIG_GLOBAL",
      "GIT_CONFIG_SYSTEM",
      "GIT_CONFIG_NOSYSTEM",
    ]) {
      const value = machine.env[name];
      if (value !== undefined) environment[name] = value;
    }
  } else {
    environment.GIT_CONFIG_NOSYSTEM = "1";
    environment.GIT_CONFIG_GLOBAL = "/dev/null";
  }
  return { ...environment, ...run.env };
}

/**
 * Runs Git to its end and returns whatever it said, also when it failed.
 * Throws ToolError when Git cannot be started, hangs, or says more than a gigabyte.
 */
export async function runGit(
  machine: Machine,
  args: readonly string[],
  run: GitRun = {},
): Promise<GitResult> {
  const result = await runProcess(
    {
      command: "git",
      args: [...quietly, ...args],
      cwd: run.cwd ?? machine.tempDir,
      env: gitEnvironment(machine, run),
      deadlineMs: run.deadlineMs ?? 120_000,
      maxOutputBytes: 1024 ** 3,
      maxMemoryBytes: 4 * 1024 ** 3,
      ...(run.stdin === undefined ? {} : { stdin: run.stdin }),
    },
    run.signal,
  );
  if (result.ended === "spawn") {
    throw new ToolError(
      "git/not-started",
      `Git cannot be started: ${result.stderr}. Install git and put it on PATH.`,
    );
  }
  if (result.ended !== "exit" || result.exitCode === null) {
    throw new ToolError(
      `git/${result.ended}`,
      `git ${args[0]} was stopped (${result.ended}) after ${result.durationMs} ms.`,
    );
  }
  const stdout = Buffer.from(result.stdout.buffer, result.stdout.byteOffset, result.stdout.byteLength);
  return { exitCode: result.exitCode, stdout, stderr: result.stderr };
}

/** The last line Git wrote to standard error, without its "fatal: "; the short reason to show a person. */
export function reasonOf(result: GitResult): string {
  const lines = result.stderr.split("\n").filter((line) => line.trim() !== "");
  const fatal = lines.findLast((line) => /^(fatal|error|remote): /.test(line)) ?? lines.at(-1);
  return fatal?.replace(/^(fatal|error|remote): /, "") ?? `exit status ${result.exitCode}`;
}

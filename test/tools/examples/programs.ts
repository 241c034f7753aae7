import { execFile } from "node:child_process";
import { ensureTool, userCacheDir } from "@gitops-actions/engine";
import type { RunGit } from "../../../packages/cli/src/demo.ts";

export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** A closed port: whatever tries to leave the machine is refused at once. */
const offline = { HTTP_PROXY: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9", NO_PROXY: "" };

/** Where a tool of this machine is. `npm test` has fetched it before the tests start. */
export async function toolPath(name: "kustomize" | "helm", tempDir: string): Promise<string> {
  const machine = {
    env: process.env,
    cwd: process.cwd(),
    cacheDir: userCacheDir(process.env),
    tempDir,
    cores: 2,
  };
  return (await ensureTool(name, { allowBuild: true }, machine, () => {})).path;
}

/** Runs a program to its end, without a way to the network. */
export function run(
  command: string,
  args: string[],
  cwd: string,
  more: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const env = { PATH: process.env.PATH, HOME: cwd, GIT_ALLOW_PROTOCOL: "none", ...offline, ...more };
  return start(command, args, { cwd, env });
}

/** Git with an environment of its own, so that a test can say what the user's configuration is. */
export function gitWith(extra: Record<string, string>): RunGit {
  return async (args, { cwd, env, stdin }) => {
    const outcome = await start(
      "git",
      args,
      { cwd, env: { PATH: process.env.PATH, ...extra, ...env } },
      stdin,
    );
    if (outcome.status !== 0) throw new Error(`git ${args.join(" ")}: ${outcome.stderr}`);
    return outcome.stdout;
  };
}

function start(
  command: string,
  args: string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
  stdin?: string,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { ...options, maxBuffer: 1e8 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") reject(error);
      else resolve({ status: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
    child.stdin?.end(stdin);
  });
}

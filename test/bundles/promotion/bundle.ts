import { spawn } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PromoteInputs } from "@gitops-actions/promote-env";
import { root } from "../../contract/source.ts";
import { token } from "../../github/server.ts";
import type { Hub } from "../../tools/promotion/hub.ts";

const bundle = join(root, "build/dist/promote-env/index.js");

export interface Ended {
  /** Exit status, or the signal that ended it. */
  status: number | string;
  said: string;
}

/** Starts the bundle promote-env as the runner does, on a clone of the hub's remote. */
export function startBundle(
  { where, github }: Hub,
  inputs: Partial<PromoteInputs>,
  started: (pid: number) => void = () => {},
  clone = where.clone,
): Promise<Ended> {
  const given: Record<string, string> = {
    operation: inputs.operation ?? "promote",
    prove: "false",
    token,
    environment: (inputs.environments ?? ["staging"]).join("\n"),
    app: (inputs.apps ?? []).join("\n"),
    reason: inputs.reason ?? "",
    owner: inputs.owner ?? "",
  };
  const child = spawn(process.execPath, [bundle], {
    cwd: clone,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...(where.space.machine.env as Record<string, string>),
      GITHUB_WORKSPACE: clone,
      GITHUB_REPOSITORY: "org/fleet",
      GITHUB_API_URL: github.url,
      RUNNER_TEMP: where.space.folder,
      ...Object.fromEntries(
        Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
      ),
    },
  });
  started(child.pid!);
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
    });
  return new Promise((resolve) =>
    child.once("close", (code, signal) => resolve({ status: signal ?? code ?? -1, said })),
  );
}

/** Counts pushes to the hub's remote. */
export function countPushes({ where }: Hub): () => number {
  const count = join(where.remote, "count");
  hook(where.remote, "post-receive", `echo x >> '${count}'\n`);
  return () => (existsSync(count) ? readFileSync(count, "utf8").split("\n").length - 1 : 0);
}

/** Kills the process whose id is in the file that is answered at the n-th push: before the remote takes it, or after. */
export function killAtPush({ where }: Hub, moment: "before" | "after", nth: number): string {
  const [pid, count] = [join(where.remote, "pid"), join(where.remote, "count")];
  rmSync(count, { force: true });
  const end = moment === "before" ? "exit 1" : ":";
  hook(
    where.remote,
    moment === "before" ? "pre-receive" : "post-receive",
    `echo x >> '${count}'\nif [ "$(wc -l < '${count}')" -eq ${nth} ]; then kill -9 "$(cat '${pid}')"; sleep 0.2; ${end}; fi\n`,
  );
  return pid;
}

function hook(remote: string, name: "pre-receive" | "post-receive", body: string): void {
  for (const each of ["pre-receive", "post-receive"]) rmSync(join(remote, "hooks", each), { force: true });
  const path = join(remote, "hooks", name);
  writeFileSync(path, `#!/bin/sh\n${body}`);
  chmodSync(path, 0o755);
}

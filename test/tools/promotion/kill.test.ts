import { spawn } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { serveGitHub, token } from "../../github/server.ts";
import { fleet, gitops, overlay, type Place, place } from "./world.ts";

const entry = join(import.meta.dirname, "../../../actions/promote-env/src/main.ts");
const file = (environment: string) => `apps/web/overlays/${environment}/kustomization.yaml`;

/** Starts the action as a process of its own, the way the runner does; answers its exit status, or the signal that ended it. */
function start(
  where: Place,
  inputs: Record<string, string>,
  env: Record<string, string> = {},
  started: (pid: number) => void = () => {},
): Promise<number | string> {
  const given = { operation: "promote", prove: "false", ...inputs };
  const child = spawn(process.execPath, [entry], {
    cwd: where.clone,
    stdio: "ignore",
    env: {
      ...(where.space.machine.env as Record<string, string>),
      GITHUB_WORKSPACE: where.clone,
      RUNNER_TEMP: where.space.folder,
      ...env,
      ...Object.fromEntries(
        Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
      ),
    },
  });
  started(child.pid!);
  return new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code ?? -1)));
}

/** Makes the remote kill the process in `pid` when it has been pushed to for the n-th time: before it takes it, or after. */
function trap(where: Place, when: "pre-receive" | "post-receive", nth: number): string {
  const [pid, count, hook] = ["pid", "count", `hooks/${when}`].map((name) => join(where.remote, name)) as [
    string,
    string,
    string,
  ];
  for (const name of ["pre-receive", "post-receive"])
    rmSync(join(where.remote, "hooks", name), { force: true });
  rmSync(count, { force: true });
  writeFileSync(
    hook,
    `#!/bin/sh\necho x >> '${count}'\nif [ "$(wc -l < '${count}')" -eq ${nth} ]; then kill -9 "$(cat '${pid}')"; sleep 0.2; ${when === "pre-receive" ? "exit 1" : ":"}; fi\n`,
  );
  chmodSync(hook, 0o755);
  where.space.git(where.remote, "config", "core.hooksPath", join(where.remote, "hooks"));
  return pid;
}

const points = [1, 2].flatMap((nth) =>
  (["pre-receive", "post-receive"] as const).map((when) => [when, nth] as const),
);

describe("a run that is killed", () => {
  test.each(points)("at %s of push %i is finished by the next, once", async (when, nth) => {
    const where = place();
    const pid = trap(where, when, nth);
    expect(await start(where, {}, {}, (id) => writeFileSync(pid, String(id)))).toBe("SIGKILL");
    expect(await start(where, { environment: "staging" })).toBe(0);
    expect(where.show(file("staging"))).toBe(overlay("1.2.0"));
    expect(where.log().filter((subject) => subject.startsWith("Promote web to staging"))).toHaveLength(1);
    expect(
      existsSync(join(where.remote, "count")) && readFileSync(join(where.remote, "count"), "utf8"),
    ).toBeTruthy();
  });

  const requests = [/^POST .*\/pulls$/, /^POST .*\/labels$/].flatMap((when) =>
    (["before", "after"] as const).map((moment) => [moment, when] as const),
  );

  test.each(requests)("%s %s leaves one pull request in the end", async (moment, when) => {
    const where = place(fleet(gitops.replace("  strategy: direct\n", "")));
    const tipOf = (branch: string) =>
      where.space.git(where.remote, "for-each-ref", "--format=%(objectname)", `refs/heads/${branch}`) ||
      undefined;
    const github = await serveGitHub(tipOf);
    const env = { GITHUB_REPOSITORY: "org/fleet", GITHUB_API_URL: github.url };
    const inputs = { environment: "staging", token };
    let child = 0;
    github.traps.push({ when, moment, call: () => process.kill(child, "SIGKILL") });
    const status = await start(where, inputs, env, (id) => {
      child = id;
    });
    expect(status).toBe("SIGKILL");
    expect(await start(where, inputs, env)).toBe(0);
    expect(github.pulls).toMatchObject([
      { head: "gitops/promote/staging/web", state: "open", labels: ["promotion"] },
    ]);
    expect(github.problems).toEqual([]);
  });
});

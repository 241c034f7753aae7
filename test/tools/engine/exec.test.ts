import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { childEnvironment, type ProcessSpec, runProcess, withoutNetwork } from "@gitops-actions/engine";
import { describe, expect, onTestFinished, test } from "vitest";
import { makeMachine, write } from "./machine.ts";

const mebibyte = 1024 * 1024;

function node(script: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  return {
    command: process.execPath,
    args: ["-e", script],
    cwd: "/",
    env: {},
    deadlineMs: 30_000,
    maxOutputBytes: 10 * mebibyte,
    maxMemoryBytes: 1024 * mebibyte,
    ...more,
  };
}

function shell(script: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  return node("", { command: "/bin/sh", args: ["-c", script], env: { PATH: "/usr/bin:/bin" }, ...more });
}

/** Whether a process is still there (a zombie is not). */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<boolean> {
  for (let look = 0; look < 40 && alive(pid); look++) await sleep(25);
  return !alive(pid);
}

describe("runProcess", () => {
  test("gives the bytes, the errors and the status of a process that ends by itself", async () => {
    const bytes =
      "process.stdout.write(Buffer.from([0, 255, 10, 13])); process.stderr.write('sad'); process.exitCode = 3";
    const result = await runProcess(node(bytes));
    expect(result).toMatchObject({ ended: "exit", exitCode: 3, stderr: "sad" });
    expect([...result.stdout]).toEqual([0, 255, 10, 13]);
  });

  test("passes arguments as they are, through no shell", async () => {
    const args = ["$(id)", "; echo x", "a b", "", "\n", "--", "'\""];
    const print = "process.stdout.write(JSON.stringify(process.argv.slice(1)))";
    const result = await runProcess(node("", { args: ["-e", print, "--", ...args] }));
    expect(JSON.parse(Buffer.from(result.stdout).toString())).toEqual(args);
  });

  test("feeds standard input, and does not mind a process that does not read it", async () => {
    const echoed = await runProcess(shell("cat", { stdin: "hello" }));
    expect(Buffer.from(echoed.stdout).toString()).toBe("hello");
    const deaf = await runProcess(shell("exit 0", { stdin: new Uint8Array(20 * mebibyte) }));
    expect(deaf).toMatchObject({ ended: "exit", exitCode: 0 });
  });

  test("says why a process could not be started", async () => {
    expect(await runProcess(node("", { command: "/no/such/program" }))).toMatchObject({
      ended: "spawn",
      exitCode: null,
      stderr: expect.stringContaining("ENOENT"),
    });
    const { folder } = makeMachine();
    write(folder, { "not-a-program": "x" });
    const refused = await runProcess(node("", { command: join(folder, "not-a-program") }));
    expect(refused).toMatchObject({ ended: "spawn", stderr: expect.stringContaining("EACCES") });
    expect(await runProcess(node("", { cwd: join(folder, "nowhere") }))).toMatchObject({ ended: "spawn" });
    expect(await runProcess(node("", { args: ["a\0b"] }))).toMatchObject({ ended: "spawn" });
  });

  test("kills at the deadline, and the grandchild that holds the pipe too", async () => {
    const began = performance.now();
    const result = await runProcess(shell("sleep 60 & echo $!; wait", { deadlineMs: 400 }));
    expect(result).toMatchObject({ ended: "deadline", exitCode: null });
    expect(performance.now() - began).toBeLessThan(5000);
    expect(await gone(Number(Buffer.from(result.stdout).toString()))).toBe(true);
  });

  test("does not wait for a grandchild that outlives the process, and ends it", async () => {
    const result = await runProcess(shell("sleep 60 & echo $!"));
    expect(result).toMatchObject({ ended: "exit", exitCode: 0 });
    expect(result.durationMs).toBeLessThan(5000);
    expect(await gone(Number(Buffer.from(result.stdout).toString()))).toBe(true);
  });

  test("does not wait for a descendant that left the group with the pipe in hand", async () => {
    const began = performance.now();
    const result = await runProcess(shell("setsid sh -c 'echo started; sleep 6' & sleep 0.3"));
    expect(result).toMatchObject({ ended: "exit", exitCode: 0 });
    expect(performance.now() - began).toBeGreaterThan(1200);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(Buffer.from(result.stdout).toString()).toBe("started\n");
  });

  test("stops a process that prints 100 MB, and keeps no more than the cap", async () => {
    const result = await runProcess(shell("head -c 100000000 /dev/zero; sleep 60"));
    expect(result).toMatchObject({ ended: "output", exitCode: null });
    expect(result.stdout.length).toBe(10 * mebibyte);
  });

  test("caps standard error as well", async () => {
    const result = await runProcess(shell("yes oh no >&2"));
    expect(result.ended).toBe("output");
    expect(result.stderr.length).toBe(mebibyte);
  });

  test("output of exactly the cap is no offence", async () => {
    const result = await runProcess(shell("head -c 10485760 /dev/zero"));
    expect(result).toMatchObject({ ended: "exit", exitCode: 0 });
    expect(result.stdout.length).toBe(10 * mebibyte);
  });

  test("stops a process that takes more memory than the cap", async () => {
    const hungry = "const held = []; setInterval(() => held.push(Buffer.alloc(16 * 1024 * 1024, 1)), 20)";
    const result = await runProcess(node(hungry, { maxMemoryBytes: 300 * mebibyte }));
    expect(result).toMatchObject({ ended: "memory", exitCode: null });
  });

  test("counts the memory of a child that has left the group", async () => {
    const hungry = `"${process.execPath}" -e "b = Buffer.alloc(400 * 1024 * 1024, 1); setTimeout(() => b, 4000)"`;
    const result = await runProcess(shell(`setsid ${hungry} & wait`, { maxMemoryBytes: 300 * mebibyte }));
    expect(result.ended).toBe("memory");
  });

  test("counts the memory of descendants, also of those whose parent has gone", async () => {
    const hungry = `"${process.execPath}" -e "b = Buffer.alloc(400 * 1024 * 1024, 1); setTimeout(() => b, 60000)"`;
    const child = await runProcess(shell(`${hungry}; true`, { maxMemoryBytes: 300 * mebibyte }));
    expect(child.ended).toBe("memory");
    const orphan = await runProcess(shell(`(${hungry} &) ; sleep 60`, { maxMemoryBytes: 300 * mebibyte }));
    expect(orphan.ended).toBe("memory");
  });

  test("is cancelled while it runs, and not started when that came before", async () => {
    const cancel = new AbortController();
    const running = runProcess(shell("sleep 60 & wait"), cancel.signal);
    setTimeout(() => cancel.abort(), 200);
    expect(await running).toMatchObject({ ended: "cancelled", exitCode: null });
    expect(await runProcess(shell("echo no"), cancel.signal)).toMatchObject({
      ended: "cancelled",
      durationMs: 0,
    });
  });

  test("leaves nothing running when this process is told to end", async () => {
    const { folder } = makeMachine();
    const source = `
      import { runProcess } from "@gitops-actions/engine";
      const args = ["-c", "sleep 60 & echo $! > ${folder}/pid; sleep 60"];
      const limits = { deadlineMs: 60000, maxOutputBytes: 1000, maxMemoryBytes: 1e9 };
      runProcess({ command: "/bin/sh", args, cwd: "/", env: { PATH: "/usr/bin:/bin" }, ...limits });
      setTimeout(() => process.kill(process.pid, "SIGTERM"), 700);
      setTimeout(() => {}, 20000);
    `;
    const args = ["--input-type=module-typescript", "-e", source];
    const result = await runProcess(node("", { args, cwd: import.meta.dirname }));
    expect(result).toMatchObject({ ended: "exit", exitCode: null });
    // The shell under test leads a group of its own, so ending our group has not ended it.
    expect(await gone(Number(readFileSync(join(folder, "pid"), "utf8")))).toBe(true);
  });
});

describe("childEnvironment", () => {
  const canary = "canary-7f3a";
  const secrets = {
    GITHUB_TOKEN: canary,
    INPUT_TOKEN: canary,
    "INPUT_BASE-REF": canary,
    ACTIONS_RUNTIME_TOKEN: canary,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: canary,
    GH_TOKEN: canary,
    NODE_OPTIONS: "--require=/canary-7f3a.js",
    LD_PRELOAD: "/canary-7f3a.so",
    AWS_SECRET_ACCESS_KEY: canary,
    SSL_CERT_FILE: "/certificates.pem",
    https_proxy: "http://proxy.example:3128",
  };

  test("a child sees PATH, private folders, proxy and certificates, and nothing else", async () => {
    const machine = makeMachine(secrets);
    // Not only the environment that we were told of, but also the one that we really have.
    process.env.INPUT_CANARY = canary;
    onTestFinished(() => {
      delete process.env.INPUT_CANARY;
    });
    const result = await runProcess(
      shell("env; cat /proc/self/environ", { env: childEnvironment(machine, []) }),
    );
    const seen = Buffer.from(result.stdout).toString();
    expect(seen).not.toContain(canary);
    expect(seen).toContain(`HOME=${machine.tempDir}/home\n`);
    const names = Object.keys(childEnvironment(machine, [])).sort();
    expect(names).toEqual(["HOME", "PATH", "SSL_CERT_FILE", "TMPDIR", "https_proxy"]);
  });

  test("an allow-list adds names, but never the job's inputs and tokens", () => {
    const machine = makeMachine(secrets);
    const allowed = childEnvironment(machine, [
      "AWS_SECRET_ACCESS_KEY",
      ...Object.keys(secrets).filter((name) => /^(GH|GITHUB|INPUT|ACTIONS)_/.test(name)),
    ]);
    expect(allowed.AWS_SECRET_ACCESS_KEY).toBe(canary);
    expect(Object.values(allowed).filter((value) => value === canary)).toHaveLength(1);
  });

  test("without network every proxy variable names a closed port and Git has no transport", async () => {
    const env = withoutNetwork(childEnvironment(makeMachine(secrets), []));
    for (const name of ["http_proxy", "HTTPS_PROXY", "all_proxy"])
      expect(env[name]).toBe("http://127.0.0.1:9");
    expect(env.no_proxy).toBe("");
    for (const url of [
      "https://example.com/x",
      "ssh://git@example.com/x",
      "file:///",
      "ext::sh -c id",
      "git://example.com/x",
    ]) {
      const result = await runProcess(shell('git ls-remote -- "$URL"', { env: { ...env, URL: url } }));
      expect(result.exitCode, url).toBe(128);
      expect(result.stderr, url).toMatch(/transport '.*' not allowed/);
    }
  });
});

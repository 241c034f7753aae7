// A real control plane on loopback, as plain processes: etcd, kube-apiserver and, when asked for, the controller manager.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ToolError } from "@gitops-actions/report";
import { findProgram, type Program } from "./build.ts";
import { accountKeys, type Files, kubeconfigText, tokenFile } from "./credentials.ts";
import { apiserverArguments, controllerArguments, etcdArguments } from "./flags.ts";
import { etcd, kubernetes, kubernetesVersion } from "./programs.ts";
import { type Send, sender } from "./request.ts";

/** How to reach a control plane, as data: it can be handed to another process. */
export interface Address {
  url: string;
  /** The server's own certificate, base64. */
  authority: string;
  /** Token by user. `admin` may do everything, others only what RBAC gives them. */
  tokens: Record<string, string>;
  /** Private folder of the control plane; it is removed when that stops. */
  folder: string;
}

/** A control plane that somebody else started and will stop. */
export interface Plane {
  address: Address;
  url: string;
  /** Path of a kubeconfig for a user; for one that was not named at the start, the server refuses its token. */
  kubeconfig(user?: string): string;
  /** Sends a request as admin. */
  send: Send;
}

export interface ControlPlane extends Plane {
  /** Stops the API server alone, as a failure would. */
  stopServer(): void;
  stop(): void;
}

export interface Options {
  /** Of Kubernetes; by default the one that the tests use. */
  version?: string;
  /** Whether to start the controller manager as well. */
  controllers?: boolean;
  /** Users besides admin. */
  users?: readonly string[];
  /** Whether alpha and beta APIs are served too. */
  everyApi?: boolean;
  /** Admission plugins that are switched off besides ServiceAccount. */
  withoutAdmission?: readonly string[];
}

/** Starts a control plane, which must be stopped. Throws with the end of the log when it does not become ready. */
export async function startControlPlane(options: Options = {}): Promise<ControlPlane> {
  // The port was free a moment ago; another process may have been faster.
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (attempt === 3 || !/address already in use/.test((error as Error).message)) throw error;
    }
  }
}

async function startOnce(options: Options): Promise<ControlPlane> {
  const { version = kubernetesVersion } = options;
  const folder = mkdtempSync(join(tmpdir(), "control-plane-"));
  const children: ChildProcess[] = [];
  const kill = (): void => {
    for (const child of children) child.kill("SIGKILL");
  };
  const forget = beforeTheEnd(() => stop());
  const stop = (): void => {
    kill();
    forget();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  const start = (program: Program, args: string[]): ChildProcess => {
    const log = openSync(join(folder, `${program.name}.log`), "a");
    const child = spawn(needed(program), args, { stdio: ["ignore", log, log], cwd: folder });
    children.push(child);
    return child;
  };
  try {
    const [client, peer, secure, control] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    const tokens = Object.fromEntries(
      ["admin", ...(options.users ?? [])].map((user) => [user, randomBytes(16).toString("hex")]),
    );
    const files: Files = { ...accountKeys(folder), tokens: tokenFile(folder, tokens) };
    start(etcd, etcdArguments(folder, client, peer));
    const apiserver = kubernetes("kube-apiserver", version);
    const server = start(apiserver, apiserverArguments(folder, client, secure, files, options));
    const url = `https://127.0.0.1:${secure}`;
    await untilReady(sender(url, tokens.admin!), children, folder);
    const authority = readFileSync(join(folder, "certificates/apiserver.crt")).toString("base64");
    const plane = openControlPlane({ url, authority, tokens, folder });
    if (options.controllers) {
      const manager = kubernetes("kube-controller-manager", version);
      start(manager, controllerArguments(plane.kubeconfig(), control, files.privateKey));
    }
    return { ...plane, stopServer: () => void server.kill("SIGKILL"), stop };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Has something done before this process ends by itself or by a signal; returns how to take that back. */
function beforeTheEnd(action: () => void): () => void {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const onSignal = (signal: NodeJS.Signals): void => {
    action();
    process.kill(process.pid, signal);
  };
  process.once("exit", action);
  for (const signal of signals) process.once(signal, onSignal);
  return () => {
    process.removeListener("exit", action);
    for (const signal of signals) process.removeListener(signal, onSignal);
  };
}

/** What one can do with a control plane that runs already. */
export function openControlPlane(address: Address): Plane {
  const { url, authority, tokens, folder } = address;
  const kubeconfig = (user = "admin"): string => {
    const path = join(folder, `kubeconfig-${user}`);
    writeFileSync(path, kubeconfigText(url, authority, tokens[user] ?? "wrong"), { mode: 0o600 });
    return path;
  };
  return { address, url, kubeconfig, send: sender(url, tokens.admin!) };
}

/** Path of a program that must have been built before. */
export function needed(program: Program): string {
  const path = findProgram(program, process.env);
  if (path) return path;
  const remedy = "`node scripts/run.mjs --tools servers scripts/servers/ready.ts` builds it";
  throw new ToolError("not-found", `${program.name} ${program.version} has not been built: ${remedy}.`);
}

async function untilReady(send: Send, children: ChildProcess[], folder: string): Promise<void> {
  for (let attempt = 0; attempt < 480; attempt++) {
    const answer = await send("GET", "/readyz").catch(() => undefined);
    if (answer?.status === 200 && (await send("GET", "/api/v1/namespaces/default")).status === 200) return;
    if (children.some((child) => child.exitCode !== null)) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const ends = ["etcd", "kube-apiserver"].map((name) => lastLines(join(folder, `${name}.log`)));
  throw new ToolError("server", `The API server did not become ready.\n${ends.join("\n")}`);
}

function lastLines(file: string): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-15).join("\n");
}

/** A port of loopback that nothing listens on just now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

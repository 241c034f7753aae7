// A real control plane on loopback, as plain processes: etcd, kube-apiserver and, when asked for, the controller manager.
import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { userCacheDir } from "@gitops-actions/engine";

export const kubernetesVersion = "1.36.3";
const etcdVersion = "3.7.1";

/** An answer of the API server: its status and the parsed body. */
export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into objects of every kind.
  body: any;
}

export interface ControlPlane {
  url: string;
  /** A kubeconfig for a user; `admin` may do everything, others only what RBAC gives them. */
  kubeconfig(user?: string): string;
  send(method: string, path: string, body?: unknown, contentType?: string): Promise<Answer>;
  /** Stops the API server alone, as a failure would. */
  stopServer(): void;
  stop(): void;
}

export interface Options {
  controllers?: boolean;
  /** Users besides admin. */
  users?: readonly string[];
}

/** Where the programs are, or undefined with what is missing: they are built once, into the user's cache. */
export function findPrograms(names: readonly string[]): { folder: string; missing: string[] } {
  const folder = join(userCacheDir(process.env), "servers");
  return { folder, missing: names.filter((name) => !existsSync(join(folder, name))) };
}

export const programs = {
  etcd: `etcd-${etcdVersion}`,
  apiserver: `kube-apiserver-${kubernetesVersion}`,
  controllers: `kube-controller-manager-${kubernetesVersion}`,
  kubectl: `kubectl-${kubernetesVersion}`,
};

/** Starts a control plane; it must be stopped. Throws with the end of the logs when it does not become ready. */
export async function startControlPlane(options: Options = {}): Promise<ControlPlane> {
  const { folder: bin, missing } = findPrograms([programs.etcd, programs.apiserver]);
  if (missing.length > 0)
    throw new Error(`${missing.join(" and ")} missing in ${bin}: see docs/drift.md, Tests`);
  const folder = mkdtempSync(join(tmpdir(), "control-plane-"));
  const children: ChildProcess[] = [];
  const stop = (): void => {
    for (const child of children.toReversed()) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  const start = (name: string, args: string[]): ChildProcess => {
    const log = openSync(join(folder, `${name}.log`), "a");
    const child = spawn(join(bin, name), args, { stdio: ["ignore", log, log], cwd: folder });
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
    const tokens = new Map(
      ["admin", ...(options.users ?? [])].map((user) => [user, randomBytes(16).toString("hex")]),
    );
    const files = writeFiles(folder, tokens);
    start(programs.etcd, etcdArguments(folder, client, peer));
    const server = start(programs.apiserver, apiserverArguments(folder, client, secure, files));
    const url = `https://127.0.0.1:${secure}`;
    const send = sender(secure, tokens.get("admin")!);
    await untilReady(send, children, join(folder, `${programs.apiserver}.log`));
    const kubeconfig = (user = "admin"): string => {
      const path = join(folder, `kubeconfig-${user}`);
      const authority = readFileSync(join(folder, "certificates/apiserver.crt")).toString("base64");
      writeFileSync(path, kubeconfigText(url, authority, tokens.get(user) ?? "wrong"), { mode: 0o600 });
      return path;
    };
    if (options.controllers) {
      start(programs.controllers, controllerArguments(kubeconfig(), control, files.privateKey));
    }
    return { url, kubeconfig, send, stop, stopServer: () => void server.kill("SIGKILL") };
  } catch (error) {
    stop();
    throw error;
  }
}

interface Files {
  tokens: string;
  privateKey: string;
  publicKey: string;
}

function writeFiles(folder: string, tokens: ReadonlyMap<string, string>): Files {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const line = ([user, token]: [string, string]): string =>
    `${token},${user},${user}${user === "admin" ? ',"system:masters"' : ""}`;
  return {
    tokens: file("tokens", `${[...tokens].map(line).join("\n")}\n`),
    privateKey: file("accounts.key", privateKey),
    publicKey: file("accounts.pub", publicKey),
  };
}

function etcdArguments(folder: string, client: number, peer: number): string[] {
  const at = (port: number): string => `http://127.0.0.1:${port}`;
  return [
    ...["--data-dir", join(folder, "etcd"), "--unsafe-no-fsync", "--log-level", "warn"],
    ...["--listen-client-urls", at(client), "--advertise-client-urls", at(client)],
    ...["--listen-peer-urls", at(peer), "--initial-advertise-peer-urls", at(peer)],
    ...["--initial-cluster", `default=${at(peer)}`],
  ];
}

function apiserverArguments(folder: string, etcd: number, port: number, files: Files): string[] {
  return [
    ...["--etcd-servers", `http://127.0.0.1:${etcd}`, "--cert-dir", join(folder, "certificates")],
    ...["--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1", "--secure-port", String(port)],
    ...["--endpoint-reconciler-type", "none", "--service-cluster-ip-range", "10.0.0.0/16"],
    ...["--token-auth-file", files.tokens, "--authorization-mode", "RBAC"],
    ...["--service-account-issuer", "https://kubernetes.default.svc"],
    ...["--service-account-key-file", files.publicKey],
    ...["--service-account-signing-key-file", files.privateKey],
    ...["--allow-privileged=true", "--event-ttl", "15m", "--enable-priority-and-fairness=false"],
    ...["--disable-admission-plugins", "ServiceAccount"],
  ];
}

function controllerArguments(kubeconfig: string, port: number, privateKey: string): string[] {
  const off = [
    "node-ipam-controller",
    "node-route-controller",
    "service-lb-controller",
    "cloud-node-lifecycle-controller",
  ];
  return [
    ...["--kubeconfig", kubeconfig, "--leader-elect=false", "--bind-address", "127.0.0.1"],
    ...["--secure-port", String(port), "--service-account-private-key-file", privateKey],
    ...["--use-service-account-credentials=false", `--controllers=*,${off.map((name) => `-${name}`).join()}`],
  ];
}

function kubeconfigText(url: string, authority: string, token: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    clusters: [{ name: "test", cluster: { server: url, "certificate-authority-data": authority } }],
    users: [{ name: "test", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
  });
}

function sender(port: number, token: string): ControlPlane["send"] {
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  return (method, path, body, contentType = "application/json") =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
      const headers = {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        // Node sends the body of a DELETE without saying how long it is.
        ...(text && { "content-type": contentType, "content-length": Buffer.byteLength(text) }),
      };
      const call = request({ host: "127.0.0.1", port, method, path, headers, agent }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => {
          const said = Buffer.concat(chunks).toString("utf8");
          resolve({ status: answer.statusCode ?? 0, body: said.startsWith("{") ? JSON.parse(said) : said });
        });
      });
      call.on("error", reject);
      call.end(text);
    });
}

async function untilReady(send: ControlPlane["send"], children: ChildProcess[], log: string): Promise<void> {
  for (let attempt = 0; attempt < 480; attempt++) {
    const answer = await send("GET", "/readyz").catch(() => undefined);
    if (answer?.status === 200 && (await send("GET", "/api/v1/namespaces/default")).status === 200) return;
    if (children.some((child) => child.exitCode !== null)) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const end = readFileSync(log, "utf8").split("\n").slice(-15).join("\n");
  throw new Error(`the API server did not become ready:\n${end}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

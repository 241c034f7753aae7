// A real API server on loopback: etcd and kube-apiserver, built from their Go modules, as plain processes.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface ApiServer {
  /** Sends a JSON body; resolves to the status and the parsed answer. */
  send(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  stop(): void;
}

const etcdVersion = "3.7.1";

/** Starts etcd and a kube-apiserver of exactly `version`; builds them into `programs` when they are not there. */
export async function startApiServer(version: string, programs: string): Promise<ApiServer> {
  mkdirSync(programs, { recursive: true });
  const etcd = join(programs, `etcd-${etcdVersion}`);
  const apiserver = join(programs, `kube-apiserver-${version}`);
  if (!existsSync(etcd)) build("go.etcd.io/etcd/server/v3", etcdVersion, "go.etcd.io/etcd/server/v3", etcd);
  if (!existsSync(apiserver))
    build("k8s.io/kubernetes", version, "k8s.io/kubernetes/cmd/kube-apiserver", apiserver);

  const folder = mkdtempSync(join(tmpdir(), "apiserver-"));
  const children: ChildProcess[] = [];
  const stop = (): void => {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const [client, peer, secure] = [await freePort(), await freePort(), await freePort()];
    const log = openSync(join(folder, "log"), "a");
    const start = (command: string, args: string[]): void => {
      children.push(spawn(command, args, { stdio: ["ignore", log, log] }));
    };
    start(etcd, etcdArguments(folder, client, peer));
    const token = randomBytes(16).toString("hex");
    start(apiserver, apiserverArguments(folder, client, secure, token));
    const send = sender(secure, token);
    await untilReady(send, children, join(folder, "log"));
    return { send, stop };
  } catch (error) {
    stop();
    throw error;
  }
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

/** What refuses a good manifest because of what else the cluster has: priorities, quotas, classes, accounts. */
const stateful = [
  "ServiceAccount",
  "Priority",
  "ResourceQuota",
  "LimitRanger",
  "RuntimeClass",
  "DefaultStorageClass",
];

function apiserverArguments(folder: string, etcd: number, port: number, token: string): string[] {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  return [
    ...["--etcd-servers", `http://127.0.0.1:${etcd}`, "--cert-dir", join(folder, "certificates")],
    ...["--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1", "--secure-port", String(port)],
    ...["--endpoint-reconciler-type", "none", "--service-cluster-ip-range", "10.0.0.0/24"],
    ...[
      "--token-auth-file",
      file("tokens", `${token},admin,1,"system:masters"\n`),
      "--authorization-mode",
      "RBAC",
    ],
    ...["--service-account-issuer", "https://kubernetes.default.svc"],
    ...["--service-account-key-file", file("accounts.pub", publicKey)],
    ...["--service-account-signing-key-file", file("accounts.key", privateKey)],
    ...["--runtime-config", "api/all=true", "--allow-privileged=true", "--event-ttl", "15m"],
    ...["--disable-admission-plugins", stateful.join(","), "--enable-priority-and-fairness=false"],
  ];
}

function sender(port: number, token: string): ApiServer["send"] {
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        accept: "application/json",
      };
      // The server signs its own certificate; both ends are this machine.
      const options = { host: "127.0.0.1", port, method, path, headers, rejectUnauthorized: false };
      const call = request(options, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: answer.statusCode ?? 0, body: text.startsWith("{") ? JSON.parse(text) : text });
        });
      });
      call.on("error", reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

async function untilReady(send: ApiServer["send"], children: ChildProcess[], log: string): Promise<void> {
  for (let attempt = 0; attempt < 240; attempt++) {
    const answer = await send("GET", "/readyz").catch(() => undefined);
    if (answer?.status === 200) {
      const namespace = await send("GET", "/api/v1/namespaces/default");
      if (namespace.status === 200) return;
    }
    if (children.some((child) => child.exitCode !== null)) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(
    `the API server did not become ready:\n${readFileSync(log, "utf8").split("\n").slice(-15).join("\n")}`,
  );
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

/**
 * Builds a program whose own go.mod has `replace` lines, which `go install` refuses: in an empty module with the
 * same requirements. Kubernetes publishes its staging modules as v0.M.P.
 */
function build(module: string, version: string, program: string, target: string): void {
  console.error(`Building ${target.slice(target.lastIndexOf("/") + 1)} (some minutes)...`);
  const folder = mkdtempSync(join(tmpdir(), "build-"));
  const env = { ...process.env, GOFLAGS: "-mod=mod", GOTOOLCHAIN: "auto", CGO_ENABLED: "0" };
  const go = (...args: string[]): string =>
    execFileSync("go", args, { cwd: folder, env, encoding: "utf8", stdio: "pipe" });
  try {
    const downloaded = JSON.parse(go("mod", "download", "-json", `${module}@v${version}`)) as {
      GoMod: string;
      Dir: string;
    };
    const own = readFileSync(downloaded.GoMod, "utf8");
    const staging = [...own.matchAll(/^\s*(?:replace )?(k8s\.io\/\S+) => \.\/staging/gm)].map(
      ([, name]) => name,
    );
    const isLocal = (line: string): boolean =>
      /=> \.\.?\//.test(line) || /^\s*go\.etcd\.io\/etcd\/(?:api|client|pkg)/.test(line);
    const lines = own.split("\n").filter((line) => !isLocal(line) && !line.startsWith("module "));
    writeFileSync(
      join(folder, "go.mod"),
      [
        "module wrapper",
        ...lines,
        `require ${module} v${version}`,
        ...staging.map((name) => `replace ${name} => ${name} v0${version.slice(1)}`),
        "",
      ].join("\n"),
    );
    writeFileSync(join(folder, "go.sum"), readFileSync(join(downloaded.Dir, "go.sum")));
    const flags = `-s -w -X k8s.io/component-base/version.gitVersion=v${version}`;
    go("build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", target, program);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

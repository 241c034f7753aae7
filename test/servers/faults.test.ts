// What a report says when a real API server, the way to it or the credentials fail: nothing is called clean.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DriftInputs, type DriftOutcome, defaults, run } from "@gitops-actions/drift-report";
import { userCacheDir } from "@gitops-actions/engine";
import { exitStatus } from "@gitops-actions/report";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ControlPlane, kubectlPath, startControlPlane } from "./control-plane.ts";
import { type Relay, startRelay } from "./relay.ts";

const folder = mkdtempSync(join(tmpdir(), "drift-faults-"));
const repository = join(folder, "fleet");
const count = 400;
let plane: ControlPlane;
let relay: Relay;
let runs = 0;

beforeAll(async () => {
  plane = await startControlPlane();
  relay = await startRelay(Number(new URL(plane.url).port));
  const overlay = join(repository, "apps/web/overlays/prod");
  mkdirSync(overlay, { recursive: true });
  // About a megabyte of text that does not compress: the server packs long answers.
  let seed = 1;
  const noise = (): string => {
    let text = "";
    while (text.length < 2500) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      text += seed.toString(36);
    }
    return text;
  };
  const documents = Array.from(
    { length: count },
    (_, index) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c${index}, namespace: default}\ndata: {text: "${noise()}"}\n`,
  );
  const file = join(overlay, "all.yaml");
  writeFileSync(file, documents.join("---\n"));
  const kubectl = ["--kubeconfig", plane.kubeconfig(), "create", "-f", file];
  execFileSync(kubectlPath(), kubectl, { stdio: "pipe" });
  for (const args of [
    ["init", "-q", "-b", "main"],
    ["add", "-A"],
    ["commit", "-q", "-m", "first"],
  ])
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], {
      cwd: repository,
      env: { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: "1" },
    });
}, 180_000);

afterAll(async () => {
  await relay?.stop();
  plane?.stop();
  rmSync(folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: a kubeconfig, to be altered.
type Kubeconfig = any;

/** A kubeconfig whose way leads through the relay. */
function kubeconfig(alter: (config: Kubeconfig) => void = () => {}): string {
  const config = JSON.parse(readFileSync(plane.kubeconfig(), "utf8"));
  config.clusters[0].cluster.server = `https://127.0.0.1:${relay.port}`;
  alter(config);
  const path = join(folder, `kubeconfig-${++runs}`);
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}

function report(inputs: Partial<DriftInputs>): Promise<DriftOutcome> {
  const tempDir = join(folder, `r${++runs}`);
  mkdirSync(tempDir, { mode: 0o700 });
  const host = {
    env: { PATH: process.env.PATH, HOME: folder },
    cwd: repository,
    cacheDir: userCacheDir(process.env),
    tempDir,
    cores: 2,
    now: () => new Date("2026-11-24T08:00:00Z"),
    isTerminal: false,
  };
  const tools = { allowBuild: false, paths: { kubectl: kubectlPath() } };
  return run(
    { ...defaults, environment: "prod", tools, ...inputs },
    { host, progress: () => {}, signal: new AbortController().signal, secretKey: new Uint8Array(32) },
  );
}

/** Nothing is clean, everything is named as not checked with one of the reasons, and the step fails. */
function expectNothingClaimed({ report: said, counts, drifted }: DriftOutcome, reasons: RegExp): void {
  expect(counts).toMatchObject({ clean: 0, missing: 0, changed: 0, notChecked: count });
  expect(drifted).toBe("unknown");
  expect(said.verdict).toBe("incomplete");
  expect(said.failed.length).toBeGreaterThanOrEqual(1);
  const told = said.failed.flatMap(({ kind, message }) =>
    kind === "cluster" ? Number(/(\d+) objects? of/.exec(message)?.[1] ?? 0) : kind === "resource" ? 1 : 0,
  );
  expect(told.reduce((sum, each) => sum + each, 0)).toBe(count);
  for (const { code } of said.failed) expect(code).toMatch(reasons);
  const policy = { failOnSeverity: "error", failOn: "all", allowEmpty: false } as const;
  expect(exitStatus(said, policy)).toBe(1);
}

test("through a way that works everything is clean", async () => {
  relay.set({});
  const outcome = await report({ kubeconfig: kubeconfig() });
  expect(outcome.counts).toMatchObject({ clean: count, notChecked: 0 });
  expect(outcome.report.verdict).toBe("passed");
});

test("half an answer, again and again", async () => {
  relay.set({ cutAfter: 300_000 });
  expectNothingClaimed(
    await report({ kubeconfig: kubeconfig() }),
    /^(?:incomplete|unreachable|server-error)$/,
  );
});

test("half an answer once is asked for again", async () => {
  relay.set({ cutAfter: 300_000, cuts: 1 });
  const outcome = await report({ kubeconfig: kubeconfig() });
  expect(outcome.counts).toMatchObject({ clean: count, notChecked: 0 });
});

test("answers that take too long", async () => {
  relay.set({ delay: 3000 });
  const outcome = await report({ kubeconfig: kubeconfig(), timeLimitSeconds: 1 });
  expectNothingClaimed(outcome, /^timeout$/);
});

test("a certificate of another name", async () => {
  relay.set({});
  const other = kubeconfig(({ clusters }) => {
    clusters[0].cluster["tls-server-name"] = "other.example";
  });
  expectNothingClaimed(await report({ kubeconfig: other }), /^certificate$/);
});

test("a certificate of an authority that is not known", async () => {
  const other = kubeconfig(({ clusters }) => delete clusters[0].cluster["certificate-authority-data"]);
  expectNothingClaimed(await report({ kubeconfig: other }), /^certificate$/);
});

/** A credential plugin: a program that prints a token, or fails. */
function plugin(script: string): string {
  const path = join(folder, `plugin-${++runs}`);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o700);
  return kubeconfig(({ users }) => {
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: path, interactiveMode: "Never" };
    users[0].user = { exec };
  });
}

test("a credential plugin that fails", async () => {
  expectNothingClaimed(await report({ kubeconfig: plugin("exit 1") }), /^unauthorised$/);
});

test("credentials that expire in the middle of the run", async () => {
  const { token } = JSON.parse(readFileSync(plane.kubeconfig(), "utf8")).users[0].user;
  const counter = join(folder, "asked");
  const said = (text: string): string =>
    JSON.stringify({
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      // It has ended when it is given: the next request asks for another.
      status: { token: text, expirationTimestamp: "2020-01-01T00:00:00Z" },
    });
  const script = `echo x >> ${counter}\nif [ "$(wc -l < ${counter})" -le 3 ]; then echo '${said(token)}'; else echo '${said("expired")}'; fi`;
  const outcome = await report({ kubeconfig: plugin(script) });
  expect(outcome.counts).toMatchObject({ clean: 0, notChecked: count });
  expect(outcome.report.failed.map(({ code }) => code)).toContain("unauthorised");
  expect(outcome.drifted).toBe("unknown");
});

test("a kubeconfig that is none is refused, before anything is rendered", async () => {
  const path = join(folder, "broken");
  writeFileSync(path, "clusters: [\n");
  await expect(report({ kubeconfig: path })).rejects.toThrow(/kubectl could not open the cluster/);
  await expect(report({ kubeconfig: kubeconfig(), context: "none" })).rejects.toThrow(/none/);
});

// The last test: it stops the server.
test("a server that stops in the middle of its answer", async () => {
  relay.set({ event: { after: 400_000, call: () => plane.stopServer() } });
  expectNothingClaimed(
    await report({ kubeconfig: kubeconfig() }),
    /^(?:incomplete|unreachable|server-error)$/,
  );
});

// Whole runs: a Git repository, kubectl apply, a Flux Kustomization as its controller leaves it, and the report.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { type DriftInputs, type DriftOutcome, defaults, run } from "@gitops-actions/drift-report";
import { userCacheDir } from "@gitops-actions/engine";
import { formatText } from "@gitops-actions/report";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ControlPlane, kubectlPath, startControlPlane } from "./control-plane.ts";

const folder = mkdtempSync(join(tmpdir(), "drift-run-"));
const repository = join(folder, "fleet");
const kubectl = kubectlPath();
const overlay = "apps/web/overlays/prod";
const merge = "application/merge-patch+json";
const web = "/apis/apps/v1/namespaces/shop/deployments/web";
const flux = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations";
const secret = "correct-horse-battery-staple";

let plane: ControlPlane;
let commits: { first: string; second: string };
let runs = 0;

function git(...args: string[]): string {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_DATE: "2026-11-01T00:00:00Z",
    GIT_COMMITTER_DATE: "2026-11-01T00:00:00Z",
  };
  const who = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
  return execFileSync("git", [...who, ...args], {
    cwd: repository,
    env,
    encoding: "utf8",
    stdio: "pipe",
  }).trim();
}

function write(path: string, text: string): string {
  const file = join(repository, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function manifests(replicas: number): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "web:1", resources: {limits: {cpu: 0.5}}}]}
---
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: shop}
stringData: {password: ${secret}}
`;
}

function apply(file: string, ...args: string[]): void {
  execFileSync(kubectl, ["--kubeconfig", plane.kubeconfig(), "apply", ...args, "-f", file], {
    stdio: "pipe",
  });
}

async function send(method: string, path: string, body?: unknown, type?: string): Promise<void> {
  const { status, body: answer } = await plane.send(method, path, body, type);
  if (status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
}

function report(inputs: Partial<DriftInputs> = {}): Promise<DriftOutcome> {
  const tempDir = join(folder, `r${++runs}`);
  mkdirSync(tempDir, { mode: 0o700 });
  const host = {
    env: { PATH: process.env.PATH, HOME: folder, GITHUB_TOKEN: "canary-token" },
    cwd: repository,
    cacheDir: userCacheDir(process.env),
    tempDir,
    cores: 2,
    now: () => new Date("2026-11-24T08:00:00Z"),
    isTerminal: false,
  };
  const all = {
    ...defaults,
    environment: "prod",
    kubeconfig: plane.kubeconfig(),
    tools: { allowBuild: false, paths: { kubectl } },
    ...inputs,
  };
  return run(all, {
    host,
    progress: () => {},
    signal: new AbortController().signal,
    secretKey: new Uint8Array(32),
  });
}

function rules({ report: { findings } }: DriftOutcome): string[] {
  return findings
    .map(({ rule, resource, field }) =>
      [rule, resource && `${resource.kind}/${resource.name}`, field].filter(Boolean).join(" "),
    )
    .sort();
}

beforeAll(async () => {
  plane = await startControlPlane();
  mkdirSync(repository);
  git("init", "-q", "-b", "main");
  write(`${overlay}/web.yaml`, manifests(2));
  git("add", "-A");
  git("commit", "-q", "-m", "first");
  const first = git("rev-parse", "HEAD");
  write(`${overlay}/web.yaml`, manifests(3));
  git("commit", "-q", "-a", "-m", "second");
  commits = { first, second: git("rev-parse", "HEAD") };
  for (const name of ["shop", "flux-system"])
    await send("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  await send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "kustomizations.kustomize.toolkit.fluxcd.io" },
    spec: {
      group: "kustomize.toolkit.fluxcd.io",
      scope: "Namespaced",
      names: {
        kind: "Kustomization",
        plural: "kustomizations",
        listKind: "KustomizationList",
        singular: "kustomization",
      },
      versions: [{ name: "v1", served: true, storage: true, schema }],
    },
  });
  for (let attempt = 0; attempt < 100 && (await plane.send("GET", flux)).status !== 200; attempt++)
    await new Promise((resolve) => setTimeout(resolve, 100));
}, 120_000);

afterAll(() => {
  plane?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** As after a sync of the first commit. */
beforeEach(async () => {
  await plane.send("DELETE", web, { propagationPolicy: "Background" });
  await plane.send("DELETE", `${flux}/web`);
  apply(writeFile("first.yaml", manifests(2)));
  await send("POST", `${flux}?fieldManager=kubectl-create`, {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { name: "web", namespace: "flux-system" },
    spec: { path: `./${overlay}`, prune: true },
    status: {
      lastAppliedRevision: `main@sha1:${commits.first}`,
      conditions: [{ type: "Ready", status: "True", reason: "ReconciliationSucceeded", message: "Applied" }],
      inventory: {
        entries: [
          { id: "shop_web_apps_Deployment", v: "v1" },
          { id: "shop_keys__Secret", v: "v1" },
        ],
      },
    },
  });
});

function writeFile(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

test("what Git has beyond the applied commit is pending, and no drift", async () => {
  const outcome = await report();
  expect(rules(outcome)).toEqual(["drift/pending"]);
  expect(outcome.drifted).toBe("false");
  expect(outcome.counts).toMatchObject({ clean: 2, pending: 1, notChecked: 0 });
  expect(outcome.report.findings[0]?.message).toContain(commits.first.slice(0, 7));
});

test("against the head, the same is a difference", async () => {
  // A relative path is relative to where the person is.
  const kubeconfig = relative(repository, plane.kubeconfig());
  const outcome = await report({ revision: "head", kubeconfig });
  expect(rules(outcome)).toEqual(["drift/changed Deployment/web /spec/replicas"]);
  expect(outcome.report.findings[0]).toMatchObject({ expected: "3", actual: "2" });
});

test("a change by hand is held against what was applied, and its author named", async () => {
  execFileSync(
    kubectl,
    ["--kubeconfig", plane.kubeconfig(), "-n", "shop", "scale", "deployment/web", "--replicas=5"],
    { stdio: "pipe" },
  );
  const outcome = await report();
  expect(outcome.drifted).toBe("true");
  expect(rules(outcome)).toEqual(["drift/changed Deployment/web /spec/replicas", "drift/pending"]);
  expect(outcome.report.findings.find(({ rule }) => rule === "drift/changed")).toMatchObject({
    expected: "2",
    actual: "5",
    message: expect.stringMatching(/^spec\.replicas differs; last written by kubectl\S* \(Update of scale\)/),
  });
});

test("an object of the inventory that Git has no more is extra, one that is gone is missing", async () => {
  const entries = [
    { id: "shop_old__ConfigMap", v: "v1" },
    { id: "shop_never__ConfigMap", v: "v1" },
  ];
  await send("PATCH", `${flux}/web`, { status: { inventory: { entries } } }, merge);
  await send("POST", "/api/v1/namespaces/shop/configmaps", {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "old" },
  });
  await send("DELETE", web, { propagationPolicy: "Background" });
  const outcome = await report();
  expect(rules(outcome)).toEqual([
    "drift/extra ConfigMap/old",
    "drift/missing Deployment/web",
    "drift/pending",
  ]);
});

test("a changed Secret is told by its key, and its values by nothing", async () => {
  const other = "another-secret-of-the-cluster";
  await send(
    "PATCH",
    "/api/v1/namespaces/shop/secrets/keys?fieldManager=hand",
    { stringData: { password: other } },
    merge,
  );
  const outcome = await report();
  expect(rules(outcome)).toEqual(["drift/changed Secret/keys /data/password", "drift/pending"]);
  const text = JSON.stringify(outcome) + formatText(outcome.report);
  for (const value of [secret, other, "canary-token"])
    for (const form of [value, Buffer.from(value).toString("base64"), Buffer.from(value).toString("hex")])
      expect(text.includes(form), form).toBe(false);
});

test("suspended for longer than the limit is a finding, with who did it", async () => {
  await send("PATCH", `${flux}/web?fieldManager=kubectl-patch`, { spec: { suspend: true } }, merge);
  const now = await report({ syncLimitMinutes: 0 });
  expect(rules(now)).toContain("drift/sync-suspended Kustomization/web");
  expect(now.report.findings.map(({ message }) => message).join()).toContain("suspended, by kubectl-patch");
  expect(rules(await report({ syncLimitMinutes: 525_600 }))).not.toContain(
    "drift/sync-suspended Kustomization/web",
  );
});

test("an option that is not modelled, and a commit that is nowhere, are not checked, with the reason", async () => {
  await send("PATCH", `${flux}/web`, { spec: { postBuild: { substitute: { a: "b" } } } }, merge);
  const option = await report();
  expect(option.counts).toMatchObject({ clean: 0, notChecked: 2 });
  expect(option.report.skipped.map(({ message }) => message)).toContainEqual(
    expect.stringContaining("postBuild of Kustomization flux-system/web"),
  );
  await send(
    "PATCH",
    `${flux}/web`,
    { spec: { postBuild: null }, status: { lastAppliedRevision: `main@sha1:${"1".repeat(40)}` } },
    merge,
  );
  const nowhere = await report({ fetch: false });
  expect(nowhere.counts).toMatchObject({ clean: 0, notChecked: 2 });
  expect(nowhere.drifted).toBe("unknown");
  expect(nowhere.report.verdict).toBe("incomplete");
});

test.each([["client-side"], ["--server-side"]])(
  "kubectl apply again and again, %s, leaves no drift",
  async (how) => {
    const way = how === "--server-side" ? ["--server-side", "--force-conflicts"] : [];
    for (const replicas of [4, 3]) apply(writeFile("again.yaml", manifests(replicas)), ...way);
    const outcome = await report({ revision: "head" });
    expect(rules(outcome)).toEqual([]);
    expect(outcome.counts).toMatchObject({ clean: 2, notChecked: 0 });
  },
);

test("when the cluster cannot be reached, nothing is called clean", async () => {
  plane.stopServer();
  const outcome = await report();
  expect(outcome.drifted).toBe("unknown");
  expect(outcome.report.verdict).toBe("incomplete");
  expect(outcome.counts).toMatchObject({ clean: 0, notChecked: 2 });
});

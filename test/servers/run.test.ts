// Whole runs: a Git repository, kubectl apply, a Flux Kustomization as its controller leaves it, and the report.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import {
  composeMessage,
  type DriftInputs,
  type DriftOutcome,
  defaults,
  run,
} from "@gitops-actions/drift-report";
import { userCacheDir } from "@gitops-actions/engine";
import { formatJson, formatJUnit, formatMarkdown, formatSarif, formatText } from "@gitops-actions/report";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { findCanaries } from "./canaries.ts";
import { type ControlPlane, kubectlPath, startControlPlane } from "./control-plane.ts";

const folder = mkdtempSync(join(tmpdir(), "drift-run-"));
const repository = join(folder, "fleet");
const kubectl = kubectlPath();
const overlay = "apps/web/overlays/prod";
const merge = "application/merge-patch+json";
const web = "/apis/apps/v1/namespaces/shop/deployments/web";
const flux = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations";
const releases = "/apis/helm.toolkit.fluxcd.io/v2/namespaces/flux-system/helmreleases";
const argo = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications";
const projects = "/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects";
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
  for (const name of ["shop", "flux-system", "argocd"])
    await send("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  await define("kustomize.toolkit.fluxcd.io", "v1", "Kustomization");
  await define("helm.toolkit.fluxcd.io", "v2", "HelmRelease");
  await define("argoproj.io", "v1alpha1", "Application");
  await define("argoproj.io", "v1alpha1", "AppProject");
  for (const path of [flux, argo, projects, releases])
    for (let attempt = 0; attempt < 100 && (await plane.send("GET", path)).status !== 200; attempt++)
      await new Promise((resolve) => setTimeout(resolve, 100));
}, 120_000);

/** A kind of a controller, which takes whatever it is given. */
function define(group: string, version: string, kind: string): Promise<void> {
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  const singular = kind.toLowerCase();
  return send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${singular}s.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind, plural: `${singular}s`, listKind: `${kind}List`, singular },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  });
}

afterAll(() => {
  plane?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** As after a sync of the first commit. */
beforeEach(async () => {
  await plane.send("DELETE", web, { propagationPolicy: "Background" });
  await plane.send("DELETE", "/api/v1/namespaces/shop/secrets/keys");
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

test("what Git has beyond the applied commit is no finding before its time, and told how far behind", async () => {
  const outcome = await report({ pendingGraceMinutes: 60 * 24 * 30 });
  expect(rules(outcome)).toEqual([]);
  expect(outcome.counts).toMatchObject({ clean: 2, pending: 1 });
  expect(outcome.statuses[0]?.lag).toEqual({ commits: 1, since: "2026-11-01T00:00:00.000Z" });
});

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
    { id: "shop_kept__ConfigMap", v: "v1" },
  ];
  const annotations = { "kustomize.toolkit.fluxcd.io/prune": "disabled" };
  await send("POST", "/api/v1/namespaces/shop/configmaps", {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "kept", annotations },
  });
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
  // Each says of which overlay it is.
  for (const { rule, places } of outcome.report.findings)
    if (rule !== "drift/pending") expect(places.map(({ overlay }) => overlay)).toHaveLength(1);
  expect(outcome.report.notes).toContainEqual(
    expect.stringMatching(/^ConfigMap shop\/kept of Kustomization .* stays on purpose: .*prune: disabled$/),
  );
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
  expect(findCanaries(text, [secret, other, "canary-token"])).toEqual([]);
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

/** Runs with a gitops.yaml that is committed for as long. */
async function withRules(text: string, inputs: Partial<DriftInputs> = {}): Promise<DriftOutcome> {
  write("gitops.yaml", text);
  git("add", "gitops.yaml");
  git("commit", "-q", "-m", "rules");
  try {
    return await report(inputs);
  } finally {
    git("reset", "-q", "--hard", commits.second);
  }
}

test("a name that is no environment is refused, and no name where there are several", async () => {
  const plain = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared, namespace: shop}\n";
  write("shared/settings.yaml", plain);
  git("add", "shared");
  git("commit", "-q", "-m", "an overlay of no environment");
  try {
    await expect(report({ environment: "production" })).rejects.toThrow(
      "there is no environment production: the overlays are of prod.",
    );
    await expect(report({ cluster: "eu" })).resolves.toMatchObject({ drifted: "true" });
    expect(rules(await report({ environment: "" }))).toContain("drift/missing ConfigMap/shared");
    write("apps/web/overlays/dev/web.yaml", plain);
    git("add", "apps");
    git("commit", "-q", "-m", "another environment");
    await expect(report({ environment: "" })).rejects.toThrow(
      "the repository has dev and prod: say which one",
    );
  } finally {
    git("reset", "-q", "--hard", commits.second);
  }
});

const rule = (what: string, more = "owner: team, reason: by hand, expires: 2026-12-31"): string =>
  `    - {resource: {kind: Deployment, namespace: shop}, ${what}, ${more}}\n`;

async function changeReplicasAndImage(): Promise<void> {
  const containers = [{ name: "app", image: "web:9" }];
  const body = { spec: { replicas: 7, template: { spec: { containers } } } };
  await send("PATCH", `${web}?fieldManager=hand`, body, "application/strategic-merge-patch+json");
}

test("rules of gitops.yaml hide what they name, by pointer, jq and manager", async () => {
  await changeReplicasAndImage();
  // In the server's answer the container of Git is not the first.
  const containers = [{ name: "a-first", image: "a:1" }, { name: "app" }];
  const order = [{ name: "a-first" }, { name: "app" }];
  const body = { spec: { template: { spec: { containers, "$setElementOrder/containers": order } } } };
  await send("PATCH", `${web}?fieldManager=injector`, body, "application/strategic-merge-patch+json");
  const image = '.spec.template.spec.containers[] | select(.name == "app") | .image';
  const pointer = await withRules(`drift:\n  ignore:\n${rule("fields: [/spec/replicas]")}`);
  expect(rules(pointer)).toEqual([
    "drift/changed Deployment/web /spec/template/spec/containers/0/image",
    "drift/pending",
    "drift/unmanaged-addition Deployment/web /spec/template/spec/containers/0",
  ]);
  expect(pointer.report.notes).toContainEqual("gitops.yaml:3 hides 1 difference");
  const jq = await withRules(`drift:\n  ignore:\n${rule(`jq: ['${image}']`)}`);
  const left = [
    "drift/changed Deployment/web /spec/replicas",
    "drift/pending",
    "drift/unmanaged-addition Deployment/web /spec/template/spec/containers/0",
  ];
  expect(rules(jq)).toEqual(left);
  const asked = await withRules(`drift:\n  ignore:\n${rule(`jq: ['${image}']`)}`, { mode: "server-dry-run" });
  expect(rules(asked)).toEqual(left);
  expect(jq.report.tools.map(({ name }) => name)).toContain("gojq");
  const manager = await withRules(`drift:\n  ignore:\n${rule("managers: [han*, inj*]")}`);
  expect(rules(manager)).toEqual(["drift/pending"]);
  expect(manager).toMatchObject({ drifted: "false", counts: { clean: 2, ignored: 3 } });
});

test("rules of gitops.yaml that have ended, hide nothing, or cannot be asked are told", async () => {
  await changeReplicasAndImage();
  const ended = rule("fields: ['']", "owner: team, reason: by hand, expires: 2026-11-01");
  const unused =
    "    - {resource: {kind: Job}, fields: [/spec], owner: team, reason: gone, expires: 2027-01-01}\n";
  const elsewhere = rule("environments: [dev], fields: ['']");
  const outcome = await withRules(`drift:\n  ignore:\n${ended}${unused}${elsewhere}`);
  expect(rules(outcome)).toEqual([
    "drift/changed Deployment/web /spec/replicas",
    "drift/changed Deployment/web /spec/template/spec/containers/0/image",
    "drift/ignore-expired",
    "drift/ignore-unused",
    "drift/pending",
  ]);
  const places = outcome.report.findings.flatMap(({ location }) => (location ? [location] : []));
  expect(places).toMatchObject([
    { path: "gitops.yaml", line: 3 },
    { path: "gitops.yaml", line: 4 },
  ]);
  const broken = await withRules(`drift:\n  ignore:\n${rule("jq: ['.spec | nothing_like_it']")}`);
  expect(broken.drifted).toBe("unknown");
  expect(broken.report.failed).toMatchObject([
    { id: expect.stringContaining("Deployment"), message: expect.stringContaining("function not defined") },
  ]);
});

test("a whole object that a rule names is left alone, also when it is not there", async () => {
  await send("DELETE", web, { propagationPolicy: "Background" });
  const outcome = await withRules(`drift:\n  ignore:\n${rule("fields: ['']")}`);
  expect(rules(outcome)).toEqual(["drift/pending"]);
  expect(outcome.counts).toMatchObject({ missing: 0, leftAlone: 1 });
});

test("Flux's own ignore rules hide what they name", async () => {
  await changeReplicasAndImage();
  const ignore = [{ paths: ["/spec/replicas"], target: { kind: "Deployment" } }];
  await send("PATCH", `${flux}/web`, { spec: { ignore } }, merge);
  const image = "drift/changed Deployment/web /spec/template/spec/containers/0/image";
  expect(rules(await report())).toEqual([image, "drift/pending"]);

  const labels = { "helm.toolkit.fluxcd.io/name": "web", "helm.toolkit.fluxcd.io/namespace": "flux-system" };
  await send("PATCH", `${web}?fieldManager=helm-controller`, { metadata: { labels } }, merge);
  await send("POST", releases, {
    apiVersion: "helm.toolkit.fluxcd.io/v2",
    kind: "HelmRelease",
    metadata: { name: "web", namespace: "flux-system" },
    spec: { driftDetection: { ignore: [{ paths: ["/spec/template/spec/containers/0/image"] }] } },
    status: { conditions: [{ type: "Ready", status: "True", reason: "x", message: "" }] },
  });
  expect(rules(await report())).toEqual(["drift/pending"]);
  await send("DELETE", `${releases}/web`);
});

test("Argo CD's ignoreDifferences, jq too, argocd-cm and windows are honoured", async () => {
  await changeReplicasAndImage();
  await plane.send("DELETE", `${flux}/web`);
  await send("POST", projects, {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AppProject",
    metadata: { name: "shop", namespace: "argocd" },
    spec: { syncWindows: [{ kind: "deny", schedule: "0 0 * * *", duration: "23h", applications: ["*"] }] },
  });
  const ignoreDifferences = [
    {
      group: "apps",
      kind: "Deployment",
      jqPathExpressions: ['.spec.template.spec.containers[] | select(.name == "app") | .image'],
    },
  ];
  await send("POST", argo, {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "web", namespace: "argocd" },
    spec: {
      project: "shop",
      source: { path: overlay },
      destination: { namespace: "shop" },
      ignoreDifferences,
    },
    status: {
      sync: { status: "OutOfSync", revision: commits.second },
      operationState: { phase: "Succeeded", syncResult: { revision: commits.first } },
      health: { status: "Healthy" },
    },
  });
  const outcome = await report();
  expect(rules(outcome)).toEqual([
    "drift/changed Deployment/web /spec/replicas",
    "drift/pending",
    "drift/sync-out-of-sync Application/web",
  ]);
  expect(outcome.statuses[0]).toMatchObject({
    waiting: true,
    message:
      "OutOfSync, and auto-sync is off; a sync window of its project forbids syncs until 2026-11-24 23:00 UTC",
  });
  await send("POST", "/api/v1/namespaces/argocd/configmaps", {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "argocd-cm" },
    data: {
      "resource.customizations.ignoreDifferences.apps_Deployment": "managedFieldsManagers: [hand]\n",
    },
  });
  expect(rules(await report())).toEqual(["drift/pending", "drift/sync-out-of-sync Application/web"]);
  await send("DELETE", `${argo}/web`);
});

test("objects that nobody tracks are orphans, in the namespaces that gitops.yaml gives the environment", async () => {
  const make = (kind: string, name: string, metadata: object = {}, more: object = {}, namespace = "shop") =>
    send("POST", `/api/v1/namespaces/${namespace}/${kind.toLowerCase()}s?fieldManager=hand`, {
      apiVersion: "v1",
      kind,
      metadata: { name, ...metadata },
      ...more,
    });
  const owner = {
    apiVersion: "v1",
    kind: "ConfigMap",
    name: "x",
    uid: "00000000-0000-0000-0000-000000000000",
  };
  for (const name of ["old", "kept"])
    await plane.send("DELETE", `/api/v1/namespaces/shop/configmaps/${name}`);
  await make("ConfigMap", "left-behind", {}, { data: { a: "b" } });
  await make("ConfigMap", "elsewhere", {}, {}, "flux-system");
  await make("ConfigMap", "owned", { ownerReferences: [owner] });
  await make("ConfigMap", "of-flux", { labels: { "kustomize.toolkit.fluxcd.io/name": "web" } });
  await make("ConfigMap", "of-argo", {
    annotations: { "argocd.argoproj.io/tracking-id": "web:/ConfigMap:x" },
  });
  await make("ConfigMap", "kube-root-ca.crt");
  await make("Secret", "sh.helm.release.v1.web.v1", {}, { type: "helm.sh/release.v1" });
  await make("ServiceAccount", "default");
  await make("Secret", "by-hand", {}, { stringData: { password: "canary-of-the-orphan" } });
  const environments = "environments: [{name: prod, namespaces: [shop]}]\n";
  const outcome = await withRules(environments, { orphans: true });
  expect(rules(outcome)).toEqual([
    "drift/orphan ConfigMap/left-behind",
    "drift/orphan Secret/by-hand",
    "drift/pending",
  ]);
  expect(outcome.counts.orphan).toBe(2);
  expect(outcome.drifted).toBe("true");
  const orphan = outcome.report.findings.find(({ resource }) => resource?.name === "left-behind");
  expect(orphan?.message).toMatch(
    /^it is in no overlay and nobody tracks it; in the cluster since .*Z \(by hand\)$/,
  );
  expect(findCanaries(JSON.stringify(outcome), ["canary-of-the-orphan"])).toEqual([]);
  // Without it being asked for nothing is said, and a rule of gitops.yaml names what is meant to be there.
  expect(rules(await withRules(environments))).toEqual(["drift/pending"]);
  const meant = `${environments}drift:\n  ignore:\n    - {resource: {namespace: shop, name: "{left-behind,by-*}"}, fields: [""], owner: t, reason: r, expires: 2026-12-31}\n`;
  expect(rules(await withRules(meant, { orphans: true }))).toEqual(["drift/pending"]);
  await expect(report({ orphans: true, kustomization: ["apps/*"] })).rejects.toThrow(
    "orphans needs all overlays",
  );
});

test("no Secret's value shows in any output, in eight encodings, whatever is compared", async () => {
  const live = "canary-of-the-live-side";
  const inEnv = "canary-in-an-environment";
  await send(
    "PATCH",
    "/api/v1/namespaces/shop/secrets/keys?fieldManager=hand",
    { stringData: { password: live, more: live } },
    merge,
  );
  const env = [{ name: "DB_PASSWORD", value: inEnv }];
  const body = { spec: { template: { spec: { containers: [{ name: "app", env }] } } } };
  await send("PATCH", `${web}?fieldManager=hand`, body, "application/strategic-merge-patch+json");
  for (const mode of ["read", "server-dry-run"] as const) {
    const outcome = await report({ mode, orphans: true, revision: "head" });
    expect(rules(outcome)).toEqual(
      expect.arrayContaining([
        "drift/changed Secret/keys /data/password",
        "drift/unmanaged-addition Secret/keys /data/more",
      ]),
    );
    const outputs = [
      JSON.stringify(outcome),
      formatText(outcome.report),
      formatJson(outcome.report),
      formatSarif(outcome.report, { version: "1.0.0" }),
      formatJUnit(outcome.report),
      formatMarkdown(outcome.report, { limit: 1e6 }),
      JSON.stringify(composeMessage({ ...outcome, environment: "prod", run: undefined }, "json")),
    ].join("\n");
    expect(findCanaries(outputs, [secret, live, inEnv])).toEqual([]);
  }
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

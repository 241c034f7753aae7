// Argo CD's own controllers bring the example fleet into a real cluster from Git; then drift-report is asked.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DriftInputs } from "@gitops-actions/drift-report";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ControlPlane, needed, startControlPlane } from "../../scripts/servers/control-plane.ts";
import {
  type Application,
  applications,
  requestRefresh,
  untilSynced,
} from "../../scripts/servers/controllers/application.ts";
import { startArgoCd } from "../../scripts/servers/controllers/argocd.ts";
import { must } from "../../scripts/servers/controllers/definitions.ts";
import { type PodRunner, runPods } from "../../scripts/servers/controllers/pods.ts";
import type { Processes } from "../../scripts/servers/controllers/processes.ts";
import { createRepository, type Repository } from "../../scripts/servers/controllers/repository.ts";
import { kubernetes } from "../../scripts/servers/programs.ts";
import { copyFleet } from "./fleet.ts";
import { linesOf, reportDrift, statusOf, uncheckedOf } from "./report.ts";

const folder = mkdtempSync(join(tmpdir(), "cluster-argocd-"));
const apps = ["crds", "namespaces", "trust-bundle", "payments", "storefront", "notifications"];
const merge = "application/merge-patch+json";

let plane: ControlPlane;
let pods: PodRunner;
let argo: Processes;
let fleet: Repository;
let first: string;

function kubectl(...args: string[]): void {
  execFileSync(needed(kubernetes("kubectl")), ["--kubeconfig", plane.kubeconfig(), ...args], {
    stdio: "pipe",
  });
}

async function createApplication(name: string, path: string, more: object = {}): Promise<void> {
  await must(plane.send, "POST", `${applications}?fieldManager=kubectl-create`, {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name, namespace: "argocd" },
    spec: {
      project: "default",
      source: { repoURL: `file://${fleet.bare}`, targetRevision: "main", path },
      destination: { server: "https://kubernetes.default.svc", namespace: "default" },
      ...more,
    },
  });
}

/** As `argocd app sync` does it. */
async function sync(name: string): Promise<void> {
  const operation = { operation: { sync: { revision: "main" } } };
  const { status, body } = await plane.send("PATCH", `${applications}/${name}`, operation, merge);
  if (status >= 300) throw new Error(JSON.stringify(body));
}

async function until(
  name: string,
  what: (status: NonNullable<Application["status"]>) => boolean,
): Promise<void> {
  await argo.until(`${name}: ${what}`, async () => {
    const { status } = (await plane.send("GET", `${applications}/${name}`)).body as Application;
    return status && what(status) ? true : undefined;
  });
}

const inputs: Partial<DriftInputs> = { environment: "prod" };

function web(image: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "${image}", ports: [{ containerPort: 80 }] }] }
`;
}

/** It looked before its project was there, and would look again in three minutes. */
async function allowApplicationSet(): Promise<void> {
  const group = "/apis/argoproj.io/v1alpha1/namespaces/argocd";
  const isThere = async (path: string): Promise<true | undefined> =>
    (await plane.send("GET", `${group}/${path}`)).status === 200 ? true : undefined;
  for (const path of ["appprojects/shop", "applicationsets/apps"])
    await argo.until(path, () => isThere(path));
  const annotations = { "argocd.argoproj.io/application-set-refresh": "true" };
  await plane.send("PATCH", `${group}/applicationsets/apps`, { metadata: { annotations } }, merge);
}

beforeAll(async () => {
  plane = await startControlPlane({ controllers: true });
  pods = runPods(plane.send);
  argo = await startArgoCd(plane, { applicationSets: true });
  fleet = createRepository(folder, "fleet");
  copyFleet(fleet, `file://${fleet.bare}`);
  fleet.write("platform/web/web.yaml", web("web:1"));
  first = fleet.push("first");
  await createApplication("cluster", "clusters/prod", {
    destination: { server: "https://kubernetes.default.svc", namespace: "argocd" },
    syncPolicy: { automated: {} },
  });
  await allowApplicationSet();
  await createApplication("web", "platform/web");
  await sync("web");
  for (const name of [...apps, "web"]) await untilSynced(argo, plane.send, name, 60);
}, 180_000);

afterAll(async () => {
  await pods?.stop();
  argo?.stop();
  plane?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("what Argo CD has applied is no drift, all of it is checked, and Argo CD is in sync", async () => {
  for (const name of ["crds", "web"]) await until(name, ({ health }) => health?.status === "Healthy");
  // Its chart repository is nowhere.
  await until("traefik", ({ conditions }) => (conditions ?? []).length > 0);
  const outcome = await reportDrift(fleet.folder, plane, inputs);
  const { clean, valuesCompared, valuesUnknown } = outcome.counts;
  console.log(`${clean} objects, ${valuesCompared} of ${valuesCompared + valuesUnknown} values compared`);
  expect(linesOf(outcome)).toEqual([]);
  expect(uncheckedOf(outcome)).toEqual([]);
  expect(outcome.drifted).toBe("false");
  expect(clean).toBeGreaterThan(40);
  expect(valuesUnknown).toBe(0);
  const healthy = ["crds", "namespaces", "trust-bundle"];
  for (const name of healthy)
    expect(statusOf(outcome, "Application", name)).toMatchObject({ state: "in-sync", revision: first });
  expect(statusOf(outcome, "Application", "web")?.message).toBe("Synced; auto-sync is off");
  expect(statusOf(outcome, "Application", "traefik")).toMatchObject({
    state: "failing",
    message: expect.stringContaining("ComparisonError"),
  });
});

test("kubectl scale makes an Application OutOfSync, and the field and who wrote it are told", async () => {
  // There are no metrics here, and their autoscalers say so at their first look, after up to fifteen seconds.
  for (const name of ["payments", "storefront"])
    await until(name, ({ health }) => health?.status === "Degraded");
  kubectl("scale", "deployment/web", "--replicas=5");
  await until("web", ({ sync }) => sync?.status === "OutOfSync");
  const outcome = await reportDrift(fleet.folder, plane, { ...inputs, syncLimitMinutes: 0 });
  expect(linesOf(outcome)).toEqual([
    "drift/changed Deployment/web /spec/replicas",
    "drift/sync-failing Application/payments",
    "drift/sync-failing Application/storefront",
    "drift/sync-failing Application/traefik",
    "drift/sync-out-of-sync Application/web",
  ]);
  const messages = outcome.report.findings.map(({ message }) => message).join("\n");
  expect(messages).toMatch(/spec\.replicas differs; last written by kubectl \(Update of scale\)/);
  expect(messages).toContain("OutOfSync, and auto-sync is off");
  expect(statusOf(outcome, "Application", "payments")?.message).toContain("Degraded");
});

test("a field added by hand, which Argo CD does not see, is told", async () => {
  await sync("web");
  await until("web", ({ sync }) => sync?.status === "Synced");
  kubectl("label", "deployment/web", "team=me");
  await requestRefresh(plane.send, "web");
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const outcome = await reportDrift(fleet.folder, plane, inputs);
  expect(statusOf(outcome, "Application", "web")?.state).toBe("in-sync");
  expect(linesOf(outcome)).toEqual(["drift/unmanaged-addition Deployment/web /metadata/labels/team"]);
  kubectl("label", "deployment/web", "team-");
});

test("an ignored field is ignored, and its Application stays in sync", async () => {
  await plane.send("PATCH", `${applications}/payments`, { spec: { syncPolicy: null } }, merge);
  kubectl("-n", "payments", "scale", "deployment/payments", "--replicas=9");
  await requestRefresh(plane.send, "payments");
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const outcome = await reportDrift(fleet.folder, plane, inputs);
  // Without metrics its autoscaler is Degraded; its sync status is not touched by that.
  const { status } = (await plane.send("GET", `${applications}/payments`)).body as Application;
  expect(status?.sync?.status).toBe("Synced");
  // The Application is in Git as well, with auto-sync: somebody has switched it off.
  expect(linesOf(outcome, /changed|missing|addition|removed/)).toEqual([
    "drift/changed Application/payments /spec/syncPolicy",
  ]);
});

test("auto-sync that is switched off is said", async () => {
  const automated = { enabled: false, prune: true, selfHeal: true };
  await plane.send("PATCH", `${applications}/trust-bundle`, { spec: { syncPolicy: { automated } } }, merge);
  const outcome = await reportDrift(fleet.folder, plane, inputs);
  expect(statusOf(outcome, "Application", "trust-bundle")?.message).toBe("Synced; auto-sync is off");
  expect(linesOf(outcome)).toContain(
    "drift/unmanaged-addition Application/trust-bundle /spec/syncPolicy/automated/enabled",
  );
});

test("what Git has beyond the applied commit is pending, and how far behind the Application is", async () => {
  fleet.write("platform/web/web.yaml", web("web:2"));
  fleet.push("second");
  await requestRefresh(plane.send, "web");
  await until("web", ({ sync }) => sync?.status === "OutOfSync");
  const outcome = await reportDrift(fleet.folder, plane, {
    ...inputs,
    pendingGraceMinutes: 0,
    syncLimitMinutes: 0,
  });
  expect(linesOf(outcome, /pending|changed/)).toContain("drift/pending");
  expect(linesOf(outcome, /changed/).filter((line) => line.includes("Deployment"))).toEqual([]);
  expect(statusOf(outcome, "Application", "web")).toMatchObject({
    state: "out-of-sync",
    revision: first,
    lag: { commits: 1 },
  });
});

test("an operation that failed, and a path that is not there, say why", async () => {
  fleet.write(
    "platform/refused/web.yaml",
    web("web:1")
      .replace("name: web }", "name: refused }")
      .replace("app: web } }\n    spec", "app: other } }\n    spec"),
  );
  fleet.push("refused");
  await createApplication("refused", "platform/refused");
  await createApplication("nowhere", "platform/nowhere");
  await sync("refused");
  await until("refused", ({ operationState }) => operationState?.phase === "Failed");
  await until("nowhere", ({ conditions }) => (conditions ?? []).length > 0);
  const outcome = await reportDrift(fleet.folder, plane, { ...inputs, syncLimitMinutes: 0 });
  expect(statusOf(outcome, "Application", "refused")).toMatchObject({
    state: "failing",
    message: expect.stringMatching(/^the last sync failed: .*/),
  });
  expect(statusOf(outcome, "Application", "nowhere")).toMatchObject({
    state: "failing",
    message: expect.stringContaining("ComparisonError"),
  });
  expect(linesOf(outcome, /missing/)).toEqual(["drift/missing Deployment/refused"]);
});

// Flux's own controllers bring the example fleet into a real cluster from Git; then drift-report is asked.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DriftInputs } from "@gitops-actions/drift-report";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ControlPlane, needed, startControlPlane } from "../../scripts/servers/control-plane.ts";
import { must } from "../../scripts/servers/controllers/definitions.ts";
import { readyOf, requestReconcile, startFlux, untilReady } from "../../scripts/servers/controllers/flux.ts";
import { type GitServer, startGitServer } from "../../scripts/servers/controllers/git-server.ts";
import { type PodRunner, runPods } from "../../scripts/servers/controllers/pods.ts";
import type { Processes } from "../../scripts/servers/controllers/processes.ts";
import { createRepository, type Repository } from "../../scripts/servers/controllers/repository.ts";
import { kubernetes } from "../../scripts/servers/programs.ts";
import { copyFleet, leaveOutSops } from "./fleet.ts";
import { linesOf, reportDrift, statusOf, uncheckedOf } from "./report.ts";

const folder = mkdtempSync(join(tmpdir(), "cluster-flux-"));
const kustomizations = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations";
const sources = "/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories";
const merge = "application/merge-patch+json";

let plane: ControlPlane;
let git: GitServer;
let pods: PodRunner;
let flux: Processes;
let fleet: Repository;
let first: string;

async function createSource(name: string, url: string): Promise<void> {
  await must(plane.send, "POST", `${sources}?fieldManager=flux`, {
    apiVersion: "source.toolkit.fluxcd.io/v1",
    kind: "GitRepository",
    metadata: { name, namespace: "flux-system" },
    spec: { url, interval: "1m", ref: { branch: "main" } },
  });
}

async function createKustomization(name: string, path: string, more: object = {}): Promise<void> {
  await must(plane.send, "POST", `${kustomizations}?fieldManager=flux`, {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { name, namespace: "flux-system" },
    spec: {
      path,
      interval: "10m",
      prune: true,
      sourceRef: { kind: "GitRepository", name: "fleet" },
      ...more,
    },
  });
}

async function untilFailing(path: string): Promise<void> {
  await flux.until(`${path} fails`, async () => {
    const ready = readyOf((await plane.send("GET", path)).body);
    return ready?.status === "False" && ready.reason !== "DependencyNotReady" ? true : undefined;
  });
}

function kubectl(...args: string[]): void {
  execFileSync(needed(kubernetes("kubectl")), ["--kubeconfig", plane.kubeconfig(), ...args], {
    stdio: "pipe",
  });
}

// helm-controller does not run here: nobody has installed the chart.
const inputs: Partial<DriftInputs> = { environment: "dev", kustomization: ["!apps/payments"] };
const nobodys = ["HelmRelease/payments", "HelmRelease/traefik"].map((name) => `drift/sync-unknown ${name}`);

beforeAll(async () => {
  plane = await startControlPlane({ controllers: true });
  git = await startGitServer(folder);
  pods = runPods(plane.send);
  flux = await startFlux(plane);
  fleet = createRepository(folder, "fleet");
  copyFleet(fleet, git.url("fleet.git"));
  leaveOutSops(fleet);
  first = fleet.push("first");
  await createSource("fleet", git.url("fleet.git"));
  await createKustomization("cluster", "./clusters/dev");
  await untilReady(flux, plane.send, kustomizations, 6);
}, 180_000);

afterAll(async () => {
  await pods?.stop();
  flux?.stop();
  git?.stop();
  plane?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("what Flux has applied is no drift, all of it is checked, and Flux is in sync", async () => {
  const outcome = await reportDrift(fleet.folder, plane, inputs);
  const { clean, valuesCompared, valuesUnknown } = outcome.counts;
  console.log(`${clean} objects, ${valuesCompared} of ${valuesCompared + valuesUnknown} values compared`);
  expect(linesOf(outcome)).toEqual(nobodys);
  expect(uncheckedOf(outcome)).toEqual([]);
  expect(outcome.drifted).toBe("false");
  expect(clean).toBeGreaterThan(30);
  expect(valuesUnknown).toBe(0);
  for (const name of ["cluster", "crds", "namespaces", "notifications", "storefront", "trust-bundle"])
    expect(statusOf(outcome, "Kustomization", name)).toMatchObject({
      state: "in-sync",
      revision: `main@sha1:${first}`,
    });
  expect(statusOf(outcome, "GitRepository", "fleet")?.state).toBe("in-sync");
});

test("what Flux has not fetched yet is pending, held against what it has applied", async () => {
  const file = join(fleet.folder, "apps/notifications/overlays/dev/replicas.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace(/replicas: \d+/, "replicas: 4"));
  const second = fleet.push("second");
  const behind = await reportDrift(fleet.folder, plane, { ...inputs, pendingGraceMinutes: 0 });
  expect(linesOf(behind)).toEqual(["drift/pending", ...nobodys]);
  expect(behind.drifted).toBe("false");
  expect(behind.counts).toMatchObject({ pending: 1, notChecked: 0, changed: 0 });
  const { message } = behind.report.findings.find(({ rule }) => rule === "drift/pending")!;
  expect(message).toContain(first.slice(0, 7));
  expect(message).toContain("1 commit behind");

  await requestReconcile(plane.send, `${sources}/fleet`);
  await flux.until("second applied", async () => {
    const { body } = await plane.send("GET", kustomizations);
    const all = body.items as { status?: { lastAppliedRevision?: string } }[];
    return all.every(({ status }) => status?.lastAppliedRevision?.endsWith(second)) ? true : undefined;
  });
  const after = await reportDrift(fleet.folder, plane, { ...inputs, pendingGraceMinutes: 0 });
  expect(linesOf(after)).toEqual(nobodys);
});

test("a suspended Kustomization, and what somebody changed meanwhile", async () => {
  const path = `${kustomizations}/storefront`;
  await plane.send("PATCH", `${path}?fieldManager=kubectl-patch`, { spec: { suspend: true } }, merge);
  kubectl("-n", "storefront", "scale", "deployment/storefront-web", "--replicas=7");
  kubectl("-n", "storefront", "label", "service/storefront-web", "team=me");
  // Its chart repository is nowhere, and how soon that is known depends on the resolver.
  await untilFailing("/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/helmrepositories/traefik");
  const outcome = await reportDrift(fleet.folder, plane, { ...inputs, syncLimitMinutes: 0 });
  expect(linesOf(outcome)).toEqual(
    [
      "drift/changed Deployment/storefront-web /spec/replicas",
      "drift/sync-failing HelmRepository/traefik",
      "drift/sync-suspended Kustomization/storefront",
      // The Kustomization is in Git as well, and not suspended there.
      "drift/unmanaged-addition Kustomization/storefront /spec/suspend",
      "drift/unmanaged-addition Service/storefront-web /metadata/labels/team",
      ...nobodys,
    ].sort(),
  );
  const messages = outcome.report.findings.map(({ message }) => message).join("\n");
  expect(messages).toMatch(/spec\.replicas differs; last written by kubectl \(Update of scale\)/);
  expect(messages).toMatch(/metadata\.labels\.team is not in Git; written by kubectl-label/);
  expect(messages).toContain("suspended, by kubectl-patch");

  await plane.send("PATCH", path, { spec: { suspend: null } }, merge);
  kubectl("-n", "storefront", "label", "service/storefront-web", "team-");
  await requestReconcile(plane.send, path);
  await flux.until("healed", async () => {
    const { body } = await plane.send(
      "GET",
      "/apis/apps/v1/namespaces/storefront/deployments/storefront-web",
    );
    return body.spec.replicas === 7 ? undefined : true;
  });
  expect(linesOf(await reportDrift(fleet.folder, plane, inputs))).toEqual(nobodys);
});

test("what fails says why: a path that is not there, a Secret without its key, a source that is gone", async () => {
  fleet.copy(
    join(import.meta.dirname, "../../examples/fleet/apps/storefront/overlays/dev/session.enc.yaml"),
    "sealed/session.yaml",
  );
  fleet.push("sealed");
  await requestReconcile(plane.send, `${sources}/fleet`);
  await createSource("gone", git.url("gone.git"));
  await createKustomization("nowhere", "./nowhere");
  await createKustomization("sealed", "./sealed", {
    decryption: { provider: "sops" },
    targetNamespace: "storefront",
  });
  await createKustomization("sourceless", "./x", { sourceRef: { kind: "GitRepository", name: "gone" } });
  await untilFailing(`${sources}/gone`);
  await untilFailing(`${kustomizations}/nowhere`);
  await untilFailing(`${kustomizations}/sealed`);
  const outcome = await reportDrift(fleet.folder, plane, { ...inputs, syncLimitMinutes: 0 });
  expect(linesOf(outcome, /failing/)).toEqual(
    expect.arrayContaining([
      "drift/sync-failing GitRepository/gone",
      "drift/sync-failing Kustomization/nowhere",
      "drift/sync-failing Kustomization/sealed",
    ]),
  );
  expect(statusOf(outcome, "Kustomization", "nowhere")?.message).toMatch(/nowhere/);
  expect(statusOf(outcome, "Kustomization", "sealed")?.message).toMatch(/decrypt|sops|key/i);
  expect(statusOf(outcome, "GitRepository", "gone")).toMatchObject({
    state: "failing",
    message: expect.stringMatching(/gone\.git/),
    since: expect.stringMatching(/^20/),
  });
  expect(statusOf(outcome, "Kustomization", "sourceless")?.message).toMatch(/artifact not found/);
  for (const name of ["nowhere", "sealed", "sourceless"])
    await plane.send("DELETE", `${kustomizations}/${name}`);
});

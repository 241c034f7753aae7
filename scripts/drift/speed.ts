// Times the comparison of a whole cluster against `kubectl diff --server-side`, both on the same API server.
//
//   node scripts/run.mjs scripts/drift/speed.ts [OBJECTS...]
//
// Prints the table of docs/drift.md. The two take turns, and what is printed is the best of two.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { checkObjects, defaults } from "@gitops-actions/drift-report";
import { clusterLimits, openCluster, userCacheDir } from "@gitops-actions/engine";
import { parseManifests, type Resource } from "@gitops-actions/manifest";
import { markdownTable } from "markdown-table";
import { needed, startControlPlane } from "../servers/control-plane.ts";
import { kubernetes } from "../servers/programs.ts";
import { createClient } from "./cluster.ts";

const sizes = process.argv.slice(2).map(Number);
const kubectl = needed(kubernetes("kubectl"));
const rows: string[][] = [];
for (const size of sizes.length > 0 ? sizes : [1000, 5000]) rows.push(await measure(size));
const head = ["objects", "drift-report, s", "kubectl diff, s", "times faster", "this process, MiB"];
console.log(markdownTable([head, ...rows], { alignDelimiters: false }));

async function measure(size: number): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "drift-speed-"));
  const plane = await startControlPlane();
  try {
    const file = join(folder, "all.yaml");
    const text = manifests(size);
    writeFileSync(file, text);
    const { resources } = parseManifests(text, file);
    const client = createClient(plane.send);
    for (let at = 0; at < resources.length; at += 16)
      await Promise.all(resources.slice(at, at + 16).map((each) => client.apply(each, "server-side apply")));
    const ours: number[] = [];
    const theirs: number[] = [];
    for (const round of [1, 2]) {
      ours.push(await seconds(() => compareAll(resources, plane.kubeconfig(), join(folder, String(round)))));
      const args = ["diff", "--server-side", "--field-manager=kustomize-controller", "-f", file];
      theirs.push(
        await seconds(() =>
          execFileSync(kubectl, ["--kubeconfig", plane.kubeconfig(), ...args], { stdio: "pipe" }),
        ),
      );
    }
    const [fast, slow] = [Math.min(...ours), Math.min(...theirs)];
    const memory = Math.round(process.resourceUsage().maxRSS / 1024);
    return [String(size), fast.toFixed(2), slow.toFixed(1), (slow / fast).toFixed(0), String(memory)];
  } finally {
    plane.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compareAll(resources: Resource[], kubeconfig: string, tempDir: string): Promise<void> {
  mkdirSync(tempDir);
  const cacheDir = userCacheDir(process.env);
  const host = {
    env: process.env,
    cwd: tempDir,
    cacheDir,
    tempDir,
    cores: availableParallelism(),
    now: () => new Date(),
    isTerminal: false,
  };
  const tool = { name: "kubectl", version: "", path: kubectl, source: "given", sha256: "" } as const;
  const cluster = await openCluster(tool, { ...clusterLimits, kubeconfig }, host);
  try {
    const world = {
      host,
      progress: () => {},
      signal: new AbortController().signal,
      secretKey: new Uint8Array(32),
    };
    const placed = [{ overlay: "all", resources, deliverers: [], pending: 0 }];
    const { judged } = await checkObjects(placed, [], cluster, defaults, world);
    const unclean = judged.filter(
      ({ judgement }) => judgement.class !== "compared" || judgement.changed.length > 0,
    );
    if (unclean.length > 0) throw new Error(`${unclean.length} objects are not clean`);
  } finally {
    await cluster.close();
  }
}

async function seconds(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

/** Of each four objects a ConfigMap, a Deployment, a Service and a ServiceAccount. */
function manifests(size: number): string {
  const documents: string[] = [];
  for (let n = 0; n < size / 4; n++) {
    const metadata = `metadata: {name: app${n}, namespace: default}`;
    documents.push(
      `apiVersion: v1\nkind: ConfigMap\n${metadata}\ndata: {number: "${n}", mode: fast}`,
      `apiVersion: apps/v1\nkind: Deployment\n${metadata}\nspec:\n  replicas: 2\n  selector: {matchLabels: {app: app${n}}}\n  template:\n    metadata: {labels: {app: app${n}}}\n    spec: {containers: [{name: app, image: "app:1", env: [{name: A, value: b}], ports: [{containerPort: 80}], resources: {limits: {cpu: 0.5}}}]}`,
      `apiVersion: v1\nkind: Service\n${metadata}\nspec: {selector: {app: app${n}}, ports: [{port: 80}]}`,
      `apiVersion: v1\nkind: ServiceAccount\n${metadata}`,
    );
  }
  return documents.join("\n---\n");
}

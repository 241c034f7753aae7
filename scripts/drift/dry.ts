// Applies rendered manifests to a real API server, in two ways, and asks that server what applying them again would
// change (`mode: server-dry-run`).
//
//   node scripts/run.mjs scripts/drift/dry.ts FOLDER
//
// FOLDER holds rendered manifests, one file an overlay. Objects that the server refuses are left out. Exit status 1 when
// anything would change, or could not be asked.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkObjects, defaults, type Judged } from "@gitops-actions/drift-report";
import { clusterLimits, openCluster, openDryRunner, userCacheDir } from "@gitops-actions/engine";
import { formatIdentity, isObject, parseManifests, type Resource } from "@gitops-actions/manifest";
import { needed, startControlPlane } from "../servers/control-plane.ts";
import { kubernetes } from "../servers/programs.ts";
import { createClient, type Way } from "./cluster.ts";

const folder = process.argv[2];
if (!folder) throw new Error("usage: dry.ts FOLDER");
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".yaml"))
  .sort();
const tempDir = mkdtempSync(join(tmpdir(), "drift-dry-"));
const host = {
  env: process.env,
  cwd: tempDir,
  cacheDir: userCacheDir(process.env),
  tempDir,
  cores: 2,
  now: () => new Date(),
  isTerminal: false,
};
const path = needed(kubernetes("kubectl"));
const tool = { name: "kubectl", version: "", path, source: "given", sha256: "" } as const;
const world = {
  host,
  progress: () => {},
  signal: new AbortController().signal,
  secretKey: new Uint8Array(32),
};
const plane = await startControlPlane();
const settings = { ...clusterLimits, kubeconfig: plane.kubeconfig() };
const client = createClient(plane.send);
try {
  for (const way of ["create", "server-side apply"] as const) {
    const counts = { compared: 0, differences: 0, "not checked": 0 };
    for (const name of names) {
      for (const { resource, judgement } of await ask(name, way)) {
        const isCompared = judgement.class === "compared";
        const fields = isCompared ? [...judgement.changed, ...judgement.removedFromGit] : [];
        if (isCompared) counts.compared++;
        if (judgement.class === "not-checked") counts["not checked"]++;
        counts.differences += fields.length;
        for (const { livePointer } of fields)
          console.error(`${name} ${formatIdentity(resource.id)} ${livePointer}`);
      }
    }
    console.log(`${way}: ${JSON.stringify(counts)}`);
    if (counts.differences + counts["not checked"] > 0) process.exitCode = 1;
  }
} finally {
  plane.stop();
  rmSync(tempDir, { recursive: true, force: true });
}

/** Applies one overlay and asks about it; definitions that came with it are known then. */
async function ask(name: string, way: Way): Promise<Judged[]> {
  const { resources } = parseManifests(readFileSync(join(folder!, name), "utf8"), name);
  const taken: Resource[] = [];
  for (const resource of resources.filter(({ id }) => id.name !== "")) {
    const applied = await client.apply(resource, way);
    if (!("live" in applied) || !isObject(applied.live.metadata)) continue;
    const namespace = String(applied.live.metadata.namespace ?? "");
    taken.push({ ...resource, id: { ...resource.id, namespace } });
  }
  const socket = `${names.indexOf(name)}-${way.length}`;
  const cluster = await openCluster(tool, settings, host, socket);
  const runner = await openDryRunner(tool, settings, host, cluster, `dry-${socket}`);
  const placed = [{ overlay: name, resources: taken, deliverers: [], pending: 0 }];
  const { judged } = await checkObjects(placed, [], cluster, defaults, world, { runner });
  await runner.close();
  await cluster.close();
  return judged;
}

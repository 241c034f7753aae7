// npm run bench -- validate: what it costs to validate, against plain kubeconform over the same documents.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { indexVersion } from "@gitops-actions/fleet";
import { parseManifests } from "@gitops-actions/manifest";
import { findProgram } from "../corpora/tools.ts";
import { makeFleet } from "./fleet.ts";
import { type Racer, race } from "./race.ts";

const root = join(import.meta.dirname, "../..");
const gitops = join(root, "build/dist/gitops/index.js");

/** Races over rendered fleets of `counts` overlays, and over pull requests that touch three overlays of such a fleet. */
export async function raceValidation(
  temporary: string,
  counts: readonly number[],
  rounds: number,
): Promise<void> {
  const location = unpackSchemas(join(temporary, "schemas"));
  for (const [kind, documents] of [
    ["clusters that share a platform", clusterDocuments],
    ["apps of which no two resources are equal", appDocuments],
  ] as const) {
    const count = Math.max(...counts);
    const folder = writeRendered(join(temporary, kind.split(" ")[0]!), count, documents);
    const total = count * parseManifests(documents("one"), "").resources.length;
    await race(`${count} overlays, ${total} documents: ${kind}`, everything(folder, count, location), rounds);
  }
  const pulls = counts.flatMap((count) => pullRequest(join(temporary, `fleet-${count}`), count));
  await race("A pull request that touches 3 overlays", pulls, rounds);
}

/** kubeconform's -schema-location for the same schemas as ours, so that both do the same work. */
function unpackSchemas(folder: string): string {
  const main = join(root, "scripts/schemas/main.ts");
  const said = execFileSync(process.execPath, [main, "--unpack", "1.37", folder], { encoding: "utf8" });
  const location = /-schema-location '(.*)'/.exec(said)?.[1];
  if (location === undefined) throw new Error(`scripts/schemas/main.ts --unpack said: ${said}`);
  return location;
}

/** A cluster gets what every cluster gets, and settings of its own. */
function clusterDocuments(name: string): string {
  platform ??= readFileSync(join(root, "scripts/schemas/compare/good.yaml"), "utf8").trimEnd();
  return `${platform}\n---\n${settings(name)}`;
}
let platform: string | undefined;

function appDocuments(name: string): string {
  const about = `metadata: {name: web, namespace: ${name}, labels: {app: ${name}}}`;
  return `${settings(name)}---
apiVersion: v1
kind: Service
${about}
spec: {selector: {app: ${name}}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: ServiceAccount
${about}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
${about}
spec: {minAvailable: 1, selector: {matchLabels: {app: ${name}}}}
---
apiVersion: apps/v1
kind: Deployment
${about}
spec:
  replicas: 3
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      serviceAccountName: web
      containers:
        - name: app
          image: registry.example.com/${name}:1.4.2
          ports: [{name: http, containerPort: 8080}]
          resources: {requests: {cpu: 100m, memory: 128Mi}}
          readinessProbe: {httpGet: {path: /ready, port: 8080}}
`;
}

function settings(name: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: ${name}}\ndata: {name: ${name}}\n`;
}

/** What render-overlays leaves behind, without rendering: one file of manifests an overlay, and the index. */
function writeRendered(folder: string, count: number, documents: (name: string) => string): string {
  mkdirSync(join(folder, "head"), { recursive: true });
  const overlays = Array.from({ length: count }, (_, number) => {
    const id = `overlay-${String(number).padStart(4, "0")}`;
    const manifest = `head/${id}.yaml`;
    const text = documents(id);
    writeFileSync(join(folder, manifest), text);
    const resources = resourcesOf(text, manifest);
    return {
      ...{ id, path: id, kind: "plain", options: { values: [], apiVersions: [] } },
      ...{ change: "changed", status: "rendered", closure: { digest: "d", complete: true } },
      head: { manifest, digest: "d", resources },
    };
  });
  const source = { head: { commit: null, dirty: true } };
  const about = { version: indexVersion, mode: "single", scope: "all", complete: true, source, tools: [] };
  writeFileSync(join(folder, "index.json"), JSON.stringify({ ...about, overlays }));
  return folder;
}

function resourcesOf(text: string, file: string): object[] {
  const origin = { path: "source.yaml", line: 1, precision: "exact", via: [] };
  return text.split("\n---\n").map((document, index) => {
    const name = /^ {2}name: (\S+)|\{name: ([^,}]+)/m.exec(document);
    const id = {
      ...{ group: "", version: "v1", kind: /^kind: (\S+)/m.exec(document)?.[1] ?? "" },
      ...{ namespace: "", name: name?.[1] ?? name?.[2] ?? "" },
    };
    return { id, file, document: index, digest: "d", origin };
  });
}

/** Of the loop that starts kubeconform for each overlay, a part is run: it takes minutes. */
const sample = 50;

function everything(folder: string, count: number, location: string): Racer[] {
  const group = "everything";
  const prepare = (): void => {};
  const version = ["-kubernetes-version", /v(1\.37\.\d+)/.exec(findVersion(location))![1]!];
  const flags = ["-strict", "-summary", "-n", String(availableParallelism()), ...version];
  const plain = [...flags, "-schema-location", location];
  const quoted = plain.map((each) => `'${each}'`).join(" ");
  const command = findProgram("kubeconform");
  const loop = `ls head | sed -n 1,${sample}p | xargs -P ${availableParallelism()} -I {} sh -c "${command} ${quoted.replaceAll('"', '\\"')} head/{}"`;
  return [
    {
      ...{ name: "gitops validate", group, cwd: folder, prepare },
      ...{ command: process.execPath, args: [gitops, "validate", "--manifests", join(folder, "index.json")] },
    },
    {
      ...{ name: "kubeconform, one process for all", group, cwd: folder, prepare },
      ...{ command, args: [...plain, join(folder, "head")] },
    },
    {
      ...{ name: "kubeconform, one process an overlay", group, cwd: folder, prepare },
      times: Math.max(1, count / sample),
      ...{ command: "bash", args: ["-c", `set -euo pipefail\n${loop}`] },
    },
  ];
}

function findVersion(location: string): string {
  const folder = location.slice(0, location.indexOf("/{{"));
  return execFileSync("ls", [folder], { encoding: "utf8" });
}

/** Finding the fleet, rendering three overlays at both commits and validating them; the second validates only. */
function pullRequest(folder: string, count: number): Racer[] {
  const { base, head } = makeFleet(folder, count, 3);
  const out = `${folder}-out`;
  const commits = ["--base", base, "--head", head];
  execFileSync(process.execPath, [gitops, "render", folder, ...commits, "--out", out], { stdio: "ignore" });
  const prepare = (): void => {};
  const command = process.execPath;
  const validate = (name: string, args: string[]): Racer => ({
    ...{ name: `${name}, fleet of ${count}`, group: name, cwd: folder, prepare },
    ...{ command, args: [gitops, "validate", folder, ...args] },
  });
  return [
    validate("gitops validate", commits),
    validate("gitops validate of what was rendered", ["--manifests", join(out, "index.json")]),
  ];
}

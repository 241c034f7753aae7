// When each built-in API version came, is deprecated and goes, and what takes its place: read from the
// `APILifecycle...` functions of Kubernetes' own Go modules, which make the server's deprecation warnings.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { listPacks, readPack } from "../../packages/engine/src/schemas/catalog.ts";
import type { Lifecycle } from "../../packages/engine/src/schemas/lifecycle.ts";
import { combineSchemas } from "../../packages/engine/src/schemas/lookup.ts";
import { downloadModule } from "./custom.ts";

/** Newest last: what a newer module says wins. The old ones still hold what was removed since. */
const modules = [
  { path: "k8s.io/api", version: "v0.22.17" },
  { path: "k8s.io/api", version: "v0.32.13" },
  { path: "k8s.io/api", version: "v0.34.4" },
  { path: "k8s.io/api", version: "v0.36.3" },
  { path: "k8s.io/api", version: "v0.37.2" },
  { path: "k8s.io/apiextensions-apiserver", version: "v0.37.2" },
  { path: "k8s.io/kube-aggregator", version: "v0.37.2" },
];

const files = /^(?:zz_generated\.prerelease-)?lifecycle\.go$/;
const method =
  /func \(in \*(\w+)\) APILifecycle(Introduced|Deprecated|Removed|Replacement)\(\)[^{]*\{\s*return ([^\n]+)\n/g;

/** Writes lifecycle.json into the folder of the packs. */
export function makeLifecycles(folder: string): void {
  const found = new Map<string, Lifecycle>();
  for (const module of modules) readModule(downloadModule(module), found);
  addRemovalsSeen(folder, found);
  const notable = [...found.values()].filter(
    ({ deprecated, removed, version }) => deprecated || removed || /alpha|beta/.test(version),
  );
  const sorted = notable.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  writeFileSync(join(folder, "lifecycle.json"), `[\n${sorted.map(line).join(",\n")}\n]\n`);
  console.log(`lifecycle.json: ${sorted.length} API versions`);
}

function line({ group, version, kind, introduced, deprecated, removed, replacement }: Lifecycle): string {
  return JSON.stringify({ group, version, kind, introduced, deprecated, removed, replacement });
}

function readModule(folder: string, found: Map<string, Lifecycle>): void {
  const fresh = new Map<string, Lifecycle>();
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!files.test(path.slice(path.lastIndexOf("/") + 1)) || path.startsWith("testdata/")) continue;
    const group = groupName(dirname(join(folder, path)));
    const version = path.split("/").at(-2)!;
    for (const [, kind, what, value] of readFileSync(join(folder, path), "utf8").matchAll(method)) {
      if (kind!.endsWith("List")) continue;
      const id = { group, version, kind: kind! };
      fresh.set(keyOf(id), { ...(fresh.get(keyOf(id)) ?? id), ...field(what!, value!) });
    }
  }
  for (const [key, entry] of fresh) found.set(key, entry);
}

function field(what: string, value: string): Partial<Lifecycle> {
  if (what !== "Replacement") return { [what.toLowerCase()]: value.replace(", ", ".") };
  const [group = "", version = "", kind = ""] = [...value.matchAll(/"([^"]*)"/g)].map(([, text]) => text!);
  return { replacement: { group, version, kind } };
}

function groupName(directory: string): string {
  for (const file of ["register.go", "../register.go"]) {
    const path = join(directory, file);
    const name = existsSync(path) && /GroupName += "([^"]*)"/.exec(readFileSync(path, "utf8"))?.[1];
    if (name !== false && name !== undefined) return name;
  }
  throw new Error(`${directory} says no group name`);
}

/** What one server version serves and the next does not is removed, whatever the sources announced. */
function addRemovalsSeen(folder: string, found: Map<string, Lifecycle>): void {
  const packs = listPacks(folder).flatMap((entry) => (entry.kubernetes ? [readPack(entry, folder)] : []));
  const sets = packs
    .map((pack) => combineSchemas(pack, []))
    .sort((a, b) => minor(a.kubernetes) - minor(b.kubernetes));
  for (const [index, set] of sets.entries()) {
    const next = sets[index + 1];
    for (const { group, version, kind } of next ? set.kinds.values() : []) {
      const key = `${group}/${version}/${kind}`;
      if (next!.kinds.has(key)) continue;
      const removed = `1.${minor(next!.kubernetes)}`;
      const entry = found.get(key) ?? { group, version, kind };
      if (entry.removed !== removed) found.set(key, { ...entry, removed });
    }
  }
}

function minor(version: string): number {
  return Number(version.split(".")[1]);
}

function keyOf({ group, version, kind }: Pick<Lifecycle, "group" | "version" | "kind">): string {
  return `${group}/${version}/${kind}`;
}

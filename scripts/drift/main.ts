// Applies rendered manifests to a real API server, in two ways, and holds what it makes of them against what Git says.
//
//   node scripts/run.mjs scripts/drift/main.ts FOLDER [--changes N] [--seed N]
//
// FOLDER holds rendered manifests, one file an overlay; what stands before the first `_` of a name is its source. Prints
// the tables of docs/drift.md. Exit status 1 when anything differs, or a change is not found.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compareObjects, readDefinitions, shapeOf } from "@gitops-actions/drift-report";
import { combineSchemas, findKubernetesPack, listPacks, readPack } from "@gitops-actions/engine";
import { formatIdentity } from "@gitops-actions/manifest";
import { markdownTable } from "markdown-table";
import { startControlPlane } from "../servers/control-plane.ts";
import { kubernetesVersion } from "../servers/programs.ts";
import { gitSetLeaves, mutateAt, seededRandom } from "./mutation.ts";
import { type Sight, sweep } from "./sweep.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { changes: { type: "string", default: "300" }, seed: { type: "string", default: "1" } },
});
const folder = positionals[0];
if (!folder) throw new Error("usage: main.ts FOLDER");
const entries = listPacks();
const packs = entries.filter((entry) => !entry.kubernetes).map((entry) => readPack(entry));
const schemas = combineSchemas(readPack(findKubernetesPack(kubernetesVersion, entries)), packs);
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".yaml"))
  .sort();
const files = new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));

interface Row {
  objects: number;
  refused: number;
  compared: number;
  unknown: number;
  differences: number;
  additions: number;
}
const rows = new Map<string, Row>();
const kinds = new Set<string>();
const sample: Sight[] = [];
const random = seededRandom(Number(values.seed));
const plane = await startControlPlane();
try {
  for await (const sight of sweep(files, schemas, plane.send)) {
    const key = `${sight.file.split("_")[0]} | ${sight.way}`;
    const row = rows.get(key) ?? {
      objects: 0,
      refused: 0,
      compared: 0,
      unknown: 0,
      differences: 0,
      additions: 0,
    };
    rows.set(key, row);
    if (!sight.live) {
      row.refused++;
      continue;
    }
    kinds.add(sight.resource.id.kind);
    row.objects++;
    row.compared += sight.compared;
    row.unknown += sight.unknown;
    row.differences += sight.differences.length;
    row.additions += sight.extras;
    for (const { pointer } of sight.differences)
      console.error(`${sight.file} ${formatIdentity(sight.resource.id)} ${pointer}`);
    if (random() < 0.5) sample.push(sight);
  }
} finally {
  plane.stop();
}
const table = [...rows].map(([key, row]) => [...key.split(" | "), ...Object.values(row).map(String)]);
console.log(
  markdownTable(
    [
      [
        "source",
        "applied by",
        "objects",
        "refused by the server",
        "values compared",
        "unknown to the type",
        "differences",
        "additions",
      ],
      ...table,
    ],
    { alignDelimiters: false },
  ),
);
console.log(`\n${kinds.size} kinds, Kubernetes ${kubernetesVersion}.\n`);

const found = { changed: 0, removed: 0 };
const tried = { changed: 0, removed: 0 };
while (tried.changed + tried.removed < Number(values.changes) && sample.length > 0) {
  const sight = sample[Math.floor(random() * sample.length)]!;
  const leaves = gitSetLeaves(sight.resource.value, sight.live);
  if (leaves.length === 0) continue;
  const pointer = leaves[Math.floor(random() * leaves.length)]!;
  const { value, what } = mutateAt(sight.live!, pointer, random);
  const shape = shapeOf(sight.resource.id, schemas, readDefinitions([]));
  const { differences } = compareObjects(sight.resource.value, value, shape);
  const kind = what === "removed" ? "removed" : "changed";
  tried[kind]++;
  // A changed key field makes the whole item another one.
  if (
    differences.some(
      (each) =>
        isAbout(each.livePointer, pointer) || isAbout(each.pointer, pointer) || differences.length === 1,
    )
  )
    found[kind]++;
  else console.error(`not found: ${sight.file} ${formatIdentity(sight.resource.id)} ${pointer} ${what}`);
}
console.log(
  markdownTable(
    [
      ["change of one live value", "made", "found"],
      ...(["changed", "removed"] as const).map((kind) => [kind, String(tried[kind]), String(found[kind])]),
    ],
    { alignDelimiters: false },
  ),
);
const failed =
  [...rows.values()].some(({ differences }) => differences > 0) ||
  found.changed + found.removed < tried.changed + tried.removed;
if (failed) process.exitCode = 1;

function isAbout(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

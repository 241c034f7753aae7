import { compareText } from "@gitops-actions/manifest";
import { type ClosureContext, createClosureContext, exactly } from "./closure/context.ts";
import { type KustomizationFolder, readFolder } from "./closure/kustomize.ts";
import { type Config, defaultConfig } from "./config.ts";
import { chartOverlays } from "./discover/charts.ts";
import { createCollector } from "./discover/collect.ts";
import { uniqueNoticed, withUniqueIds } from "./discover/ids.ts";
import { takeInventory } from "./discover/inventory.ts";
import { analyseKustomizations } from "./discover/kustomizations.ts";
import { linkedOverlays } from "./discover/links.ts";
import { plainFolders } from "./discover/plain.ts";
import { configProblemsOf } from "./discover/problems.ts";
import type { Gap, Noticed, Overlay } from "./overlay.ts";
import type { Tree } from "./tree.ts";

/** Everything a repository deploys, and what else was seen. All lists are sorted. */
export interface Fleet {
  overlays: Overlay[];
  /** What is not rendered, with the reason. */
  noticed: Noticed[];
  /** What a person should mend in the configuration or the layout. */
  problems: Gap[];
}

/** Finds the overlays of a tree. Give the context that closures are computed with: what is read here is then known there. */
export async function discover(
  tree: Tree,
  config: Config = defaultConfig(),
  context: ClosureContext = createClosureContext(),
): Promise<Fleet> {
  const inventory = takeInventory(tree);
  const folders = await readFolders(tree, inventory.kustomizations, context);
  const collector = createCollector(config);

  const kustomizations = analyseKustomizations(folders);
  for (const { folder, leaf, namespace } of kustomizations.candidates) {
    collector.add({ kind: "kustomize", folder, usual: leaf, ...(namespace ? { namespace } : {}) });
  }
  const charts = await chartOverlays(tree, inventory.charts, config, context);
  const inflated = new Set([...folders.values()].flatMap((reads) => reads.charts));
  for (const { folder, named, variant, ...own } of charts.overlays) {
    if (inflated.has(folder) && !named) continue;
    collector.add({
      kind: "helm",
      folder,
      usual: true,
      named,
      ...(variant === undefined ? {} : { variant }),
      own,
    });
  }
  const plain = await plainFolders(tree, inventory, folders, context);
  for (const folder of plain.folders) collector.add({ kind: "plain", folder, usual: true });

  const links = await linkedOverlays(tree, inventory, folders, collector.overlays, context);
  const noticed = [
    ...inventory.noticed,
    ...links,
    ...kustomizations.noticed,
    ...charts.noticed,
    ...plain.noticed,
  ];
  return {
    overlays: withUniqueIds(collector.overlays),
    noticed: uniqueNoticed([
      ...collector.noticed,
      ...noticed.filter((each) => !collector.ignored(each.path)),
    ]),
    problems: [
      ...configProblemsOf(tree, config, {
        overlays: collector.overlays,
        seen: collector.seen,
        charts: charts.charts.filter((folder) => !collector.ignored(folder || ".")),
      }),
      ...repeatedFields(folders)
        .filter((each) => !collector.ignored(each.folder))
        .map(({ problem }) => problem),
    ],
  };
}

/** Fields of kustomizations that are written twice, of which only the last one counts. */
function repeatedFields(
  folders: ReadonlyMap<string, KustomizationFolder>,
): { folder: string; problem: Gap }[] {
  return [...folders].flatMap(([folder, { kustomizations }]) =>
    kustomizations.flatMap(({ path, content }) =>
      (content.repeated ?? []).map(({ key, line }) => {
        const message = `${path}: ${key} stands twice; kustomize takes the last one and leaves the other out`;
        return {
          folder: folder || ".",
          problem: { code: "repeated-field", message, location: exactly(path, line) },
        };
      }),
    ),
  );
}

async function readFolders(
  tree: Tree,
  folders: Iterable<string>,
  context: ClosureContext,
): Promise<Map<string, KustomizationFolder>> {
  const sorted = [...folders].sort(compareText);
  const all = await Promise.all(sorted.map((folder) => readFolder(tree, folder, context)));
  return new Map(sorted.map((folder, index) => [folder, all[index]!]));
}

import picomatch from "picomatch";
import { byCodePoint, type ClosureContext, createClosureContext } from "./closure/context.ts";
import { type KustomizationFolder, readFolder } from "./closure/kustomize.ts";
import { type Config, defaultConfig } from "./config.ts";
import { suggest } from "./config-problems.ts";
import { chartOverlays } from "./discover/charts.ts";
import { takeInventory } from "./discover/inventory.ts";
import { analyseKustomizations } from "./discover/kustomizations.ts";
import { createPlacer, type Place } from "./discover/place.ts";
import { plainFolders } from "./discover/plain.ts";
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
  const placer = createPlacer(config);
  const ignored = config.ignore.length > 0 ? ignoreMatcher(config.ignore) : () => false;
  const folders = await readAll(tree, inventory.kustomizations, context);
  const overlays: Overlay[] = [];
  const noticed: Noticed[] = inventory.noticed.filter((each) => !ignored(each.path));

  const add = (
    kind: Overlay["kind"],
    folder: string,
    usual: boolean,
    more: Partial<Overlay> & { variant?: string },
  ) => {
    const path = folder === "" ? "." : folder;
    const { variant, ...rest } = more;
    const rule = placer.byRule(path, kind);
    const configured = kind === "helm" && config.charts.length > 0 && !placer.listed;
    if (ignored(path)) {
      if (usual) noticed.push({ path, code: "ignored", message: "ignored by the configuration" });
    } else if (rule || (usual && (!placer.listed || configured))) {
      const place: Place = rule ?? placer.byLayout(path);
      const id = variant === undefined ? path : `${path}@${variant}`;
      overlays.push({ id, path, kind, options: { values: [], apiVersions: [] }, ...place, ...rest });
    } else if (usual) {
      noticed.push({
        path,
        code: "not-listed",
        message: "no pattern of the configuration's `overlays` matches it",
      });
    }
  };

  const kustomizations = analyseKustomizations(folders);
  noticed.push(...kustomizations.noticed);
  for (const { folder, leaf, namespace } of kustomizations.candidates) {
    add("kustomize", folder, leaf, namespace ? { namespace } : {});
  }
  const charts = await chartOverlays(tree, inventory.charts, config, context);
  noticed.push(...charts.noticed);
  const inflated = new Set([...folders.values()].flatMap((reads) => reads.charts));
  for (const { folder, named, ...chart } of charts.overlays) {
    if (named || !inflated.has(folder)) add("helm", folder, true, chart);
  }
  const plain = await plainFolders(tree, inventory, folders, context);
  noticed.push(...plain.noticed.filter((each) => !ignored(each.path)));
  for (const folder of plain.folders) add("plain", folder, true, {});

  return {
    overlays: withUniqueIds(overlays),
    noticed: uniqueNoticed(noticed),
    problems: environmentProblems(overlays, config),
  };
}

async function readAll(
  tree: Tree,
  folders: Iterable<string>,
  context: ClosureContext,
): Promise<Map<string, KustomizationFolder>> {
  const sorted = [...folders].sort(byCodePoint);
  const all = await Promise.all(sorted.map((folder) => readFolder(tree, folder, context)));
  return new Map(sorted.map((folder, index) => [folder, all[index]!]));
}

/** Matches a path when a glob matches it or a folder above it. */
function ignoreMatcher(globs: string[]): (path: string) => boolean {
  const matches = picomatch(globs, { dot: true });
  return (path) => {
    const parts = path.split("/");
    return parts.some((_, index) => {
      const prefix = parts.slice(0, index + 1).join("/");
      return matches(prefix) || matches(`${prefix}/`);
    });
  };
}

/** Ids that stay apart where upper and lower case do not count. */
function withUniqueIds(overlays: Overlay[]): Overlay[] {
  const taken = new Set<string>();
  const kinds = { kustomize: 0, helm: 1, plain: 2 };
  const sorted = overlays.toSorted((a, b) => byCodePoint(a.id, b.id) || kinds[a.kind] - kinds[b.kind]);
  const named = sorted.map((overlay) => {
    let id = overlay.id;
    if (taken.has(id.toLowerCase())) id = `${overlay.id}~${overlay.kind}`;
    for (let count = 2; taken.has(id.toLowerCase()); count++) id = `${overlay.id}~${count}`;
    taken.add(id.toLowerCase());
    return id === overlay.id ? overlay : { ...overlay, id };
  });
  return named.sort((a, b) => byCodePoint(a.id, b.id));
}

function uniqueNoticed(noticed: Noticed[]): Noticed[] {
  const unique = new Map(noticed.map((each) => [`${each.path}\0${each.code}\0${each.message}`, each]));
  return [...unique.entries()].sort(([a], [b]) => byCodePoint(a, b)).map(([, each]) => each);
}

function environmentProblems(overlays: Overlay[], config: Config): Gap[] {
  const names = config.environments.map((environment) => environment.name);
  if (names.length === 0) return [];
  return overlays
    .filter(({ environment }) => environment !== undefined && !names.includes(environment))
    .map(({ path, environment }) => ({
      code: "unknown-environment",
      message: `${path} is placed in ${environment}, which is not among the configured environments${suggest(environment!, names)}`,
      ...(config.path === undefined
        ? {}
        : { location: { path: config.path, line: 1, precision: "near" as const, via: [] } }),
    }))
    .sort((a, b) => byCodePoint(a.message, b.message));
}

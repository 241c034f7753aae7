import { kustomizationNames } from "../closure/kustomization.ts";
import { isManifestName } from "../closure/plain.ts";
import type { Noticed } from "../overlay.ts";
import { folderOf, nameOf } from "../resolve.ts";
import type { Entry, Tree } from "../tree.ts";

/** What a tree holds by the look of its names alone. Folders are real ones, "" is the root. */
export interface Inventory {
  /** Folders with at least one file under a name that kustomize looks for. */
  kustomizations: Set<string>;
  /** Folders with a Chart.yaml. */
  charts: Set<string>;
  /** YAML files by folder, kustomizations and charts' files left out. */
  yaml: Map<string, Entry[]>;
  /** Files that are called like manifests but for the case of their letters: `x.YAML`. */
  misnamed: Entry[];
  /** JSON files that are no program's own by their name. */
  json: Entry[];
  /** Topmost folders of tools whose output we do not make. */
  noticed: Noticed[];
  /** Symbolic links, whatever they lead to. */
  links: string[];
}

const probed = new Set<string>(kustomizationNames);

const foreign: { code: string; pattern: RegExp; message: string }[] = [
  { code: "terraform", pattern: /\.tf(?:\.json)?$/, message: "Terraform is not rendered" },
  {
    code: "jsonnet",
    pattern: /(?:\.(?:jsonnet|libsonnet)|\/jsonnetfile\.json)$/,
    message: "jsonnet is not rendered",
  },
  {
    code: "helmfile",
    pattern: /(?:^|\/)helmfile(?:\.d\/.*)?\.ya?ml(?:\.gotmpl)?$/,
    message: "Helmfile is not rendered",
  },
  { code: "pulumi", pattern: /(?:^|\/)Pulumi\.ya?ml$/, message: "Pulumi is not rendered" },
  { code: "cue", pattern: /\.cue$/, message: "CUE is not rendered" },
  { code: "cdk8s", pattern: /(?:^|\/)cdk8s\.ya?ml$/, message: "cdk8s is not rendered" },
];

const programs = /^(?:package|package-lock|composer|renovate|tsconfig.*|.*\.schema)\.json$/;

/** Goes through every name of a tree once; reads nothing. */
export function takeInventory(tree: Tree): Inventory {
  const inventory: Inventory = {
    kustomizations: new Set(),
    charts: new Set(),
    yaml: new Map(),
    noticed: [],
    links: [],
    json: [],
    misnamed: [],
  };
  const others = new Map<string, Set<string>>();
  for (const entry of tree.entries()) {
    if (entry.kind === "directory") continue;
    if (entry.kind === "submodule") {
      const message = `the submodule ${entry.path} is not part of this repository`;
      inventory.noticed.push({ path: entry.path, code: "submodule", message });
      continue;
    }
    if (entry.kind === "symlink") inventory.links.push(entry.path);
    const name = nameOf(entry.path);
    const folder = folderOf(entry.path);
    if (probed.has(name)) inventory.kustomizations.add(folder);
    else if (name === "Chart.yaml") inventory.charts.add(folder);
    else if (name.endsWith(".json")) {
      if (entry.kind === "file" && !programs.test(name)) inventory.json.push(entry);
    } else if (isManifestName(name) && entry.kind === "file") {
      const list = inventory.yaml.get(folder);
      if (list) list.push(entry);
      else inventory.yaml.set(folder, [entry]);
    } else if (/\.(?:ya?ml|json)$/i.test(name) && entry.kind === "file") inventory.misnamed.push(entry);
    for (const { code, pattern } of foreign) {
      if (!pattern.test(entry.path)) continue;
      const folders = others.get(code) ?? new Set();
      others.set(code, folders.add(folder));
    }
  }
  for (const { code, message } of foreign) {
    for (const folder of topmost(others.get(code) ?? new Set())) {
      inventory.noticed.push({ path: folder === "" ? "." : folder, code, message });
    }
  }
  return inventory;
}

/** The folders that lie in no other of them. */
function topmost(folders: Set<string>): string[] {
  return [...folders].filter((folder) => ![...parentsOf(folder)].some((parent) => folders.has(parent)));
}

/** The folders above a folder, nearest first, the root ("") last. */
export function* parentsOf(folder: string): Generator<string> {
  for (let at = folder; at !== ""; ) {
    at = folderOf(at);
    yield at;
  }
}

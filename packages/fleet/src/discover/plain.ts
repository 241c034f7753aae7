import { listSome } from "@gitops-actions/report";
import type { ClosureContext } from "../closure/context.ts";
import type { KustomizationFolder } from "../closure/kustomize.ts";
import type { Noticed } from "../overlay.ts";
import { folderOf, nameOf } from "../resolve.ts";
import type { Entry, Tree } from "../tree.ts";
import { isPartOfChart } from "./charts.ts";
import { type Inventory, parentsOf } from "./inventory.ts";
import { type ManifestKind, manifestKind } from "./manifest.ts";
import { remoteSources } from "./source.ts";
import { isTestDescription, testInputs } from "./testinputs.ts";

/** Folders with manifests that neither a kustomization nor a chart reads. Subfolders count by themselves. */
export async function plainFolders(
  tree: Tree,
  inventory: Inventory,
  kustomizations: ReadonlyMap<string, KustomizationFolder>,
  context: ClosureContext,
): Promise<{ folders: string[]; noticed: Noticed[] }> {
  const read = new Set<string>();
  for (const reads of kustomizations.values()) for (const file of reads.files) read.add(file);
  const folders: string[] = [];
  const noticed: Noticed[] = [];
  const isTestInput = await testInputs(tree, context);
  for (const [folder, entries] of inventory.yaml) {
    if (inventory.charts.has(folder) || isPartOfChart(folder, inventory.charts)) continue;
    if (isToolFolder(folder)) continue;
    const left = entries.filter((entry) => !read.has(entry.path));
    if (left.length === 0) continue;
    const kinds = await Promise.all(
      left.map((entry) =>
        context.parsed("manifest", tree, entry, manifestKind, (): ManifestKind => "manifest"),
      ),
    );
    const of = (kind: ManifestKind) => left.filter((_, index) => kinds[index] === kind);
    const path = folder === "" ? "." : folder;
    const notice = (code: string, of: Entry[], one: string, several: string, rest: string) => {
      const verb = of.length === 1 ? one : several;
      if (of.length > 0) noticed.push({ path, code, message: `${listNames(of)} ${verb} ${rest}` });
    };
    if (isOutOfSight(folder)) {
      notice("hidden-folder", of("manifest"), "lies", "lie", "in a hidden folder, which is not looked at");
      continue;
    }
    notice("template", of("template"), "becomes", "become", "YAML only through a generator");
    notice(
      "tool-file",
      of("mixed"),
      "holds",
      "hold",
      "objects beside steps of a test, which no cluster takes",
    );
    const fixtures = of("manifest").filter((entry) => isFixture(folder) || isTestInput(entry.path));
    const manifests = of("manifest").filter((entry) => !fixtures.includes(entry));
    notice("test-fixture", fixtures, "is", "are", "among the inputs of tests");
    if (manifests.length === 0) continue;
    if (inventory.kustomizations.has(folder)) {
      notice(
        "unlisted-manifest",
        manifests,
        "lies",
        "lie",
        `beside a kustomization that does not list ${manifests.length === 1 ? "it" : "them"}`,
      );
    } else if (entries.length > left.length || isPatchFolder(folder, inventory.kustomizations)) {
      notice(
        "unlisted-manifest",
        manifests,
        "lies",
        "lie",
        `among the files of a kustomization, and nothing reads ${manifests.length === 1 ? "it" : "them"}`,
      );
    } else {
      folders.push(folder);
      const other = of("other").filter((entry) => !isTestDescription(entry.path));
      notice("not-manifest", other, "holds", "hold", "no objects of the Kubernetes API");
      const paths = manifests.map((entry) => entry.path);
      noticed.push(...(await remoteSources(tree, paths, context, context.own)));
    }
  }
  const apart = inventory.json.filter(({ path }) => !read.has(path) && !folders.includes(folderOf(path)));
  // Mostly the data of a program, so they make no overlay.
  const inJson = "holds objects in JSON, which are looked at only beside manifests in YAML";
  noticed.push(...(await filesWithObjects(tree, apart, inventory, context, "json-manifest", inJson)));
  const misnamed = inventory.misnamed.filter(({ path }) => !read.has(path));
  // No controller reads them, because of how their names end.
  const unread = "holds objects, and is not looked at: names of manifests end in .yaml, .yml or .json";
  noticed.push(...(await filesWithObjects(tree, misnamed, inventory, context, "misnamed", unread)));
  return { folders, noticed };
}

/** Those files that hold objects, and are part of nothing that is looked at or tested. */
async function filesWithObjects(
  tree: Tree,
  entries: readonly Entry[],
  { charts }: Inventory,
  context: ClosureContext,
  code: string,
  message: string,
): Promise<Noticed[]> {
  const found = await Promise.all(
    entries.map(async (entry): Promise<Noticed[]> => {
      const folder = folderOf(entry.path);
      if (isOutOfSight(folder) || isFixture(folder) || charts.has(folder) || isPartOfChart(folder, charts))
        return [];
      const kind = await context.parsed("manifest", tree, entry, manifestKind, (): ManifestKind => "other");
      return kind === "manifest" ? [{ path: entry.path, code, message }] : [];
    }),
  );
  return found.flat();
}

/** What no controller deploys: of Git, of this project (schemas, exceptions), and packages of Node. */
function isToolFolder(folder: string): boolean {
  return folder.split("/").some((part) => [".git", ".github", ".gitops", "node_modules"].includes(part));
}

/** Folders of tools and jobs: `.github`, `.git`, `node_modules`. */
function isOutOfSight(folder: string): boolean {
  return folder.split("/").some((part) => (part.startsWith(".") && part !== ".") || part === "node_modules");
}

/** Inputs of tests, by the folder's name. */
function isFixture(folder: string): boolean {
  return /(?:^|\/)(?:testdata|fixtures|__tests__|test-fixtures)(?:\/|$)/i.test(folder);
}

/** `patches` below a kustomization: what lies there is no object by itself. */
function isPatchFolder(folder: string, kustomizations: ReadonlySet<string>): boolean {
  if (!/(?:^|\/)patch(?:es)?$/i.test(folder)) return false;
  return [...parentsOf(folder)].some((parent) => kustomizations.has(parent));
}

function listNames(entries: Entry[]): string {
  return listSome(
    entries.map((entry) => nameOf(entry.path)),
    3,
  );
}

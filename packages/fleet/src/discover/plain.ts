import type { ClosureContext } from "../closure/context.ts";
import type { KustomizationFolder } from "../closure/kustomize.ts";
import type { Noticed } from "../overlay.ts";
import { nameOf } from "../resolve.ts";
import type { Entry, Tree } from "../tree.ts";
import { isPartOfChart } from "./charts.ts";
import { type Inventory, parentsOf } from "./inventory.ts";
import { type ManifestKind, manifestKind } from "./manifest.ts";
import { remoteSources } from "./source.ts";

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
  const tests = new Set(
    [...inventory.yaml].filter(([, entries]) => entries.some(isTestDescription)).map(([at]) => at),
  );
  for (const [folder, entries] of inventory.yaml) {
    if (isOutOfSight(folder) || inventory.charts.has(folder) || isPartOfChart(folder, inventory.charts))
      continue;
    const left = entries.filter((entry) => !read.has(entry.path));
    if (left.length === 0) continue;
    const kinds = await Promise.all(
      left.map((entry) =>
        context.parsed("manifest", tree, entry, manifestKind, (): ManifestKind => "manifest"),
      ),
    );
    const of = (kind: string) => left.filter((_, index) => kinds[index] === kind);
    const path = folder === "" ? "." : folder;
    const manifests = of("manifest");
    const templates = of("template");
    if (templates.length > 0) {
      noticed.push({
        path,
        code: "template",
        message: `${listNames(templates)} become YAML only through a generator`,
      });
    }
    if (manifests.length === 0) continue;
    if (isFixture(folder, tests)) {
      noticed.push({ path, code: "test-fixture", message: `${listNames(manifests)} are inputs of tests` });
    } else if (inventory.kustomizations.has(folder)) {
      const message = `${listNames(manifests)} lie beside a kustomization that does not list them`;
      noticed.push({ path, code: "unlisted-manifest", message });
    } else if (entries.length > left.length || isPatchFolder(folder, inventory.kustomizations)) {
      const message = `${listNames(manifests)} lie among the files of a kustomization, and nothing reads them`;
      noticed.push({ path, code: "unlisted-manifest", message });
    } else {
      folders.push(folder);
      const paths = manifests.map((entry) => entry.path);
      noticed.push(...(await remoteSources(tree, paths, context, context.own)));
    }
  }
  return { folders, noticed };
}

/** Folders of tools and jobs: `.github`, `.git`, `node_modules`. */
function isOutOfSight(folder: string): boolean {
  return folder.split("/").some((part) => (part.startsWith(".") && part !== ".") || part === "node_modules");
}

/** Inputs of tests: by the folder's name, or because a test of a policy tool stands in it or above it. */
function isFixture(folder: string, tests: ReadonlySet<string>): boolean {
  if (/(?:^|\/)(?:testdata|fixtures|__tests__|test-fixtures)(?:\/|$)/i.test(folder)) return true;
  return tests.has(folder) || [...parentsOf(folder)].some((parent) => tests.has(parent));
}

function isTestDescription(entry: Entry): boolean {
  return /(?:^|\/)(?:kyverno-test|chainsaw-test|kuttl-test)\.ya?ml$/.test(entry.path);
}

/** `patches` below a kustomization: what lies there is no object by itself. */
function isPatchFolder(folder: string, kustomizations: ReadonlySet<string>): boolean {
  if (!/(?:^|\/)patch(?:es)?$/i.test(folder)) return false;
  return [...parentsOf(folder)].some((parent) => kustomizations.has(parent));
}

function listNames(entries: Entry[]): string {
  const names = entries.map((entry) => nameOf(entry.path));
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
}

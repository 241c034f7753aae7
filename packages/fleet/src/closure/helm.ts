import type { Closure, OverlayOptions } from "../overlay.ts";
import { entryAt, nameOf, resolvePath } from "../resolve.ts";
import type { Tree } from "../tree.ts";
import { archivedSchemas } from "./archive.ts";
import { type ChartMetadata, parseChartMetadata, unreadableChart } from "./chart.ts";
import { type ClosureContext, emptyReads, exactly, makeClosure, type Reads, visit } from "./context.ts";
import { hostOf, withoutCredentials } from "./remote.ts";
import { type SchemaReference, schemaReferences } from "./schema.ts";

/** The closure of `helm template FOLDER -f VALUES...`; the folder is a real one of the tree ("" is the root). */
export async function helmClosure(
  tree: Tree,
  folder: string,
  options: Pick<OverlayOptions, "values">,
  context: ClosureContext,
): Promise<Closure> {
  const own = emptyReads();
  for (const path of options.values) await visit(tree, own, path, "");
  return makeClosure(tree, [await readChart(tree, folder, context), own]);
}

/** What loading one chart folder reads, once for each tree: all of it, and what its links lead to. */
export function readChart(tree: Tree, folder: string, context: ClosureContext): Promise<Reads> {
  return context.once(tree, `chart ${folder}`, async () => {
    const reads = emptyReads();
    await readWhole(tree, reads, folder);
    await readDependencies(tree, reads, folder, context);
    await readSchemas(tree, reads, context);
    return reads;
  });
}

/**
 * A whole folder as Helm walks it (internal/sympath): links are followed wherever they lead. `trail` are the links by
 * which the walk came here.
 */
async function readWhole(
  tree: Tree,
  reads: Reads,
  folder: string,
  trail: readonly string[] = [],
): Promise<void> {
  if (reads.directories.has(folder)) return;
  reads.directories.add(folder);
  for (const { kind, path } of deepEntries(tree, folder)) {
    if (kind !== "symlink" && kind !== "submodule") continue;
    const found = await visit(tree, reads, path, "", exactly(path, 1));
    if (found.kind !== "found" || found.entry.kind !== "directory") continue;
    const links = [...trail, path];
    if (links.some((link) => isWithin(link, found.path))) {
      const message = `the link ${path} leads to a folder that leads to it: Helm would never come to an end`;
      reads.escapes.push({ code: "link-loop", message, location: exactly(path, 1) });
    } else await readWhole(tree, reads, found.path, links);
  }
}

function* deepEntries(tree: Tree, folder: string): Generator<import("../tree.ts").Entry> {
  for (const entry of tree.children(folder)) {
    yield entry;
    if (entry.kind === "directory") yield* deepEntries(tree, entry.path);
  }
}

/** Helm refuses to render a chart whose dependencies are not in charts/ (action.CheckDependencies); it does not ask for those of vendored charts. */
async function readDependencies(
  tree: Tree,
  reads: Reads,
  folder: string,
  context: ClosureContext,
): Promise<void> {
  const metadata = await chartMetadata(tree, folder, context);
  if (!metadata) return;
  const vendored = await vendoredNames(tree, folder, context);
  for (const dependency of metadata.dependencies) {
    if (vendored.some((name) => name === dependency.name || isArchiveOf(name, dependency.name))) continue;
    const url = withoutCredentials(dependency.repository);
    const from = url === "" ? "" : ` from ${url}`;
    reads.gaps.push({
      code: "chart-dependency",
      message: `the chart needs ${dependency.name}${from}, which is not in its charts/ folder; run \`helm dependency build\` and commit charts/`,
      location: exactly(dependency.path, dependency.line),
      remote: { url, host: hostOf(dependency.repository.replace(/^oci:/, "https:")), pinned: false },
    });
  }
}

/** Name and dependencies of a chart; undefined where Chart.yaml is absent. */
export async function chartMetadata(
  tree: Tree,
  folder: string,
  context: ClosureContext,
): Promise<ChartMetadata | undefined> {
  const read = async (name: string) => {
    const path = folder === "" ? name : `${folder}/${name}`;
    const entry = entryAt(tree, path);
    if (entry?.kind !== "file") return undefined;
    const metadata = await context.parsed("chart", tree, entry, parseChartMetadata, unreadableChart);
    return {
      ...metadata,
      dependencies: metadata.dependencies.map((dependency) => ({ ...dependency, path })),
    };
  };
  const chart = await read("Chart.yaml");
  const older = await read("requirements.yaml");
  return chart && { ...chart, dependencies: older ? older.dependencies : chart.dependencies };
}

/** The names of unpacked charts, and the file names of archives, in charts/. */
async function vendoredNames(tree: Tree, folder: string, context: ClosureContext): Promise<string[]> {
  const names: string[] = [];
  for (const entry of tree.children(folder === "" ? "charts" : `${folder}/charts`)) {
    const name = nameOf(entry.path);
    if (/^[._]/.test(name)) continue;
    const found = await resolvePath(tree, entry.path);
    const metadata = found.kind === "found" ? await chartMetadata(tree, found.path, context) : undefined;
    names.push(metadata?.name ?? name);
  }
  return names;
}

function isArchiveOf(file: string, name: string): boolean {
  return file.endsWith(".tgz") && file.startsWith(`${name}-`);
}

/** What values schemas refer to: those of the chart and of its parts, behind links and in packed charts. */
async function readSchemas(tree: Tree, reads: Reads, context: ClosureContext): Promise<void> {
  for (const folder of [...reads.directories]) {
    for (const entry of deepEntries(tree, folder)) {
      const name = nameOf(entry.path);
      if (name !== "values.schema.json" && !name.endsWith(".tgz")) continue;
      const found = await resolvePath(tree, entry.path);
      if (found.kind !== "found" || found.entry.kind !== "file") continue;
      if (name === "values.schema.json")
        for (const each of await context.parsed("schema", tree, found.entry, schemaReferences, () => []))
          pushReference(reads, entry.path, each);
      else await readArchive(tree, reads, entry.path, found.path);
    }
  }
}

async function readArchive(tree: Tree, reads: Reads, path: string, real: string): Promise<void> {
  try {
    for (const text of await archivedSchemas(await tree.read(real)))
      for (const { url } of schemaReferences(text)) pushReference(reads, path, { url, line: 1 });
  } catch (error) {
    const message = `the packed chart ${path} cannot be looked into: ${(error as Error).message}`;
    reads.gaps.push({ code: "unreadable-archive", message, location: exactly(path, 1) });
  }
}

function pushReference(reads: Reads, path: string, { url, line }: SchemaReference): void {
  const location = exactly(path, line);
  if (/^https?:/i.test(url)) {
    const message = `the values schema refers to ${withoutCredentials(url)}, which Helm would fetch`;
    const remote = { url, host: hostOf(url), pinned: false };
    reads.gaps.push({ code: "remote-schema", message, location, remote });
  } else {
    const message = `the values schema refers to ${url}, which Helm would read from the root of the machine`;
    reads.escapes.push({ code: "schema-outside", message, location });
  }
}

function isWithin(path: string, folder: string): boolean {
  return folder === "" || path.startsWith(`${folder}/`);
}

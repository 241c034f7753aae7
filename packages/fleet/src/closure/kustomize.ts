import type { Closure } from "../overlay.ts";
import { joinPath } from "../resolve.ts";
import type { Entry, Tree } from "../tree.ts";
import { type ClosureContext, emptyReads, exactly, makeClosure, type Reads, visit } from "./context.ts";
import { readChartUse } from "./inflation.ts";
import {
  type Kustomization,
  kustomizationNames,
  parseKustomization,
  unreadableKustomization,
} from "./kustomization.ts";
import { pluginUses } from "./plugin.ts";
import { isRemoteFile, parseRepoSpec } from "./remote.ts";
import { pushRemote, remoteGap } from "./remote-use.ts";
import { type Use, type Uses, unreadableUses } from "./use.ts";

/** What the kustomization of one folder reads, without what the folders it enters read. */
export interface KustomizationFolder extends Reads {
  /** The kustomization files that are there: kustomize wants exactly one. */
  kustomizations: { path: string; content: Kustomization }[];
  /** Real folders that it enters, by the field that names them. */
  enters: { folder: string; field: string }[];
  /** Real folders of the charts it inflates. */
  charts: string[];
  /** Files it reads as resources: in a folder of plugin configurations these are the configurations. */
  resources: Entry[];
  /** Folders whose resources configure plugins of this one. */
  plugins: { folder: string; line: number }[];
}

/** The closure of `kustomize build FOLDER`; the folder is a real one of the tree ("" is the root). */
export async function kustomizeClosure(
  tree: Tree,
  folder: string,
  context: ClosureContext,
): Promise<Closure> {
  const all: Reads[] = [];
  for (const { at, reads } of await foldersFrom(tree, folder, context)) {
    all.push(reads);
    for (const plugin of reads.plugins) all.push(await readPluginFolder(tree, at, plugin, context));
  }
  return makeClosure(tree, all);
}

/** Every folder that a build of `folder` enters, itself first, each once: cycles end here, as in kustomize. */
async function foldersFrom(tree: Tree, folder: string, context: ClosureContext) {
  const seen = new Set([folder]);
  const found: { at: string; reads: KustomizationFolder }[] = [];
  // A set is iterated in the order in which names are added, those added meanwhile included.
  for (const at of seen) {
    const reads = await readFolder(tree, at, context);
    found.push({ at, reads });
    for (const next of reads.enters) seen.add(next.folder);
  }
  return found;
}

/** Reads the kustomization of one folder, once for each tree. */
export function readFolder(
  tree: Tree,
  folder: string,
  context: ClosureContext,
): Promise<KustomizationFolder> {
  return context.once(tree, `kustomization ${folder}`, () => computeFolder(tree, folder, context));
}

async function computeFolder(
  tree: Tree,
  folder: string,
  context: ClosureContext,
): Promise<KustomizationFolder> {
  const reads = emptyFolder();
  for (const name of kustomizationNames) {
    const found = await visit(tree, reads, name, folder);
    if (found.kind !== "found") continue;
    // A folder under a probed name: what matters is that it is one.
    if (found.entry.kind === "directory") reads.directories.add(found.path);
    else await readKustomization(tree, reads, folder, joinPath(folder, name) ?? name, found.entry, context);
  }
  // Without a kustomization, nothing else shows that the folder is there at all.
  if (reads.kustomizations.length === 0) reads.directories.add(folder);
  return reads;
}

async function readKustomization(
  tree: Tree,
  reads: KustomizationFolder,
  folder: string,
  path: string,
  entry: Entry,
  context: ClosureContext,
): Promise<void> {
  const content = await context.parsed(
    "kustomization",
    tree,
    entry,
    parseKustomization,
    unreadableKustomization,
  );
  reads.kustomizations.push({ path, content });
  await readUses(tree, reads, folder, path, content, context);
}

async function readUses(
  tree: Tree,
  reads: KustomizationFolder,
  folder: string,
  path: string,
  found: Uses,
  context: ClosureContext,
): Promise<void> {
  if (found.problem) {
    reads.gaps.push({
      code: "unreadable-kustomization",
      message: `${path} cannot be read: ${found.problem.message}`,
      location: exactly(path, found.problem.line),
    });
  }
  for (const use of found.uses) await readUse(tree, reads, folder, path, use, context);
  for (const chart of found.charts) await readChartUse(tree, reads, folder, path, chart, context);
  for (const plugin of found.plugins) {
    reads.gaps.push({
      code: "plugin",
      message: `${plugin.message}; generators and transformers that run programs or containers are never started`,
      location: exactly(path, plugin.line),
    });
  }
}

/** Follows accumulateResources, accumulateComponents and FileLoader.Load: a file first, then a remote, then a folder. */
async function readUse(
  tree: Tree,
  reads: KustomizationFolder,
  folder: string,
  path: string,
  use: Use,
  context: ClosureContext,
): Promise<void> {
  const remote = use.kind === "file" ? undefined : parseRepoSpec(use.path);
  if (use.kind !== "component" && isRemoteFile(use.path)) {
    reads.gaps.push(remoteGap(use, path));
    // What cannot be fetched and is no repository is looked for as a folder.
    if (use.kind !== "file" && !remote) await visit(tree, reads, use.path, folder, exactly(path, use.line));
    return;
  }
  if (use.kind === "component" && remote) {
    pushRemote(reads, use, path, remote.host);
    return;
  }
  // Where the path reads as a repository, an absent file is no escape and no error: the repository is cloned.
  const found = await visit(tree, reads, use.path, folder, exactly(path, use.line));
  if (found.kind === "found" && found.entry.kind === "file") {
    // Where kustomize cannot read the file as objects, it tries the name as a repository.
    if (remote) pushRemote(reads, use, path, remote.host);
    if (use.kind === "resource") reads.resources.push(found.entry);
    if (use.kind === "plugin") {
      const inner = await context.parsed("plugin", tree, found.entry, pluginUses, unreadableUses);
      await readUses(tree, reads, folder, found.path, inner, context);
    }
    return;
  }
  if (remote) {
    // A folder of that name is not entered; a file of that name would be read.
    if (found.kind === "found") reads.directories.add(found.path);
    pushRemote(reads, use, path, remote.host);
  } else if (found.kind === "found" && use.kind !== "file") {
    reads.enters.push({ folder: found.path, field: use.field });
    if (use.kind === "plugin") reads.plugins.push({ folder: found.path, line: use.line });
  } else if (found.kind === "found") {
    // A folder where a file is wanted is an error of kustomize for as long as it is a folder.
    reads.directories.add(found.path);
  }
}

/** What the configurations that a folder yields read: their paths start from the folder that names it. */
function readPluginFolder(
  tree: Tree,
  from: string,
  plugin: KustomizationFolder["plugins"][number],
  context: ClosureContext,
): Promise<Reads> {
  return context.once(tree, `plugins ${from}\0${plugin.folder}`, async () => {
    const reads = emptyFolder();
    for (const { reads: inner } of await foldersFrom(tree, plugin.folder, context)) {
      // What is worked out here depends on these, whoever else reads them.
      for (const path of inner.files) reads.files.add(path);
      for (const path of inner.directories) reads.directories.add(path);
      for (const path of inner.absent) reads.absent.add(path);
      for (const entry of inner.resources) {
        const uses = await context.parsed("plugin", tree, entry, pluginUses, unreadableUses);
        await readUses(tree, reads, from, entry.path, uses, context);
      }
      for (const { path, content } of inner.kustomizations) {
        if (content.alters === undefined) continue;
        reads.gaps.push({
          code: "computed-plugin",
          message: `${path} changes plugin configurations (${content.alters}), so which files they read is not known`,
          location: exactly(path, 1),
        });
      }
    }
    return reads;
  });
}

function emptyFolder(): KustomizationFolder {
  return { ...emptyReads(), kustomizations: [], enters: [], charts: [], resources: [], plugins: [] };
}

import { createHash } from "node:crypto";
import { compareText } from "@gitops-actions/manifest";
import { type Location, ToolError } from "@gitops-actions/report";
import { changedPaths } from "../check-inputs.ts";
import type { Closure, Gap } from "../overlay.ts";
import { entryAt, type Resolved, resolvePath } from "../resolve.ts";
import type { Entry, Tree } from "../tree.ts";

/** What one folder's kustomization, chart or manifests read by themselves, and which folders they enter. */
export interface Reads {
  files: Set<string>;
  directories: Set<string>;
  absent: Set<string>;
  /** Folders that were found to be folders; what is in them is read by others, or not at all. */
  folders?: Set<string>;
  gaps: Gap[];
  escapes: Gap[];
  /** A kustomization inflates charts. */
  inflates?: boolean;
}

/**
 * Remembers what texts say (by Git object id, for all trees) and what folders read (for each tree; a later tree takes
 * over from the one before it what no differing path touches). Share one among all closures of a run: a base that a
 * thousand overlays use, at two commits, is then read once.
 */
export interface ClosureContext {
  /**
   * `kind` keeps readings of the same bytes for different purposes apart. `unreadable` makes what stands in the place of
   * a file that is there and cannot be read, or is too large: one such file must not end the whole run.
   */
  parsed<Value>(
    kind: string,
    tree: Tree,
    entry: Entry,
    parse: (text: string) => Value,
    unreadable: (message: string) => Value,
  ): Promise<Value>;
  /** Computes once for each tree and key. What is computed must depend on nothing but what it says it reads. */
  once<Value extends Reads>(tree: Tree, key: string, compute: () => Promise<Value>): Promise<Value>;
  /** Whether an address is the repository that is read. */
  own?: (address: string) => boolean;
}

/** What is known of one tree. */
interface Known {
  tree: Tree;
  promises: Map<string, Promise<Reads>>;
  /** The same, where they are there already. */
  values: Map<string, Reads>;
  /** The tree that was looked at before this one, and the paths that differ, with the folders above them. */
  before?: { known: Known; changed: ReadonlySet<string> };
}

/** An empty memory, of the repository that has one of these addresses. */
export function createClosureContext(own?: (address: string) => boolean): ClosureContext {
  const texts = new Map<string, Promise<unknown>>();
  const trees: Known[] = [];
  const decoder = new TextDecoder();
  return {
    ...(own && { own }),
    parsed<Value>(
      kind: string,
      tree: Tree,
      entry: Entry,
      parse: (text: string) => Value,
      unreadable: (message: string) => Value,
    ) {
      const key = `${kind} ${entry.id}`;
      let value = texts.get(key);
      if (!value) {
        value = tree.read(entry.path).then(
          (bytes) => parse(decoder.decode(bytes)),
          (error: unknown) => {
            if (!isUnreadable(error)) throw error;
            return unreadable(error.message);
          },
        );
        texts.set(key, value);
      }
      return value as Promise<Value>;
    },
    once<Value extends Reads>(tree: Tree, key: string, compute: () => Promise<Value>) {
      let known = trees.find((each) => each.tree === tree);
      if (!known) {
        known = recall(tree, trees.at(-1));
        trees.push(known);
      }
      return remember(known, key, compute) as Promise<Value>;
    },
  };
}

// Trees reject with these; whatever else goes wrong ends the run.
function isUnreadable(error: unknown): error is ToolError {
  return error instanceof ToolError && /\/(?:unreadable|too-large|changed|object-missing)$/.test(error.code);
}

function recall(tree: Tree, before: Known | undefined): Known {
  const known: Known = { tree, promises: new Map(), values: new Map() };
  return before
    ? { ...known, before: { known: before, changed: withFolders(changedPaths(before.tree, tree)) } }
    : known;
}

function remember(known: Known, key: string, compute: () => Promise<Reads>): Promise<Reads> {
  const made = known.promises.get(key);
  if (made) return made;
  const old = known.before?.known.values.get(key);
  const same = old && known.before && isSame(old, known.tree, known.before.changed);
  const promise = same ? Promise.resolve(old) : compute();
  known.promises.set(key, promise);
  promise.then(
    (value) => known.values.set(key, value),
    () => {},
  );
  return promise;
}

function isSame(reads: Reads, tree: Tree, changed: ReadonlySet<string>): boolean {
  if (touches(reads, changed)) return false;
  for (const folder of reads.folders ?? []) {
    if (changed.has(folder) && entryAt(tree, folder)?.kind !== "directory") return false;
  }
  return true;
}

/** The paths and all folders above them: what is looked for and absent appears when anything below it is added. */
export function withFolders(paths: Iterable<string>): Set<string> {
  const all = new Set<string>();
  for (const path of paths) {
    for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) all.add(at);
  }
  return all;
}

/** Whether changes (see `withFolders`) can touch what is read. */
export function touches(
  reads: { files: Iterable<string>; directories: Iterable<string>; absent: Iterable<string> },
  changed: ReadonlySet<string>,
): boolean {
  if (changed.size === 0) return false;
  for (const path of reads.files) if (changed.has(path)) return true;
  for (const path of reads.absent) if (changed.has(path)) return true;
  for (const path of reads.directories) if (path === "" || changed.has(path)) return true;
  return false;
}

/** Nothing read yet. */
export function emptyReads(): Reads {
  return { files: new Set(), directories: new Set(), absent: new Set(), gaps: [], escapes: [] };
}

/** A place in a file, for gaps and escapes. */
export function exactly(path: string, line: number): Location {
  return { path, line, precision: "exact", via: [] };
}

/** Follows a path and records what was passed and found, or missed. `location` is where the path is written. */
export async function visit(
  tree: Tree,
  reads: Reads,
  path: string,
  folder: string,
  location?: Location,
): Promise<Resolved> {
  const found = await resolvePath(tree, path, folder);
  for (const link of found.links) reads.files.add(link);
  const at = location ? { location } : {};
  switch (found.kind) {
    case "found":
      for (const folder of found.passed ?? []) reads.directories.add(folder);
      if (found.entry.kind === "file") reads.files.add(found.path);
      else {
        reads.folders ??= new Set();
        reads.folders.add(found.path);
      }
      break;
    case "absent":
      reads.absent.add(found.missing);
      if (found.blocker !== undefined) reads.files.add(found.blocker);
      break;
    case "escape": {
      const who = found.link
        ? `${path} goes through the link ${found.link}, which ${found.reason}`
        : `${path} ${found.reason}`;
      const code = found.link ? "link-outside" : path.startsWith("/") ? "absolute-path" : "path-outside";
      reads.escapes.push({ code, message: `${who}; only files of this repository can be rendered`, ...at });
      break;
    }
    case "submodule":
      reads.gaps.push({
        code: "submodule",
        message: `${path} lies in the submodule ${found.path}, whose contents are not part of this repository`,
        ...at,
      });
  }
  return found;
}

/** Puts what several folders read together. */
export function makeClosure(tree: Tree, all: Iterable<Reads>): Closure {
  const files = new Set<string>();
  const directories = new Set<string>();
  const absent = new Set<string>();
  const gaps: Gap[] = [];
  const escapes: Gap[] = [];
  let inflates = false;
  for (const reads of all) {
    inflates ||= reads.inflates ?? false;
    for (const path of reads.files) files.add(path);
    for (const path of reads.directories) directories.add(path);
    for (const path of reads.absent) absent.add(path);
    gaps.push(...reads.gaps);
    escapes.push(...reads.escapes);
  }
  const closure = { files: sorted(files), directories: sorted(directories), absent: sorted(absent) };
  return {
    ...closure,
    gaps: sortedGaps(gaps),
    escapes: sortedGaps(escapes),
    ...(inflates ? { inflatesCharts: true as const } : {}),
    digest: digestOf(tree, closure),
  };
}

function digestOf(tree: Tree, closure: Pick<Closure, "files" | "directories" | "absent">): string {
  const lines: string[] = [];
  for (const path of closure.files) lines.push(`read\0${path}\0${describe(entryAt(tree, path))}`);
  for (const path of closure.directories) lines.push(`folder\0${path}\0${describe(entryAt(tree, path))}`);
  for (const path of closure.absent) lines.push(`absent\0${path}`);
  return createHash("sha256").update(lines.join("\0\n")).digest("hex");
}

function describe(entry: Entry | undefined): string {
  return entry ? `${entry.kind}${entry.executable ? "+x" : ""}\0${entry.id}` : "none";
}

function sorted(paths: Set<string>): string[] {
  return [...paths].sort(compareText);
}

function sortedGaps(gaps: Gap[]): Gap[] {
  const key = (gap: Gap) =>
    `${gap.location?.path ?? ""}\0${String(gap.location?.line ?? 0).padStart(9, "0")}\0${gap.code}\0${gap.message}`;
  const unique = new Map(gaps.map((gap) => [key(gap), gap]));
  return [...unique.entries()].sort(([a], [b]) => compareText(a, b)).map(([, gap]) => gap);
}

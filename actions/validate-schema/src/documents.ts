import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { type IndexSide, kustomizationNames, parseIndex } from "@gitops-actions/fleet";
import {
  decodeText,
  isObject,
  type Json,
  type Manifests,
  type ParseMemory,
  type Problem,
  parseManifests,
  parseSource,
  type Resource,
  type Source,
} from "@gitops-actions/manifest";
import {
  type Comparison,
  type Location,
  ToolError,
  type ToolUse,
  type Unchecked,
  UsageError,
} from "@gitops-actions/report";

export type SideName = "head" | "base";

/** One overlay on one side, or one file of a folder. */
export interface Group {
  side: SideName;
  overlay: string;
  environment?: string;
  resources: Resource[];
  problems: Problem[];
  /** All of it, where some cannot be read. */
  text?: string;
  /** It is a file beside the overlays, which is validated with them. */
  isFile?: true;
  /** The files that are documents of it as they are, and the lines on which they begin; none where it was rendered. */
  sources?: IndexSide["sources"];
  /** Where a resource stands in the repository; undefined where that is not known. */
  locate(resource: Resource, pointer: string): Location | undefined;
}

/** Everything there is to validate. */
export interface Rendered {
  groups: Group[];
  source: Comparison;
  /** Tools that made the manifests. */
  tools: ToolUse[];
  /** Overlays that are proven unchanged, and so not there. */
  unchanged: number;
  failed: Unchecked[];
  skipped: Unchecked[];
  /** Every overlay of the index, those that are unchanged too. */
  overlays: OverlayEntry[];
}

/** An overlay of the index, and on which sides its manifests are there. */
export interface OverlayEntry {
  path: string;
  kind: "kustomize" | "helm" | "plain";
  environment?: string | undefined;
  kubeVersion?: string | undefined;
  includeCrds: boolean;
  head: boolean;
  base: boolean;
}

/** Reads the manifests that an index.json names, or all YAML and JSON files of a folder (or one file). */
export function readDocuments(path: string, root: string, ignore: readonly RegExp[]): Rendered {
  const place = resolve(root, path);
  const stat = lstatSync(place, { throwIfNoEntry: false });
  if (!stat)
    throw new UsageError(
      `manifests: ${path} does not exist. Name the \`index\` output of render-overlays, or a folder.`,
    );
  if (stat.isFile() && /(?:^|\/)index\.json$/.test(place)) return readIndex(place);
  return readFolder(place, root, ignore);
}

function readIndex(file: string): Rendered {
  const index = parseIndex(readFileSync(file, "utf8"), file);
  const groups: Group[] = [];
  const failed: Unchecked[] = [];
  const skipped: Unchecked[] = [];
  const memory: ParseMemory = new Map();
  for (const overlay of index.overlays) {
    for (const name of ["head", "base"] as const) {
      const side = overlay[name];
      if (!side) continue;
      const text = decodeText(readFileSync(join(dirname(file), side.manifest)));
      const manifests = parseManifests(text ?? "\0", side.manifest, memory);
      groups.push({
        ...{
          side: name,
          overlay: overlay.id,
          ...(overlay.environment && { environment: overlay.environment }),
        },
        ...{ resources: allOf(manifests), problems: manifests.problems },
        ...(manifests.problems.length > 0 && text !== undefined && { text }),
        ...(side.sources && { sources: side.sources }),
        locate: locator(side, manifests),
      });
    }
    const why = {
      kind: "overlay",
      id: overlay.id,
      code: overlay.reason?.code ?? "not-rendered",
      message: overlay.reason?.message ?? "it was not rendered",
    };
    if (overlay.status === "failed") failed.push(why);
    if (overlay.status === "rejected") skipped.push(why);
  }
  const { source, tools } = index;
  const overlays = index.overlays.map(
    ({ path, kind, environment, options, head, base }): OverlayEntry => ({
      ...{ path, kind, environment, kubeVersion: options.kubeVersion },
      includeCrds: options.includeCrds ?? false,
      ...{ head: head !== undefined, base: base !== undefined },
    }),
  );
  const unchanged = index.overlays.filter(({ status }) => status === "unchanged").length;
  return { groups, source, tools, unchanged, failed, skipped, overlays };
}

/** A resource without a name is refused, and whatever else is wrong with it is said all the same. */
export function allOf({ resources, nameless }: Manifests): Resource[] {
  const all = [...resources];
  for (const { resource, before } of nameless.toReversed()) all.splice(before, 0, resource);
  return all;
}

/** What render-overlays said of a resource's origin holds for its fields too, near. */
function locator(side: IndexSide, manifests: Manifests): Group["locate"] {
  const origins = new Map<Resource, Location>();
  for (const [position, resource] of manifests.resources.entries()) {
    const origin = side.resources[position]?.origin;
    if (origin) origins.set(resource, origin);
  }
  return (resource, pointer) => {
    const origin = origins.get(resource) ?? sourceOf(side, resource);
    return origin && pointer !== "" ? { ...origin, precision: "near" } : origin;
  };
}

/** Where a resource begins in a file of the repository that is rendered as it is. */
function sourceOf({ sources }: IndexSide, { line }: Resource): Location | undefined {
  const own = sources?.findLast((each) => each.line <= line);
  return own && { path: own.path, line: line - own.line + 1, precision: "exact", via: [] };
}

function readFolder(place: string, root: string, ignore: readonly RegExp[]): Rendered {
  const groups: Group[] = [];
  const skipped: Unchecked[] = [];
  for (const file of filesBelow(place)) {
    const path = relative(root, file);
    const reason = whyIgnored(path, ignore);
    if (reason) {
      skipped.push({ kind: "file", id: path, ...reason });
      continue;
    }
    // A NUL stands for a file that is not UTF-8: the parser says what is wrong with it.
    const text = decodeText(readFileSync(file)) ?? "\0";
    const manifests = parseManifests(text, path);
    const { problems } = manifests;
    const resources = allOf(manifests);
    groups.push({
      side: "head",
      overlay: path,
      resources,
      problems,
      locate: fileLocator(path, text, resources),
    });
  }
  const source = { head: { commit: null, dirty: true } };
  return { groups, source, tools: [], unchanged: 0, failed: [], skipped, overlays: [] };
}

function whyIgnored(path: string, ignore: readonly RegExp[]): { code: string; message: string } | undefined {
  if (ignore.some((pattern) => pattern.test(path)))
    return { code: "ignored", message: "its name matches ignore-filename-patterns" };
  if ((kustomizationNames as readonly string[]).includes(basename(path)))
    return { code: "kustomization", message: "it is read by kustomize, not by an API server" };
  return undefined;
}

function filesBelow(place: string): string[] {
  const stat = lstatSync(place);
  if (!stat.isDirectory()) return [place];
  try {
    const names = readdirSync(place, { recursive: true, withFileTypes: true });
    return names
      .filter((entry) => entry.isFile() && /\.(?:ya?ml|json)$/i.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => !relative(place, file).split("/").includes(".git"))
      .sort();
  } catch (error) {
    throw new ToolError("cannot-read", `manifests: ${place} cannot be read: ${(error as Error).message}`);
  }
}

/** The line of a field in its own file; of a field that is absent, the line it belongs below. */
export function fileLocator(path: string, text: string, resources: readonly Resource[]): Group["locate"] {
  let source: Source | undefined;
  return (resource, pointer) => {
    source ??= parseSource(text, path);
    // Items of a List share its document.
    const siblings = resources.filter(({ document }) => document === resource.document);
    const places = itemPointers(source.documents[resource.document]?.value, "");
    const prefix = places[siblings.indexOf(resource)] ?? "";
    // Of a field that is absent, the parent below which it has to be put.
    for (let wanted = pointer; ; wanted = wanted.slice(0, wanted.lastIndexOf("/"))) {
      const span = source.locate(resource.document, prefix + wanted);
      if (span) {
        const { line, column } = span.key ?? span;
        return { path, line, column, precision: "exact", via: [] };
      }
      if (wanted === "") return { path, line: resource.line, precision: "near", via: [] };
    }
  };
}

/** Where the resources of a document stand in it, in the order in which they are read. */
function itemPointers(value: Json | undefined, base: string, isTyped = false): string[] {
  if (value === undefined || !isObject(value)) return [];
  const { kind, items } = value;
  if (typeof kind === "string" && kind.endsWith("List") && Array.isArray(items)) {
    return items.flatMap((item, index) => itemPointers(item, `${base}/items/${index}`, kind !== "List"));
  }
  return typeof kind === "string" || isTyped ? [base] : [];
}

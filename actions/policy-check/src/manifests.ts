import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import {
  type BatchGroup,
  type Index,
  type IndexSide,
  kustomizationNames,
  parseIndex,
} from "@gitops-actions/fleet";
import { parseManifests, type Resource } from "@gitops-actions/manifest";
import { type Location, type Unchecked, UsageError } from "@gitops-actions/report";

/** Everything that is checked, and what is known of how it came about. */
export interface Rendered {
  head: BatchGroup[];
  /** Undefined when nothing is compared. */
  base?: BatchGroup[];
  /** Of index.json; undefined for a folder of manifests. */
  index?: Index;
  /** Overlays that are proven unchanged and so were not rendered. */
  unchanged: number;
  failed: Unchecked[];
  skipped: Unchecked[];
  /** Overlays of which one side could not be read. */
  uncheckedAtBase: Set<string>;
  uncheckedAtHead: Set<string>;
  locate(overlay: string, resource: Resource): Location | undefined;
}

/** Reads the manifests that an index.json names, or the YAML and JSON files of a folder (or one file). */
export function readRendered(path: string, workspace: string): Rendered {
  const place = resolve(workspace, path);
  const stat = statSync(place, { throwIfNoEntry: false });
  if (!stat)
    throw new UsageError(
      `manifests: ${path} does not exist. Name the \`index\` output of render-overlays, or a folder.`,
    );
  if (stat.isFile() && place.endsWith("index.json")) return readIndex(place);
  return readFolder(place, workspace);
}

function readIndex(file: string): Rendered {
  const index = parseIndex(readFileSync(file, "utf8"), file);
  const origins = new Map<Resource, Location>();
  const rendered: Rendered = {
    ...{ head: [], index, failed: [], skipped: [], uncheckedAtBase: new Set(), uncheckedAtHead: new Set() },
    ...(index.mode === "pull-request" && { base: [] }),
    unchanged: index.overlays.filter(({ status }) => status === "unchanged").length,
    locate: (_, resource) => origins.get(resource),
  };
  for (const overlay of index.overlays) {
    const { id, status, environment, cluster, reason } = overlay;
    const place = { overlay: id, ...(environment && { environment }), ...(cluster && { cluster }) };
    const read = (side: IndexSide): BatchGroup => ({
      ...place,
      resources: readSide(side, dirname(file), id, origins, rendered.failed),
    });
    if (overlay.head) rendered.head.push(read(overlay.head));
    if (overlay.base) {
      // What is proven unchanged was rendered once, for both sides.
      const same = overlay.head?.manifest === overlay.base.manifest;
      rendered.base?.push(same ? rendered.head.at(-1)! : read(overlay.base));
    }
    if (status === "failed" || status === "rejected") {
      const why = {
        kind: "overlay",
        id,
        code: reason?.code ?? "not-rendered",
        message: reason?.message ?? "it was not rendered",
      };
      rendered[status === "failed" ? "failed" : "skipped"].push(why);
      rendered.uncheckedAtHead.add(id);
    }
    const comes = overlay.change !== "added" && status !== "unchanged";
    if (comes && !overlay.base) rendered.uncheckedAtBase.add(id);
  }
  return rendered;
}

function readSide(
  side: IndexSide,
  folder: string,
  overlay: string,
  origins: Map<Resource, Location>,
  failed: Unchecked[],
): Resource[] {
  const { resources, problems } = parseManifests(readFileSync(join(folder, side.manifest), "utf8"), overlay);
  for (const { code, line, message } of problems)
    failed.push({
      kind: "document",
      id: `${overlay}:${line}`,
      code,
      message: `line ${line} of what is rendered: ${message}`,
    });
  for (const [position, resource] of resources.entries()) {
    const origin = side.resources[position]?.origin;
    if (origin) origins.set(resource, { ...origin, precision: "near" });
  }
  return resources;
}

function readFolder(place: string, workspace: string): Rendered {
  const rendered: Rendered = {
    ...{
      head: [],
      failed: [],
      skipped: [],
      unchanged: 0,
      uncheckedAtBase: new Set(),
      uncheckedAtHead: new Set(),
    },
    locate: (overlay, { line }) => ({ path: overlay, line, precision: "near", via: [] }),
  };
  for (const file of filesBelow(place)) {
    const path = relative(workspace, file);
    if ((kustomizationNames as readonly string[]).includes(path.split("/").at(-1)!)) continue;
    const { resources, problems } = parseManifests(readFileSync(file, "utf8"), path);
    for (const { code, line, message } of problems)
      rendered.failed.push({ kind: "file", id: `${path}:${line}`, code, message });
    if (resources.length > 0) rendered.head.push({ overlay: path, resources });
  }
  return rendered;
}

function filesBelow(place: string): string[] {
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:ya?ml|json)$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !relative(place, file).split("/").includes(".git"))
    .sort();
}

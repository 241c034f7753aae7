import {
  canonicalKey,
  isObject,
  type JsonObject,
  parseManifests,
  parseSource,
  type Resource,
  type ResourceId,
} from "@gitops-actions/manifest";
import { joinPath } from "../resolve.ts";

/** One resource of the annotated render. */
export interface TracedResource {
  id: ResourceId;
  value: JsonObject;
  /** The file it was read from, or the kustomization that generated it; undefined where neither is of this repository. */
  origin?: { path: string; generator?: string };
  /** What kustomize ran over it, in order; also where that changed nothing. */
  transformations: { path: string; kind: string }[];
}

const originKey = "config.kubernetes.io/origin";
const transformationsKey = "alpha.config.kubernetes.io/transformations";

/**
 * Reads what kustomize printed with `buildMetadata: [originAnnotations, transformerAnnotations]`. Its paths start at the
 * kustomization that asked, a folder beside the `tree` with the repository's files.
 */
export function parseTrace(output: string): TracedResource[] {
  return parseManifests(output, "").resources.map(readResource);
}

function readResource({ id, value }: Resource): TracedResource {
  const annotations =
    isObject(value.metadata) && isObject(value.metadata.annotations) ? value.metadata.annotations : {};
  const origin = readOrigin(annotations[originKey]);
  const list = read(annotations[transformationsKey]);
  const transformations = (Array.isArray(list) ? list : []).flatMap((item) => {
    const { path, kind } = readConfigured(item);
    return path === undefined ? [] : [{ path, kind }];
  });
  return { id, value, transformations, ...(origin && { origin }) };
}

function readOrigin(text: unknown): TracedResource["origin"] {
  const value = read(text) as { path?: unknown; repo?: unknown } | undefined;
  if (typeof value !== "object" || value === null || value.repo !== undefined) return undefined;
  const path = inRepository(value.path);
  if (path !== undefined) return { path };
  const configured = readConfigured(value);
  return configured.path === undefined ? undefined : { path: configured.path, generator: configured.kind };
}

function readConfigured(value: unknown): { path?: string; kind: string } {
  const { configuredIn, configuredBy } = (value ?? {}) as {
    configuredIn?: unknown;
    configuredBy?: { kind?: unknown };
  };
  const path = inRepository(configuredIn);
  return { kind: String(configuredBy?.kind ?? ""), ...(path !== undefined && { path }) };
}

/** A path seen from the folder beside `tree`, as a path of the repository. */
function inRepository(path: unknown): string | undefined {
  if (typeof path !== "string") return undefined;
  const joined = joinPath("beside", path);
  return joined?.startsWith("tree/") ? joined.slice("tree/".length) : undefined;
}

function read(text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  return parseSource(text).documents[0]?.value;
}

/** The traced resource of each rendered one: the same identity (hashes of generators aside), in the same order. */
export function pairTraced(
  resources: readonly Resource[],
  traced: readonly TracedResource[],
): Map<Resource, TracedResource> {
  const byKey = Map.groupBy(traced, (each) => canonicalKey(each.id));
  const pairs = new Map<Resource, TracedResource>();
  for (const [key, group] of Map.groupBy(resources, (each) => canonicalKey(each.id))) {
    const found = byKey.get(key) ?? [];
    if (found.length !== group.length) continue;
    for (const [index, resource] of group.entries()) pairs.set(resource, found[index]!);
  }
  return pairs;
}

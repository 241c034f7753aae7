import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { IndexSide } from "@gitops-actions/fleet";
import { identityKey, type Resource, type ResourceId } from "@gitops-actions/manifest";
import { ToolError } from "@gitops-actions/report";
import { manifestDigest, resourceDigest, sha256 } from "./digest.ts";

/**
 * Writes one rendered overlay below `directory`: the tool's exact bytes as `<side>/<id>/manifest.yaml`, and each
 * resource as a file of its own beside it. Files are private (0600): they hold Secret values.
 */
export async function storeRender(
  directory: string,
  side: "base" | "head",
  overlayId: string,
  output: Uint8Array,
  resources: readonly Resource[],
): Promise<IndexSide> {
  const folder = `${side}/${folderOf(overlayId)}`;
  const manifest = `${folder}/manifest.yaml`;
  await writePrivate(join(directory, manifest), output);
  const taken = new Set<string>();
  const stored = resources.map((resource) => ({
    id: resource.id,
    file: `${folder}/resources/${freeName(fileNameOf(resource.id), taken)}`,
    document: resource.document,
    digest: resourceDigest(resource),
  }));
  if (stored.length > 0) await mkdir(join(directory, folder, "resources"), { recursive: true, mode: 0o700 });
  // A few at a time: a system lets a process open only so many files.
  const files = stored.entries();
  const writer = async (): Promise<void> => {
    for (const [i, { file }] of files) await write(join(directory, file), withNewline(resources[i]!.text));
  };
  await Promise.all(Array.from({ length: openFiles }, writer));
  return { manifest, digest: manifestDigest(stored), resources: stored };
}

/**
 * An overlay's folder: its id, but that no name in it is one that we use for what lies in such a folder. Overlays lie
 * in one another, and one called `resources` must not end up among the resources of the one above it.
 */
function folderOf(overlayId: string): string {
  if (overlayId === ".") return "_root";
  return overlayId
    .split("/")
    .map((name) => (/^(?:_root|manifest\.yaml|resources)~*$/i.test(name) ? `${name}~` : name))
    .join("/");
}

const openFiles = 32;

/** Writes a file that only its owner may read, and the folders above it. */
export async function writePrivate(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch((error: Error) => {
    throw cannotWrite(dirname(path), error);
  });
  await write(path, content);
}

function write(path: string, content: Uint8Array | string): Promise<void> {
  return writeFile(path, content, { mode: 0o600 }).catch((error: Error) => {
    throw cannotWrite(path, error);
  });
}

function cannotWrite(path: string, error: Error): ToolError {
  return new ToolError("cannot-write", `cannot write ${path}: ${error.message}`, { cause: error });
}

/** `deployment.apps-shop-web`: kind, group, namespace and name, in characters that every file system takes. */
function fileNameOf(id: ResourceId): string {
  const kind = id.group ? `${id.kind}.${id.group}` : id.kind;
  const words = [kind, id.namespace, id.name].filter((word) => word !== "");
  const name = words
    .join("-")
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, "_");
  // 255 bytes is the limit of common file systems; the digest keeps long names apart.
  return name.length <= 200 ? name : `${name.slice(0, 180)}-${sha256(identityKey(id)).slice(0, 12)}`;
}

function freeName(name: string, taken: Set<string>): string {
  let candidate = `${name}.yaml`;
  for (let n = 2; taken.has(candidate); n++) candidate = `${name}.${n}.yaml`;
  taken.add(candidate);
  return candidate;
}

function withNewline(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}

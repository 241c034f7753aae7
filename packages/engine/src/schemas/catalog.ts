import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { ToolError, UsageError } from "@gitops-actions/report";
import type { SchemaPack } from "./pack.ts";

/** What data/schemas/packs.json says of one pack. */
export interface PackEntry {
  name: string;
  file: string;
  /** Exact version of the API server, for packs of Kubernetes itself. */
  kubernetes?: string;
  source: string;
  /** API groups of the pack's kinds, sorted. */
  groups: string[];
  sha256: string;
}

/** The packs that ship, as listed. */
export function listPacks(folder: string = packFolder()): PackEntry[] {
  return JSON.parse(readFileSync(join(folder, "packs.json"), "utf8")) as PackEntry[];
}

/** Reads one pack and holds its checksum against the list. Throws ToolError when they differ. */
export function readPack(entry: PackEntry, folder: string = packFolder()): SchemaPack {
  const file = join(folder, entry.file);
  const bytes = readFileSync(file);
  const sum = createHash("sha256").update(bytes).digest("hex");
  if (sum !== entry.sha256) {
    throw new ToolError(
      "checksum",
      `${file} has SHA-256 ${sum}, packs.json says ${entry.sha256}: restore the file from the release.`,
    );
  }
  return JSON.parse(gunzipSync(bytes).toString("utf8")) as SchemaPack;
}

/** The entry for a version a person wrote (`1.36`, `v1.36`, `1.36.3`): the pack of the same minor version. */
export function findKubernetesPack(version: string, entries: PackEntry[]): PackEntry {
  const minor = /^v?(\d+\.\d+)(?:\.\d+)?$/.exec(version.trim())?.[1];
  const found = entries.find(
    (entry) => entry.kubernetes && minor && entry.kubernetes.startsWith(`${minor}.`),
  );
  if (found) return found;
  const known = entries.flatMap((entry) =>
    entry.kubernetes ? [entry.kubernetes.replace(/\.\d+$/, "")] : [],
  );
  throw new UsageError(
    `kubernetes-versions: no schemas for "${version}". There are schemas for ${known.join(", ")}; ` +
      "for another version give its schemas with schema-locations.",
  );
}

/** packages/engine/data/schemas, found by walking up: this code may be bundled into dist/<name>/index.js. */
export function packFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const candidate = join(folder, "packages/engine/data/schemas");
    try {
      readFileSync(join(candidate, "packs.json"));
      return candidate;
    } catch {
      const parent = dirname(folder);
      if (parent === folder) {
        throw new ToolError(
          "schemas",
          "packages/engine/data/schemas/packs.json is not above this program: the installation is incomplete.",
        );
      }
      folder = parent;
    }
  }
}

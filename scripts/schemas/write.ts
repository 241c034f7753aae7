import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { PackEntry } from "../../packages/engine/src/schemas/catalog.ts";
import type { SchemaPack } from "../../packages/engine/src/schemas/pack.ts";

/** Writes a pack and its line in packs.json; the same pack gives the same bytes on every machine. */
export function writePack(folder: string, pack: SchemaPack): PackEntry {
  mkdirSync(folder, { recursive: true });
  const file = `${pack.name}.json.gz`;
  const bytes = gzipSync(JSON.stringify(pack), { level: 9 });
  // The header names the operating system that compressed; 255 is "unknown".
  bytes[9] = 255;
  writeFileSync(join(folder, file), bytes);
  const entry: PackEntry = {
    name: pack.name,
    file,
    ...(pack.kubernetes && { kubernetes: pack.kubernetes }),
    source: pack.source,
    groups: [...new Set(pack.kinds.map((kind) => kind.group))].sort(),
    sha256: createHash("sha256").update(bytes).digest("hex"),
  };
  const list = join(folder, "packs.json");
  const others = readList(list).filter((other) => other.name !== pack.name);
  const entries = [...others, entry].sort((a, b) => (a.name < b.name ? -1 : 1));
  writeFileSync(list, `${JSON.stringify(entries, null, 2)}\n`);
  return entry;
}

function readList(file: string): PackEntry[] {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as PackEntry[];
  } catch {
    return [];
  }
}

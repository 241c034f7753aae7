import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { maxObjectBytes } from "./objects.ts";
import type { Repository } from "./repository.ts";

const start = Buffer.from("version https://git-lfs.github.com/spec/");

/** Whether these bytes are a Git LFS pointer: what Git stores in place of a large file. */
export function isPointer(bytes: Uint8Array): boolean {
  return bytes.length < 1024 && start.equals(bytes.subarray(0, start.length));
}

/**
 * The file a pointer stands for, when `git lfs` has fetched it for this checkout (`lfs: true`); else the bytes as they are.
 * Follows https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: the file is found by its SHA-256 and must have it.
 */
export async function withoutPointer(repository: Repository, bytes: Uint8Array): Promise<Uint8Array> {
  if (!isPointer(bytes)) return bytes;
  const text = Buffer.from(bytes).toString("latin1");
  const oid = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const size = Number(/^size (\d+)$/m.exec(text)?.[1]);
  if (oid === undefined || !(size <= maxObjectBytes)) return bytes;
  const configured = repository.config.get("lfs.storage")?.at(-1) ?? "lfs";
  const storage = isAbsolute(configured) ? configured : join(repository.commonDir, configured);
  const place = join(storage, "objects", oid.slice(0, 2), oid.slice(2, 4), oid);
  const contents = await readFile(place).catch(() => undefined);
  return contents && contents.length === size && hash("sha256", contents, "hex") === oid ? contents : bytes;
}

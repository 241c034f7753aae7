import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, open, readlink } from "node:fs/promises";
import type { Entry } from "@gitops-actions/fleet";
import { ToolError } from "@gitops-actions/report";
import { type ObjectFormat, objectId } from "../git/hash.ts";
import { encodeName, quoteName } from "../git/name.ts";
import { maxObjectBytes } from "../git/objects.ts";

/**
 * What a path of the disk is, with the id Git would give its bytes as they are (no end-of-line or other conversion).
 * Undefined when there is nothing, or nothing Git would keep (a directory, a socket). A file that cannot be read has
 * an id of zeros, which no object has: reading it says why.
 */
export async function entryOnDisk(
  root: string,
  path: string,
  format: ObjectFormat,
): Promise<Entry | undefined> {
  const place = onDisk(root, path);
  try {
    const found = await lstat(place);
    if (found.isSymbolicLink()) {
      const id = objectId(format, "blob", await readlink(place, { encoding: "buffer" }));
      return { path, kind: "symlink", id, executable: false };
    }
    if (!found.isFile()) return undefined;
    const executable = (found.mode & 0o100) !== 0;
    return { path, kind: "file", id: await hashFile(place, format), executable };
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    return { path, kind: "file", id: "0".repeat(format === "sha1" ? 40 : 64), executable: false };
  }
}

/** The bytes of an entry that `entryOnDisk` made. Throws ToolError when they are no longer those, or cannot be read. */
export async function readFromDisk(root: string, entry: Entry, format: ObjectFormat): Promise<Uint8Array> {
  const place = onDisk(root, entry.path);
  let bytes: Uint8Array;
  try {
    bytes =
      entry.kind === "symlink"
        ? await readlink(place, { encoding: "buffer" })
        : await readWhole(place, entry.path);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    const code = codeOf(error);
    if (code !== "ENOENT" && code !== "ELOOP" && code !== "ENOTDIR") {
      throw new ToolError(
        "folder/unreadable",
        `${quoteName(entry.path)} cannot be read: ${code ?? String(error)}`,
      );
    }
    throw changed(entry.path);
  }
  if (objectId(format, "blob", bytes) !== entry.id) throw changed(entry.path);
  return bytes;
}

async function readWhole(place: Buffer, path: string): Promise<Uint8Array> {
  await using file = await openFile(place);
  const { size } = await file.stat();
  if (size > maxObjectBytes) {
    throw new ToolError(
      "folder/too-large",
      `${quoteName(path)} has ${size} bytes; at most ${maxObjectBytes} are read`,
    );
  }
  return await file.readFile();
}

async function hashFile(place: Buffer, format: ObjectFormat): Promise<string> {
  await using file = await openFile(place);
  const { size } = await file.stat();
  const hash = createHash(format).update(`blob ${size}\0`);
  const chunk = Buffer.allocUnsafe(Math.min(Math.max(size, 1), 1024 ** 2));
  for (let left = size; left > 0; ) {
    const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, left));
    if (bytesRead === 0) break;
    hash.update(chunk.subarray(0, bytesRead));
    left -= bytesRead;
  }
  return hash.digest("hex");
}

/** A link put in a file's place is not followed, and a pipe put there does not block. */
function openFile(place: Buffer): Promise<FileHandle> {
  return open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

function onDisk(root: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), encodeName(path)]);
}

function changed(path: string): ToolError {
  return new ToolError(
    "folder/changed",
    `${quoteName(path)} changed while it was being looked at; run the command again`,
  );
}

/** The code of a system error (ENOENT, ...), if it is one. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

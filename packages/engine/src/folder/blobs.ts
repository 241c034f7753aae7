import { copyFileSync, linkSync, mkdirSync, renameSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isPointer } from "../git/lfs.ts";
import { codeOf } from "./disk.ts";

/** What is remembered of contents that were written. */
export interface BlobFacts {
  /** A Git LFS pointer stands in place of the contents. */
  pointer: boolean;
  /** It holds a NUL byte and is not UTF-16: not text. */
  binary: boolean;
}

/** Contents written once and shared by hard links. Whoever changes a link changes them all: render tools only read. */
export interface BlobStore {
  /** Writes what `read` gives unless it is there. Rejects with what `read` or the disk rejects with; then nothing is kept. */
  keep(id: string, executable: boolean, read: () => Promise<Uint8Array>): Promise<BlobFacts>;
  /** Makes `place` (which must not exist) a file of the kept contents. */
  link(id: string, executable: boolean, place: string): void;
}

/** A store in `folder`, which must be private to this run. Modes are 0600, or 0700 for what is executable. */
export function openBlobs(folder: string): BlobStore {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const kept = new Map<string, Promise<BlobFacts>>();
  let linkable = true;
  const pathOf = (id: string, executable: boolean): string => join(folder, executable ? `${id}.x` : id);

  async function write(id: string, executable: boolean, read: () => Promise<Uint8Array>): Promise<BlobFacts> {
    const place = pathOf(id, executable);
    const partial = `${place}.partial`;
    try {
      const bytes = await read();
      await writeFile(partial, bytes, { mode: executable ? 0o700 : 0o600, flag: "wx" });
      renameSync(partial, place);
      return factsOf(bytes);
    } catch (error) {
      kept.delete(pathOf(id, executable));
      await rm(partial, { force: true });
      throw error;
    }
  }

  return {
    async keep(id, executable, read) {
      const key = pathOf(id, executable);
      for (let shared = kept.get(key); shared; shared = kept.get(key)) {
        try {
          return await shared;
        } catch {
          // That was the trouble of another path with the same contents; this one may be readable.
        }
      }
      const writing = write(id, executable, read);
      kept.set(key, writing);
      return await writing;
    },
    link(id, executable, place) {
      const from = pathOf(id, executable);
      if (linkable) {
        try {
          return linkSync(from, place);
        } catch (error) {
          // Another file system, one without links, or too many links to one file.
          if (!["EXDEV", "EPERM", "ENOTSUP", "EMLINK"].includes(codeOf(error) ?? "")) throw error;
          linkable = codeOf(error) === "EMLINK";
        }
      }
      copyFileSync(from, place);
    },
  };
}

function factsOf(bytes: Uint8Array): BlobFacts {
  const utf16 = (bytes[0] === 0xfe && bytes[1] === 0xff) || (bytes[0] === 0xff && bytes[1] === 0xfe);
  return { pointer: isPointer(bytes), binary: !utf16 && bytes.includes(0) };
}

import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Every file under `folder`, as paths relative to it, sorted; links are not followed. Empty when there is no such folder. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    },
  );
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** sha256 (hex) over the names and contents of files; equal keys mean equal inputs. */
export async function digestFiles(
  folder: string,
  files: readonly string[],
  also: readonly string[] = [],
): Promise<string> {
  const hash = createHash("sha256");
  for (const text of also) hash.update(`${text.length}:${text}`);
  for (const file of files) {
    const bytes = await readFile(join(folder, file));
    hash.update(`${file.length}:${file}${bytes.length}:`).update(bytes);
  }
  return hash.digest("hex");
}

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** Where a tool's message points, before the disk was asked. Paths are relative to the repository. */
export interface Pointer {
  /** A file, or a folder when `kustomization` is set. */
  path: string;
  /** The message names the kustomization of the folder, whichever of its three names it has. */
  kustomization?: boolean;
  line?: number;
  /** Text whose first occurrence in the file is the line, when the tool gave none. */
  text?: string;
}

const kustomizations = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/** Turns a pointer into a file and line that exist; undefined when there is no such file in the folder. */
export async function locate(
  directory: string,
  pointer: Pointer,
): Promise<{ path: string; line: number } | undefined> {
  const names = pointer.kustomization
    ? kustomizations.map((name) => join(pointer.path, name))
    : [pointer.path];
  for (const path of names) {
    if (path.startsWith("..") || path.startsWith("/")) continue;
    const file = join(directory, path);
    if (!(await stat(file).catch(() => undefined))?.isFile()) continue;
    return { path, line: pointer.line ?? (pointer.text ? await lineOf(file, pointer.text) : 1) };
  }
  return undefined;
}

async function lineOf(file: string, text: string): Promise<number> {
  const lines = (await readFile(file, "utf8")).split("\n");
  return (
    Math.max(
      0,
      lines.findIndex((line) => line.includes(text)),
    ) + 1
  );
}

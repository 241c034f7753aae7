import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import type { Machine } from "../machine.ts";

/**
 * Every program of that name on PATH, in order. Relative entries are passed over: they would run what lies in the
 * folder we happen to be in, which may be the repository under review.
 */
export async function programsOnPath(name: string, machine: Machine): Promise<string[]> {
  const folders = (machine.env.PATH ?? "").split(delimiter).filter(isAbsolute);
  const paths = [...new Set(folders)].map((folder) => join(folder, name));
  const runnable = await Promise.all(paths.map(isProgram));
  return paths.filter((_, index) => runnable[index]);
}

/** Whether a path is a file that we may execute. */
export async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

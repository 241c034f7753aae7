import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of gitops-actions: the nearest folder above this file that has its action folders. */
export function findRoot(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(at, "actions")) && dirname(at) !== at) at = dirname(at);
  return at;
}

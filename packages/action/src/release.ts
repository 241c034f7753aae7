import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The root of gitops-actions as it was downloaded or cloned: the nearest folder above this file that has both a
 * package.json and the folders of the actions. The same from sources and from a bundle in dist/.
 */
export function findRoot(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  while (!isRoot(at) && dirname(at) !== at) at = dirname(at);
  return at;
}

function isRoot(folder: string): boolean {
  return (
    existsSync(join(folder, "actions")) &&
    existsSync(join(folder, "package.json")) &&
    existsSync(join(folder, "packages"))
  );
}

/** The version of gitops-actions, from the package.json at its root. */
export function readVersion(): string {
  const { version } = JSON.parse(readFileSync(join(findRoot(), "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}

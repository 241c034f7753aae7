import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findRoot } from "./root.ts";

/** The version of gitops-actions, from the package.json at its root. */
export function version(): string {
  const { version } = JSON.parse(readFileSync(join(findRoot(), "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}

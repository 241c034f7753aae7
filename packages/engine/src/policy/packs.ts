import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { policyDataFile } from "./data.ts";

/** What messages call the folder of the packs. */
export const packRoot = "gitops-actions";

/** Names of the packs that ship with this release, sorted. */
export function packNames(): string[] {
  return readdirSync(join(policyDataFile("packs")), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "lib")
    .map((entry) => entry.name)
    .sort();
}

/** The Rego of these packs and of what they share, by the path that messages name. */
export function readPacks(names: readonly string[]): Map<string, string> {
  const folder = policyDataFile("packs");
  const files = new Map<string, string>();
  for (const name of ["lib", ...[...names].sort()]) {
    for (const file of readdirSync(join(folder, name)).sort())
      files.set(`${packRoot}/${name}/${file}`, readFileSync(join(folder, name, file), "utf8"));
  }
  return files;
}

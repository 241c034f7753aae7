import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { policyDataFile } from "./data.ts";

/** A built-in pack: Rego, by path. */
export interface PolicyPack {
  name: string;
  /** What messages call its folder. */
  root: string;
  files: Map<string, string>;
}

/** Names of the packs that ship with this release, sorted. */
export function packNames(): string[] {
  return readdirSync(join(policyDataFile("packs")), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "lib")
    .map((entry) => entry.name)
    .sort();
}

/** The packs of these names, each with what all packs share. */
export function readPacks(names: readonly string[]): PolicyPack[] {
  const folder = policyDataFile("packs");
  const read = (name: string): [string, string][] =>
    readdirSync(join(folder, name))
      .filter((file) => file.endsWith(".rego") && !file.endsWith("_test.rego"))
      .sort()
      .map((file) => [`gitops-actions/${name}/${file}`, readFileSync(join(folder, name, file), "utf8")]);
  return names.map((name) => ({
    name,
    root: `gitops-actions/${name}`,
    files: new Map([...read("lib"), ...read(name)]),
  }));
}

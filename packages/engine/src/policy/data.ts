import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ToolError } from "@gitops-actions/report";

/** Absolute path of a file of packages/engine/data/policies, found by walking up: this code may be bundled. */
export function policyDataFile(name: string): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, "packages/engine/data/policies", name);
    if (existsSync(candidate)) return candidate;
    if (dirname(folder) === folder) break;
  }
  throw new ToolError(
    "policies",
    `packages/engine/data/policies/${name} is not above this program: the installation is incomplete.`,
  );
}

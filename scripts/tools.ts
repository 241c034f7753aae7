// Makes sure that tools are in the user's cache (or on PATH): node scripts/tools.ts kustomize,helm
//
// Silent when they are there; otherwise it says what it fetches or builds and how long that took. The npm scripts
// run it first, so that no test and no command fetches a tool halfway through.
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { ensureTool, type Machine, type ToolName, toolNames, userCacheDir } from "@gitops-actions/engine";
import { ToolError, UsageError } from "@gitops-actions/report";

const tempDir = mkdtempSync(join(tmpdir(), "gitops-tools-"));
const machine: Machine = {
  env: process.env,
  cwd: process.cwd(),
  cacheDir: userCacheDir(process.env),
  tempDir,
  cores: availableParallelism(),
};
const cancel = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => cancel.abort());

try {
  for (const name of namesFrom(process.argv[2] ?? "")) {
    const progress = (message: string): void => console.error(message);
    await ensureTool(name, { from: "auto", allowBuild: true }, machine, progress, { signal: cancel.signal });
  }
} catch (error) {
  if (!(error instanceof ToolError || error instanceof UsageError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 2 : 3;
} finally {
  rmSync(tempDir, { recursive: true, force: true });
}

function namesFrom(list: string): ToolName[] {
  const names = list.split(",").map((name) => name.trim());
  for (const name of names) {
    if (!toolNames.includes(name as ToolName)) {
      throw new UsageError(
        `scripts/tools.ts: ${JSON.stringify(name)} is not a tool. Tools: ${toolNames.join(", ")}.`,
      );
    }
  }
  return names as ToolName[];
}

// Makes sure that tools are in the user's cache (or on PATH): node scripts/tools.ts kustomize,helm
//
// `servers` stands for the programs of an API server; see scripts/servers/programs.ts.
// Silent when they are there; otherwise it says what it fetches or builds and how long that took. The npm scripts
// run it first, so that no test and no command fetches a tool halfway through.
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { ensureTool, type Machine, type ToolName, toolNames, userCacheDir } from "@gitops-actions/engine";
import { ToolError, UsageError } from "@gitops-actions/report";
import { ensureProgram, hasGo } from "./servers/build.ts";
import { programGroups } from "./servers/programs.ts";

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

const progress = (message: string): void => console.error(message);

try {
  for (const name of namesFrom(process.argv[2] ?? "")) {
    if (isTool(name)) {
      await ensureTool(name, { from: "auto", allowBuild: true }, machine, progress, {
        signal: cancel.signal,
      });
      continue;
    }
    if (!hasGo(process.env)) {
      progress(
        `There is no Go on PATH (https://go.dev/dl), so no ${name} can be built: their tests are skipped.`,
      );
      continue;
    }
    for (const program of programGroups[name])
      await ensureProgram(program, process.env, progress, cancel.signal);
  }
} catch (error) {
  if (!(error instanceof ToolError || error instanceof UsageError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 2 : 3;
} finally {
  rmSync(tempDir, { recursive: true, force: true });
}

type Name = ToolName | keyof typeof programGroups;

function isTool(name: Name): name is ToolName {
  return toolNames.includes(name as ToolName);
}

function namesFrom(list: string): Name[] {
  const known: string[] = [...toolNames, ...Object.keys(programGroups)];
  const names = list.split(",").map((name) => name.trim());
  for (const name of names) {
    if (!known.includes(name)) {
      throw new UsageError(
        `scripts/tools.ts: ${JSON.stringify(name)} is not a tool. Tools: ${known.join(", ")}.`,
      );
    }
  }
  return names as Name[];
}

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureTool, type ToolName, userCacheDir } from "@gitops-actions/engine";

/**
 * Path of a tool that `npm test` has brought into the user's cache before the first test (or, for someone who starts
 * Vitest by hand, one on PATH of the right version). Fetches nothing: a test that waits for a compiler proves nothing.
 */
export async function findTool(name: ToolName): Promise<string> {
  const machine = {
    env: process.env,
    cwd: process.cwd(),
    cacheDir: userCacheDir(process.env),
    tempDir: mkdtempSync(join(tmpdir(), "gitops-tools-")),
    cores: 1,
  };
  const settings = { allowBuild: false, mirror: "file:///no/download/inside/tests/{asset}" };
  const tool = await ensureTool(name, settings, machine, () => {});
  return tool.path;
}

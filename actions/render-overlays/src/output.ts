import { mkdir, readdir, realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Host, workspaceOf } from "@gitops-actions/action";
import { ToolError, UsageError } from "@gitops-actions/report";
import type { RenderInputs } from "./inputs.ts";

/** The folder that receives the result: the one asked for, which must be absent or empty, or a private one of this run. */
export async function emptyOutput(inputs: RenderInputs, host: Host): Promise<string> {
  const path =
    inputs.output === undefined ? join(host.tempDir, "rendered") : resolve(workspaceOf(host), inputs.output);
  let entries: string[];
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    entries = await readdir(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EEXIST" || code === "ENOTDIR")
      throw new UsageError(`output: ${path} is a file. Name a folder.`);
    throw new ToolError(
      "cannot-write",
      `output: cannot make the folder ${path}: ${(error as Error).message}`,
    );
  }
  // What an earlier run left could be taken for this one's.
  if (entries.length > 0)
    throw new UsageError(`output: the folder ${path} is not empty. Name a new folder, or empty this one.`);
  return await realpath(path);
}

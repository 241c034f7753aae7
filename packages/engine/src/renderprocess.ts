import { realpath } from "node:fs/promises";
import { type ProcessSpec, runProcess } from "./exec.ts";
import { stoppedBy } from "./limits.ts";
import { locate } from "./locate.ts";
import type { RenderJob, RenderResult } from "./render.ts";
import type { RenderPlace, ToolMessage } from "./toolmessage.ts";

/** How to read what a renderer prints on standard error. */
export interface Words {
  /** For messages: what was running. */
  tool: string;
  warnings: (stderr: string, place: RenderPlace) => string[];
  error: (stderr: string, place: RenderPlace) => ToolMessage;
}

/** Runs a renderer and turns its end into a result: the exact bytes it printed, or what went wrong and where. */
export async function runRenderer(
  spec: ProcessSpec,
  job: RenderJob,
  words: Words,
  signal?: AbortSignal,
): Promise<RenderResult> {
  const result = await runProcess(spec, signal);
  const stopped = stoppedBy(result, spec, words.tool);
  if (stopped) return { status: "failed", ...stopped };
  const place = { directories: [job.directory, await realpath(job.directory)], overlay: job.overlay.path };
  if (result.exitCode === 0) {
    return { status: "rendered", output: result.stdout, warnings: words.warnings(result.stderr, place) };
  }
  const { code, message, at, missing } = words.error(result.stderr, place);
  const location = at && (await locate(job.directory, at));
  const about = { ...(location && { location }), ...(missing !== undefined && { missing }) };
  return { status: "failed", code, message, ...about };
}

import type { Machine, Progress } from "../machine.ts";
import type { Wanted } from "./pin.ts";
import { buildProgram } from "./program.ts";

/** Builds a tool from its Go module into `target`, as `buildProgram` does; its hash is compared with the pin. */
export async function buildTool(
  wanted: Wanted,
  target: string,
  staging: string,
  machine: Machine,
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const { name, version, module, sum, range, pin } = wanted;
  const remedy = `Install Go (https://go.dev/dl), or put ${name} ${range} on PATH.`;
  const recipe = { name, version, module, sum, ...pin.build, remedy };
  await buildProgram(recipe, target, staging, machine, progress, signal);
}

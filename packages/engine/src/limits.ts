import { ToolError } from "@gitops-actions/report";
import type { ProcessResult, ProcessSpec } from "./exec.ts";

/** A process that was stopped at a limit, as a failure that names the limit and how to raise it. */
export interface Stopped {
  code: "deadline" | "memory" | "output" | "killed";
  message: string;
}

/**
 * What a limit did to a process; undefined when it ended by itself. Throws ToolError when it was cancelled or could
 * not be started, because then nothing can be said of its input.
 */
export function stoppedBy(result: ProcessResult, spec: ProcessSpec, tool: string): Stopped | undefined {
  switch (result.ended) {
    case "deadline":
      return {
        code: "deadline",
        message: `${tool} did not finish within ${spec.deadlineMs / 1000} s and was stopped. Raise time-limit if it needs longer.`,
      };
    case "memory":
      return {
        code: "memory",
        message: `${tool} used more than ${mebibytes(spec.maxMemoryBytes)} of memory and was stopped. Raise memory-limit if it needs more.`,
      };
    case "output":
      return {
        code: "output",
        message: `${tool} printed more than ${mebibytes(spec.maxOutputBytes)} and was stopped. Nothing of that size can be reviewed: split it into several overlays.`,
      };
    case "cancelled":
      throw new ToolError("cancelled", `Cancelled while ${tool} was running.`);
    case "spawn":
      throw new ToolError("spawn", `${tool} could not be started (${spec.command}): ${result.stderr}`);
    case "exit":
      if (result.exitCode !== null) return undefined;
      return {
        code: "killed",
        message: `${tool} was killed by the system, most likely because memory ran out.`,
      };
  }
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}

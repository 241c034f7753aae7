import type { Readable } from "node:stream";
import { execa } from "execa";
import { watchMemory } from "./memory.ts";

/** One process to run: arguments as an array (no shell), a complete environment, and every limit spelled out. */
export interface ProcessSpec {
  command: string;
  args: string[];
  cwd: string;
  /** The whole environment of the child: nothing is inherited. See `childEnvironment`. */
  env: Record<string, string>;
  deadlineMs: number;
  /** Cap on standard output, and separately on standard error. */
  maxOutputBytes: number;
  /** Cap on the resident memory of the process and its descendants together. */
  maxMemoryBytes: number;
  stdin?: string | Uint8Array;
}

/** Why a process came to its end: by itself, or because a limit, a cancellation or a failed start ended it. */
export type Ending = "exit" | "deadline" | "output" | "memory" | "cancelled" | "spawn";

export interface ProcessResult {
  /** Null when a signal ended the process, ours or the system's. */
  exitCode: number | null;
  stdout: Uint8Array;
  /** For `spawn`, the reason it could not be started. At most 1 MiB is kept. */
  stderr: string;
  ended: Ending;
  durationMs: number;
}

const keptErrorBytes = 1024 * 1024;

/**
 * Runs one process to its end, or kills it and all its descendants when a limit is reached.
 * Never rejects for what the process does: the result says how it ended.
 */
export async function runProcess(spec: ProcessSpec, signal?: AbortSignal): Promise<ProcessResult> {
  const began = performance.now();
  const elapsed = (): number => Math.round(performance.now() - began);
  if (signal?.aborted) return { ...nothing, ended: "cancelled", durationMs: 0 };

  let child: ReturnType<typeof start>;
  try {
    child = start(spec);
  } catch (error) {
    // An argument that no process can have, such as one with a NUL in it.
    return { ...nothing, stderr: (error as Error).message, ended: "spawn", durationMs: elapsed() };
  }
  if (child.pid === undefined) {
    const { cause, shortMessage } = await child;
    const reason = cause instanceof Error ? cause.message : (shortMessage ?? "unknown reason");
    return { ...nothing, stderr: reason, ended: "spawn", durationMs: elapsed() };
  }

  let ended: Ending = "exit";
  const stop = (why: Ending): void => {
    if (ended === "exit") ended = why;
    child.kill("SIGKILL");
  };
  const cancel = (): void => stop("cancelled");
  signal?.addEventListener("abort", cancel, { once: true });
  const timer = setTimeout(() => stop("deadline"), spec.deadlineMs);
  const unwatch = watchMemory(child.pid, spec.maxMemoryBytes, () => stop("memory"));
  const stdout = collect(child.stdout, spec.maxOutputBytes, spec.maxOutputBytes, () => stop("output"));
  const stderr = collect(child.stderr, keptErrorBytes, spec.maxOutputBytes, () => stop("output"));

  await new Promise<void>((resolve) => child.nodeChildProcess.once("exit", () => resolve()));
  clearTimeout(timer);
  unwatch();
  signal?.removeEventListener("abort", cancel);
  // Whatever the process left behind in its group ends with it; what it wrote is still in the pipes.
  child.kill("SIGKILL");
  await drained([child.stdout, child.stderr]);
  return {
    exitCode: child.nodeChildProcess.exitCode,
    stdout: Buffer.concat(stdout),
    stderr: Buffer.concat(stderr).toString("utf8"),
    ended,
    durationMs: elapsed(),
  };
}

function start(spec: ProcessSpec) {
  // The group is killed, not the child alone: a grandchild that holds the pipe would keep us waiting for ever.
  // execa also kills the group when this process ends early. It reads the streams through us (`buffer: false`),
  // because its own limit truncates without saying which limit it was.
  return execa(spec.command, spec.args, {
    cwd: spec.cwd,
    env: spec.env,
    extendEnv: false,
    killDescendants: true,
    killSignal: "SIGKILL",
    forceKillAfterDelay: false,
    buffer: false,
    reject: false,
    encoding: "buffer",
    ...(spec.stdin === undefined ? { stdin: "ignore" as const } : { input: spec.stdin }),
  });
}

const nothing = { exitCode: null, stdout: new Uint8Array(), stderr: "" };

/** Gathers at most `keep` bytes of a stream and calls `tooMuch` once it has given more than `cap`. */
function collect(stream: Readable, keep: number, cap: number, tooMuch: () => void): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let seen = 0;
  stream.on("data", (chunk: Uint8Array) => {
    const room = keep - seen;
    seen += chunk.length;
    if (room > 0) chunks.push(chunk.subarray(0, room));
    if (seen > cap) tooMuch();
  });
  // A pipe that breaks while its writer is being killed is no news.
  stream.on("error", () => {});
  return chunks;
}

/** Waits until the pipes are read to their end, but not for a descendant that left the group and still holds one. */
async function drained(streams: Readable[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 1000);
  });
  const ends = streams.map(
    (stream) =>
      new Promise<void>((resolve) =>
        stream.closed || stream.readableEnded
          ? resolve()
          : stream.once("close", resolve).once("end", resolve),
      ),
  );
  await Promise.race([Promise.all(ends), patience]);
  clearTimeout(timer);
  for (const stream of streams) stream.destroy();
}

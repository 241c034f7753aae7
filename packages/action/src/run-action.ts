import { error as annotateError } from "@actions/core";
import { shorten, ToolError, UsageError, visibleLines } from "@gitops-actions/report";
import { type Host, hostFromProcess, isJob, removeTempDir } from "./host.ts";
import { inert } from "./outputs.ts";
import { makeMask, secretsOf } from "./secrets.ts";

/** What a run is given. */
export interface RunContext {
  host: Host;
  /** Aborted when the run is cancelled: stop starting things, end what runs. */
  signal: AbortSignal;
}

/** Exit status of a run that a signal ended, as shells count it: 128 + its number. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** The runner sends SIGTERM 7.5 s after SIGINT and kills 2.5 s later: by then all must be tidy. */
const GRACE_MILLISECONDS = 6_000;

/**
 * Runs an action or a command and ends the process with its status: what `run` returns, 2 for wrong use, 3 when a
 * tool or the environment failed, 130 or 143 when cancelled. The one place where errors are caught.
 */
export async function runAction(run: (context: RunContext) => Promise<number>): Promise<never> {
  const controller = new AbortController();
  let host: Host | undefined;
  let cancelled: keyof typeof SIGNALS | undefined;

  const end = (status: number): never => {
    // In a job later steps read what lies in the temporary folder, and the runner empties it.
    if (host && (cancelled || !isJob(host))) removeTempDir(host);
    process.exit(status);
  };
  const cancel = (signal: keyof typeof SIGNALS) => {
    if (cancelled) end(SIGNALS[cancelled]);
    cancelled = signal;
    controller.abort(new ToolError("cancelled", `cancelled by ${signal}`));
    setTimeout(() => end(SIGNALS[signal]), GRACE_MILLISECONDS).unref();
  };
  process.on("SIGINT", () => cancel("SIGINT"));
  process.on("SIGTERM", () => cancel("SIGTERM"));
  // A reader that went away (`| head`) is nothing to complain about, and nothing to call clean either: as SIGPIPE ends others.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => end(error.code === "EPIPE" ? 141 : 3));
  const finish = async (status: number): Promise<never> => {
    await Promise.all([process.stdout, process.stderr].map(written));
    return end(status);
  };
  const fail = (error: unknown) => finish(cancelled ? SIGNALS[cancelled] : report(error, host));
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);

  try {
    host = hostFromProcess(process);
    const status = await run({ host, signal: controller.signal });
    return await finish(cancelled ? SIGNALS[cancelled] : status);
  } catch (error) {
    return await fail(error);
  }
}

/** Waits until all that was written has been taken: a pipe holds 64 KiB, and an exit drops what waits behind them. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write("", () => resolve()));
}

/** Says what went wrong and returns the exit status for it. */
function report(error: unknown, host: Host | undefined): 2 | 3 {
  const { message, status } = explain(error);
  const text = visibleLines(makeMask(host ? secretsOf(host) : [])(message));
  // An annotation shows on the pull request; its text is escaped by the command.
  if (host && isJob(host)) annotateError(shorten(text, 4_096));
  else process.stderr.write(inert(`error: ${text}\n`));
  return status;
}

function explain(error: unknown): { message: string; status: 2 | 3 } {
  if (error instanceof UsageError) return { message: error.message, status: 2 };
  if (error instanceof ToolError) return { message: error.message, status: 3 };
  const machine = describeMachine(error);
  if (machine) return { message: machine, status: 3 };
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    message: `This is a bug in gitops-actions. Please report it with these lines.\n${stack}`,
    status: 3,
  };
}

/** What the machine, not our code, is to blame for, by the code of a system error. */
const MACHINE: Readonly<Record<string, string>> = {
  ENOSPC: "The disk is full. Free some space and run this again",
  EDQUOT: "The disk quota is used up. Free some space and run this again",
  EROFS: "A file system is read-only",
  EACCES: "Permission was denied",
  EPERM: "The operation is not permitted",
  EMFILE: "Too many files are open. Raise the limit (ulimit -n) and run this again",
  ENFILE: "Too many files are open on this machine",
  ENOMEM: "There is not enough memory",
  EIO: "A disk or network file system failed",
};

function describeMachine(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return undefined;
  const sentence = MACHINE[String(error.code)];
  return sentence && `${sentence} (${error.message}).`;
}

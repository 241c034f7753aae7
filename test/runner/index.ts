// A stand-in for GitHub's runner: starts one action the way the runner does and reads what it says the way the runner
// does. It knows nothing of our code, so what a test sees through it is what a user would see.
//
//   const run = await runBundle({ bundle: "dist/render-overlays/index.js", inputs: { path: "." },
//                                 eventName: "pull_request", event: {...}, workspace });
//   expect(run.exitCode).toBe(0); run.outputs.index; run.summary; run.annotations; await run.cleanUp();
//
// `bundle` may also be a .ts file: Node 24 runs it. The environment is made anew and holds canaries (tokens as the
// runner gives them); `run.leaks` names each that turned up in a file, output, summary or log of the run.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Command, commandReader, lineSplitter, parseFileCommand } from "./commands.ts";
import { makeCanaries, makeEnvironment, makeFolders } from "./environment.ts";

export type { Command } from "./commands.ts";

export interface RunOptions {
  /** Path of the JavaScript (or TypeScript) file to start. */
  bundle: string;
  /** Absolute path of the checked-out repository; the working directory. */
  workspace: string;
  /** Inputs as in `with:`, by their kebab-case names. Defaults of action.yml are the caller's business. */
  inputs?: Record<string, string>;
  /** Name of the event; default `workflow_dispatch`. */
  eventName?: string;
  /** Payload of the event; a string is written to the event file as it is. */
  event?: unknown;
  /** More environment; undefined removes a variable. */
  env?: Record<string, string | undefined>;
  /** Arguments after the bundle (a command line is not an action, but is started the same way). */
  args?: string[];
  /** The run is killed and the promise rejected after this many milliseconds; default 60,000. */
  timeoutMs?: number;
  /** Cancels the run as the runner does (SIGINT, 7.5 s later SIGTERM, 2.5 s later SIGKILL) once a line matches. */
  cancelWhen?: (line: string) => boolean;
  /** Folder for home, temporary files, tool cache; default: a new one, removed by `cleanUp`. */
  root?: string;
}

export interface RunResult {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  /** success, unless the exit code or a command failed the step. */
  conclusion: "success" | "failure";
  outputs: Record<string, string>;
  state: Record<string, string>;
  exportedEnv: Record<string, string>;
  /** The job summary; "" when GitHub would have dropped it for its size. */
  summary: string;
  /** Workflow commands that the runner carried out, in order. */
  commands: Command[];
  /** error, warning and notice commands that GitHub keeps: ten a level, messages cut to 4,096 characters. */
  annotations: Command[];
  /** Annotations dropped because their level had ten already. */
  dropped: number;
  /** Lines of both streams that were no commands. */
  log: string[];
  stdout: string;
  stderr: string;
  /** What the runner itself would have complained about. */
  problems: string[];
  /** `NAME in PLACE` for each canary found where it must not be. */
  leaks: string[];
  /** Canary values by the name of their variable. */
  canaries: Record<string, string>;
  /** RUNNER_TEMP */
  tempDir: string;
  root: string;
  milliseconds: number;
  /** Milliseconds from the cancellation to the end; undefined when the run was not cancelled. */
  cancelMilliseconds?: number;
  cleanUp: () => Promise<void>;
}

const SUMMARY_LIMIT = 1_024 * 1_024;

/** Starts a bundle as a step of a job and waits for its end. */
export async function runBundle(options: RunOptions): Promise<RunResult> {
  const root = options.root ?? mkdtempSync(join(tmpdir(), "runner-"));
  const folders = makeFolders(root, options.event);
  const canaries = makeCanaries();
  const env = makeEnvironment({
    folders,
    canaries,
    workspace: options.workspace,
    eventName: options.eventName ?? "workflow_dispatch",
    event: options.event,
    inputs: options.inputs ?? {},
    env: options.env ?? {},
    nodeDir: dirname(process.execPath),
  });
  const began = performance.now();
  const done = await runProcess(options, env);
  const milliseconds = performance.now() - began;

  const problems: string[] = [];
  const read = (file: string) => readValues(file, problems);
  const outputs = { ...commandOutputs(done.reader.commands), ...read(folders.output) };
  const summary = readSummary(folders.summary, problems);
  for (const { command } of done.reader.commands) {
    if (command === "set-env" || command === "add-path")
      problems.push(`The \`${command}\` command is disabled`);
  }
  const { kept, dropped } = keepAnnotations(done.reader.commands);
  return {
    exitCode: done.code,
    signal: done.signal,
    conclusion: done.code === 0 && problems.length === 0 ? "success" : "failure",
    outputs,
    state: read(folders.state),
    exportedEnv: read(folders.env),
    summary,
    commands: done.reader.commands,
    annotations: kept,
    dropped,
    log: done.reader.log,
    stdout: done.stdout,
    stderr: done.stderr,
    problems,
    leaks: findLeaks(canaries, [root, options.workspace], { stdout: done.stdout, stderr: done.stderr }),
    canaries,
    tempDir: folders.temp,
    root,
    milliseconds,
    ...(done.cancelMilliseconds !== undefined && { cancelMilliseconds: done.cancelMilliseconds }),
    cleanUp: async () => rmSync(root, { recursive: true, force: true }),
  };
}

function runProcess(options: RunOptions, env: Record<string, string>) {
  const reader = commandReader();
  const child = spawn(process.execPath, [options.bundle, ...(options.args ?? [])], {
    cwd: options.workspace,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { stdout: "", stderr: "" };
  const timers: NodeJS.Timeout[] = [];
  let cancelledAt: number | undefined;
  const cancel = () => {
    if (cancelledAt !== undefined) return;
    cancelledAt = performance.now();
    child.kill("SIGINT");
    timers.push(
      setTimeout(() => child.kill("SIGTERM"), 7_500),
      setTimeout(() => child.kill("SIGKILL"), 10_000),
    );
  };
  for (const name of ["stdout", "stderr"] as const) {
    const lines = lineSplitter((line) => {
      reader.take(line, name);
      if (options.cancelWhen?.(line)) cancel();
    });
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      text[name] += chunk;
      lines.push(chunk);
    });
    child[name].on("end", () => lines.end());
  }
  return new Promise<{
    code: number | null;
    signal: NodeJS.Signals | null;
    reader: typeof reader;
    stdout: string;
    stderr: string;
    cancelMilliseconds?: number;
  }>((resolve, reject) => {
    const limit = options.timeoutMs ?? 60_000;
    timers.push(
      setTimeout(() => {
        child.kill("SIGKILL");
        reject(new Error(`${options.bundle} did not end within ${limit} ms.\n${text.stdout}${text.stderr}`));
      }, limit),
    );
    child.on("error", reject);
    child.on("close", (code, signal) => {
      for (const timer of timers) clearTimeout(timer);
      const cancel = cancelledAt === undefined ? {} : { cancelMilliseconds: performance.now() - cancelledAt };
      resolve({ code, signal, reader, ...text, ...cancel });
    });
  });
}

function readValues(file: string, problems: string[]): Record<string, string> {
  try {
    return parseFileCommand(readFileSync(file, "utf8"));
  } catch (error) {
    problems.push(`Unable to process file command: ${(error as Error).message}`);
    return {};
  }
}

function commandOutputs(commands: readonly Command[]): Record<string, string> {
  const set = commands.filter(({ command }) => command.toLowerCase() === "set-output");
  return Object.fromEntries(set.map(({ properties, data }) => [properties.name ?? "", data]));
}

function readSummary(file: string, problems: string[]): string {
  const bytes = readFileSync(file);
  if (bytes.length <= SUMMARY_LIMIT) return bytes.toString("utf8");
  problems.push(
    `$GITHUB_STEP_SUMMARY upload aborted, supports content up to 1024k, got ${Math.ceil(bytes.length / 1024)}k`,
  );
  return "";
}

function keepAnnotations(commands: readonly Command[]): { kept: Command[]; dropped: number } {
  const kept: Command[] = [];
  let dropped = 0;
  for (const command of commands) {
    if (!["error", "warning", "notice"].includes(command.command.toLowerCase())) continue;
    const level = kept.filter((other) => other.command === command.command).length;
    if (level < 10) kept.push({ ...command, data: command.data.slice(0, 4_096) });
    else dropped += 1;
  }
  return { kept, dropped };
}

/**
 * `NAME in PLACE` for each canary found, as it is and in base64 (at any offset), in a file below the folders (but for
 * `planted` ones) or in one of the texts.
 */
export function findLeaks(
  canaries: Record<string, string>,
  folders: readonly string[],
  texts: Record<string, string>,
  planted: readonly string[] = [],
): string[] {
  const leaks = new Set<string>();
  const look = (place: string, text: string) => {
    for (const [name, value] of Object.entries(canaries)) {
      if (formsOf(value).some((form) => text.includes(form))) leaks.add(`${name} in ${place}`);
    }
  };
  // The runner itself hides the value that add-mask names.
  for (const [place, text] of Object.entries(texts)) look(place, text.replace(/^::add-mask::.*$/gm, ""));
  // Links are not followed: what they lead to was there before the run.
  const visit = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile() && !planted.includes(path)) look(path, readFileSync(path, "latin1"));
    }
  };
  for (const folder of folders) visit(folder);
  return [...leaks].sort();
}

function formsOf(value: string): string[] {
  // Whatever stands before it, the middle of a value encodes to one of three texts.
  const encoded = [0, 1, 2].map((offset) =>
    Buffer.from(" ".repeat(offset) + value)
      .toString("base64")
      .slice(4, -4),
  );
  return [value, ...encoded];
}

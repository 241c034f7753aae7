import { type ParseArgsOptionDescriptor, parseArgs } from "node:util";
import type { Host } from "@gitops-actions/action";
import { nearest, type Paint, UsageError } from "@gitops-actions/report";

/** One option of a command: what `parseArgs` needs, and how help names it. */
export interface Option extends ParseArgsOptionDescriptor {
  /** Shown in help after the name, e.g. `REF`; absent for switches. */
  value?: string;
  help: string;
}

export interface Terminal {
  /** What was asked for. */
  out: (text: string) => void;
  /** Everything else: never mixed into what a pipe reads. */
  err: (text: string) => void;
  /** What is being done now: one line that replaces the one before. */
  progress: (message: string) => void;
  paint: Paint;
  /** Clears the progress line. */
  done: () => void;
}

export interface Arguments {
  positionals: string[];
  flags: Record<string, string | boolean | (string | boolean)[] | undefined>;
}

/** One `gitops <command>`. */
export interface Command {
  name: string;
  /** Positional arguments as help shows them, e.g. `[PATH]`. */
  usage: string;
  summary: string;
  options: Record<string, Option>;
  /** Most positional arguments it takes. */
  positionals: number;
  /** Answers the exit status: 0 clean, 1 findings. Throws UsageError (2) or ToolError (3). */
  run: (args: Arguments, host: Host, terminal: Terminal, signal: AbortSignal) => Promise<number>;
}

/** Parses what stands after the command's name. Throws UsageError with the nearest option that exists. */
export function parseArguments(command: Command, argv: string[]): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      options: command.options,
      allowPositionals: true,
      strict: true,
    });
    if (positionals.length > command.positionals) {
      throw new UsageError(
        `gitops ${command.name}: unexpected argument ${JSON.stringify(positionals[command.positionals])}. ` +
          `Usage: gitops ${command.name} ${command.usage}`,
      );
    }
    return { positionals, flags: values as Arguments["flags"] };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(explain(command, argv, error as Error), { cause: error });
  }
}

function explain(command: Command, argv: string[], error: Error): string {
  const known = Object.keys(command.options).map((name) => `--${name}`);
  const unknown = argv.find((word) => word.startsWith("--") && !known.includes(word.split("=")[0]!));
  const asked = unknown?.split("=")[0];
  const message =
    asked && (error as { code?: string }).code === "ERR_PARSE_ARGS_UNKNOWN_OPTION"
      ? `there is no option ${asked}${suggestion(asked, known)}`
      : error.message.split(". To specify")[0];
  return `gitops ${command.name}: ${message}. See: gitops ${command.name} --help`;
}

/** ` (did you mean X?)`, or nothing when no known word is near. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near ? ` (did you mean ${near}?)` : "";
}

export function text(args: Arguments, name: string): string | undefined {
  const value = args.flags[name];
  return typeof value === "string" ? value : undefined;
}

export function flag(args: Arguments, name: string): boolean {
  return args.flags[name] === true;
}

export function list(args: Arguments, name: string): string[] {
  const value = args.flags[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

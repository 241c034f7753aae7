import type { ParseArgsOptionDescriptor } from "node:util";
import type { Host } from "@gitops-actions/action";
import type { Paint } from "@gitops-actions/report";
import type { Arguments } from "./arguments.ts";

/** One option of a command: what `parseArgs` needs, how help names it, and which input of an action it gives. */
export interface Option extends ParseArgsOptionDescriptor {
  /** Shown in help after the name, e.g. `REF`; absent for switches. */
  value?: string;
  help: string;
  /** What may be given. Of an option that may be repeated, several in one, with commas between them. */
  words?: readonly string[];
  /** What holds where nothing is given, for help. */
  standard?: string;
  /** Of a switch: it is on, and `--no-NAME` turns it off. */
  on?: true;
  /** The input of an action that it gives, where that has another name. */
  input?: string;
  /** What else it may be called: the input's name, and what it was called before. */
  aliases?: readonly string[];
  /** Taken as typed: the reader of inputs is for workflows, where less may be said (`HEAD~1`, a path outside). */
  raw?: true;
  /** Taken, and not shown in help: it changes nothing for this command. */
  hidden?: true;
}

export type Options = Readonly<Record<string, Option>>;

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

/** One `gitops <command>`. */
export interface Command {
  name: string;
  /** Positional arguments as help shows them, e.g. `[PATH]`. */
  usage: string;
  summary: string;
  options: Options;
  /** Most positional arguments it takes. */
  positionals: number;
  /** Answers the exit status: 0 clean, 1 findings. Throws UsageError (2) or ToolError (3). */
  run: (args: Arguments, host: Host, terminal: Terminal, signal: AbortSignal) => Promise<number>;
}

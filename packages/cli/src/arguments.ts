import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { nearest, UsageError } from "@gitops-actions/report";
import type { Command, Option, Options } from "./command.ts";

/** What was typed after a command's name, under the names that its options have now. */
export interface Arguments {
  positionals: string[];
  flags: Record<string, string | boolean | string[] | undefined>;
  options: Options;
}

/**
 * Parses what stands after the command's name, and refuses what none of its options takes, before anything is done.
 * Throws UsageError with the option, what it takes, and the nearest that exists.
 */
export function parseArguments(command: Command, argv: string[]): Arguments {
  const { options } = command;
  const { values, positionals } = parse(
    command,
    argv.map((word) => asSwitch(word, options)),
  );
  if (positionals.length > command.positionals) {
    throw new UsageError(
      `gitops ${command.name}: unexpected argument ${JSON.stringify(positionals[command.positionals])}. ` +
        `Usage: gitops ${command.name} ${command.usage}`,
    );
  }
  const flags: Arguments["flags"] = {};
  for (const [name, option] of Object.entries(options)) {
    const given = spellings(name, option).map((each) => values[each]);
    const found = given.filter((each) => each !== undefined);
    if (found.length > 0)
      flags[name] = (option.multiple ? found.flat() : found[0]) as string | boolean | string[];
    checkWords(name, option, flags[name]);
  }
  return { positionals, flags, options };
}

/** The names under which an option may be given, the one of help first. */
export function spellings(name: string, { aliases = [] }: Option): string[] {
  return [name, ...aliases];
}

function parse(command: Command, argv: string[]) {
  const config: ParseArgsOptionsConfig = {};
  for (const [name, option] of Object.entries(command.options)) {
    const { type, short, multiple } = option;
    for (const each of spellings(name, option)) config[each] = { type, ...(multiple && { multiple }) };
    if (short) config[name] = { ...config[name]!, short };
  }
  try {
    return parseArgs({
      args: argv,
      options: config,
      allowPositionals: true,
      allowNegative: true,
      strict: true,
    });
  } catch (error) {
    throw new UsageError(explain(command, argv, error as Error), { cause: error });
  }
}

/** `--strict=false`, as an action's input is written, is `--no-strict`. */
function asSwitch(word: string, options: Options): string {
  const [, name = "", value] = /^--([a-z-]+)=(true|false)$/.exec(word) ?? [];
  const known = Object.entries(options).find(([each, option]) => spellings(each, option).includes(name));
  if (known?.[1].type !== "boolean") return word;
  return value === "true" ? `--${name}` : `--no-${name}`;
}

function checkWords(name: string, { words, multiple }: Option, given: Arguments["flags"][string]): void {
  if (!words) return;
  for (const value of [given].flat()) {
    if (typeof value !== "string") continue;
    const each = multiple ? value.split(/[,\s]+/).filter(Boolean) : [value];
    const wrong = each.find((word) => !words.includes(word));
    if (wrong === undefined) continue;
    const expected = `${multiple ? "some" : "one"} of ${words.join(", ")}`;
    throw new UsageError(`--${name} ${wrong}: expected ${expected}${suggestion(wrong, words)}`);
  }
}

function explain(command: Command, argv: string[], error: Error): string {
  const options = Object.entries(command.options);
  const known = options.flatMap(([name, option]) =>
    spellings(name, option).flatMap((each) => (option.on ? [`--${each}`, `--no-${each}`] : [`--${each}`])),
  );
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
  const near = nearest(word, known) ?? extended(word, known);
  return near ? ` (did you mean ${near}?)` : "";
}

/** The one known word that begins like the whole of what was typed, or the other way round: `newest` and `new`. */
function extended(word: string, known: readonly string[]): string | undefined {
  const alike = known.filter(
    (each) => Math.min(each.length, word.length) >= 3 && (each.startsWith(word) || word.startsWith(each)),
  );
  return alike.length === 1 ? alike[0] : undefined;
}

export function text(args: Arguments, name: string): string | undefined {
  const value = args.flags[name];
  return typeof value === "string" ? value : undefined;
}

/** Whether a switch is on. */
export function flag(args: Arguments, name: string): boolean {
  const value = args.flags[name];
  return typeof value === "boolean" ? value : args.options[name]?.on === true;
}

export function list(args: Arguments, name: string): string[] {
  const value = args.flags[name];
  return Array.isArray(value) ? value : [];
}

/** The words of an option that may be repeated and takes several at once; already known to be among its `words`. */
export function wordsOf(args: Arguments, name: string): string[] {
  return list(args, name).flatMap((each) => each.split(/[,\s]+/).filter(Boolean));
}

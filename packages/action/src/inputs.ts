import { lstatSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { nearest, type Severity, UsageError, visible } from "@gitops-actions/report";
import type { Host } from "./host.ts";

// Readers of an action's inputs: what stands in `with:` of a workflow. An input that is not set is the empty string,
// so "" always means the default. Each error names the input, its value and what was expected.

type InputHost = Pick<Host, "env">;

/** The raw text of an input, trimmed; "" when it is not set. The runner's way of naming it: spaces to _, upper case. */
export function readInput(host: InputHost, name: string): string {
  return (host.env[`INPUT_${name.replaceAll(" ", "_").toUpperCase()}`] ?? "").trim();
}

/** A single line of text. */
export function readString(host: InputHost, name: string, fallback = ""): string {
  const value = readInput(host, name) || fallback;
  refuse(name, value, CONTROL.test(value), "a single line of text");
  return value;
}

/** A single line of text that must be there. */
export function readRequired(host: InputHost, name: string): string {
  const value = readString(host, name);
  if (value === "")
    throw new UsageError(`input '${name}' is required and is not set. Set it under 'with:' of the step.`);
  return value;
}

/** One item a line; empty lines and the white space around items do not count. */
export function readList(host: InputHost, name: string): string[] {
  const items = readInput(host, name)
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter(Boolean);
  for (const item of items)
    refuse(name, item, CONTROL.test(item), "one item a line, without control characters");
  return items;
}

/** `true` or `false`, nothing else. */
export function readBoolean(host: InputHost, name: string, fallback: boolean): boolean {
  const value = readInput(host, name);
  if (value === "") return fallback;
  refuse(name, value, value !== "true" && value !== "false", "true or false");
  return value === "true";
}

export interface IntegerOptions {
  default: number;
  min: number;
  max: number;
  /** What one of it is, for messages: "seconds", "MB". */
  unit: string;
  /** Suffixes a person may write, with what they multiply by: `{ s: 1, m: 60 }`. */
  suffixes?: Readonly<Record<string, number>>;
}

/** A whole number between two limits, in the given unit; `5m` where `m` is a suffix. */
export function readInteger(host: InputHost, name: string, options: IntegerOptions): number {
  const value = readInput(host, name);
  if (value === "") return options.default;
  const { min, max, unit, suffixes = {} } = options;
  const examples =
    Object.keys(suffixes).length > 0 ? ` (or with a suffix: ${Object.keys(suffixes).join(", ")})` : "";
  const expected = `a whole number of ${unit} between ${min} and ${max}${examples}`;
  const match = /^(\d{1,15})\s?([a-zA-Z]*)$/.exec(value);
  const factor = match?.[2] ? suffixes[match[2]] : 1;
  const number = Number(match?.[1]) * (factor ?? Number.NaN);
  refuse(name, value, !(number >= min && number <= max), expected);
  return number;
}

/** One of a few words; a near miss gets a "did you mean". */
export function readChoice<Choice extends string>(
  host: InputHost,
  name: string,
  choices: readonly Choice[],
  fallback: Choice,
): Choice {
  const value = readInput(host, name);
  if (value === "") return fallback;
  const choice = choices.find((candidate) => candidate === value);
  if (choice !== undefined) return choice;
  const near = nearest(value, choices);
  throw wrong(name, value, `one of ${choices.join(", ")}${near ? `. Did you mean ${near}?` : ""}`);
}

/** `fail-on-severity`: from which severity on a finding fails the step. */
export function readSeverity(host: InputHost, fallback: Severity): Severity {
  return readChoice<Severity>(host, "fail-on-severity", ["error", "warning", "notice"] as const, fallback);
}

/** `fail-on`: which findings fail the step. */
export function readFailOn(host: InputHost, fallback: "new" | "all" | "none"): "new" | "all" | "none" {
  return readChoice(host, "fail-on", ["new", "all", "none"] as const, fallback);
}

/** `manifests`, without which there is nothing to look at. */
export function readManifests(host: InputHost): string {
  const manifests = readString(host, "manifests");
  if (manifests !== "") return manifests;
  throw new UsageError(
    "input 'manifests' is required and is not set: the `index` output of render-overlays, or a folder of manifests.",
  );
}

/** What one start of a tool may take. */
export interface ProcessLimits {
  timeLimitSeconds: number;
  memoryLimitMebibytes: number;
}

/** `time-limit` and `memory-limit`. */
export function readLimits(host: InputHost, fallback: ProcessLimits): ProcessLimits {
  return {
    timeLimitSeconds: readInteger(host, "time-limit", {
      ...{ default: fallback.timeLimitSeconds, min: 1, max: 3600, unit: "seconds" },
    }),
    memoryLimitMebibytes: readInteger(host, "memory-limit", {
      ...{ default: fallback.memoryLimitMebibytes, min: 64, max: 65536, unit: "MiB" },
    }),
  };
}

/** Where a step's tools come from, as its inputs say: the same words in every action. */
export interface ToolInputs<Name extends string> {
  versions: Partial<Record<Name, string>>;
  paths: Partial<Record<Name, string>>;
  from: "auto" | "release" | "go" | "path";
  allowBuild: false;
  mirror?: string;
}

/** Reads `tools-from`, `tools-mirror`, and `<name>-version` and `<name>-path` of each named tool. */
export function readTools<const Name extends string>(
  host: InputHost,
  names: readonly Name[],
): ToolInputs<Name> {
  const given = (suffix: string): Partial<Record<Name, string>> => {
    const values = names.map((name) => [name, readString(host, `${name}-${suffix}`)] as const);
    return Object.fromEntries(values.filter(([, value]) => value !== "")) as Partial<Record<Name, string>>;
  };
  const mirror = readString(host, "tools-mirror");
  return {
    versions: given("version"),
    paths: given("path"),
    from: readChoice(host, "tools-from", ["auto", "release", "go", "path"] as const, "auto"),
    // In a job a build takes minutes that nobody asked for: only `tools-from: go` does it.
    allowBuild: false,
    ...(mirror && { mirror }),
  };
}

/** Leaves out what is undefined, for exact optional properties. */
export function compact<Shape extends object>(
  value: { [Key in keyof Shape]: Shape[Key] | undefined },
): Shape {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Shape;
}

/** A Git ref or commit, safe to be an argument: as `git check-ref-format` wants it, and not beginning with `-`. */
export function readRef(host: InputHost, name: string, fallback = ""): string {
  const value = readInput(host, name) || fallback;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what git refuses
  const bad = value !== "" && /^[-/]|\.\.|@\{|[\x00-\x20\x7f~^:?*[\\]|\/\/|[./]$|\.lock$/.test(value);
  refuse(name, value, bad, "a branch, tag or commit");
  return value;
}

/**
 * A path inside the workspace, as a POSIX path relative to it ("." for the workspace itself). What does not exist yet
 * is judged by the nearest folder that does. Links are followed: one that leads outside is refused.
 */
export function readPath(host: Pick<Host, "env" | "cwd">, name: string, fallback = "."): string {
  return checkPath(host, name, readInput(host, name) || fallback);
}

/** Several paths inside the workspace, one a line; see `readPath`. */
export function readPaths(host: Pick<Host, "env" | "cwd">, name: string): string[] {
  return readInput(host, name)
    .split(/\r\n|\n/)
    .map((line) => line.trim())
    .filter(Boolean)
    .map((path) => checkPath(host, name, path));
}

function checkPath(host: Pick<Host, "env" | "cwd">, name: string, value: string): string {
  refuse(name, value, CONTROL.test(value), "a path without line breaks or control characters");
  refuse(name, value, value.startsWith("-"), "a path; write ./ before a name that begins with -");
  // Both sides are compared as they really are: an absolute path may name the workspace through a link (/tmp on macOS).
  const workspace = realOf(workspaceOf(host)) ?? workspaceOf(host);
  const real = realOf(resolve(workspaceOf(host), value));
  const inside = real !== undefined && isInside(real, workspace);
  refuse(name, value, !inside, "a path inside the workspace; this one leads out of it");
  return relative(workspace, real!).split(sep).join("/") || ".";
}

/** The folder an action works in: the job's workspace, or where the person is. */
export function workspaceOf(host: Pick<Host, "env" | "cwd">): string {
  const workspace = host.env.GITHUB_WORKSPACE;
  return workspace && isAbsolute(workspace) ? workspace : host.cwd;
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || !(way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way));
}

/** Where a path really leads; undefined when a link on the way is broken (its target could be made anywhere). */
function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (!isMissing(error) || isLink(path)) return undefined;
    const parent = dirname(path);
    const real = parent === path ? parent : realOf(parent);
    return real === undefined ? undefined : join(real, basename(path));
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

function isMissing(error: unknown): boolean {
  // ENOTDIR: a file stands where a folder would have to be, which is for whoever makes it to say.
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: an argument or a line must not hold one
const CONTROL = /[\x00-\x1f\x7f]/;

function refuse(name: string, value: string, bad: boolean, expected: string): void {
  if (bad) throw wrong(name, value, expected);
}

function wrong(name: string, value: string, expected: string): UsageError {
  const shown = value.length > 100 ? `${value.slice(0, 100)}...` : value;
  return new UsageError(
    `input '${name}' is '${visible(shown)}'; expected ${expected}${/[?]$/.test(expected) ? "" : "."}`,
  );
}

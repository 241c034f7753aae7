// How GitHub's runner reads what a step prints: actions/runner, src/Runner.Common/ActionCommand.cs and
// src/Runner.Worker/ActionCommandManager.cs.

/** A workflow command that the runner would have carried out. */
export interface Command {
  command: string;
  properties: Record<string, string>;
  data: string;
  stream: "stdout" | "stderr";
}

/** Reads lines of both streams, in the order they came, the way one step's command manager does. */
export interface CommandReader {
  /** Takes one line without its end; says whether it was a command (also one that stops or resumes). */
  take(line: string, stream: Command["stream"]): boolean;
  commands: Command[];
  /** Lines that the runner would show as they are. */
  log: string[];
}

const STOP = "stop-commands";
const REGISTERED = [
  STOP,
  ...["add-path", "set-env", "set-output", "save-state", "add-mask", "add-matcher", "remove-matcher"],
  ...["debug", "warning", "error", "notice", "group", "endgroup", "echo"],
];

export function commandReader(): CommandReader {
  const registered = new Set(REGISTERED);
  let stopToken: string | undefined;
  const reader: CommandReader = { take, commands: [], log: [] };

  function take(line: string, stream: Command["stream"]): boolean {
    const found = parseDoubleColon(line, registered) ?? parseBracket(line, registered);
    if (!found || (stopToken !== undefined && found.command.toLowerCase() !== stopToken)) {
      reader.log.push(line);
      return false;
    }
    if (stopToken !== undefined) {
      registered.delete(stopToken);
      stopToken = undefined;
    } else if (found.command.toLowerCase() === STOP) {
      stopToken = found.data.toLowerCase();
      registered.add(stopToken);
    } else {
      reader.commands.push({ ...found, stream });
    }
    return true;
  }
  return reader;
}

/** `::name key=value,key=value::data` after white space (TryParseV2). */
function parseDoubleColon(line: string, registered: Set<string>): Omit<Command, "stream"> | undefined {
  const text = line.replace(/^[\s\u0085]+/, "");
  const end = text.startsWith("::") ? text.indexOf("::", 2) : -1;
  if (end < 0) return undefined;
  return build(text.slice(2, end), text.slice(end + 2), registered, ",", [
    ["%0D", "\r"],
    ["%0A", "\n"],
    ["%3A", ":"],
    ["%2C", ","],
    ["%25", "%"],
  ]);
}

/** `##[name key=value;key=value]data` anywhere in the line (TryParse). */
function parseBracket(line: string, registered: Set<string>): Omit<Command, "stream"> | undefined {
  const start = line.indexOf("##[");
  const end = start < 0 ? -1 : line.indexOf("]", start);
  if (end < 0) return undefined;
  return build(line.slice(start + 3, end), line.slice(end + 1), registered, ";", [
    ["%3B", ";"],
    ["%0D", "\r"],
    ["%0A", "\n"],
    ["%5D", "]"],
    ["%25", "%"],
  ]);
}

type Escapes = [string, string][];

function build(info: string, data: string, registered: Set<string>, separator: string, escapes: Escapes) {
  const space = info.indexOf(" ");
  const command = space < 0 ? info : info.slice(0, space);
  if (!registered.has(command.toLowerCase())) return undefined;
  const properties: Record<string, string> = {};
  for (const part of space > 0
    ? info
        .slice(space + 1)
        .trim()
        .split(separator)
    : []) {
    const equals = part.indexOf("=");
    if (equals > 0 && equals < part.length - 1) {
      properties[part.slice(0, equals)] = decode(part.slice(equals + 1), escapes);
    }
  }
  // In data of the newer form only line breaks and the per cent sign are escaped.
  const dataEscapes =
    separator === "," ? escapes.filter(([code]) => code !== "%3A" && code !== "%2C") : escapes;
  return { command, properties, data: decode(data, dataEscapes) };
}

function decode(text: string, escapes: Escapes): string {
  return escapes.reduce((result, [code, character]) => result.replaceAll(code, character), text);
}

/** Splits a stream into lines as .NET's StreamReader does: `\n`, `\r` and `\r\n` each end one. */
export function lineSplitter(onLine: (line: string) => void): { push(text: string): void; end(): void } {
  let rest = "";
  return {
    push(text) {
      const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop()!;
      for (const line of lines) onLine(line);
    },
    end() {
      const last = rest.endsWith("\r") ? rest.slice(0, -1) : rest;
      if (rest !== "") onLine(last);
      rest = "";
    },
  };
}

/**
 * Reads a file of `name=value` and `name<<delimiter` entries (GITHUB_OUTPUT, GITHUB_ENV, GITHUB_STATE).
 * Throws where the runner would fail the step (FileCommandManager.cs).
 */
export function parseFileCommand(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    if (line === "") continue;
    const equals = line.indexOf("=");
    const heredoc = line.indexOf("<<");
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      values[line.slice(0, equals)] = line.slice(equals + 1);
      continue;
    }
    const [name = "", delimiter = ""] = heredoc >= 0 ? [line.slice(0, heredoc), line.slice(heredoc + 2)] : [];
    if (name === "" || delimiter === "") throw new Error(`Invalid format '${line}'`);
    const end = lines.indexOf(delimiter, index + 1);
    if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`);
    values[name] = lines.slice(index + 1, end).join("\n");
    index = end;
  }
  return values;
}

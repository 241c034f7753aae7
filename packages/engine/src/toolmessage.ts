import type { Pointer } from "./locate.ts";

/** What a person needs of a tool's error, and where it points. */
export interface ToolMessage {
  code: string;
  message: string;
  at?: Pointer;
  /** The path that is named and does not exist, relative to the repository. */
  missing?: string;
}

/** Where a render took place, to turn the paths in a tool's output back into the repository's. */
export interface RenderPlace {
  /** Folder the closure lay in, in every spelling the tool may use (as given, and with symlinks resolved). */
  directories: string[];
  /** Path of the overlay, relative to the repository. */
  overlay: string;
}

const longest = 2000;
/** What is read of an error: its text is up to whoever wrote the files, and matching takes more than linear time. */
const readable = 8192;

/** Replaces the folder of the render by nothing, so that what is left are paths relative to the repository. */
export function relativePaths(text: string, place: RenderPlace): string {
  let result = text;
  for (const directory of [...place.directories].sort((a, b) => b.length - a.length)) {
    result = result.replaceAll(`${directory}/`, "").replaceAll(directory, ".");
  }
  return result;
}

/** The error in what a tool printed: without the lines that match `noise`, no longer than can be matched quickly. */
export function errorLines(stderr: string, noise: RegExp, place: RenderPlace): string {
  const lines = stderr.split("\n").filter((line) => !noise.test(line));
  return relativePaths(lines.join("\n").trim().slice(0, readable), place);
}

/**
 * Cuts a message to what can be read. Never inside a word, where that can be helped: it may be a secret, which is
 * known and hidden only whole.
 */
export function shorten(message: string): string {
  const trimmed = message.trim();
  if (trimmed.length <= longest) return trimmed;
  const space = trimmed.slice(0, longest).search(/\s\S*$/);
  const end = space > longest / 2 ? space : longest;
  return `${trimmed.slice(0, end)}... (${trimmed.length - end} more characters)`;
}

/** The text of a string that Go quoted (`%q`), with or without its quotes; what is no escape stays as it is. */
export function unquoteGo(quoted: string): string {
  const inner = quoted.replace(/^"|"$/g, "");
  const plain: Record<string, string> = { n: "\n", t: "\t", r: "\r", '"': '"', "\\": "\\" };
  return inner.replace(
    /\\(?:(["\\ntr])|x([0-9a-f]{2})|u([0-9a-f]{4}))/g,
    (_, letter: string, byte: string, unit: string) =>
      letter ? (plain[letter] ?? letter) : String.fromCharCode(Number.parseInt(byte ?? unit, 16)),
  );
}

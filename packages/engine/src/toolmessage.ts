import type { Pointer } from "./locate.ts";

/** What a person needs of a tool's error, and where it points. */
export interface ToolMessage {
  code: string;
  message: string;
  at?: Pointer;
}

/** Where a render took place, to turn the paths in a tool's output back into the repository's. */
export interface RenderPlace {
  /** Folder the closure lay in, in every spelling the tool may use (as given, and with symlinks resolved). */
  directories: string[];
  /** Path of the overlay, relative to the repository. */
  overlay: string;
}

const longest = 2000;

/** Replaces the folder of the render by nothing, so that what is left are paths relative to the repository. */
export function relativePaths(text: string, place: RenderPlace): string {
  let result = text;
  for (const directory of [...place.directories].sort((a, b) => b.length - a.length)) {
    result = result.replaceAll(`${directory}/`, "").replaceAll(directory, ".");
  }
  return result;
}

/** Cuts a message to what can be read, at a line where possible. */
export function shorten(message: string): string {
  const trimmed = message.trim();
  return trimmed.length <= longest
    ? trimmed
    : `${trimmed.slice(0, longest)}... (${trimmed.length - longest} more characters)`;
}

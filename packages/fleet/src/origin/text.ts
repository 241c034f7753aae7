import { isObject, type Json, joinPointer, parseSource, type Source } from "@gitops-actions/manifest";

/** A text that a person edits: a file, or the text of a patch inside a kustomization. */
export interface SourceText {
  /** The file it stands in. */
  path: string;
  /** The kustomization (or chart file) that names it; its own path where none does. */
  owner: string;
  source: Source;
  /** Where in the file a place of this text stands. */
  place(line: number, column: number): Position;
}

export interface Position {
  line: number;
  column: number;
  precision: "exact" | "near";
}

/** A whole file as a text. */
export function fileText(path: string, owner: string, text: string): SourceText {
  return {
    path,
    owner,
    source: parseSource(text),
    place: (line, column) => ({ line, column, precision: "exact" }),
  };
}

/** A text that is a scalar inside another, such as an inline patch. Only a literal block keeps its lines. */
export function innerText(
  outer: SourceText,
  document: number,
  pointer: string,
  text: string,
): SourceText | undefined {
  const span = outer.source.locate(document, pointer);
  if (!span) return undefined;
  const own = outer.source.text.slice(...span.range);
  const header = /^\|[-+0-9]*[ \t]*(?:#[^\r\n]*)?(?:\r\n|\n|\r)/.exec(own);
  const indent = header
    ? (/^(?:[ \t]*(?:\r\n|\n|\r))*( *)/.exec(own.slice(header[0].length))?.[1]?.length ?? 0)
    : 0;
  const start = outer.place(span.line, span.column);
  return {
    path: outer.path,
    owner: outer.owner,
    source: parseSource(text),
    place: (line, column) =>
      header
        ? { line: start.line + line, column: column + indent, precision: start.precision }
        : { ...start, precision: own.includes("\n") ? "near" : start.precision },
  };
}

/** Where a field's value stands; the field's key with `key`, for one that is not a single value. */
export function positionOf(
  text: SourceText,
  document: number,
  pointer: string,
  key = false,
): Position | undefined {
  const span = text.source.locate(document, pointer);
  if (!span) return undefined;
  const { line, column } = key ? (span.key ?? span) : span;
  return text.place(line, column);
}

/** A replacement of a part of a text. */
export interface Edit {
  start: number;
  end: number;
  text: string;
}

/** The text with its edits made; of two at one place the first counts. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = "";
  let at = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    if (edit.start < at) continue;
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}

/** Every scalar below a value, with the names and indices on the way. */
export function* scalarsOf(
  value: Json,
  tokens: readonly string[] = [],
): Generator<{ tokens: string[]; value: Json }> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* scalarsOf(item, [...tokens, String(index)]);
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) yield* scalarsOf(value[key] as Json, [...tokens, key]);
  } else yield { tokens: [...tokens], value };
}

/** Replaces the scalar at a pointer, however it is quoted, by a text or a number. */
export function replaceScalar(
  text: SourceText,
  document: number,
  tokens: readonly string[],
  replacement: string | number,
): Edit | undefined {
  const span = text.source.locate(document, joinPointer(tokens));
  if (!span) return undefined;
  const [start, end] = span.range;
  const old = text.source.text.slice(start, end);
  // A block scalar ends with its last line; whatever takes its place must end that line too.
  const lineEnd = /^[|>]/.test(old) ? (/(?:\r\n|\n|\r)$/.exec(old)?.[0] ?? "") : "";
  const gap = start === end && /[:-]/.test(text.source.text[start - 1] ?? "") ? " " : "";
  return { start, end, text: gap + JSON.stringify(replacement) + lineEnd };
}

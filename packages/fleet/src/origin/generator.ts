import { isObject, type Json, joinPointer } from "@gitops-actions/manifest";
import { markPairs } from "./labels.ts";
import type { Leaf, Marks } from "./mark.ts";
import { markScalar } from "./resource.ts";
import { type Edit, replaceScalar, type SourceText } from "./text.ts";

/** Marks the literals, type, labels and annotations of `configMapGenerator` or `secretGenerator`. */
export function markGenerators(text: SourceText, field: string, list: Json, marks: Marks): Edit[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry, index) => {
    if (!isObject(entry)) return [];
    const at = [field, String(index)];
    const edits = [...markOptions(text, [...at, "options"], entry.options, marks)];
    if (typeof entry.type === "string")
      edits.push(...one(markScalar(text, 0, [...at, "type"], entry.type, marks)));
    edits.push(...markLiterals(text, 0, [...at, "literals"], entry.literals, marks));
    return edits;
  });
}

/** Marks the labels and annotations of `generatorOptions`, or of one generator's `options`. */
export function markOptions(
  text: SourceText,
  tokens: readonly string[],
  options: Json | undefined,
  marks: Marks,
): Edit[] {
  if (!isObject(options)) return [];
  return ["labels", "annotations"].flatMap((key) => markPairs(text, [...tokens, key], options[key], marks));
}

/** Marks the values of a list of literals. */
export function markLiterals(
  text: SourceText,
  document: number,
  tokens: readonly string[],
  list: Json | undefined,
  marks: Marks,
): Edit[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((literal, index) =>
    typeof literal === "string"
      ? one(markLiteral(text, document, [...tokens, String(index)], literal, marks))
      : [],
  );
}

/** `KEY=value`: quotes around the value are not part of it (parseLiteralSource of kustomize's api/kv). */
function markLiteral(
  text: SourceText,
  document: number,
  tokens: string[],
  literal: string,
  marks: Marks,
): Edit | undefined {
  const pointer = joinPointer(tokens);
  const span = text.source.locate(document, pointer);
  const equals = literal.indexOf("=");
  if (!span || equals < 0) return undefined;
  const quoted = /^(["'])([\s\S]*)\1$/.exec(literal.slice(equals + 1));
  const value = quoted?.[2] ?? literal.slice(equals + 1);
  // Behind the quote of the YAML text, the key and the equals sign.
  const written = text.source.text.slice(...span.range);
  const before = written.indexOf(literal.slice(0, equals + 1));
  const inLine = before >= 0 && !written.slice(0, before).includes("\n");
  const column = span.column + (inLine ? before + equals + 1 + (quoted ? 1 : 0) : 0);
  const leaf: Leaf = { text, ...text.place(span.line, column), value, field: { document, pointer } };
  const marked = marks.replace(leaf);
  const quote = quoted?.[1] ?? "";
  return replaceScalar(text, document, tokens, `${literal.slice(0, equals + 1)}${quote}${marked}${quote}`);
}

/** Marks an env file: a value at the end of each `KEY=value` line (kustomize's api/kv). */
export function markEnvFile(text: SourceText, marks: Marks): string {
  const lines = text.source.text.split("\n");
  return lines
    .map((line, index) => {
      const match = /^(\s*[^#=\s][^=]*=)(.*?)(\r?)$/.exec(line);
      if (!match) return line;
      const [, key = "", value = "", end = ""] = match;
      const place = { line: index + 1, column: key.length + 1, precision: "exact" as const };
      return `${key}${marks.replace({ text, ...place, value })}${end}`;
    })
    .join("\n");
}

/** Marks a file that becomes one value: its first line stands for all of it. */
export function markWholeFile(text: SourceText, marks: Marks): string {
  return String(marks.replace({ text, line: 1, column: 1, precision: "exact", value: text.source.text }));
}

function one<Value>(value: Value | undefined): Value[] {
  return value === undefined ? [] : [value];
}

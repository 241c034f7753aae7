import type { ResourceChange } from "./diff.ts";
import type { FieldChange } from "./fields.ts";
import { formatLineDiff } from "./line-diff.ts";
import { formatIdentity, type Json } from "./resource.ts";
import { resolvePlain } from "./scalars.ts";
import { writeJson } from "./values.ts";

export interface FormatOptions {
  /** Values longer than this many characters are shortened in the middle, with the count of what is left out. Default 120. */
  maxValue?: number;
  /** At most this many lines of one multi-line value are shown; the rest is counted. Default 40. */
  maxLines?: number;
}

const marks = { added: "+", removed: "-", changed: "~", renamed: ">" } as const;

/**
 * The lines that tell a change to a person, without colour: `~ Deployment shop/web`, `    spec.replicas: 2 → 3`.
 * Shows values as they are: pass a redacted change for anything that is published. No line begins, after white space,
 * with text from a manifest, so none can be read as a workflow command.
 */
export function formatChange(change: ResourceChange, options: FormatOptions = {}): string[] {
  const { maxValue = 120, maxLines = 40 } = options;
  const lines = [`${marks[change.kind]} ${formatTitle(change)}`];
  for (const field of change.fields) lines.push(...formatField(field, maxValue, maxLines));
  return lines;
}

/** The first line of a change without its mark: `Service shop/a → b (renamed)`. */
export function formatTitle(change: ResourceChange): string {
  const { id, previousId } = change;
  const duplicate = change.duplicate ? " (identity occurs more than once)" : "";
  if (previousId && previousId.name !== id.name) {
    const why = change.kind === "renamed" ? "renamed" : "new name";
    return clean(`${formatIdentity(previousId)} → ${id.name} (${why})${duplicate}`);
  }
  return clean(`${formatIdentity(id)}${duplicate}`);
}

/** The lines that tell one field's change, indented by four spaces. */
export function formatField(field: FieldChange, maxValue = 120, maxLines = 40): string[] {
  const path = clean(field.path) || "(all)";
  const { base, head } = field;
  if (field.order) {
    const keys = (value: Json | undefined) => shorten(clean((value as string[]).join(", ")), maxValue);
    return [`    ${path}: order ${keys(base)} → ${keys(head)}`];
  }
  if (isMultiLine(base) || isMultiLine(head)) {
    const diff = textOf(base) !== undefined && textOf(head) !== undefined;
    if (diff)
      return [`    ${path}:`, ...formatLineDiff(textOf(base) as string, textOf(head) as string, maxLines)];
  }
  if (head === undefined) return [`    - ${path}: ${formatValue(base as Json, maxValue)}`];
  if (base === undefined) return [`    + ${path}: ${formatValue(head, maxValue)}`];
  const [before, after] = shortenPair(plain(base), plain(head), maxValue);
  return [`    ${path}: ${before} → ${after}`];
}

/** A value on one line: texts bare where they cannot be taken for something else, everything else as JSON. */
export function formatValue(value: Json, maxValue = 120): string {
  return shorten(plain(value), maxValue);
}

function textOf(value: Json | undefined): string | undefined {
  if (value === undefined) return "";
  return typeof value === "string" ? value : undefined;
}

function isMultiLine(value: Json | undefined): boolean {
  return typeof value === "string" && value.trimEnd().includes("\n");
}

function plain(value: Json): string {
  if (typeof value !== "string") return escapeInvisible(writeJson(value));
  const bare =
    value !== "" &&
    value.trim() === value &&
    resolvePlain(value) === value &&
    !/["\p{C}\u2028\u2029]|^[[{'(]|→/u.test(value);
  return bare ? value : escapeInvisible(JSON.stringify(value));
}

/** Control and direction-changing characters become visible: a value must not rewrite the terminal or hide its end. */
function escapeInvisible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (c) => `\\u${(c.codePointAt(0) as number).toString(16).padStart(4, "0")}`,
  );
}

function clean(text: string): string {
  return escapeInvisible(text);
}

function omitted(count: number): string {
  return `…(${count} characters)…`;
}

function shorten(text: string, max: number): string {
  if (text.length <= max) return text;
  const head = Math.ceil((max - 20) * 0.6);
  const tail = Math.max(max - 20 - head, 0);
  return `${slice(text, 0, head)}${omitted(text.length - head - tail)}${slice(text, text.length - tail)}`;
}

/** Shortens two texts around what differs, so that shortening never makes them look the same. */
function shortenPair(base: string, head: string, max: number): [string, string] {
  if (base.length <= max && head.length <= max) return [base, head];
  const shortest = Math.min(base.length, head.length);
  let front = 0;
  while (front < shortest && base[front] === head[front]) front++;
  let back = 0;
  while (back < shortest - front && base[base.length - 1 - back] === head[head.length - 1 - back]) back++;
  const context = 20;
  const cut = (text: string): string => {
    const start = front > context * 2 ? front - context : 0;
    const end = back > context * 2 ? text.length - back + context : text.length;
    const lead = start > 0 ? omitted(start) : "";
    const trail = end < text.length ? omitted(text.length - end) : "";
    return `${lead}${shorten(slice(text, start, end), max)}${trail}`;
  };
  return [cut(base), cut(head)];
}

/** Cuts without splitting a surrogate pair. */
function slice(text: string, start: number, end = text.length): string {
  return text.slice(start, end).toWellFormed();
}

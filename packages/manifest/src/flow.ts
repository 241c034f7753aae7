import { YAMLException } from "js-yaml";

/** A text whose flow collections and quoted scalars are indented as YAML wants them, and what a parser made of it. */
export interface IndentedFlow<T> {
  text: string;
  events: T;
  toOriginal(offset: number): number;
}

const padding = 64;
/** Characters parsed again at most, all attempts together: half a second. */
const budget = 64_000_000;

/** True when a parse failed because a line inside brackets or quotes is indented less than what surrounds it. */
export function isOutdentedFlow(error: unknown): boolean {
  return error instanceof YAMLException && error.reason === "deficient indentation";
}

/**
 * YAML wants the lines of `[...]`, `{...}` and quoted scalars indented deeper than their key; Go's parser, and so kubectl,
 * kustomize and Helm, takes `args: [` with its `]` below the key. White space at the start of such a line means nothing, so
 * it is added until the text parses; undefined when it does not.
 */
export function indentFlow<T>(original: string, parse: (text: string) => T): IndentedFlow<T> | undefined {
  const inserted: number[] = [];
  let text = original;
  for (let spent = 0; spent < budget; spent += text.length) {
    try {
      return { text, events: parse(text), toOriginal: (offset) => withoutPadding(inserted, offset) };
    } catch (error) {
      if (!isOutdentedFlow(error)) return undefined;
      const { position = 0 } = (error as YAMLException).mark ?? {};
      const line = Math.max(text.lastIndexOf("\n", position - 1), text.lastIndexOf("\r", position - 1)) + 1;
      // Lines are met in order; the same one twice means that indentation is not what it lacks.
      if (line <= (inserted.at(-1) ?? 0)) return undefined;
      inserted.push(line);
      text = `${text.slice(0, line)}${" ".repeat(padding)}${text.slice(line)}`;
    }
  }
  return undefined;
}

/** Where a place of the padded text lies in the original. `inserted` holds offsets in the padded text, ascending. */
function withoutPadding(inserted: readonly number[], offset: number): number {
  let low = 0;
  let high = inserted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((inserted[middle] as number) <= offset) low = middle + 1;
    else high = middle;
  }
  const last = inserted[low - 1];
  if (last === undefined) return offset;
  return offset - padding * (low - 1) - Math.min(padding, offset - last);
}

import type { Json } from "@gitops-actions/manifest";
import { type Cause, descend } from "./cause.ts";
import type { Found } from "./located.ts";
import { divide } from "./printed.ts";

/** How a source of an expression becomes a place that a person edits. */
export type Resolve = (source: Cause, rest: readonly string[], expected: Json) => Found | undefined;

/** The place of the first source whose value was printed; `rest` is the way from it to the field. */
export function first(
  sources: readonly Cause[],
  rest: readonly string[],
  expected: Json,
  resolve: Resolve,
): Found | undefined {
  for (const source of sources) {
    const found = one(source, rest, expected, resolve);
    if (found) return found;
  }
  return undefined;
}

function one(source: Cause, rest: readonly string[], expected: Json, resolve: Resolve): Found | undefined {
  switch (source.kind) {
    case "made":
      return first(rest.length > 0 ? descend([source], rest) : [], [], expected, resolve);
    case "joined":
      return firstPart(source.parts, rest, expected, resolve);
    case "either": {
      // Of two with this value, either may have been printed.
      const found = source.sources.flatMap((each) => one(each, rest, expected, resolve) ?? []);
      const [only] = found;
      return found.every((each) => isSamePlace(each, only!)) ? only : undefined;
    }
    default:
      return resolve(source, rest, expected);
  }
}

function isSamePlace(a: Found, b: Found): boolean {
  return a.text.path === b.text.path && a.line === b.line && a.column === b.column;
}

/** The last part whose value can be followed: what is printed is divided among the parts by the text between them. */
function firstPart(
  parts: readonly (string | (() => Cause[]))[],
  rest: readonly string[],
  expected: Json,
  resolve: Resolve,
): Found | undefined {
  if (rest.length > 0 || typeof expected === "object") return undefined;
  const fixed = parts.map((part) => (typeof part === "string" ? part : undefined));
  const printed = divide(trimmed(fixed), String(expected).trim());
  const makers = parts.filter((part) => typeof part === "function");
  for (const [index, maker] of [...makers.entries()].toReversed()) {
    const own = printed?.[index];
    const found = own ? first(maker(), [], own, resolve) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** Without the white space at both ends, which trim markers may have taken. */
function trimmed(parts: readonly (string | undefined)[]): (string | undefined)[] {
  return parts.map((part, index) => {
    const start = index === 0 ? part?.trimStart() : part;
    return index === parts.length - 1 ? start?.trimEnd() : start;
  });
}

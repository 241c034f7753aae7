import type { Location } from "@gitops-actions/report";
import type { Leaf } from "./mark.ts";
import type { Position, SourceText } from "./text.ts";

/** A place in a text, before it is known how it comes to the result. */
export interface Found extends Position {
  text: SourceText;
}

/**
 * What of a field is asked for: its value; its key, where a person renames it; or the body of a mapping or list, where a
 * person changes or adds what it holds (of an absent field's key, the body in which it has to be put).
 */
export type Part = "value" | "key" | "body";

/** The place of a leaf. */
export function foundAt({ text, line, column, precision }: Leaf): Found {
  return { text, line, column, precision };
}

/** The same place, the right file at least. */
export function near(found: Found): Found {
  return { ...found, precision: "near" };
}

/** A place as a Location; `chain` is every kustomization that the resource went through, in the order in which they ran. */
export function toLocation(found: Found, chain: readonly string[]): Location {
  const { text, line, column, precision } = found;
  const unique = chain.filter((path, index) => chain.indexOf(path) === index);
  const from = unique.indexOf(text.owner);
  const via = [
    ...(from < 0 && text.owner !== text.path ? [text.owner] : []),
    ...unique.slice(Math.max(0, from)),
  ];
  return {
    path: text.path,
    line,
    column,
    precision,
    via: via.reverse().filter((path) => path !== text.path),
  };
}

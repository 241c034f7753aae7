import { compose, type Node } from "./compose.ts";
import { indexLines, positionAt } from "./lines.ts";
import { joinPointer } from "./pointer.ts";

/** A key that stands once more in a mapping that has it already. Lines and columns count from 1 in the text. */
export interface RepeatedKey {
  /** JSON Pointer of the field. */
  pointer: string;
  key: string;
  /** The how-manieth it is: 2 where the key stands for the second time. */
  turn: number;
  line: number;
  column: number;
}

/**
 * The keys that are given more than once in the document of a text, in the order in which they stand. A key that
 * overrides what a merge key (`<<`) brings is none.
 */
export function repeatedKeys(text: string): RepeatedKey[] {
  const { root } = compose(text);
  if (!root) return [];
  const lines = indexLines(text);
  const found: (Omit<RepeatedKey, "line" | "column"> & { start: number })[] = [];
  // What an alias stands for is looked at where its anchor is.
  const visit = (node: Node, path: readonly string[]): void => {
    if (node.kind === "sequence")
      for (const [index, item] of node.items.entries()) visit(item, [...path, String(index)]);
    if (node.kind !== "mapping") return;
    const turns = new Map<string, number>();
    for (const { key, keyStart, merge, value } of node.entries) {
      if (!merge) {
        const turn = (turns.get(key) ?? 0) + 1;
        turns.set(key, turn);
        if (turn > 1) found.push({ pointer: joinPointer([...path, key]), key, turn, start: keyStart });
      }
      visit(value, merge ? path : [...path, key]);
    }
  };
  visit(root, []);
  return found
    .sort((a, b) => a.start - b.start)
    .map(({ start, ...rest }) => ({ ...rest, ...positionAt(lines, start) }));
}

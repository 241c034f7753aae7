import { compose, type Node } from "./compose.ts";
import type { JsonObject } from "./resource.ts";
import { equalJson, toJson, writeJson } from "./values.ts";

/** The nodes of the `items` of a List; none when they are null or absent. */
export function itemNodes(list: Node): Node[] {
  const node = list.kind === "alias" ? list.target : list;
  if (node.kind !== "mapping") return [];
  const items = node.entries.findLast((entry) => entry.key === "items")?.value;
  const target = items?.kind === "alias" ? items.target : items;
  return target?.kind === "sequence" ? target.items : [];
}

/**
 * The text of one item, as a document of its own: its lines, outdented.
 * Where that would not read as the same value (aliases into other items), it is written anew, as JSON.
 */
export function itemText(document: string, item: Node, value: JsonObject): string {
  const node = item.kind === "alias" ? item.target : item;
  const lineStart =
    Math.max(document.lastIndexOf("\n", node.start - 1), document.lastIndexOf("\r", node.start - 1)) + 1;
  const indent = node.start - lineStart;
  const end = node.end + restOfLine(document, node.end);
  const outdent = new RegExp(`([\\r\\n]) {1,${Math.max(indent, 1)}}`, "g");
  const own = document.slice(node.start, end).replace(outdent, "$1");
  const text = /[\r\n]$/.test(own) ? own : `${own}\n`;
  const { root } = compose(text);
  if (root && equalJson(toJson(root), value)) return text;
  return `${writeJson(value, 2, false)}\n`;
}

/** The length of a comment behind a node, when nothing else follows on its line. */
function restOfLine(text: string, offset: number): number {
  const comment = /[ \t]+#[^\r\n]*(?=[\r\n]|$)/y;
  comment.lastIndex = offset;
  return comment.exec(text)?.[0].length ?? 0;
}

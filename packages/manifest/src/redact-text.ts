import { compose, type Node } from "./compose.ts";
import { splitPointer } from "./pointer.ts";
import type { JsonObject, Resource } from "./resource.ts";
import { findNode } from "./source.ts";
import { equalJson, toJson, writeJson } from "./values.ts";

/**
 * The text of a resource with the labelled fields replaced where they stand and secrets elsewhere hidden too.
 * Where the result does not read as the redacted value, that value is written anew, as JSON.
 */
export function redactLines(
  resource: Resource,
  redacted: JsonObject,
  labels: ReadonlyMap<string, string>,
  redactText: (text: string) => string,
): string {
  const { root } = compose(resource.text);
  if (root) {
    const text = redactText(replaceFields(resource.text, root, labels));
    const again = compose(text).root;
    if (again && equalJson(toJson(again), redacted)) return text;
  }
  return `${writeJson(redacted, 2, false)}\n`;
}

function replaceFields(text: string, root: Node, labels: ReadonlyMap<string, string>): string {
  const edits = new Map<number, { end: number; text: string }>();
  for (const [pointer, label] of labels) {
    const found = findNode(root, splitPointer(pointer));
    if (found?.node.kind !== "scalar") continue;
    // What stands in the field itself: an alias goes, the anchor it names may be no secret where it stands.
    const { start, end } = found.entry?.value.kind === "alias" ? found.entry.value : found.node;
    const lineEnd =
      found.node.style === "block" ? (/(?:\r\n|\n|\r)?$/.exec(text.slice(start, end))?.[0] ?? "") : "";
    edits.set(start, { end, text: `${JSON.stringify(label)}${lineEnd}` });
  }
  let result = text;
  for (const [start, edit] of [...edits].sort((a, b) => b[0] - a[0])) {
    result = result.slice(0, start) + edit.text + result.slice(edit.end);
  }
  return result;
}

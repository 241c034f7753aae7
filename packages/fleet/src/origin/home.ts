import { childOf, isObject, type Json, splitApiVersion, splitPointer } from "@gitops-actions/manifest";
import type { Known } from "./known.ts";
import type { Leaf } from "./mark.ts";
import type { SourceText } from "./text.ts";

/** One object in a file of resources. */
export interface Home {
  text: SourceText;
  document: number;
  base: string[];
  value: Json;
}

/** The document that a resource was read from. */
export function homeOf({ resource, traced, unmarked, texts }: Known): Home | undefined {
  const path = traced.origin?.path;
  const text = texts.resources.find((each) => each.path === path);
  if (!text) return undefined;
  const homes = text.source.documents.flatMap(({ value }, document): Home[] => {
    if (!isObject(value)) return [];
    if (!Array.isArray(value.items) || !String(value.kind).endsWith("List"))
      return [{ text, document, base: [], value }];
    return value.items.map((item, index) => ({
      text,
      document,
      base: ["items", String(index)],
      value: item,
    }));
  });
  if (homes.length <= 1) return homes[0];
  const votes = new Map<Home, number>();
  for (const leaf of [...unmarked.leaves.values()].flat()) {
    const home = leaf.text === text ? homes.find((each) => holds(each, leaf)) : undefined;
    if (home) votes.set(home, (votes.get(home) ?? 0) + 1);
  }
  const [most] = [...votes].sort(([, a], [, b]) => b - a);
  if (most) return most[0];
  const { id } = resource;
  const fitting = homes.filter(({ value }) => {
    const name = childOf(childOf(value, "metadata"), "name");
    const { group } = splitApiVersion(String(childOf(value, "apiVersion")));
    return (
      group === id.group &&
      childOf(value, "kind") === id.kind &&
      typeof name === "string" &&
      id.name.includes(name)
    );
  });
  const length = (home: Home) => String(childOf(childOf(home.value, "metadata"), "name")).length;
  const [best, second] = fitting.sort((a, b) => length(b) - length(a));
  return best && (!second || length(second) < length(best)) ? best : undefined;
}

function holds(home: Home, leaf: Leaf): boolean {
  if (leaf.field?.document !== home.document) return false;
  const tokens = splitPointer(leaf.field.pointer);
  return home.base.every((token, index) => tokens[index] === token);
}

import {
  isObject,
  type Json,
  joinPointer,
  parseSource,
  type Resource,
  type Source,
  splitPointer,
  valueAt,
} from "@gitops-actions/manifest";
import type { Location } from "@gitops-actions/report";
import type { Closure } from "../overlay.ts";
import type { Tree } from "../tree.ts";
import { isAlike } from "./alike.ts";
import type { Part } from "./located.ts";

interface Home {
  path: string;
  source: Source;
  document: number;
  base: string[];
  value: Json;
}

/** Origins of what is rendered as it is: the place in its file. */
export function plainOrigins(
  tree: Tree,
  closure: Closure,
  resources: readonly Resource[],
): (resource: Resource, pointer: string, part: Part) => Promise<Location | undefined> {
  let homes: Promise<Map<Resource, Home>> | undefined;
  return async (resource, pointer, part) => {
    homes ??= readHomes(tree, closure, resources);
    const home = (await homes).get(resource);
    return home && locate(home, splitPointer(pointer), part);
  };
}

/** Resources stand in the order of the files, and of the documents and items in them. */
async function readHomes(
  tree: Tree,
  closure: Closure,
  resources: readonly Resource[],
): Promise<Map<Resource, Home>> {
  const homes: Home[] = [];
  for (const path of closure.files) {
    if (tree.get(path)?.kind !== "file") continue;
    const source = parseSource(new TextDecoder().decode(await tree.read(path)), path);
    for (const [document, { value }] of source.documents.entries()) {
      if (value !== undefined)
        homes.push(...objectsOf(value, []).map((each) => ({ path, source, document, ...each })));
    }
  }
  const found = new Map<Resource, Home>();
  const taken = new Set<Home>();
  for (const resource of resources) {
    const home = homes.find((each) => !taken.has(each) && isSame(each.value, resource));
    if (!home) continue;
    taken.add(home);
    found.set(resource, home);
  }
  return found;
}

function objectsOf(value: Json, base: string[]): { base: string[]; value: Json }[] {
  if (isObject(value) && Array.isArray(value.items) && String(value.kind).endsWith("List"))
    return value.items.flatMap((item, index) => objectsOf(item, [...base, "items", String(index)]));
  return [{ base, value }];
}

function isSame(value: Json, { value: own }: Resource): boolean {
  if (!isObject(value)) return false;
  return ["metadata", "spec", "data"].every(
    (key) => JSON.stringify(value[key], digits) === JSON.stringify(own[key], digits),
  );
}

function digits(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

function locate(
  { path, source, document, base, value }: Home,
  tokens: readonly string[],
  part: Part,
): Location | undefined {
  for (let length = tokens.length; length >= 0; length--) {
    const own = tokens.slice(0, length);
    const span = source.locate(document, joinPointer([...base, ...own]));
    if (!span) continue;
    const there = valueAt(value, joinPointer(own));
    const single = typeof there !== "object" || there === null || isAlike(there, null);
    const isKey = part !== "value";
    const { line, column } = single && !isKey ? span : (span.key ?? span);
    const precision = length === tokens.length || isKey ? "exact" : "near";
    return { path, line, column, precision, via: [] };
  }
  return undefined;
}

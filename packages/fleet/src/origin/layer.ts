import { childOf, isObject, type Json, joinPointer, valueAt } from "@gitops-actions/manifest";
import { type Found, near } from "./located.ts";
import { positionOf, type SourceText } from "./text.ts";

/** One file that gives a chart values, and where in it they stand. */
export interface Layer {
  text: SourceText;
  prefix: string[];
  /** How much of the prefix leads to values at all: through a kustomization, for valuesInline. */
  base: number;
  /** Only for `global`: what another chart's values say. */
  global: boolean;
}

/** What one file says at a path. */
export interface Entry {
  text: SourceText;
  tokens: string[];
  value: Json;
}

/** The last file first; lists and everything else but mappings hide what files before say below them. */
export function entriesAt(layers: readonly Layer[], path: readonly string[]): Entry[] {
  const found: Entry[] = [];
  for (const { text, prefix, base, global } of layers.toReversed()) {
    if (global && path[0] !== "global") continue;
    const tokens = [...prefix, ...path];
    const root = text.source.documents[0]?.value;
    const value = valueAt(root, joinPointer(tokens));
    if (value !== undefined) found.push({ text, tokens, value });
    const hides = tokens.slice(base).some((_token, length) => {
      const above = valueAt(root, joinPointer(tokens.slice(0, base + length)));
      return above !== undefined && !isObject(above);
    });
    if (hides || (value !== undefined && !isObject(value))) break;
  }
  return found;
}

/** Where an entry, or its key, stands. */
export function placeOf({ text, tokens }: Entry, key: boolean): Found | undefined {
  const position = positionOf(text, 0, joinPointer(tokens), key);
  return position && { text, ...position };
}

/** Where a person adds to the mapping of these entries; see `Values`. */
export function bodyOf(entries: readonly Entry[], lacks: string | undefined): Found | undefined {
  const [last] = entries;
  if (!last) return undefined;
  const maps = entries.filter(({ value }) => isObject(value));
  const removal = lacks === undefined ? undefined : maps.find(({ value }) => childOf(value, lacks) === null);
  if (removal) return placeOf({ ...removal, tokens: [...removal.tokens, lacks!] }, true);
  if (!isObject(last.value)) return placeOf(last, true);
  const shares = maps.map((_entry, index) => shareOf(maps, index));
  const found = placeOf(maps[shares.indexOf(Math.max(...shares))]!, true);
  const isAlone = maps.length === 1 || shares.filter((share) => share > 0).length === 1;
  return found && (isAlone ? found : near(found));
}

/** How many keys of a mapping come from one file, the last of which is first. */
function shareOf(maps: readonly Entry[], index: number): number {
  const own = maps[index]!.value as { [key: string]: Json };
  return Object.keys(own).filter((key) => {
    const above = maps.slice(0, index).map(({ value }) => childOf(value, key));
    return own[key] !== null && above.every((value) => value === undefined || isObject(value));
  }).length;
}

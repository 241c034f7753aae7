import { isObject, type Json, joinPointer } from "@gitops-actions/manifest";
import { resolvePath } from "../resolve.ts";
import type { Tree } from "../tree.ts";
import { bodyOf, type Entry, entriesAt, type Layer, placeOf } from "./layer.ts";
import { type Found, near } from "./located.ts";
import { isPrintedAs, maskActions } from "./printed.ts";
import { fileText, innerText, type SourceText } from "./text.ts";

/** One chart of a render: subcharts are named by the keys under which the values of their parents stand. */
export interface Chart {
  folder: string;
  keys: string[];
}

/** Values that a render is given besides those of the charts: a file, or a mapping inside a text. */
export type GivenValues = { path: string } | { text: SourceText; tokens: string[] };

/** The values that one chart sees, from all the files that give it some. */
export interface Values {
  /** The value as it is merged; undefined where it is absent, or null in the last file that has it. */
  merged(path: readonly string[]): Json | undefined;
  /** Where a value stands, in the last file that has it; of a list or mapping its key. */
  find(path: readonly string[]): Found | undefined;
  /** Where the key of a value stands; of a mapping that several files have, the last one's, near. */
  key(path: readonly string[]): Found | undefined;
  /**
   * Where a person adds to a mapping: in the file that most of its keys come from, near if there are others. `lacks` is
   * the name that it lacks, which the null of a later file may have taken away.
   */
  body(path: readonly string[], lacks?: string): Found | undefined;
  /** The value with everything below it as it is merged. */
  whole(path: readonly string[]): Json | undefined;
  /** A field of a value that is a text of YAML. */
  inside(path: readonly string[], rest: readonly string[], expected: Json): Found | undefined;
  /** Where the key of such a field stands, or where an item begins; near the one above it that an action prints. */
  keyInside(path: readonly string[], rest: readonly string[]): Found | undefined;
}

/**
 * Reads the values of a chart: its own values.yaml, those of its parents, then the files that are given, the last of
 * which wins (pkg/chart/common/util/coalesce.go of Helm).
 */
export async function readValues(
  tree: Tree,
  root: string,
  chart: Chart,
  given: readonly GivenValues[],
): Promise<Values> {
  const files: { path: string; prefix: string[] }[] = [];
  let folder = chart.folder;
  for (let depth = chart.keys.length; depth >= 0; depth--) {
    files.push({
      path: joinName(depth === 0 ? root : folder, "values.yaml"),
      prefix: chart.keys.slice(depth),
    });
    folder = folder.replace(/\/?charts\/[^/]+$/, "");
  }
  const layers: Layer[] = [];
  const add = (text: SourceText, base: readonly string[], prefix: readonly string[]) => {
    layers.push({ text, prefix: [...base, ...prefix], base: base.length, global: false });
    // `global` is the same for all charts, whichever of them says it.
    if (prefix.length > 0) layers.push({ text, prefix: [...base], base: base.length, global: true });
  };
  for (const { path, prefix } of files) {
    const text = await readText(tree, path);
    if (text) add(text, [], prefix);
  }
  for (const one of given) {
    const text = "path" in one ? await readText(tree, one.path) : one.text;
    if (text) add(text, "path" in one ? [] : one.tokens, chart.keys);
  }
  return makeValues(layers);
}

async function readText(tree: Tree, path: string): Promise<SourceText | undefined> {
  const found = await resolvePath(tree, path);
  if (found.kind !== "found" || found.entry.kind !== "file") return undefined;
  return fileText(found.path, found.path, new TextDecoder().decode(await tree.read(found.path)));
}

function makeValues(layers: readonly Layer[]): Values {
  const from = (path: readonly string[]): Entry[] => entriesAt(layers, path);
  const merged = (path: readonly string[]): Json | undefined => {
    const found = from(path).map(({ value }) => value);
    const [last] = found;
    if (last === undefined || last === null) return undefined;
    if (!isObject(last)) return last;
    const maps = found.filter(isObject);
    const keys = maps.flatMap((map) => Object.keys(map));
    return Object.fromEntries(
      keys.map((key) => [key, maps.find((map) => Object.hasOwn(map, key))![key] as Json]),
    );
  };
  const whole = (path: readonly string[]): Json | undefined => {
    const value = merged(path);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.keys(value).flatMap((key) => {
        const own = isObject(value[key]) ? whole([...path, key]) : value[key];
        return own === undefined ? [] : [[key, own]];
      }),
    );
  };
  const inner = (path: readonly string[], rest: readonly string[]) => {
    const [last] = from(path);
    if (typeof last?.value !== "string") return undefined;
    // Actions are no YAML: what stands around them is read.
    const text = innerText(last.text, 0, joinPointer(last.tokens), maskActions(last.value));
    const span = text?.source.locate(0, joinPointer(rest));
    return text && span && { text, span, value: last.value };
  };
  return {
    merged,
    whole,
    find(path) {
      const [last] = from(path);
      return last && last.value !== null ? placeOf(last, typeof last.value === "object") : undefined;
    },
    key(path) {
      const [last, ...others] = from(path);
      const found = last && placeOf(last, true);
      return found && others.some(({ value }) => isObject(value)) ? near(found) : found;
    },
    body: (path, lacks) => bodyOf(from(path), lacks),
    inside(path, rest, expected) {
      const found = inner(path, rest);
      if (!found || !isPrintedAs(found.value.slice(...found.span.range), expected)) return undefined;
      const { text, span } = found;
      return { text, ...text.place(span.line, span.column) };
    },
    keyInside(path, rest) {
      for (let length = rest.length; length >= 0; length--) {
        const found = inner(path, rest.slice(0, length));
        if (!found) continue;
        const { line, column } = found.span.key ?? found.span;
        const place = { text: found.text, ...found.text.place(line, column) };
        return length === rest.length ? place : near(place);
      }
      return undefined;
    },
  };
}

/** A name in a folder, which may be the root. */
export function joinName(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

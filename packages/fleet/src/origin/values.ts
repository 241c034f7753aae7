import { isObject, type Json, joinPointer, valueAt } from "@gitops-actions/manifest";
import { resolvePath } from "../resolve.ts";
import type { Tree } from "../tree.ts";
import type { Found } from "./located.ts";
import { isPrintedAs, maskActions } from "./printed.ts";
import { fileText, innerText, positionOf, type SourceText } from "./text.ts";

/** One chart of a render: subcharts are named by the keys under which the values of their parents stand. */
export interface Chart {
  folder: string;
  keys: string[];
}

/** One file that gives a chart values, and where in it they stand. */
interface Layer {
  text: SourceText;
  prefix: string[];
  /** How much of the prefix leads to values at all: through a kustomization, for valuesInline. */
  base: number;
  /** Only for `global`: what another chart's values say. */
  global: boolean;
}

/** Values that a render is given besides those of the charts: a file, or a mapping inside a text. */
export type GivenValues = { path: string } | { text: SourceText; tokens: string[] };

/** The values that one chart sees, from all the files that give it some. */
export interface Values {
  /** The value as it is merged; undefined where it is absent, or null in the last file that has it. */
  merged(path: readonly string[]): Json | undefined;
  /** Where a value that is no mapping stands: in the last file that has it. With `key`, where its key does. */
  find(path: readonly string[], key?: boolean): Found | undefined;
  /** A field of a value that is a text of YAML. */
  inside(path: readonly string[], rest: readonly string[], expected: Json): Found | undefined;
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
  // The last file first; lists and everything else but mappings hide what files before say below them.
  const from = (path: readonly string[]) => {
    const found: { text: SourceText; tokens: string[]; value: Json }[] = [];
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
  };
  return {
    merged(path) {
      const found = from(path).map(({ value }) => value as Json);
      const [last] = found;
      if (last === undefined || last === null) return undefined;
      if (!isObject(last)) return last;
      const maps = found.filter(isObject);
      const keys = maps.flatMap((map) => Object.keys(map));
      return Object.fromEntries(
        keys.map((key) => [key, maps.find((map) => Object.hasOwn(map, key))![key] as Json]),
      );
    },
    find(path, key = false) {
      const [last] = from(path);
      if (!last || last.value === null) return undefined;
      const position = positionOf(last.text, 0, joinPointer(last.tokens), key);
      return position && { text: last.text, ...position };
    },
    inside(path, rest, expected) {
      const [last] = from(path);
      if (typeof last?.value !== "string") return undefined;
      // Actions are no YAML: what stands around them is read.
      const masked = maskActions(last.value);
      const inner = innerText(last.text, 0, joinPointer(last.tokens), masked);
      const span = inner?.source.locate(0, joinPointer(rest));
      if (!inner || !span || !isPrintedAs(last.value.slice(...span.range), expected)) return undefined;
      return { text: inner, ...inner.place(span.line, span.column) };
    },
  };
}

/** A name in a folder, which may be the root. */
export function joinName(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

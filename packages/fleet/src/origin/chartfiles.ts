import { type Json, joinPointer, valueAt } from "@gitops-actions/manifest";
import picomatch from "picomatch";
import type { Tree } from "../tree.ts";
import type { Template } from "./instrument.ts";
import { type Found, near } from "./located.ts";
import { maskActions } from "./printed.ts";
import { fileText, positionOf, type SourceText } from "./text.ts";
import { joinName } from "./values.ts";

/** The files of charts that templates read by name or by pattern. */
export interface ChartFiles {
  /** The file of a chart by its path in it. */
  at(folder: string, path: string): ChartFile | undefined;
  /** Paths in a chart that fit a pattern, in the order in which `range` goes through them. */
  matching(folder: string, pattern: string): string[];
}

/** A file as it is, and as YAML in which each action is a word of its length. */
export interface ChartFile {
  raw: string;
  text: SourceText;
}

/** Reads the files that templates name in `.Files.Get` and `.Files.Glob`; they are parsed when one is asked for. */
export async function readChartFiles(tree: Tree, templates: readonly Template[]): Promise<ChartFiles> {
  const texts = new Map<string, string>();
  const matches = new Map<string, string[]>();
  const read = async (path: string): Promise<void> => {
    if (!texts.has(path) && tree.get(path)?.kind === "file")
      texts.set(path, new TextDecoder().decode(await tree.read(path)));
  };
  for (const { chart, text } of templates) {
    for (const [, name = ""] of text.matchAll(/\.Files\.Get\s+"([^"]+)"/g)) await read(joinName(chart, name));
    for (const [, pattern = ""] of text.matchAll(/\.Files\.Glob\s+"([^"]+)"/g)) {
      const key = joinName(chart, pattern);
      if (matches.has(key)) continue;
      const isMatch = picomatch(pattern, { dot: true });
      const inChart = [...filesIn(tree, chart)].map((path) =>
        path.slice(chart === "" ? 0 : chart.length + 1),
      );
      matches.set(key, inChart.filter((path) => isMatch(path)).sort());
      for (const path of matches.get(key)!) await read(joinName(chart, path));
    }
  }
  const parsed = new Map<string, SourceText>();
  return {
    at(folder, name) {
      const path = joinName(folder, name);
      const raw = texts.get(path);
      if (raw === undefined) return undefined;
      const text = parsed.get(path) ?? fileText(path, path, maskActions(raw));
      parsed.set(path, text);
      return { raw, text };
    },
    matching: (folder, pattern) => matches.get(joinName(folder, pattern)) ?? [],
  };
}

/** What is looked for in the documents of a file. */
export interface Sought {
  /** The way to a field in a document. */
  rest: readonly string[];
  /** The printed document: one of its kind and name is preferred. */
  root: Json | undefined;
  /** Whether its value is as wanted; `written` is how it stands in the file. */
  isWanted(value: Json, written: string): boolean;
  /** A field above it that is meant instead. */
  asked?: readonly string[];
}

/** Where a field (or its key) stands in the documents of a file; near where several have it. */
export function findInFile(
  { raw, text }: ChartFile,
  key: boolean,
  { rest, root, isWanted, asked = rest }: Sought,
): Found | undefined {
  const places = text.source.documents.flatMap(({ value }, document) => {
    const there = valueAt(value, joinPointer(rest));
    const range = text.source.locate(document, joinPointer(rest))?.range ?? [0, 0];
    if (there === undefined || !isWanted(there, raw.slice(...range))) return [];
    const position = positionOf(text, document, joinPointer(asked), key);
    return position ? [{ found: { text, ...position }, same: isSameObject(value, root) }] : [];
  });
  const same = places.filter((each) => each.same);
  const [first, ...others] = same.length > 0 ? same : places;
  return first && (others.length > 0 ? near(first.found) : first.found);
}

function isSameObject(a: Json | undefined, b: Json | undefined): boolean {
  return ["/kind", "/metadata/name"].every(
    (pointer) => valueAt(a, pointer) !== undefined && valueAt(a, pointer) === valueAt(b, pointer),
  );
}

/** Every file in a folder, at any depth. */
export function* filesIn(tree: Tree, folder: string): Generator<string> {
  for (const entry of tree.children(folder)) {
    if (entry.kind === "directory") yield* filesIn(tree, entry.path);
    else if (entry.kind === "file") yield entry.path;
  }
}

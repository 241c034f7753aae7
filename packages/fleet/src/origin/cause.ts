import type { Template } from "./instrument.ts";

/** What the value of an expression may come from. */
export type Cause =
  | { kind: "root" }
  /** A value of the chart; with `key` the name of the last field instead. */
  | { kind: "values"; path: string[]; key?: boolean }
  | { kind: "chart"; path: string[] }
  /** A mapping or list that the template makes. */
  | { kind: "made"; entries: [string, () => Cause[]][] }
  /** What stands in the template. */
  | { kind: "text"; value: string; template: Template; offset: number }
  /** Several printed one after the other, text of the template among them. */
  | { kind: "joined"; parts: (string | (() => Cause[]))[] }
  /** One of several, and which is not known. */
  | { kind: "either"; sources: Cause[] }
  /** A file of the chart, by its path in it; with `key` that path instead of what is in the file. */
  | { kind: "file"; path: string; key?: boolean }
  /** The files of the chart that fit a pattern, by their paths. */
  | { kind: "files"; pattern: string };

/** The fields that a path leads to from each source. */
export function descend(sources: readonly Cause[], path: readonly string[]): Cause[] {
  const [key, ...rest] = path;
  if (key === undefined) return [...sources];
  const next = sources.flatMap((source): Cause[] => {
    switch (source.kind) {
      case "root":
        if (key === "Values") return [{ kind: "values", path: [] }];
        return key === "Chart" ? [{ kind: "chart", path: [] }] : [];
      case "values":
      case "chart":
        return [{ ...source, path: [...source.path, key] }];
      case "made":
        return source.entries.flatMap(([name, value]) => (name === key ? value() : []));
      case "either":
        return either(descend(source.sources, [key]));
      default:
        return [];
    }
  });
  return descend(next, rest);
}

/** One of several; itself where there is only one. */
export function either(sources: Cause[]): Cause[] {
  return sources.length > 1 ? [{ kind: "either", sources }] : sources;
}

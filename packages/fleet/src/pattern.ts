import type { Tree } from "./tree.ts";

/** What a pattern can take out of a path. */
export const placeholders = ["app", "environment", "cluster", "namespace"] as const;
export type Placeholder = (typeof placeholders)[number];
export type Captured = Partial<Record<Placeholder, string>>;

/** A path with placeholders, such as `apps/{app}/overlays/{environment}`. */
export interface PathPattern {
  text: string;
  /** What the placeholders stand for in a path that matches as a whole, or undefined. */
  match(path: string): Captured | undefined;
}

/** `{name}` stands for (part of) one folder name, `*` too without keeping it, `**` for any number of folders. */
export function compilePattern(text: string): PathPattern {
  const names: Placeholder[] = [];
  let source = "";
  for (const token of text.replace(/\/+$/, "").match(/\*\*\/|\*\*|\*|\{[^}]*\}|[^*{]+|\{/g) ?? []) {
    if (token === "**/") source += "(?:[^/]+/)*";
    else if (token === "**") source += ".*";
    else if (token === "*") source += "[^/]*";
    else if (isPlaceholder(token)) {
      const name = token.slice(1, -1) as Placeholder;
      // The same placeholder twice must stand for the same text.
      source += names.includes(name) ? `\\k<${name}>` : `(?<${name}>[^/]+?)`;
      if (!names.includes(name)) names.push(name);
    } else source += token.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  }
  const expression = new RegExp(`^${source}$`);
  return {
    text,
    match(path) {
      const found = expression.exec(path);
      return found ? { ...found.groups } : undefined;
    },
  };
}

/** The names in braces that are not placeholders, for messages. */
export function unknownPlaceholders(text: string): string[] {
  return [...text.matchAll(/\{([^}]*)\}/g)]
    .map((match) => match[1] ?? "")
    .filter((name) => !isPlaceholder(`{${name}}`));
}

/**
 * Why a pattern or glob is not accepted; undefined when it is. With many wildcards, one path that nearly matches takes
 * longer than the job may run, and gitops.yaml comes with the pull request.
 */
export function patternProblem(text: string): string | undefined {
  if (text.length > 1024) return "is longer than 1,024 characters";
  const segments = text.split("/");
  if (segments.filter((segment) => segment.includes("**")).length > 2) return "has more than two `**`";
  const wild = (segment: string) => segment.match(/\*+|\?|\{/g)?.length ?? 0;
  if (segments.some((segment) => wild(segment) > 3)) return "has more than three wildcards in one name";
  return undefined;
}

/** Puts values in the place of placeholders; those without a value stay as they are. */
export function fillPattern(text: string, captured: Captured): string {
  return text.replace(/\{([a-z]+)\}/g, (whole, name: string) => captured[name as Placeholder] ?? whole);
}

/** The files of a tree, below `folder`, whose path from there matches; sorted by path. */
export function filesMatching(
  tree: Tree,
  folder: string,
  text: string,
): { path: string; captured: Captured }[] {
  const pattern = compilePattern(text);
  const found: { path: string; captured: Captured }[] = [];
  const descend = (at: string, segments: string[]) => {
    const [segment, ...rest] = segments;
    if (segment === undefined) return;
    const one = compilePattern(segment);
    for (const entry of tree.children(at)) {
      const name = entry.path.slice(at === "" ? 0 : at.length + 1);
      if (one.match(name) === undefined) continue;
      if (rest.length > 0) {
        if (entry.kind === "directory") descend(entry.path, rest);
        continue;
      }
      if (entry.kind === "directory" || entry.kind === "submodule") continue;
      const captured = pattern.match(entry.path.slice(folder === "" ? 0 : folder.length + 1));
      if (captured) found.push({ path: entry.path, captured });
    }
  };
  descend(folder, text.split("/"));
  return found;
}

function isPlaceholder(token: string): boolean {
  return (placeholders as readonly string[]).includes(token.slice(1, -1)) && token.startsWith("{");
}

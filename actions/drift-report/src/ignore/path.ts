/** Stands for every item or field in a path. */
export const anything = "\0*";

/** A place of an object as names and indices; `anything` stands for all. */
export type Path = readonly string[];

/** Whether a field is the one at `path`, or below it. */
export function isWithin(tokens: Path, path: Path): boolean {
  return (
    path.length <= tokens.length &&
    path.every((token, index) => token === anything || token === tokens[index])
  );
}

/** What is left of `path` below a field; undefined when it is not below it. */
export function below(tokens: Path, path: Path): Path | undefined {
  if (path.length <= tokens.length) return undefined;
  const isPrefix = tokens.every((token, index) => path[index] === anything || path[index] === token);
  return isPrefix ? path.slice(tokens.length) : undefined;
}

/**
 * A jq expression that is a plain path (`.spec.template.spec.containers[].image`, `.metadata.labels["a/b"]`) as its
 * tokens; undefined for everything else that jq can say.
 */
export function parseJqPath(expression: string): string[] | undefined {
  const tokens: string[] = [];
  const part = /\."([^"\\]*)"|\.([A-Za-z_]\w*)|\.?\["([^"\\]*)"\]|\.?\[(\d*)\]|\?/y;
  const text = expression.trim();
  if (!text.startsWith(".")) return undefined;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (!match) return undefined;
    const [whole, quoted, name, key, index] = match;
    if (whole === "?") continue;
    tokens.push(quoted ?? name ?? key ?? (index === "" ? anything : index!));
  }
  return tokens.length > 0 ? tokens : undefined;
}

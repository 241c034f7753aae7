import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseAllDocuments,
  type YAMLError,
} from "yaml";

/** A field of a mapping, with the 1-based line of its key. */
export interface Field {
  key: string;
  value: Node | null;
  line: number;
}

/** One YAML document whose nodes know their lines. */
export interface YamlDocument {
  /** Null for an empty document. */
  root: Node | null;
  /** The first error, with its 1-based line and column; the document is then not to be trusted. */
  error?: { message: string; line: number; column: number };
  /** 1-based line of a node; 1 where unknown. */
  lineOf(node: Node | null): number;
  /** The fields of a mapping in order, aliases followed, merge keys (`<<`) unfolded last; empty for anything else. */
  fields(node: Node | null): Field[];
  isEmptyMap(node: Node | null): boolean;
  /** The document as plain values. */
  toPlain(): unknown;
  /** The items of a sequence, aliases followed; empty for anything else. */
  items(node: Node | null): (Node | null)[];
  /** 1-based line of what stands at a path of keys and positions (in a map: of pairs); of the last part that exists. */
  lineAt(path: readonly (string | number)[]): number;
  /** The text of a scalar as it is written (quotes and escapes undone), or undefined for anything else. */
  text(node: Node | null): string | undefined;
}

/** Reads every document of a text. Duplicate keys are errors only with `uniqueKeys`. */
export function readDocuments(source: string, options: { uniqueKeys?: boolean } = {}): YamlDocument[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(source, {
    lineCounter: lines,
    uniqueKeys: options.uniqueKeys ?? false,
    merge: true,
    prettyErrors: false,
    logLevel: "error",
  });
  return (documents as Document.Parsed[]).map((document) => wrap(document, lines));
}

function wrap(document: Document.Parsed, lines: LineCounter): YamlDocument {
  const follow = (node: unknown): Node | null => {
    if (isAlias(node)) return (node.resolve(document) as Node | undefined) ?? null;
    return isNode(node) ? node : null;
  };
  const lineOf = (node: Node | null) => {
    const start = (node as ParsedNode | null)?.range?.[0];
    return start === undefined ? 1 : Math.max(1, lines.linePos(start).line);
  };
  const fields = (node: Node | null, depth = 0): Field[] => {
    const map = follow(node);
    if (!isMap(map) || depth > 20) return [];
    const own: Field[] = [];
    const merged: Field[] = [];
    for (const pair of map.items) {
      if (!isPair(pair) || !isNode(pair.key)) continue;
      const key = textOf(follow(pair.key));
      if (key === undefined) continue;
      const value = follow(pair.value);
      if (key !== "<<") own.push({ key, value, line: lineOf(pair.key) });
      else if (isSeq(value)) merged.push(...value.items.flatMap((item) => fields(follow(item), depth + 1)));
      else merged.push(...fields(value, depth + 1));
    }
    return [...own, ...merged];
  };
  const items = (node: Node | null) => {
    const list = follow(node);
    return isSeq(list) ? list.items.map(follow) : [];
  };
  const first = document.errors[0];
  return {
    root: follow(document.contents),
    ...(first ? { error: describe(first, lines) } : {}),
    lineOf,
    fields: (node) => fields(node),
    isEmptyMap: (node) => {
      const map = follow(node);
      return isMap(map) && map.items.length === 0;
    },
    items,
    lineAt: (path) => {
      let node = follow(document.contents);
      let line = lineOf(node);
      for (const part of path) {
        const pairs = fields(node);
        const field = typeof part === "number" ? pairs[part] : pairs.find(({ key }) => key === String(part));
        const item = typeof part === "number" ? (items(node)[part] ?? null) : null;
        if (!field && !item) return line;
        line = field ? field.line : lineOf(item);
        node = field ? field.value : item;
      }
      return line;
    },
    toPlain: () => document.toJS({ maxAliasCount: 100 }) as unknown,
    text: (node) => textOf(follow(node)),
  };
}

function textOf(node: Node | null): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  if (typeof node.value === "string") return node.value;
  return node.source ?? String(node.value);
}

function describe(error: YAMLError, lines: LineCounter): { message: string; line: number; column: number } {
  const { line, col } = lines.linePos(error.pos[0]);
  return { message: error.message, line: Math.max(1, line), column: Math.max(1, col) };
}

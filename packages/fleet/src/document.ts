import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseAllDocuments,
  type Scalar,
  visit,
  type YAMLError,
} from "yaml";
import { readQuickly } from "./quick.ts";

/** A field of a mapping, with the 1-based line of its key. */
export interface Field {
  key: string;
  value: YamlNode;
  line: number;
  /** It comes from a merge key. */
  merged?: true;
}

/**
 * A YAML value that knows its 1-based line. Aliases are followed; merge keys (`<<`) are unfolded behind a mapping's own
 * fields. Scalars are the text that is written (quotes and escapes undone), and null is null.
 */
export type YamlNode =
  | { kind: "map"; line: number; fields: Field[] }
  | { kind: "list"; line: number; items: YamlNode[] }
  | { kind: "text"; line: number; text: string }
  | null;

/** One YAML document. */
export interface YamlDocument {
  /** Null for an empty document. */
  root: YamlNode;
  /** The first error, with its 1-based line and column; the document is then not to be trusted. */
  error?: { message: string; line: number; column: number };
}

/**
 * Reads every document of a text that a tool written in Go will read too. All fields with the same key are kept.
 * A text that the tool could read differently is an error, so that nothing can stand in it that only the tool sees.
 */
export function readDocuments(source: string): YamlDocument[] {
  if (source.length > maxLength) return readThoroughly(source);
  const quick = readQuickly(source);
  if (quick) return [{ root: quick }];
  const strange = findStrange(source);
  return strange ? [{ root: null, error: strange }] : readThoroughly(source);
}

/**
 * What Go's YAML parsers take for something else than this one does: the line breaks of YAML 1.1, and a carriage return
 * by itself, which end a comment or a text there; and NUL and replacement characters, which are what a text in UTF-16 looks like, which they decode.
 */
function findStrange(source: string): { message: string; line: number; column: number } | undefined {
  const at = source.search(/[\0\u0085\u2028\u2029\uFFFD]|\r(?!\n)/);
  if (at < 0) return undefined;
  const before = source.slice(0, at).split("\n");
  const code = source.charCodeAt(at).toString(16).toUpperCase().padStart(4, "0");
  const message =
    code === "0000" || code === "FFFD"
      ? "it is not text in UTF-8"
      : `it holds the character U+${code}, at which some YAML parsers end the line`;
  return { message, line: before.length, column: before.at(-1)!.length + 1 };
}

/** Reads every document of a text with the YAML parser, whatever its style. */
export function readThoroughly(source: string): YamlDocument[] {
  return parseDocuments(source).map(({ document }) => document);
}

/** A document with the values that a schema can be held against. */
export interface PlainDocument extends YamlDocument {
  toPlain(): unknown;
}

/** Like `readDocuments`, for our own configuration files: a key that stands twice in a mapping is an error. */
export function readPlainDocuments(source: string): PlainDocument[] {
  return parseDocuments(source).map(({ document, parsed }) => {
    const twice = document.error ? undefined : duplicateOf(document.root, new Set());
    return {
      ...document,
      ...(twice
        ? { error: { message: `the key ${twice.key} stands twice`, line: twice.line, column: 1 } }
        : {}),
      toPlain: () => parsed?.toJS({ maxAliasCount: 100 }) as unknown,
    };
  });
}

function duplicateOf(node: YamlNode, seen: Set<YamlNode>): Field | undefined {
  if (node === null || node.kind === "text" || seen.has(node)) return undefined;
  seen.add(node);
  const keys = new Set<string>();
  for (const field of fieldsOf(node)) {
    // What merge keys bring stands behind a mapping's own fields, and may be overridden by them.
    if (keys.has(field.key) && !field.merged) return field;
    keys.add(field.key);
  }
  for (const inner of node.kind === "map" ? node.fields.map((field) => field.value) : node.items) {
    const found = duplicateOf(inner, seen);
    if (found) return found;
  }
  return undefined;
}

/** The fields of a mapping; none for anything else. */
export function fieldsOf(node: YamlNode | undefined): Field[] {
  return node?.kind === "map" ? node.fields : [];
}

/** The items of a list; none for anything else. */
export function itemsOf(node: YamlNode | undefined): YamlNode[] {
  return node?.kind === "list" ? node.items : [];
}

/** The text of a scalar; undefined for anything else. */
export function textOf(node: YamlNode | undefined): string | undefined {
  return node?.kind === "text" ? node.text : undefined;
}

/** The line of a node; 1 where there is none. */
export function lineOf(node: YamlNode | undefined): number {
  return node?.line ?? 1;
}

/** The line of what stands at a path of keys and positions (in a mapping: of fields), or of the last part that exists. */
export function lineAt(root: YamlNode, path: readonly (string | number)[]): number {
  let node = root;
  let line = lineOf(root);
  for (const part of path) {
    const fields = fieldsOf(node);
    const field = typeof part === "number" ? fields[part] : fields.find(({ key }) => key === String(part));
    const item = typeof part === "number" ? itemsOf(node)[part] : undefined;
    if (!field && !item) return line;
    line = field ? field.line : lineOf(item);
    node = field ? field.value : (item ?? null);
  }
  return line;
}

// A kustomization or a Chart.yaml has a few kilobytes. The parser takes seconds for a megabyte of hostile ones.
const maxLength = 512 * 1024;

function parseDocuments(source: string): { document: YamlDocument; parsed?: Document.Parsed }[] {
  if (source.length > maxLength) return [unreadable(`is larger than ${maxLength / 1024} KiB`)];
  const lines = new LineCounter();
  try {
    // Keys are looked through for duplicates where that matters: the parser takes a quarter of an hour for it.
    const options = { lineCounter: lines, uniqueKeys: false, merge: true, prettyErrors: false };
    const documents = parseAllDocuments(source, { ...options, logLevel: "error" }) as Document.Parsed[];
    return documents.map((parsed) => {
      const error = parsed.errors[0];
      if (error) return { document: { root: null, error: describe(error, lines) }, parsed };
      const encoded = findEncoded(parsed);
      if (!encoded) return { document: { root: convert(parsed, lines) }, parsed };
      const { line, col } = lines.linePos(encoded.range?.[0] ?? 0);
      const message = "a value is written as !!binary; write it as it is";
      return { document: { root: null, error: { message, line, column: col } }, parsed };
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [unreadable("is nested too deeply")];
  }
}

/** A text in base64, which Go's parsers decode and this one does not. */
function findEncoded(document: Document.Parsed): Scalar.Parsed | undefined {
  let found: Scalar.Parsed | undefined;
  visit(document, {
    Scalar(_, node) {
      if (node.tag === undefined || !/binary/i.test(node.tag)) return undefined;
      found = node as Scalar.Parsed;
      return visit.BREAK;
    },
  });
  return found;
}

function unreadable(message: string): { document: YamlDocument } {
  return { document: { root: null, error: { message, line: 1, column: 1 } } };
}

function convert(document: Document.Parsed, lines: LineCounter): YamlNode {
  // What an alias stands for is made once: a bomb of aliases stays as small as it is written.
  const made = new Map<unknown, YamlNode>();
  const line = (node: unknown) => {
    const start = (node as ParsedNode).range?.[0];
    return start === undefined ? 1 : Math.max(1, lines.linePos(start).line);
  };
  const make = (node: unknown): YamlNode => {
    if (isAlias(node)) return make(node.resolve(document));
    const known = made.get(node);
    if (known !== undefined) return known;
    if (isSeq(node)) {
      const list = { kind: "list" as const, line: line(node), items: [] as YamlNode[] };
      made.set(node, list);
      for (const item of node.items) list.items.push(make(item));
      return list;
    }
    if (isMap(node)) {
      const map = { kind: "map" as const, line: line(node), fields: [] as Field[] };
      made.set(node, map);
      const merged: Field[] = [];
      for (const pair of node.items) {
        const key = isPair(pair) ? textOf(make(pair.key)) : undefined;
        if (key === undefined || !isPair(pair)) continue;
        const value = make(pair.value);
        if (key !== "<<") map.fields.push({ key, value, line: line(pair.key) });
        else
          for (const each of value?.kind === "list" ? value.items : [value])
            merged.push(...fieldsOf(each).map((field) => ({ ...field, merged: true as const })));
      }
      map.fields.push(...distinct(merged));
      return map;
    }
    if (!isScalar(node) || node.value === null) return null;
    const text = typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
    return { kind: "text", line: line(node), text };
  };
  return make(document.contents);
}

/** Each field once: a merge of merges of the same anchor would double them with every line. */
function distinct(fields: Field[]): Field[] {
  const seen = new Map<string, Set<YamlNode>>();
  return fields.filter(({ key, value }) => {
    const values = seen.get(key) ?? new Set();
    seen.set(key, values);
    return !values.has(value) && values.add(value);
  });
}

function describe(error: YAMLError, lines: LineCounter): { message: string; line: number; column: number } {
  const { line, col } = lines.linePos(error.pos[0]);
  return { message: error.message, line: Math.max(1, line), column: Math.max(1, col) };
}

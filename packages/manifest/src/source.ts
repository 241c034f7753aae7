import { compose, type Entry, type Node } from "./compose.ts";
import { indexLines, positionAt } from "./lines.ts";
import { splitPointer } from "./pointer.ts";
import { type Flaw, type Problem, toProblem } from "./problem.ts";
import type { Json } from "./resource.ts";
import { splitStream } from "./stream.ts";
import { toJson } from "./values.ts";

/** Lines and columns count from 1; the range holds the offsets [start, end) in the whole text. */
export interface Span {
  line: number;
  column: number;
  range: [number, number];
}

/** Where a field stands. The span is that of its value; for a field without text of its own (null), the place where it would be. */
export interface FieldSpan extends Span {
  /** The key that names it, when its parent is a mapping. */
  key?: Span;
  /** Set when the field was reached through an alias or a merge key: where that stands. The value is the anchor's. */
  alias?: Span;
}

export interface SourceDocument {
  /** 1-based line on which its text begins. */
  line: number;
  range: [number, number];
  /** Undefined for an empty document, and for one that cannot be read. */
  value?: Json;
}

export interface Source {
  text: string;
  documents: SourceDocument[];
  problems: Problem[];
  /** The position of a field; undefined when the document has none there. The pointer "" is the document itself. */
  locate(document: number, pointer: string): FieldSpan | undefined;
}

/** Parses a YAML or JSON file so that the position of every field can be asked for. */
export function parseSource(text: string, source = ""): Source {
  const lines = indexLines(text);
  const problems: Problem[] = [];
  const roots: (Node | undefined)[] = [];
  const chunks = text.includes("\0") ? [] : splitStream(text);
  const report = (document: number, base: number, flaw: Flaw) =>
    problems.push(toProblem(flaw, base, lines, source, document));
  if (text.includes("\0")) {
    report(0, 0, {
      code: "encoding",
      message: "this holds a NUL byte; YAML must be UTF-8",
      offset: text.indexOf("\0"),
    });
  }
  const documents = chunks.map((chunk, document): SourceDocument => {
    const { root, flaws } = compose(text.slice(chunk.start, chunk.end));
    for (const flaw of flaws) report(document, chunk.start, flaw);
    roots.push(root);
    const { line } = positionAt(lines, chunk.start);
    return { line, range: [chunk.start, chunk.end], ...(root ? { value: toJson(root) } : {}) };
  });
  const locate = (document: number, pointer: string): FieldSpan | undefined => {
    const root = roots[document];
    const base = chunks[document]?.start;
    if (!root || base === undefined) return undefined;
    const found = findNode(root, splitPointer(pointer));
    if (!found) return undefined;
    const span = (start: number, end: number): Span => ({
      ...positionAt(lines, base + start),
      range: [base + start, base + end],
    });
    return {
      ...span(found.node.start, found.node.end),
      ...(found.entry ? { key: span(found.entry.keyStart, found.entry.keyEnd) } : {}),
      ...(found.alias ? { alias: span(found.alias.start, found.alias.end) } : {}),
    };
  };
  return { text, documents, problems, locate };
}

/** What `findNode` finds: never an alias itself, but the node it stands for. */
export interface Found {
  node: Exclude<Node, { kind: "alias" }>;
  entry?: Entry;
  alias?: Node;
}

/** Follows a pointer's tokens from a document's root, through aliases and merge keys. */
export function findNode(root: Node, tokens: readonly string[]): Found | undefined {
  let found = follow({ node: root });
  for (const token of tokens) {
    const next = found.node.kind === "mapping" ? findEntry(found.node, token) : findItem(found.node, token);
    if (!next) return undefined;
    const alias = next.alias ?? found.alias;
    found = follow({ ...next, ...(alias ? { alias } : {}) });
  }
  return found;
}

function follow(found: { node: Node; entry?: Entry; alias?: Node }): Found {
  if (found.node.kind !== "alias") return found as Found;
  return { ...found, node: found.node.target, alias: found.node };
}

type Step = { node: Node; entry?: Entry; alias?: Node };

function findItem(node: Node, token: string): Step | undefined {
  if (node.kind !== "sequence" || !/^(0|[1-9][0-9]*)$/.test(token)) return undefined;
  const item = node.items[Number(token)];
  return item ? { node: item } : undefined;
}

function findEntry(node: Node, key: string): Step | undefined {
  if (node.kind !== "mapping") return undefined;
  for (const entry of node.entries.toReversed()) {
    const step = entry.merge
      ? findMerged(entry, key)
      : entry.key === key
        ? { node: entry.value, entry }
        : undefined;
    if (step) return step;
  }
  return undefined;
}

function findMerged(merge: Entry, key: string): Step | undefined {
  const source = merge.value.kind === "alias" ? merge.value.target : merge.value;
  for (const merged of source.kind === "sequence" ? source.items : [merge.value]) {
    const step = findEntry(merged.kind === "alias" ? merged.target : merged, key);
    if (step) return { ...step, alias: merged };
  }
  return undefined;
}

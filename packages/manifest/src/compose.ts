import {
  COLLECTION_STYLE,
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  YAMLException,
} from "js-yaml";
import { type IndentedFlow, indentFlow, isOutdentedFlow } from "./flow.ts";
import type { Flaw } from "./problem.ts";
import { resolvePlain, resolveTagged, type Scalar, toKey } from "./scalars.ts";

/** Where a node's own text lies in its document, anchors and tags left out. */
interface Range {
  start: number;
  end: number;
}
export interface ScalarNode extends Range {
  kind: "scalar";
  value: Scalar;
  style: "plain" | "single" | "double" | "block";
}
export interface SequenceNode extends Range {
  kind: "sequence";
  flow: boolean;
  items: Node[];
}
export interface Entry {
  key: string;
  keyStart: number;
  keyEnd: number;
  value: Node;
  /** An unquoted `<<`: its value's entries are merged. */
  merge: boolean;
}
export interface MappingNode extends Range {
  kind: "mapping";
  flow: boolean;
  entries: Entry[];
}
export interface AliasNode extends Range {
  kind: "alias";
  target: Exclude<Node, AliasNode>;
}
export type Node = ScalarNode | SequenceNode | MappingNode | AliasNode;

/** Nodes a document may stand for once its aliases are followed. Real manifests stay under a tenth of it. */
const maxExpandedNodes = 500_000;
/** Deeper nesting than any schema of Kubernetes has, and shallow enough for recursion. */
const maxDepth = 256;

interface State {
  text: string;
  events: Event[];
  next: number;
  anchors: Map<string, Node | undefined>;
  flaws: Flaw[];
}

/** Thrown inside this file, and caught in it, where a document cannot be read on. */
class Unreadable extends Error {
  readonly flaw: Flaw;
  constructor(flaw: Flaw) {
    super(flaw.message);
    this.flaw = flaw;
  }
}

/** Reads the text of one document. Without `root`, `flaws` says why; with it, flaws such as duplicate keys may remain. */
export function compose(text: string): { root?: Node; flaws: Flaw[] } {
  const flaws: Flaw[] = [];
  const parse = (own: string) => parseEvents(own, { maxDepth });
  try {
    return composeEvents(text, parse(text), flaws);
  } catch (error) {
    const indented = isOutdentedFlow(error) ? indentFlow(text, parse) : undefined;
    if (indented) return composeIndented(indented);
    return { flaws: [...flaws, toFlaw(error)] };
  }
}

function composeEvents(text: string, events: Event[], flaws: Flaw[]): { root?: Node; flaws: Flaw[] } {
  const state: State = { text, events, next: 1, anchors: new Map(), flaws };
  if (events.length < 2) return { flaws };
  const root = readNode(state, 0);
  if (state.anchors.size > 0) refuseBomb(root);
  return { root, flaws };
}

/** Reads a text that `indentFlow` had to change; every offset is given as it is in the text before that. */
function composeIndented({ text, events, toOriginal }: IndentedFlow<Event[]>): {
  root?: Node;
  flaws: Flaw[];
} {
  const flaws: Flaw[] = [];
  let root: Node | undefined;
  try {
    root = composeEvents(text, events, flaws).root;
  } catch (error) {
    flaws.push(toFlaw(error));
  }
  if (root) moveOffsets(root, toOriginal);
  for (const flaw of flaws) {
    flaw.offset = toOriginal(flaw.offset);
    if (flaw.first !== undefined) flaw.first = toOriginal(flaw.first);
  }
  return root ? { root, flaws } : { flaws };
}

function moveOffsets(node: Node, move: (offset: number) => number): void {
  node.start = move(node.start);
  node.end = move(node.end);
  if (node.kind === "sequence") for (const item of node.items) moveOffsets(item, move);
  if (node.kind !== "mapping") return;
  for (const entry of node.entries) {
    entry.keyStart = move(entry.keyStart);
    entry.keyEnd = move(entry.keyEnd);
    moveOffsets(entry.value, move);
  }
}

function toFlaw(error: unknown): Flaw {
  if (error instanceof Unreadable) return error.flaw;
  if (error instanceof YAMLException) {
    return { code: "syntax", message: error.reason, offset: error.mark?.position ?? 0 };
  }
  throw error;
}

/** `from` is where the text before the node ends: the nearest known position of a node that has no text of its own. */
function readNode(state: State, from: number): Node {
  const event = state.events[state.next++] as Event;
  switch (event.type) {
    case EVENT_ID.SCALAR:
      return readScalar(state, event, from);
    case EVENT_ID.ALIAS:
      return readAlias(state, event.anchorStart, event.anchorEnd);
    case EVENT_ID.SEQUENCE: {
      const node: SequenceNode = {
        kind: "sequence",
        start: event.start,
        end: event.start,
        flow: event.style === COLLECTION_STYLE.FLOW,
        items: [],
      };
      return readCollection(state, event, node, () => readItems(state, node));
    }
    case EVENT_ID.MAPPING: {
      const node: MappingNode = {
        kind: "mapping",
        start: event.start,
        end: event.start,
        flow: event.style === COLLECTION_STYLE.FLOW,
        entries: [],
      };
      return readCollection(state, event, node, () => readEntries(state, node));
    }
    default:
      throw new Unreadable({ code: "syntax", message: "a value is missing", offset: from });
  }
}

function readCollection<N extends SequenceNode | MappingNode>(
  state: State,
  event: { anchorStart: number; anchorEnd: number },
  node: N,
  read: () => void,
): N {
  const anchor = event.anchorStart < 0 ? undefined : state.text.slice(event.anchorStart, event.anchorEnd);
  // While it is being read, a collection must not be referred to: that would be a cycle.
  if (anchor !== undefined) state.anchors.set(anchor, undefined);
  read();
  state.next++;
  if (anchor !== undefined) state.anchors.set(anchor, node);
  return node;
}

function atEnd(state: State): boolean {
  return (state.events[state.next] as Event).type === EVENT_ID.POP;
}

function readItems(state: State, node: SequenceNode): void {
  let end = node.flow ? node.start + 1 : node.start;
  while (!atEnd(state)) {
    const from = node.flow ? end : skip(state.text, end, "-");
    const item = readNode(state, from);
    node.items.push(item);
    end = item.end;
  }
  node.end = node.flow ? skip(state.text, end, "]") : end;
}

function readEntries(state: State, node: MappingNode): void {
  const braces = node.flow && state.text[node.start] === "{";
  let end = braces ? node.start + 1 : node.start;
  const seen = new Map<string, number>();
  while (!atEnd(state)) {
    const event = state.events[state.next] as Event;
    const keyNode = readNode(state, end);
    const { key, merge } = readKey(state, event, keyNode);
    const entry: Entry = { key, keyStart: keyNode.start, keyEnd: keyNode.end, value: keyNode, merge };
    entry.value = readNode(state, skip(state.text, keyNode.end, ":"));
    end = Math.max(entry.value.end, keyNode.end);
    const before = merge ? undefined : seen.get(key);
    if (before !== undefined) {
      state.flaws.push({
        code: "duplicate-key",
        message: `duplicate key ${JSON.stringify(key)}`,
        first: before,
        offset: entry.keyStart,
      });
    }
    if (!merge) seen.set(key, entry.keyStart);
    else if (!canBeMerged(entry.value)) {
      const message = "a merge key (<<) takes a mapping, or a list of mappings";
      state.flaws.push({ code: "syntax", message, offset: entry.keyStart });
    }
    node.entries.push(entry);
  }
  node.end = braces ? skip(state.text, end, "}") : end;
}

function canBeMerged(value: Node): boolean {
  const node = value.kind === "alias" ? value.target : value;
  if (node.kind !== "sequence") return node.kind === "mapping";
  return node.items.every((item) => (item.kind === "alias" ? item.target : item).kind === "mapping");
}

function readKey(state: State, event: Event, node: Node): { key: string; merge: boolean } {
  const scalar = node.kind === "alias" ? node.target : node;
  const key = scalar.kind === "scalar" ? toKey(scalar.value) : undefined;
  if (key === undefined) {
    const what = scalar.kind === "scalar" ? "null" : `a ${scalar.kind}`;
    state.flaws.push({
      code: "bad-key",
      message: `${what} cannot be the key of a field`,
      offset: node.start,
    });
  }
  const merge =
    key === "<<" &&
    event.type === EVENT_ID.SCALAR &&
    event.style === SCALAR_STYLE.PLAIN &&
    event.tagStart < 0;
  return { key: key ?? "null", merge };
}

const styles = {
  [SCALAR_STYLE.PLAIN]: "plain",
  [SCALAR_STYLE.SINGLE_QUOTED]: "single",
  [SCALAR_STYLE.DOUBLE_QUOTED]: "double",
  [SCALAR_STYLE.LITERAL_BLOCK]: "block",
  [SCALAR_STYLE.FOLDED_BLOCK]: "block",
} as const;

function readScalar(state: State, event: ScalarEvent, from: number): ScalarNode {
  const style = styles[event.style];
  const text = scalarText(state.text, event, style);
  const before = Math.max(from, event.anchorEnd, event.tagEnd);
  const node: ScalarNode = {
    kind: "scalar",
    value: text,
    style,
    ...scalarRange(state.text, event, style, before),
  };
  if (event.tagStart >= 0) {
    const tag = state.text.slice(event.tagStart, event.tagEnd);
    const value = resolveTagged(tag.replace(/^!<tag:yaml\.org,2002:(.*)>$/, "!!$1"), text);
    if (value === undefined) {
      state.flaws.push({
        code: "bad-tag",
        message: `${JSON.stringify(text)} is not a value of the tag ${tag}`,
        offset: node.start,
      });
    } else {
      node.value = value;
    }
  } else if (style === "plain") {
    node.value = resolvePlain(text);
  }
  if (event.anchorStart >= 0) state.anchors.set(state.text.slice(event.anchorStart, event.anchorEnd), node);
  return node;
}

function scalarText(source: string, event: ScalarEvent, style: ScalarNode["style"]): string {
  const text = getScalarValue(source, event);
  // A block that ends with the file, without a line break, has none in its value either (as in Go; js-yaml adds one).
  const isCut = style === "block" && event.valueEnd === source.length && !/[\r\n]$/.test(source);
  return isCut && text.endsWith("\n") ? text.slice(0, -1) : text;
}

function scalarRange(text: string, event: ScalarEvent, style: ScalarNode["style"], before: number): Range {
  if (event.valueStart < 0) return { start: before, end: before };
  if (style === "plain") return { start: event.valueStart, end: event.valueEnd };
  if (style === "block") return { start: skip(text, before, "|>") - 1, end: event.valueEnd };
  return { start: event.valueStart - 1, end: event.valueEnd + 1 };
}

function readAlias(state: State, start: number, end: number): AliasNode {
  const name = state.text.slice(start, end);
  const target = state.anchors.get(name);
  if (target === undefined) {
    const known = state.anchors.has(name);
    throw new Unreadable({
      code: known ? "alias-cycle" : "syntax",
      message: known ? `anchor &${name} contains itself` : `alias *${name} has no anchor before it`,
      offset: start - 1,
    });
  }
  return { kind: "alias", start: start - 1, end, target: target.kind === "alias" ? target.target : target };
}

/**
 * The offset behind the next of the wanted characters, white space, comments and the punctuation between nodes
 * skipped; the given offset where it does not come (the colon of a key without one).
 */
function skip(text: string, offset: number, wanted: string): number {
  for (let at = offset; at < text.length; at++) {
    const character = text[at] as string;
    if (wanted.includes(character)) return at + 1;
    if (character === "#") {
      while (at + 1 < text.length && text[at + 1] !== "\n" && text[at + 1] !== "\r") at++;
    } else if (!" \t\r\n,:-?".includes(character)) return offset;
  }
  return offset;
}

/** Refuses documents whose aliases stand for more nodes than any walk should visit ("billion laughs"). */
function refuseBomb(root: Node): void {
  const sizes = new Map<Node, number>();
  const size = (node: Node): number => {
    if (node.kind === "scalar") return 1;
    if (node.kind === "alias") return size(node.target);
    const known = sizes.get(node);
    if (known !== undefined) return known;
    const children = node.kind === "sequence" ? node.items : node.entries.map((entry) => entry.value);
    let sum = 1;
    for (const child of children) sum += size(child);
    if (sum > maxExpandedNodes) {
      throw new Unreadable({
        code: "alias-bomb",
        message: `aliases make this document more than ${maxExpandedNodes.toLocaleString("en")} values`,
        offset: node.start,
      });
    }
    sizes.set(node, sum);
    return sum;
  };
  size(root);
}

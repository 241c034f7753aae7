import { type Pipeline, parsePipeline } from "./pipeline.ts";

/** Offsets [start, end) in the template's text. */
interface Range {
  start: number;
  end: number;
}

export interface Text extends Range {
  kind: "text";
}

/** One `{{ ... }}`. */
export interface Action extends Range {
  kind: "action";
  /** What stands between the delimiters and their trim markers. */
  inner: Range;
  trimLeft: boolean;
  trimRight: boolean;
  /** if, range, with, define, block, template, else, end, break, continue; "" prints; "comment". */
  keyword: string;
  /** Of `else if` and `else with`: the second word. */
  then?: string;
  pipeline?: Pipeline;
}

/** The part of a template under one condition: each branch of an `if` is a block of its own. */
export interface Block extends Range {
  kind: "block";
  keyword: "file" | "define" | "if" | "with" | "range" | "else";
  /** Of define and block. */
  name?: string;
  opens?: Action;
  closes?: Action;
  pipeline?: Pipeline;
  parent?: Block;
  children: TemplateNode[];
}

export type TemplateNode = Text | Action | Block;

/** Deeper nesting than anybody writes, and shallow enough for recursion. */
const maxDepth = 200;

/** Reads a Go template as text/template does. Undefined where its blocks do not match: Helm refuses it too. */
export function parseTemplate(text: string): Block | undefined {
  const file: Block = { kind: "block", keyword: "file", start: 0, end: text.length, children: [] };
  let block = file;
  let depth = 0;
  for (const node of scan(text)) {
    if (node.kind === "text" || !opensOrCloses(node)) {
      block.children.push(node);
      continue;
    }
    if (node.keyword === "end" || node.keyword === "else") {
      if (!block.parent) return undefined;
      block.closes = node;
      block.end = node.start;
      block = block.parent;
    }
    if (node.keyword === "end") {
      depth--;
      continue;
    }
    const next = open(node, block, text);
    if (node.keyword !== "else" && ++depth > maxDepth) return undefined;
    block.children.push(next);
    block = next;
  }
  return block === file ? file : undefined;
}

function opensOrCloses({ keyword }: Action): boolean {
  return ["if", "range", "with", "define", "block", "else", "end"].includes(keyword);
}

function open(opens: Action, parent: Block, text: string): Block {
  const word = opens.keyword === "else" ? (opens.then ?? "else") : opens.keyword;
  const keyword = (word === "block" ? "define" : word) as Block["keyword"];
  const block: Block = {
    kind: "block",
    keyword,
    opens,
    parent,
    children: [],
    start: opens.end,
    end: text.length,
  };
  const name = keyword === "define" ? opens.pipeline?.commands[0]?.[0] : undefined;
  if (name?.kind === "text") block.name = name.value;
  else if (opens.pipeline) block.pipeline = opens.pipeline;
  return block;
}

function* scan(text: string): Generator<Text | Action> {
  let at = 0;
  for (let start = text.indexOf("{{"); start >= 0; start = text.indexOf("{{", at)) {
    const end = endOfAction(text, start);
    if (end === undefined) break;
    if (start > at) yield { kind: "text", start: at, end: start };
    yield readAction(text, start, end);
    at = end;
  }
  if (at < text.length) yield { kind: "text", start: at, end: text.length };
}

function endOfAction(text: string, start: number): number | undefined {
  const comment = /\{\{(?:-\s)?\s*\/\*[\s\S]*?\*\/\s*(?:\s-)?\}\}/y;
  comment.lastIndex = start;
  if (comment.test(text)) return comment.lastIndex;
  const part = /"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])*'|\}\}|[\s\S]/y;
  for (part.lastIndex = start + 2; ; ) {
    const match = part.exec(text);
    if (!match) return undefined;
    if (match[0] === "}}") return part.lastIndex;
  }
}

function readAction(text: string, start: number, end: number): Action {
  const trimLeft = /^\{\{-\s/.test(text.slice(start, start + 4));
  const trimRight = /\s-\}\}$/.test(text.slice(end - 4, end));
  const inner = { start: start + (trimLeft ? 3 : 2), end: end - (trimRight ? 3 : 2) };
  const own = text.slice(inner.start, inner.end);
  const action: Action = { kind: "action", start, end, inner, trimLeft, trimRight, keyword: "" };
  if (/^\s*\/\*/.test(own)) return { ...action, keyword: "comment" };
  const words = /^\s*(if|range|with|define|block|template|else|end|break|continue)\b(?:\s+(if|with)\b)?/.exec(
    own,
  );
  const keyword = words?.[1] ?? "";
  const then = keyword === "else" ? words?.[2] : undefined;
  const skipped = keyword === "" ? 0 : then ? words![0].length : own.indexOf(keyword) + keyword.length;
  const pipeline = parsePipeline(own.slice(skipped), inner.start + skipped);
  return { ...action, keyword, ...(then && { then }), ...(pipeline && { pipeline }) };
}

/** Every node below a block, in order. */
export function* nodesOf(block: Block): Generator<TemplateNode> {
  for (const node of block.children) {
    yield node;
    if (node.kind === "block") yield* nodesOf(node);
  }
}

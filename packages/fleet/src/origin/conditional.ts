import { isObject, type Json } from "@gitops-actions/manifest";
import type { Cause } from "./cause.ts";
import { type Frame, type Place, parentOf, sourcesOf, type World } from "./expression.ts";
import { frameOfText } from "./frame.ts";
import { type Action, type Block, nodesOf } from "./gotemplate.ts";
import type { Template } from "./instrument.ts";
import { type Found, near } from "./located.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Step } from "./trail.ts";
import type { Values } from "./values.ts";

/** The key of a mapping that a template prints as text. */
export interface PrintedText {
  template: Template;
  offset: number;
  /** What was being executed there. */
  step?: Step | undefined;
}

/**
 * What keeps a template from printing a field of a mapping that it has under a condition: the value that is empty, or
 * where it has to be put. Near where the condition is more than that value; "conditional" where it is not known.
 */
export function findCondition(
  text: PrintedText,
  lacks: string,
  world: World,
): Found | "conditional" | undefined {
  const frame = frameOfText(text.template, text.step, world);
  let isConditional = false;
  for (const { offset, block } of keysBelow(text, lacks)) {
    const blocks = enclosing(block).filter(({ start, end }) => text.offset < start || text.offset >= end);
    if (blocks.length === 0 || offset <= text.offset) continue;
    isConditional = true;
    const found = frame && firstEmpty(blocks.toReversed(), frame, world);
    if (found) return found;
  }
  return isConditional ? "conditional" : undefined;
}

/** Where a key is written as a direct child of another in a template. */
function* keysBelow(
  { template, offset }: PrintedText,
  key: string,
): Generator<{ offset: number; block: Block }> {
  const lines = template.text.slice(offset).split("\n").slice(1);
  const own = indentAt(template.text, offset);
  let at = offset + template.text.slice(offset).indexOf("\n") + 1;
  let child = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    const indent = /^ */.exec(line)![0].length;
    const word = /^ *(?:- +)?["']?([\w./-]+)["']?:(?:\s|$)/.exec(line)?.[1];
    const isText = line.trim() !== "" && !/^\s*(?:\{\{|#)/.test(line);
    // A line that is indented no further ends the mapping.
    if (isText && (indent <= own || line.startsWith("---"))) return;
    if (isText) child = Math.min(child, indent);
    if (word === key && indent === child)
      yield { offset: at + indent, block: blockAt(template.root, at + indent) };
    at += line.length + 1;
  }
}

/** Of an item of a list, that of its dash. */
function indentAt(text: string, offset: number): number {
  return /^ */.exec(text.slice(text.lastIndexOf("\n", offset - 1) + 1))![0].length;
}

function blockAt(root: Block, offset: number): Block {
  let found = root;
  for (const node of nodesOf(root))
    if (node.kind === "block" && node.start <= offset && offset < node.end) found = node;
  return found;
}

function enclosing(block: Block): Block[] {
  const blocks: Block[] = [];
  for (let each: Block | undefined = block; each?.parent; each = each.parent) blocks.push(each);
  return blocks;
}

/**
 * The value that is empty, so that a template prints nothing, or null, behind a key; or where it has to be put. Near where
 * several values may be meant.
 */
export function findEmpty(text: PrintedText, world: World): Found | undefined {
  const { template, offset } = text;
  const next = [...nodesOf(template.root)].find((node) => {
    const start = node.kind === "block" ? (node.opens?.start ?? 0) : node.start;
    return node.kind !== "text" && start > offset;
  });
  const opens = next?.kind === "block" ? next.opens : next;
  const frame = frameOfText(template, text.step, world);
  if (!next || !frame || opens?.kind !== "action") return undefined;
  if (!/^["']?[\w./-]+["']?:\s*["']?$/.test(template.text.slice(offset, opens.start))) return undefined;
  const { pipeline } = next as Action | Block;
  const place = { frame, block: parentOf(template.root, next), offset: opens.start };
  // Under a condition there may be less than all: what else stood there, the template lacks.
  const isLoop = next.kind === "block" && next.keyword === "range";
  if (!pipeline || (next.kind === "block" && !isLoop)) return undefined;
  return emptyIn(pipeline, place, world, isLoop ? isAbsent : isEmpty);
}

/** The value of the first of nested conditions that does not hold. */
function firstEmpty(blocks: readonly Block[], frame: Frame, world: World): Found | undefined {
  for (const { pipeline, opens, parent } of blocks) {
    if (!pipeline || !parent || opens?.keyword === "else") continue;
    const found = emptyIn(pipeline, { frame, block: parent, offset: opens?.start ?? 0 }, world, isAbsent);
    if (!found) continue;
    // `if and .a .b` or `if not .a` is more than a value.
    const [operand, ...more] = pipeline.commands[0] ?? [];
    const isValue = operand?.kind === "field" || operand?.kind === "variable";
    return isValue && more.length === 0 && pipeline.commands.length === 1 ? found : near(found);
  }
  return undefined;
}

function emptyIn(
  pipeline: Pipeline,
  place: Place,
  world: World,
  isWanted: (value: Json | undefined) => boolean,
): Found | undefined {
  const sources = sourcesOf(pipeline, place, world);
  const [path] = sources.flatMap(valuesIn).filter((each) => isWanted(world.values.merged(each)));
  const found = path && placeFor(world.values, path);
  const isAlone = sources.length === 1 && sources[0]!.kind === "values";
  return found && (isAlone ? found : near(found));
}

function valuesIn(source: Cause): string[][] {
  if (source.kind === "either") return source.sources.flatMap(valuesIn);
  return source.kind === "values" && !source.key ? [source.path] : [];
}

/** What is written down as empty is meant to be, as far as anybody knows. */
function isAbsent(value: Json | undefined): boolean {
  return value === undefined || value === null;
}

/** What Go's templates take for false. */
function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false || value === "" || value === 0) return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

/** Where a value is, or else the mapping that it has to be put in. */
function placeFor(values: Values, path: readonly string[]): Found | undefined {
  for (let length = path.length; length > 0; length--) {
    const own = values.key(path.slice(0, length));
    const found = length === path.length ? own : own && values.body(path.slice(0, length), path[length]);
    if (found) return found;
  }
  return undefined;
}

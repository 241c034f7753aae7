import { isObject, type Json } from "@gitops-actions/manifest";
import type { Cause } from "./cause.ts";
import { type Frame, sourcesOf, type World } from "./expression.ts";
import { frameOfText } from "./frame.ts";
import { type Block, nodesOf } from "./gotemplate.ts";
import type { Template } from "./instrument.ts";
import { type Found, near } from "./located.ts";
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

/** The value of the first of nested conditions that does not hold. */
function firstEmpty(blocks: readonly Block[], frame: Frame, world: World): Found | undefined {
  for (const { pipeline, opens, parent } of blocks) {
    if (!pipeline || !parent || opens?.keyword === "else") continue;
    const sources = sourcesOf(pipeline, { frame, block: parent, offset: opens?.start ?? 0 }, world);
    const paths = sources.flatMap(valuesIn).filter((path) => isEmpty(world.values.merged(path)));
    const [path] = paths;
    const found = path && placeFor(world.values, path);
    const [operand, ...more] = pipeline.commands[0] ?? [];
    const isValue = operand?.kind === "field" || operand?.kind === "variable";
    const isAlone = isValue && more.length === 0 && pipeline.commands.length === 1 && sources.length === 1;
    if (found) return isAlone ? found : near(found);
  }
  return undefined;
}

function valuesIn(source: Cause): string[][] {
  if (source.kind === "either") return source.sources.flatMap(valuesIn);
  return source.kind === "values" && !source.key ? [source.path] : [];
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

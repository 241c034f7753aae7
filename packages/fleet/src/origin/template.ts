import { type Json, joinPointer } from "@gitops-actions/manifest";
import {
  descend,
  type Frame,
  type Place,
  parentOf,
  type Source,
  sourcesOf,
  type World,
} from "./expression.ts";
import type { Action } from "./gotemplate.ts";
import { includedBy, type Template } from "./instrument.ts";
import { type Found, near } from "./located.ts";
import { divide, unquote } from "./printed.ts";
import { fileText, type Position } from "./text.ts";
import { type Piece, piecesIn, type Step, type Trail } from "./trail.ts";

/** One field in what a template printed. */
export interface Printed {
  trail: Trail;
  document: number;
  tokens: readonly string[];
  value: Json;
}

/** How a source of an expression becomes a place that a person edits. */
export type Resolve = (source: Source, rest: readonly string[], expected: Json) => Found | undefined;

/**
 * Where a printed field comes from: the value that an expression of the template prints, if that can be followed to a
 * place with the same value; else the line of the template.
 */
export function findPrinted(printed: Printed, world: World, resolve: Resolve): Found | undefined {
  const { trail, document, tokens, value } = printed;
  const span = trail.source.locate(document, joinPointer(tokens));
  if (!span) return undefined;
  const [start, end] = span.range;
  const pieces = piecesIn(trail, start, end);
  const single = typeof value !== "object" || value === null;
  // The last part of a text is what most often differs: the tag of an image, the end of a name.
  for (const piece of isPatchwork(pieces, printed, [start, end]) ? [] : pieces.toReversed()) {
    const found = single ? resolvePiece(piece, printed, [start, end], world, resolve) : undefined;
    if (found) return found;
  }
  const [begin] = pieces;
  return begin && lineOf(begin, [start, end], single);
}

/** Whether many lines were printed by more than one action or text: then the field is what the template makes of them. */
function isPatchwork(
  pieces: readonly Piece[],
  { trail, value }: Printed,
  [from, to]: [number, number],
): boolean {
  if (typeof value !== "string" || !value.trim().includes("\n")) return false;
  const { text } = trail.source;
  const texts = pieces.map(({ start, end }) => text.slice(Math.max(start, from), Math.min(end, to)));
  return texts.filter((each) => !/^\s*(?:[|>][-+0-9]*)?\s*$/.test(each)).length > 1;
}

function resolvePiece(
  piece: Piece,
  printed: Printed,
  [start, end]: [number, number],
  world: World,
  resolve: Resolve,
): Found | undefined {
  const { step } = piece;
  if (step?.kind !== "action" || piece.text) return undefined;
  const action = step.spot.node as Action;
  const place = placeOf(step, world);
  if (!action.pipeline || !place) return undefined;
  const within = step.start >= start && step.end <= end;
  const rest = within ? [] : restOf(printed, step);
  if (!rest) return undefined;
  const { text } = printed.trail.source;
  // Around the action there may be quotes, or the header of a block scalar.
  const around = text.slice(start, Math.max(start, step.start)) + text.slice(Math.min(step.end, end), end);
  const whole = !within || /^\s*(?:["']["']|[|>][-+0-9]*)?\s*$/.test(around);
  const expected = whole ? printed.value : unquote(text.slice(step.start, step.end));
  return first(sourcesOf(action.pipeline, place, world), rest, expected, resolve);
}

function first(
  sources: readonly Source[],
  rest: readonly string[],
  expected: Json,
  resolve: Resolve,
): Found | undefined {
  for (const source of sources) {
    const found = one(source, rest, expected, resolve);
    if (found) return found;
  }
  return undefined;
}

function one(source: Source, rest: readonly string[], expected: Json, resolve: Resolve): Found | undefined {
  switch (source.kind) {
    case "made":
      return first(rest.length > 0 ? descend([source], rest) : [], [], expected, resolve);
    case "joined":
      return firstPart(source.parts, rest, expected, resolve);
    case "either": {
      // Of two with this value, either may have been printed.
      const found = source.sources.flatMap((each) => one(each, rest, expected, resolve) ?? []);
      const [only] = found;
      return found.every((each) => isSamePlace(each, only!)) ? only : undefined;
    }
    default:
      return resolve(source, rest, expected);
  }
}

function isSamePlace(a: Found, b: Found): boolean {
  return a.text.path === b.text.path && a.line === b.line && a.column === b.column;
}

/** The last part whose value can be followed: what is printed is divided among the parts by the text between them. */
function firstPart(
  parts: readonly (string | (() => Source[]))[],
  rest: readonly string[],
  expected: Json,
  resolve: Resolve,
): Found | undefined {
  if (rest.length > 0 || typeof expected === "object") return undefined;
  const fixed = parts.map((part) => (typeof part === "string" ? part : undefined));
  const printed = divide(trimmed(fixed), String(expected).trim());
  const makers = parts.filter((part) => typeof part === "function");
  for (const [index, maker] of [...makers.entries()].toReversed()) {
    const own = printed?.[index];
    const found = own ? first(maker(), [], own, resolve) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** Without the white space at both ends, which trim markers may have taken. */
function trimmed(parts: readonly (string | undefined)[]): (string | undefined)[] {
  return parts.map((part, index) => {
    const start = index === 0 ? part?.trimStart() : part;
    return index === parts.length - 1 ? start?.trimEnd() : start;
  });
}

/** The place in its template of the action that a step executed. */
function placeOf(step: Step, world: World): Place | undefined {
  const { template, node } = step.spot;
  const frame = frameOf(step, world);
  return frame && { frame, block: parentOf(template.root, node), offset: node.start };
}

/** The execution that a step belongs to: the file's, or that of a named template, given what its caller gave it. */
function frameOf(step: Step, world: World): Frame | undefined {
  const { template } = step.spot;
  const caller = callerOf(step);
  if (!caller) return { template, step, dot: () => [{ kind: "root" }] };
  const place = placeOf(caller, world);
  const action = caller.spot.node as Action;
  const given =
    action.keyword === "template" ? action.pipeline?.commands[0]?.[1] : action.pipeline?.commands[0]?.[2];
  if (!place || !given) return undefined;
  const pipeline = { variables: [], commands: [[given]] };
  return { template, step, dot: () => sourcesOf(pipeline, place, world) };
}

/** The nearest step outside that includes another template; loops and the action itself belong to this one. */
function callerOf(step: Step): Step | undefined {
  for (let each = step.outer; each; each = each.outer) {
    if (each.kind === "action" && includedBy(each.spot.node as Action)) return each;
  }
  return undefined;
}

/** The path from what an action printed to the field: the keys and items that begin inside it. */
function restOf({ trail, document, tokens }: Printed, step: Step): string[] | undefined {
  const locate = (length: number) => trail.source.locate(document, joinPointer(tokens.slice(0, length)));
  for (let length = 1; length <= tokens.length; length++) {
    const span = locate(length);
    if (!span) return undefined;
    if (span.range[0] < step.start) continue;
    const key = span.key?.range[0] ?? dashBefore(trail.source.text, span.range[0]);
    if (key < step.start) return tokens.slice(length);
    if (span.key) return tokens.slice(length - 1);
    const index =
      Number(tokens[length - 1]) -
      firstItem(printedItems(trail, document, tokens.slice(0, length - 1)), step);
    return [String(index), ...tokens.slice(length)];
  }
  return undefined;
}

function dashBefore(text: string, offset: number): number {
  return text.lastIndexOf("-", offset - 1);
}

function printedItems(trail: Trail, document: number, tokens: readonly string[]): number[] {
  const starts: number[] = [];
  for (let index = 0; ; index++) {
    const span = trail.source.locate(document, joinPointer([...tokens, String(index)]));
    if (!span) return starts;
    starts.push(span.range[0]);
  }
}

function firstItem(starts: readonly number[], step: Step): number {
  return starts.findIndex((start) => start >= step.start);
}

/** The line of the template: exactly, if what stands there prints this field and nothing else. */
function lineOf(piece: Piece, [start, end]: [number, number], single: boolean): Found | undefined {
  // The outermost action that prints no more than the value.
  let own: Step | undefined;
  for (let each = piece.step; each; each = each.outer) {
    if (each.kind === "action" && each.start >= start && each.end <= end) own = each;
  }
  if (own) return foundIn(own.spot.template, own.spot.offset);
  if (piece.text) {
    const found = foundIn(piece.text.template, piece.text.offset + Math.max(0, start - piece.start));
    return single ? found : near(found);
  }
  const { step } = piece;
  return step && near(foundIn(step.spot.template, step.spot.offset));
}

/** A place in a template. */
export function foundIn(template: Template, offset: number): Found {
  return { text: fileText(template.path, template.path, ""), ...positionIn(template.text, offset) };
}

function positionIn(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - before.lastIndexOf("\n"), precision: "exact" };
}

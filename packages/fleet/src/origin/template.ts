import { type Json, joinPointer } from "@gitops-actions/manifest";
import { first, type Resolve } from "./choose.ts";
import { sourcesOf, type World } from "./expression.ts";
import { placeOf } from "./frame.ts";
import type { Action } from "./gotemplate.ts";
import type { Template } from "./instrument.ts";
import { type Found, near } from "./located.ts";
import { unquote } from "./printed.ts";
import { restOf } from "./rest.ts";
import { fileText, type Position } from "./text.ts";
import { type Piece, piecesIn, type Step, type Trail } from "./trail.ts";

/** One field in what a template printed. */
export interface Printed {
  trail: Trail;
  document: number;
  tokens: readonly string[];
  value: Json;
}

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

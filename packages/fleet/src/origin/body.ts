import { isObject, type Json, joinPointer } from "@gitops-actions/manifest";
import { findCondition, findEmpty, type PrintedText } from "./conditional.ts";
import { sourcesOf, type World } from "./expression.ts";
import { placeOf } from "./frame.ts";
import type { Action } from "./gotemplate.ts";
import { type Found, near } from "./located.ts";
import { restOf } from "./rest.ts";
import { foundIn, type Printed } from "./template.ts";
import { type Piece, piecesIn, type Step } from "./trail.ts";
import { type Weigh, weighed } from "./weigh.ts";

/** What of a source's value is asked for. */
export interface WeighedParts {
  /** The key of a field called `name`, or the beginning of an item; `printed` is its value. */
  key(printed: Json, name: string): Weigh;
  /** What a printed mapping or list is made from; with `child`, the one that this field of it is from. */
  body(printed: Json, child?: string): Weigh;
  /** A name that the mapping which is asked for lacks. */
  lacks?: string | undefined;
}

/**
 * Where the key of a printed field stands, or where an item of a list begins: in the template, or in the values that it
 * prints as YAML.
 */
export function findPrintedKey(printed: Printed, world: World, parts: WeighedParts): Found | undefined {
  const { trail, tokens } = printed;
  const name = tokens.at(-1) ?? "";
  const at = keyOffset(printed);
  const [piece] = at === undefined ? [] : piecesIn(trail, at, at + 1);
  if (!piece || at === undefined) return undefined;
  if (piece.text) return textAt(piece, at);
  const { step } = piece;
  if (!step) return undefined;
  return (
    follow(printed, step, world, parts.key(printed.value, name)) ??
    near(foundIn(step.spot.template, step.spot.offset))
  );
}

/**
 * Where a person changes or adds what a printed mapping or list holds: where its key stands, unless all it holds comes
 * from elsewhere. Near where it comes from several places.
 */
export function findPrintedBody(printed: Printed, world: World, parts: WeighedParts): Found | undefined {
  const { trail, document, tokens, value } = printed;
  const span = trail.source.locate(document, joinPointer(tokens));
  if (!span) return undefined;
  const { text } = trail.source;
  const pieces = piecesIn(trail, ...span.range).filter(
    ({ start, end }) =>
      text.slice(Math.max(start, span.range[0]), Math.min(end, span.range[1])).trim() !== "",
  );
  const [only] = pieces;
  const own = findPrintedKey(printed, world, parts);
  const key = keyText(printed);
  const empty = value === null && key ? findEmpty(key, world) : undefined;
  if (!only || empty) return empty ?? own;
  if (pieces.length === 1 && !only.text) {
    const found = only.step && follow(printed, only.step, world, parts.body(value));
    return found ?? (only.step && near(foundIn(only.step.spot.template, only.step.spot.offset)));
  }
  const found = own && fromChildren(printed, childrenOf(printed, value), own, world, parts);
  // The template may have what is lacking under a condition.
  const condition =
    found && key && parts.lacks !== undefined ? findCondition(key, parts.lacks, world) : undefined;
  return condition === "conditional" ? found && near(found) : (condition ?? found);
}

/** The key of a printed field, if it is text of a template. */
function keyText(printed: Printed): PrintedText | undefined {
  const at = keyOffset(printed);
  const [piece] = at === undefined ? [] : piecesIn(printed.trail, at, at + 1);
  if (!piece?.text || at === undefined) return undefined;
  const offset = piece.text.offset + Math.max(0, at - piece.start);
  return { template: piece.text.template, offset, step: piece.step };
}

/** Each of the printed fields or items of one, with what printed its beginning. */
function childrenOf(printed: Printed, value: Json): { child: Printed; at: number; piece: Piece }[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.keys(value).flatMap((name) => {
    const item = (value as { [key: string]: Json })[name]!;
    const child = { ...printed, tokens: [...printed.tokens, name], value: item };
    const at = keyOffset(child);
    const [piece] = at === undefined ? [] : piecesIn(printed.trail, at, at + 1);
    return piece && at !== undefined ? [{ child, at, piece }] : [];
  });
}

function fromChildren(
  { value }: Printed,
  children: ReturnType<typeof childrenOf>,
  own: Found,
  world: World,
  parts: WeighedParts,
): Found | undefined {
  const texts = children.flatMap(({ at, piece }) => textAt(piece, at) ?? []);
  if (texts.length === children.length) {
    const elsewhere = texts.filter(({ text }) => text.path !== own.text.path);
    if (elsewhere.length === 0) return own;
    return near(elsewhere.length === texts.length ? elsewhere[0]! : own);
  }
  if (texts.length > 0 || !isObject(value)) return near(own);
  const places = children.map(({ child, piece }) => {
    const name = child.tokens.at(-1) as string;
    return piece.step && follow(child, piece.step, world, parts.body(value, name));
  });
  const [first] = places;
  const isOne = places.every(
    (each) => each && first && each.text.path === first.text.path && each.line === first.line,
  );
  return first && isOne ? first : near(own);
}

function textAt({ text, start }: Piece, at: number): Found | undefined {
  return text && foundIn(text.template, text.offset + Math.max(0, at - start));
}

function follow(printed: Printed, step: Step, world: World, weigh: Weigh): Found | undefined {
  const { pipeline } = step.spot.node as Action;
  const place = step.kind === "action" ? placeOf(step, world) : undefined;
  const rest = restOf(printed, step);
  return pipeline && place && rest ? weighed(sourcesOf(pipeline, place, world), rest, weigh) : undefined;
}

function keyOffset({ trail, document, tokens }: Printed): number | undefined {
  const span = trail.source.locate(document, joinPointer(tokens));
  return span && (span.key ?? span).range[0];
}

import { parseSource, type Source } from "@gitops-actions/manifest";
import { markPattern, type Spot, type Spots } from "./instrument.ts";

/** An action or a loop that was being executed; `outer` is what executed it. */
export interface Step {
  kind: "action" | "loop";
  spot: Spot;
  /** Of a loop: which turn, from 0. */
  turn: number;
  /** Offsets of what an action printed, in the text without marks. */
  start: number;
  end: number;
  outer?: Step;
}

/** A part of the output with one cause: text of a template, or what the innermost step printed. */
export interface Piece {
  start: number;
  end: number;
  text?: Spot;
  step?: Step;
}

/** What one template file printed, and what printed each part of it. */
export interface Trail {
  source: Source;
  pieces: Piece[];
}

/** Takes the marks out of a file's output and keeps what they say. */
export function readTrail(output: string, spots: Spots): Trail {
  const pieces: Piece[] = [];
  let plain = "";
  let at = 0;
  let step: Step | undefined;
  let text: Spot | undefined;
  const flush = (end: number) => {
    const own = output.slice(at, end);
    if (own !== "") {
      const start = plain.length;
      plain += own;
      pieces.push({ start, end: plain.length, ...(text && { text }), ...(step && { step }) });
    }
  };
  for (const match of output.matchAll(markPattern)) {
    flush(match.index);
    at = match.index + match[0].length;
    const spot = spots.at(Number(match[2]));
    if (!spot) continue;
    text = match[1] === "t" ? spot : undefined;
    step = advance(step, match[1] as string, spot, plain.length);
  }
  flush(output.length);
  return { source: parseSource(plain), pieces };
}

function advance(step: Step | undefined, kind: string, spot: Spot, at: number): Step | undefined {
  const outer = step ? { outer: step } : {};
  switch (kind) {
    case "a":
      return { kind: "action", spot, turn: 0, start: at, end: at, ...outer };
    case "l":
      return { kind: "loop", spot, turn: -1, start: at, end: at, ...outer };
    case "i": {
      const loop = nearest(step, "loop", spot);
      return loop && { ...loop, turn: loop.turn + 1, start: at, end: at };
    }
    case "z": {
      const action = nearest(step, "action", spot);
      if (action) action.end = at;
      return action ? action.outer : step;
    }
    case "e": {
      const loop = nearest(step, "loop", spot);
      return loop ? loop.outer : step;
    }
    default:
      return step;
  }
}

/** Marks of one node have numbers of their own; the node is what they share. */
function nearest(step: Step | undefined, kind: Step["kind"], spot: Spot): Step | undefined {
  for (let each = step; each; each = each.outer)
    if (each.kind === kind && each.spot.node === spot.node) return each;
  return undefined;
}

/** The pieces that a range of the output consists of. */
export function piecesIn({ pieces }: Trail, start: number, end: number): Piece[] {
  let low = 0;
  for (let high = pieces.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (pieces[middle]!.end > start) high = middle;
    else low = middle + 1;
  }
  const found: Piece[] = [];
  for (let at = low; at < pieces.length && pieces[at]!.start < end; at++) found.push(pieces[at]!);
  return found;
}

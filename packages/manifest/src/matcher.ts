import { minSecretLength } from "./forms.ts";

/** A text to look for and the label that replaces it. */
export interface Pattern {
  text: string;
  label: string;
}

interface Candidate extends Pattern {
  /** For a window: where it lies in its whole text. */
  whole?: { text: string; offset: number };
}

interface Hit {
  start: number;
  end: number;
  label: string;
}

// Of long texts without spaces (keys, base64) a part is searched for too: tools wrap and shorten what they quote.
const windowLength = 20;
const windowStep = 10;
// What is shortened keeps its beginning: past it, the parts searched for stand further apart.
const denseLength = 4_096;
const sparseStep = 64;
const longEnough = windowLength + windowStep;

/** Replaces every occurrence of the patterns, also overlapping ones; time grows with the text, hardly with the patterns. */
export function createMatcher(patterns: readonly Pattern[]): (text: string) => string {
  const byPrefix = new Map<string, Candidate[]>();
  const add = (candidate: Candidate) => {
    const prefix = candidate.text.slice(0, minSecretLength);
    const list = byPrefix.get(prefix);
    if (list) list.push(candidate);
    else byPrefix.set(prefix, [candidate]);
  };
  for (const pattern of patterns) {
    add(pattern);
    if (pattern.text.length < longEnough || /\s/.test(pattern.text)) continue;
    for (let offset = 0; offset + windowLength <= pattern.text.length; ) {
      const text = pattern.text.slice(offset, offset + windowLength);
      add({ text, label: pattern.label, whole: { text: pattern.text, offset } });
      offset += offset < denseLength ? windowStep : sparseStep;
    }
  }
  for (const list of byPrefix.values()) list.sort((a, b) => b.text.length - a.text.length);
  const begins = new Uint8Array(65_536);
  for (const prefix of byPrefix.keys()) begins[beginning(prefix, 0)] = 1;
  return (text) => (byPrefix.size === 0 ? text : replaceHits(text, findHits(text, byPrefix, begins)));
}

/** A number for the three characters at an offset: most places of a text are passed over by it alone. */
function beginning(text: string, at: number): number {
  return (text.charCodeAt(at) * 961 + text.charCodeAt(at + 1) * 31 + text.charCodeAt(at + 2)) & 0xffff;
}

function findHits(text: string, byPrefix: ReadonlyMap<string, Candidate[]>, begins: Uint8Array): Hit[] {
  const hits: Hit[] = [];
  let covered = 0;
  for (let at = 0; at + minSecretLength <= text.length; at++) {
    if (begins[beginning(text, at)] === 0) continue;
    const candidates = byPrefix.get(text.slice(at, at + minSecretLength));
    const match = candidates?.find(
      (candidate) =>
        at + candidate.text.length > covered &&
        text.startsWith(candidate.text, at) &&
        standsAlone(text, at, candidate),
    );
    if (!match) continue;
    const hit = extend(text, at, match);
    covered = Math.max(covered, hit.end);
    hits.push(hit);
  }
  return hits;
}

/** A number is hidden only where it is the whole number. */
function standsAlone(text: string, at: number, { text: wanted }: Candidate): boolean {
  if (!/^\d+$/.test(wanted)) return true;
  return !/\d/.test(text[at - 1] ?? "") && !/\d/.test(text[at + wanted.length] ?? "");
}

function extend(text: string, at: number, { text: wanted, label, whole }: Candidate): Hit {
  if (!whole) return { start: at, end: at + wanted.length, label };
  let start = at;
  let from = whole.offset;
  while (start > 0 && from > 0) {
    const step = text[start - 1] === whole.text[from - 1] ? 0 : lineBreakBefore(text, start);
    if (step > 0 && text[start - 1 - step] !== whole.text[from - 1]) break;
    if (step === 0 && text[start - 1] !== whole.text[from - 1]) break;
    start -= step + 1;
    from--;
  }
  let end = at + wanted.length;
  let to = whole.offset + wanted.length;
  while (end < text.length && to < whole.text.length) {
    const step = text[end] === whole.text[to] ? 0 : lineBreakAfter(text, end);
    if (text[end + step] !== whole.text[to]) break;
    end += step + 1;
    to++;
  }
  return { start, end, label };
}

/** Length of the line break (with its indentation) that ends or begins at an offset: what wrapping put there. */
function lineBreakBefore(text: string, offset: number): number {
  return /(?:\r?\n|\\n)[ \t]*$/.exec(text.slice(Math.max(0, offset - 40), offset))?.[0].length ?? 0;
}
function lineBreakAfter(text: string, offset: number): number {
  return /^(?:\r?\n|\\n)[ \t]*/.exec(text.slice(offset, offset + 40))?.[0].length ?? 0;
}

function replaceHits(text: string, hits: Hit[]): string {
  if (hits.length === 0) return text;
  hits.sort((a, b) => a.start - b.start || b.end - a.end);
  let result = "";
  let done = 0;
  let current: Hit | undefined;
  const flush = (hit: Hit) => {
    result += `${text.slice(done, hit.start)}${hit.label}`;
    done = hit.end;
  };
  for (const hit of hits) {
    if (current && hit.start < current.end) current.end = Math.max(current.end, hit.end);
    else {
      if (current) flush(current);
      current = { ...hit };
    }
  }
  if (current) flush(current);
  return result + text.slice(done);
}

import { diffArrays } from "diff";

/** One step through two lists: an item of both, of the base only, or of the head only. */
export interface Pair {
  base?: number;
  head?: number;
}

/** Past this many differences a better alignment is no longer worth its time: the rest is paired by position. */
const maxEdits = 2_000;

/** Aligns two lists of texts so that the most items stay the same; what differs between two equal items is paired in order. */
export function alignItems(base: readonly string[], head: readonly string[]): Pair[] {
  const pairs: Pair[] = [];
  let from = 0;
  while (from < base.length && from < head.length && base[from] === head[from])
    pairs.push({ base: from, head: from++ });
  let baseEnd = base.length;
  let headEnd = head.length;
  while (baseEnd > from && headEnd > from && base[baseEnd - 1] === head[headEnd - 1]) {
    baseEnd--;
    headEnd--;
  }
  pairs.push(...alignMiddle(base.slice(from, baseEnd), head.slice(from, headEnd), from));
  for (let i = 0; baseEnd + i < base.length; i++) pairs.push({ base: baseEnd + i, head: headEnd + i });
  return pairs;
}

function alignMiddle(base: string[], head: string[], offset: number): Pair[] {
  const parts = diffArrays(base, head, { maxEditLength: maxEdits }) ?? [
    { value: base, removed: true, added: false, count: base.length },
    { value: head, removed: false, added: true, count: head.length },
  ];
  const pairs: Pair[] = [];
  const gap: { base: number[]; head: number[] } = { base: [], head: [] };
  let atBase = offset;
  let atHead = offset;
  for (const part of parts) {
    if (part.removed) for (let i = 0; i < part.count; i++) gap.base.push(atBase++);
    else if (part.added) for (let i = 0; i < part.count; i++) gap.head.push(atHead++);
    else {
      closeGap(gap, pairs);
      for (let i = 0; i < part.count; i++) pairs.push({ base: atBase++, head: atHead++ });
    }
  }
  closeGap(gap, pairs);
  return pairs;
}

function closeGap(gap: { base: number[]; head: number[] }, pairs: Pair[]): void {
  for (let i = 0; i < Math.max(gap.base.length, gap.head.length); i++) {
    const pair: Pair = {};
    if (i < gap.base.length) pair.base = gap.base[i] as number;
    if (i < gap.head.length) pair.head = gap.head[i] as number;
    pairs.push(pair);
  }
  gap.base = [];
  gap.head = [];
}

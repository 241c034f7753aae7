import type { Verdict } from "../verdict.ts";

/** One thing's version before and after. */
export interface Step {
  subject: string;
  from: string | undefined;
  to: string | undefined;
}

/**
 * Whether what comes is newer than what is there. Versions that have no order are judged by the past: `ranBefore` tells
 * whether the environment already had, before its present one, what comes.
 */
export function order(steps: readonly Step[], ranBefore: boolean | undefined, downgrade: boolean): Verdict {
  const gate = "order";
  if (downgrade) return { gate, state: "open", because: "older versions are allowed" };
  const compared = steps.map((step) => ({ step, order: compareVersions(step.from, step.to) }));
  const back = compared.find((each) => each.order !== undefined && each.order > 0);
  if (back)
    return {
      gate,
      state: "closed",
      because: `${back.step.subject} would go back from ${back.step.from} to ${back.step.to}`,
    };
  if (compared.every((each) => each.order !== undefined))
    return { gate, state: "open", because: "what comes is newer" };
  if (ranBefore === undefined)
    return {
      gate,
      state: "unknown",
      because: "these versions have no order of their own, and the environment's past is not known",
      mend: "check out the whole history, or set `downgrade: true`",
    };
  return ranBefore
    ? { gate, state: "closed", because: "the environment had this version before the present one" }
    : { gate, state: "open", because: "the environment has never had this version" };
}

/** Negative when `a` is older than `b`, positive when newer, 0 when equal; undefined when they have no order. */
export function compareVersions(a: string | undefined, b: string | undefined): number | undefined {
  if (a === b) return 0;
  const [first, second] = [split(a), split(b)];
  if (!first || !second || first.prefix !== second.prefix || first.suffix !== second.suffix) return undefined;
  const length = Math.max(first.numbers.length, second.numbers.length);
  for (let index = 0; index < length; index++) {
    const difference = (first.numbers[index] ?? 0n) - (second.numbers[index] ?? 0n);
    if (difference !== 0n) return difference < 0n ? -1 : 1;
  }
  return comparePre(first.pre, second.pre);
}

interface Parts {
  prefix: string;
  numbers: bigint[];
  pre: string;
  suffix: string;
}

/** `v1.2.3-rc.1-alpine`: a prefix, numbers, a pre-release, and a variant that must be the same on both sides. */
function split(text: string | undefined): Parts | undefined {
  const found =
    /^([A-Za-z-]*?)v?(\d{1,20}(?:\.\d{1,20}){0,5})(?:-((?:alpha|beta|rc|pre|dev|snapshot|m)[.-]?\d*(?:\.\d+)*))?((?:[-_+][\w.+-]*)?)$/i.exec(
      text ?? "",
    );
  if (!found) return undefined;
  const [, prefix = "", numbers = "", pre = "", suffix = ""] = found;
  return { prefix, numbers: numbers.split(".").map(BigInt), pre: pre.toLowerCase(), suffix };
}

function comparePre(a: string, b: string): number {
  if (a === b) return 0;
  if (a === "") return 1;
  if (b === "") return -1;
  const [first, second] = [a.match(/[a-z]+|\d+/g) ?? [], b.match(/[a-z]+|\d+/g) ?? []];
  for (let index = 0; index < Math.max(first.length, second.length); index++) {
    const [x, y] = [first[index], second[index]];
    if (x === y) continue;
    if (x === undefined) return -1;
    if (y === undefined) return 1;
    const numbers = /^\d+$/.test(x) && /^\d+$/.test(y);
    return (numbers ? BigInt(x) < BigInt(y) : x < y) ? -1 : 1;
  }
  return 0;
}

import { distance } from "fastest-levenshtein";
import { compare } from "./order.ts";

/** The candidates that are least unlike a word or pattern, the nearest first, however far they are. */
export function nearestFew(word: string, candidates: readonly string[], most = 3): string[] {
  const asked = word.slice(0, 500);
  const ranked = candidates.map((candidate) => ({ candidate, far: distance(asked, candidate) }));
  return ranked
    .sort((a, b) => a.far - b.far || compare(a.candidate, b.candidate))
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/** The candidate a mistyped word most likely meant, letter case aside; undefined when none is near or the word is no word. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > 100) return undefined;
  let best: { candidate: string; far: number } | undefined;
  for (const candidate of candidates) {
    const far = distance(word.toLowerCase(), candidate.toLowerCase());
    if (far <= Math.max(2, Math.floor(candidate.length / 3)) && (!best || far < best.far))
      best = { candidate, far };
  }
  return best?.candidate;
}

import { distance } from "fastest-levenshtein";

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

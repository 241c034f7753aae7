import { isObject, type Json } from "@gitops-actions/manifest";
import { isAlike } from "./alike.ts";
import { type Cause, descend } from "./cause.ts";
import { type Found, near } from "./located.ts";
import { isPrintedAs } from "./printed.ts";

/** A place that something printed may come from, and whether all of what was printed is there or only some of it. */
export interface Candidate {
  found: Found;
  whole: boolean;
}

/** What a source has at the end of a way. */
export type Weigh = (source: Cause, rest: readonly string[]) => Candidate | undefined;

/**
 * The place of the first source that has all of what was printed, else of the only one that has some of it. Of several
 * that may be meant the first, near.
 */
export function weighed(sources: readonly Cause[], rest: readonly string[], weigh: Weigh): Found | undefined {
  const groups = sources.map((source) => candidatesOf(source, rest, weigh));
  for (const group of groups) {
    const whole = group.filter((each) => each.whole);
    if (whole.length > 0) return agreed(whole);
  }
  return agreed(groups.flat());
}

function candidatesOf(source: Cause, rest: readonly string[], weigh: Weigh): Candidate[] {
  if (source.kind === "either") return source.sources.flatMap((each) => candidatesOf(each, rest, weigh));
  if (source.kind === "made" && rest.length > 0)
    return descend([source], rest).flatMap((each) => candidatesOf(each, [], weigh));
  const candidate = weigh(source, rest);
  return candidate ? [candidate] : [];
}

function agreed(candidates: readonly Candidate[]): Found | undefined {
  const [first, ...others] = candidates.map(({ found }) => found);
  if (!first) return undefined;
  const same = others.every(
    ({ text, line, column }) =>
      text.path === first.text.path && line === first.line && column === first.column,
  );
  return same ? first : near(first);
}

/** Whether a value, or a part of it, is all of what was printed. */
export function holdsAll(written: Json | undefined, printed: Json): boolean {
  if (isObject(printed))
    return isObject(written) && Object.keys(printed).every((key) => holdsAll(written[key], printed[key]!));
  if (Array.isArray(printed))
    return (
      Array.isArray(written) &&
      written.length === printed.length &&
      printed.every((item, index) => holdsAll(written[index], item))
    );
  if (printed === null) return (written ?? null) === null;
  return isAlike(written, printed) || isPrintedAs(written, printed);
}

/** Whether something of what was printed may come from a value: both mappings that share a name, or both lists. */
export function holdsSome(written: Json | undefined, printed: Json): boolean {
  if (Array.isArray(printed)) return Array.isArray(written) && written.length > 0;
  if (!isObject(printed) || !isObject(written)) return false;
  const names = Object.keys(printed);
  return names.length === 0 || names.some((name) => Object.hasOwn(written, name));
}

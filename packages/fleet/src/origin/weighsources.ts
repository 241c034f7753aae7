import { childOf, isObject, type Json } from "@gitops-actions/manifest";
import type { WeighedParts } from "./body.ts";
import { type ChartFile, findInFile } from "./chartfiles.ts";
import { near } from "./located.ts";
import type { Values } from "./values.ts";
import { holdsAll, holdsSome, type Weigh } from "./weigh.ts";

/** What a chart has that something printed may come from. */
export interface Sources {
  values: Values;
  fileAt(path: string): ChartFile | undefined;
  /** The printed document. */
  root: Json | undefined;
  /** A name that the mapping which is asked for lacks. */
  lacks?: string | undefined;
}

/** What the values and files of a chart have of something printed. */
export function weighSources(sources: Sources): WeighedParts {
  const { values, lacks } = sources;
  return {
    lacks,
    key: (printed, name) => orInFile(sources, printed, keyIn(values, printed, name)),
    body: (printed, child) =>
      child === undefined
        ? orInFile(sources, printed, bodyIn(values, printed, lacks))
        : orInFile(sources, childOf(printed, child) ?? null, bodyAround(values, printed, child, lacks), 1),
  };
}

/**
 * A field of a file that has all of what was printed, else one that is there at all; `above` it by so many levels what is
 * meant.
 */
function orInFile({ fileAt, root }: Sources, printed: Json, otherwise: Weigh, above = 0): Weigh {
  return (source, rest) => {
    if (source.kind !== "file") return otherwise(source, rest);
    const file = source.key ? undefined : fileAt(source.path);
    if (!file) return undefined;
    const asked = rest.slice(0, rest.length - above);
    const isWhole = (value: Json) => holdsAll(value, printed);
    const whole = findInFile(file, true, { rest, root, asked, isWanted: isWhole });
    const found = whole ?? findInFile(file, true, { rest, root, asked, isWanted: () => true });
    return found && { found, whole: whole !== undefined };
  };
}

function keyIn(values: Values, printed: Json, name: string): Weigh {
  return (source, rest) => {
    if (source.kind !== "values") return undefined;
    const path = source.key ? source.path : [...source.path, ...rest];
    // A mapping that the template makes may give the value another name.
    if ((source.key || rest.length === 0) && path.at(-1) !== name) return undefined;
    const found = values.key(path);
    if (found) return { found, whole: source.key || holdsAll(values.whole(path), printed) };
    if (rest.length === 0) return undefined;
    // The name itself may be a value, or the field stand in a text.
    const text = values.merged(source.path);
    const whole = rest.length === 1 && text === name;
    const inside = whole ? values.find(source.path) : values.keyInside(source.path, rest);
    return inside && { found: inside, whole: true };
  };
}

/** What a mapping or list is printed from as one. */
function bodyIn(values: Values, printed: Json, lacks: string | undefined): Weigh {
  return (source, rest) => {
    if (source.kind !== "values" || source.key) return undefined;
    const path = [...source.path, ...rest];
    const written = values.whole(path);
    const whole = holdsAll(written, printed);
    if (whole || holdsSome(written, printed)) {
      const found = values.body(path, lacks);
      if (found) return { found: isFiltered(written, printed) ? near(found) : found, whole };
    }
    // The text itself may be the mapping, or have it inside.
    const inside = typeof written === "string" ? values.key(path) : values.keyInside(source.path, rest);
    return inside && { found: inside, whole: true };
  };
}

/** The mapping that a field of the printed one is from. */
function bodyAround(values: Values, printed: Json, child: string, lacks: string | undefined): Weigh {
  const own = childOf(printed, child) ?? null;
  return (source, rest) => {
    if (source.kind !== "values") return undefined;
    const path = source.key ? source.path : [...source.path, ...rest];
    if ((source.key || rest.length === 0) && path.at(-1) !== child) return undefined;
    const written = values.whole(path);
    if (written === undefined && own !== null) return undefined;
    const parent = path.slice(0, -1);
    const found = values.body(parent, lacks);
    const isLess = isFiltered(values.merged(parent), printed);
    return found && { found: isLess ? near(found) : found, whole: holdsAll(written, own) };
  };
}

/** Whether a template leaves out some of a mapping: then nobody knows whether it would print what is added. */
function isFiltered(written: Json | undefined, printed: Json): boolean {
  if (!isObject(written) || !isObject(printed)) return false;
  return Object.keys(written).some((key) => written[key] !== null && !Object.hasOwn(printed, key));
}

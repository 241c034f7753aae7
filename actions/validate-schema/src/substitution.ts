import { isObject, type Json, type JsonObject, parseSource } from "@gitops-actions/manifest";

/** What Flux's kustomize-controller makes of one text: what stays, and the defaults of the variables between. */
export interface Substitution {
  /** The text around the variables; one more than there are variables. */
  rest: string[];
  /** Of each variable; undefined where it has none, or where it is made of variables itself or of their parts. */
  defaults: (string | undefined)[];
}

const name = /^#?[A-Za-z_][A-Za-z0-9_]*(?![A-Za-z0-9_])/;
const withDefault = /^[A-Za-z_][A-Za-z0-9_]*(?::=|:-|=|-)(.*)$/s;

/**
 * The variables in a text, `${VAR}`, `${VAR:=default}` and the other forms of github.com/fluxcd/pkg/envsubst; undefined
 * where it has none. `$VAR` and `$${VAR}` are text.
 */
export function substitutionIn(text: string): Substitution | undefined {
  const rest: string[] = [];
  const defaults: Substitution["defaults"] = [];
  let from = 0;
  for (let at = text.indexOf("${"); at >= 0; at = text.indexOf("${", at + 2)) {
    if (at < from || text[at - 1] === "$") continue;
    const end = closingBrace(text, at + 2);
    const body = text.slice(at + 2, end);
    if (end < 0 || !name.test(body)) continue;
    rest.push(text.slice(from, at));
    const standard = withDefault.exec(body)?.[1];
    defaults.push(standard?.includes("${") ? undefined : standard);
    from = end + 1;
  }
  return defaults.length > 0 ? { rest: [...rest, text.slice(from)], defaults } : undefined;
}

/** The text where every variable takes its default; undefined where one has none that is known. */
export function defaultText({ rest, defaults }: Substitution): string | undefined {
  if (defaults.includes(undefined)) return undefined;
  return rest.map((text, index) => text + (defaults[index] ?? "")).join("");
}

/**
 * A value in which variables took their defaults, as Flux writes them into its text; undefined where no variable has one.
 * One without a default, or with an empty one, stays.
 */
export function withDefaults(value: JsonObject): JsonObject | undefined {
  let isChanged = false;
  const fill = (item: Json): Json => {
    if (Array.isArray(item)) return item.map(fill);
    if (isObject(item))
      return Object.fromEntries(Object.entries(item).map(([key, each]) => [key, fill(each!)]));
    const substitution = typeof item === "string" ? substitutionIn(item) : undefined;
    const text = substitution && defaultText(substitution);
    if (!text) return item;
    isChanged = true;
    const read = parseSource(`v: ${text}\n`).documents[0]?.value;
    return isObject(read) ? (read.v ?? null) : text;
  };
  const filled = fill(value);
  return isChanged && isObject(filled) ? filled : undefined;
}

/** Whether variables can make it a given text. */
export function canBecome({ rest }: Substitution, text: string): boolean {
  const parts = rest.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^]*")}$`).test(text);
}

function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text.startsWith("${", at)) depth += 1;
    else if (text[at] === "}") depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}

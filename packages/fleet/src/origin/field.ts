import { childOf, isObject, type Json, joinPointer, splitPointer } from "@gitops-actions/manifest";
import { UsageError } from "@gitops-actions/report";
import { suggest } from "../config-problems.ts";

type Part = { key: string } | { item: [string, string] };

/**
 * The JSON Pointer of a field as people write it: a pointer (`/spec/replicas`), or names with dots and items in brackets
 * (`spec.template.spec.containers[name=app].image`, `metadata.labels["app.kubernetes.io/name"]`, `args[0]`). The last
 * name may be absent from the value; throws UsageError for one before it, naming what is there.
 */
export function toPointer(value: Json, field: string): string {
  const parts =
    field.startsWith("/") || field === "" ? splitPointer(field).map((key) => ({ key })) : readParts(field);
  const tokens: string[] = [];
  let here: Json | undefined = value;
  for (const [index, part] of parts.entries()) {
    const token: string = "key" in part ? part.key : findItem(here, part.item, field);
    const child: Json | undefined = here === undefined ? undefined : childOf(here, token);
    if (child === undefined && (index < parts.length - 1 || !isObject(here)))
      throw absent(here, token, tokens);
    tokens.push(token);
    here = child;
  }
  return joinPointer(tokens);
}

function readParts(field: string): Part[] {
  const parts: Part[] = [];
  const pattern = /\.?([^.[\]"]+)|\[("(?:\\.|[^"\\])*"|'[^']*')\]|\[([^\]=]+)=([^\]]*)\]|\[(\d+)\]/y;
  while (pattern.lastIndex < field.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(field);
    if (!match) {
      throw new UsageError(
        `field ${JSON.stringify(field)}: ${JSON.stringify(field.slice(at))} cannot be read. Write spec.containers[name=app].image or a JSON Pointer such as /spec/replicas.`,
      );
    }
    const [, name, quoted, key, wanted, index] = match;
    if (key !== undefined) parts.push({ item: [key, unquote(wanted ?? "")] });
    else parts.push({ key: name ?? index ?? unquote(quoted ?? "") });
  }
  return parts;
}

function unquote(text: string): string {
  if (text.startsWith('"')) return JSON.parse(text) as string;
  return text.startsWith("'") ? text.slice(1, -1) : text;
}

function findItem(list: Json | undefined, [key, wanted]: [string, string], field: string): string {
  const items = Array.isArray(list) ? list : [];
  const index = items.findIndex((item) => isObject(item) && String(item[key]) === wanted);
  if (index >= 0) return String(index);
  const known = items.flatMap((item) =>
    isObject(item) && item[key] !== undefined ? [String(item[key])] : [],
  );
  throw new UsageError(
    `field ${field}: no item has ${key}=${wanted}${suggest(wanted, known)}${known.length > 0 ? `. There are: ${known.join(", ")}` : ""}`,
  );
}

function absent(here: Json | undefined, token: string, tokens: readonly string[]): UsageError {
  const known = here !== null && typeof here === "object" ? Object.keys(here) : [];
  const where = tokens.length > 0 ? joinPointer(tokens) : "the resource";
  const list = known.length > 0 ? `. There are: ${known.slice(0, 20).join(", ")}` : "";
  return new UsageError(`field: there is no ${token} in ${where}${suggest(token, known)}${list}`);
}

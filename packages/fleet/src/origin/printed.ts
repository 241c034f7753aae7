import type { Json } from "@gitops-actions/manifest";
import { isAlike } from "./alike.ts";
import { nodesOf, parseTemplate } from "./gotemplate.ts";

/** What stands between quotes, if all of it does. */
export function unquote(text: string): string {
  const own = text.trim();
  if (/^".*"$/s.test(own)) {
    try {
      return JSON.parse(own) as string;
    } catch {
      return own.slice(1, -1);
    }
  }
  return /^'.*'$/s.test(own) ? own.slice(1, -1).replaceAll("''", "'") : own;
}

/** Whether a value is what was printed of it; numbers and texts may be written in several ways. */
export function isPrintedAs(value: Json | undefined, expected: Json): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === "object") return formatted(value) === unquote(String(expected));
  if (isAlike(value, expected)) return true;
  const [written, printed] = [unquote(String(value)), String(expected).trim()];
  if (written.includes("{{")) return isExecutedAs(written, printed);
  return (
    written !== "" && (written === printed || (typeof expected === "string" && decode(printed) === written))
  );
}

/** A value as Go prints it where a template prints a list or mapping as it is: `[a b]`, `map[a:b]`. */
function formatted(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(formatted).join(" ")}]`;
  if (value === null) return "<nil>";
  if (typeof value !== "object") return String(value);
  const pairs = Object.keys(value).sort();
  return `map[${pairs.map((key) => `${key}:${formatted((value as { [key: string]: Json })[key]!)}`).join(" ")}]`;
}

/** Whether `tpl` may have made a text of another: the same around its actions. */
function isExecutedAs(written: string, printed: string): boolean {
  const nodes = parseTemplate(written)?.children;
  const pattern = nodes?.map((node) =>
    node.kind === "text" ? written.slice(node.start, node.end) : undefined,
  );
  return pattern !== undefined && divide(pattern, printed) !== undefined;
}

/** A text of YAML with its actions made a word each, of the same length: they are no YAML. */
export function maskActions(text: string): string {
  const template = parseTemplate(text);
  if (!template) return text;
  let masked = text;
  for (const node of nodesOf(template)) {
    const actions = node.kind === "action" ? [node] : node.kind === "block" ? [node.opens, node.closes] : [];
    for (const action of actions) {
      if (!action) continue;
      const { start, end } = action;
      // A word stays on its line.
      const word = text.slice(start, end).replace(/[^\n]/g, "x");
      masked = masked.slice(0, start) + word + masked.slice(end);
    }
  }
  return masked;
}

/**
 * What a text has in the place of each `undefined` of a pattern, each as short as the fixed texts allow from the end:
 * a host may hold the colon that stands before its port. Undefined where the fixed texts are not there.
 */
export function divide(pattern: readonly (string | undefined)[], text: string): string[] | undefined {
  const found: string[] = [];
  let end = text.length;
  let open = false;
  for (const part of pattern.toReversed()) {
    if (part === undefined) {
      // Of two side by side, nobody knows where one begins.
      if (open) return undefined;
      open = true;
    } else if (open && part !== "") {
      const at = text.lastIndexOf(part, end - part.length);
      if (at < 0 || at + part.length > end) return undefined;
      found.push(text.slice(at + part.length, end));
      end = at;
      open = false;
    } else if (!open) {
      if (!text.slice(0, end).endsWith(part)) return undefined;
      end -= part.length;
    }
  }
  if (open) found.push(text.slice(0, end));
  else if (end > 0) return undefined;
  return found.toReversed();
}

function decode(text: string): string {
  return /^[A-Za-z0-9+/]+=*$/.test(text) && text.length >= 4
    ? Buffer.from(text, "base64").toString("utf8")
    : "";
}

import type { Json } from "@gitops-actions/manifest";
import { isAlike } from "./alike.ts";

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
  if (value === undefined || value === null || typeof value === "object") return false;
  if (isAlike(value, expected)) return true;
  const [written, printed] = [unquote(String(value)), String(expected).trim()];
  if (written.includes("{{")) return isExecutedAs(written, printed);
  return (
    written !== "" && (written === printed || (typeof expected === "string" && decode(printed) === written))
  );
}

/** Whether `tpl` may have made a text of another: the same around its actions. */
function isExecutedAs(written: string, printed: string): boolean {
  const fixed = written.split(/\{\{[^}]*\}\}/);
  return (
    divide(
      fixed.flatMap((text, index) => (index === 0 ? [text] : [undefined, text])),
      printed,
    ) !== undefined
  );
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

import type { Json } from "@gitops-actions/manifest";
import { isAlike } from "./unmarked.ts";

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
  if (written.length > 1000 || printed.length > 1000) return false;
  const pattern = written
    .split(/\{\{.*?\}\}/s)
    .map(patternOf)
    .join(".*");
  return new RegExp(`^${pattern}$`, "s").test(printed);
}

function decode(text: string): string {
  return /^[A-Za-z0-9+/]+=*$/.test(text) && text.length >= 4
    ? Buffer.from(text, "base64").toString("utf8")
    : "";
}

/** A text as a part of a regular expression. */
export function patternOf(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

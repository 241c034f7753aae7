import { groupDigits } from "./describe.ts";

/**
 * Characters that change how text around them is shown without being seen themselves: controls, bidirectional
 * overrides and isolates (Trojan Source, CVE-2021-42574), zero-width, tag and variation characters, line and
 * paragraph separators, lone surrogates.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const NAMED: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** The text on one line, with every character that would act on a terminal, or hide, written as an escape (`\n`, `\x1b`, `\u202e`). */
export function visible(text: string): string {
  return text.replace(UNSEEN, escapeCharacter);
}

/** Like `visible`, for text of several lines: `\n` and `\t` stay, `\r\n` becomes `\n`. */
export function visibleLines(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replace(UNSEEN, (c) => (c === "\n" || c === "\t" ? c : escapeCharacter(c)));
}

function escapeCharacter(character: string): string {
  const named = NAMED[character];
  if (named) return named;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/**
 * The text cut to at most `limit` UTF-16 units, never inside a surrogate pair, with what was cut said:
 * `… (1,234 more characters)`.
 */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const note = (cut: number) => `… (${groupDigits(cut)} more characters)`;
  const room = Math.max(0, limit - note(text.length).length);
  const high = text.charCodeAt(room - 1);
  const kept = high >= 0xd800 && high <= 0xdbff ? room - 1 : room;
  return (text.slice(0, kept) + note(text.length - kept)).slice(0, limit);
}

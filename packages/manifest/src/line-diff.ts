import { diffLines } from "diff";

const context = 2;

/** Two texts as a small line diff, indented by four spaces; unchanged lines far from a change and lines past the limit are counted. */
export function formatLineDiff(base: string, head: string, maxLines: number): string[] {
  const lines: string[] = [];
  const parts = diffLines(base, head, { maxEditLength: 1_000 }) ?? [
    { value: base, removed: true, added: false, count: 0 },
    { value: head, removed: false, added: true, count: 0 },
  ];
  for (const [index, part] of parts.entries()) {
    const own = splitLines(part.value);
    if (part.added || part.removed) lines.push(...own.map((line) => `    ${part.added ? "+" : "-"} ${line}`));
    else lines.push(...elide(own, index > 0, index < parts.length - 1));
  }
  if (lines.length <= maxLines) return lines;
  return [...lines.slice(0, maxLines), `    … ${lines.length - maxLines} more lines of this difference`];
}

function splitLines(text: string): string[] {
  const lines = text.split("\n");
  const ends = lines.at(-1) === "";
  if (ends) lines.pop();
  const visible = lines.map((line) => line.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, escapeCharacter));
  if (!ends && visible.length > 0) visible.push(`${visible.pop()} (no newline at the end)`);
  return visible;
}

function escapeCharacter(character: string): string {
  if (character === "\t") return "\\t";
  if (character === "\r") return "\\r";
  return `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, "0")}`;
}

function elide(lines: string[], after: boolean, before: boolean): string[] {
  const show = (line: string) => `    │ ${line}`;
  const lead = after ? context : 0;
  const trail = before ? context : 0;
  if (lines.length <= lead + trail + 1) return lines.map(show);
  const count = lines.length - lead - trail;
  return [
    ...lines.slice(0, lead).map(show),
    `    … ${count} unchanged lines`,
    ...lines.slice(lines.length - trail).map(show),
  ];
}

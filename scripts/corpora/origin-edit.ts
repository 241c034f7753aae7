/** What an edit made of one word: the word before and after, to recognise both in what is rendered. */
export interface Edited {
  text: string;
  before: string;
  after: string;
}

const word = /[A-Za-z0-9_.:/@+=$()-]+/;

/**
 * Edits what stands at a line and column (from 1) as a person would: another value of the same type. Knows nothing of
 * YAML but its quotes and block scalars. Several proposals, because a tool may refuse one (a port, a version).
 */
export function editAt(text: string, line: number, column: number): Edited[] {
  const lines = text.split("\n");
  const own = lines[line - 1];
  if (own === undefined) return [];
  const rest = own.slice(column - 1);
  const put = (row: number, start: number, end: number, before: string, after: string): Edited => {
    const edited = lines.with(row, lines[row]!.slice(0, start) + after + lines[row]!.slice(end));
    return { text: edited.join("\n"), before, after };
  };
  if (/^[|>][-+0-9]*\s*(?:#.*)?$/.test(rest)) {
    const row = lines.findIndex((each, index) => index >= line && each.trim() !== "");
    if (row >= 0 && !/^\s*\{\{/.test(lines[row]!)) return editWord(lines[row]!, 0, row, put);
    // What an action prints follows: another line before it.
    const indent = /^\s*/.exec(own)![0].length + 2;
    return [
      {
        text: lines.toSpliced(line, 0, `${" ".repeat(indent)}edited`).join("\n"),
        before: "",
        after: "edited",
      },
    ];
  }
  const action = /^\{\{.*?\}\}/.exec(rest);
  if (action) {
    const end = column - 1 + action[0].length;
    return ["edited", "1", "true"].map((after) => put(line - 1, column - 1, end, "", after));
  }
  return editWord(own, column - 1, line - 1, put);
}

function editWord(
  own: string,
  from: number,
  row: number,
  put: (row: number, start: number, end: number, before: string, after: string) => Edited,
): Edited[] {
  const found = word.exec(own.slice(from));
  const quoted = /^["']/.test(own.slice(from));
  if (!found || (quoted && /^.["']/.test(own.slice(from)))) {
    // Nothing, or no word: something between its quotes, or behind the colon.
    return [
      quoted ? put(row, from + 1, from + 1, "", "edited") : put(row, own.length, own.length, "", " edited"),
    ];
  }
  const start = from + found.index;
  return otherValues(found[0]).map((after) => put(row, start, start + found[0].length, found[0], after));
}

/** Other values of the type of a word. */
export function otherValues(before: string): string[] {
  if (before === "true") return ["false"];
  if (before === "false") return ["true"];
  if (/^-?\d+$/.test(before)) return [String(Number(before) + 1), String(Number(before) - 1)];
  const digit = before.replace(/\d(?=\D*$)/, (last) => String((Number(last) + 1) % 10));
  const letter = before.replace(/[A-Za-z](?=[^A-Za-z]*$)/, (last) => (last === "x" ? "y" : "x"));
  const proposals = /\d$/.test(before) ? [digit, letter, `${before}x`] : [`${before}x`, letter, digit];
  return [...new Set(proposals)].filter((after) => after !== before);
}

/** Places of a text that hold a value, those that look like `wanted` first: where one edits who is told the file only. */
export function placesIn(text: string, wanted: string): { line: number; column: number }[] {
  const places: { line: number; column: number; score: number }[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const value = /^\s*(?:- )*(?:[^\s:'"]+:\s+|["'][^"']*["']:\s+|- |[^\s=]+=)?(?=\S)/.exec(line);
    const column = (value?.[0].length ?? 0) + 1;
    const rest = line.slice(column - 1);
    const score = wanted !== "" && rest.includes(wanted) ? 2 : wanted.includes(rest) ? 1 : 0;
    places.push({ line: index + 1, column, score });
  }
  return places.sort((a, b) => b.score - a.score || a.line - b.line);
}

/** The text without what begins on a line: the line and those below it that are indented further. */
export function withoutBlock(text: string, line: number): string {
  const lines = text.split("\n");
  const indent = (own: string) => /^ */.exec(own)![0].length;
  let end = line;
  while (end < lines.length && (lines[end]!.trim() === "" || indent(lines[end]!) > indent(lines[line - 1]!)))
    end++;
  return lines.toSpliced(line - 1, end - line + 1).join("\n");
}

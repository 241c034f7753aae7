/** One mistake in a source file, made by looking at its lines alone. */
export interface Mistake {
  what: "unknown-field" | "misspelt-field" | "wrong-type" | "wrong-word" | "missing-field";
  text: string;
  /** Lines (from 1, of the text with the mistake) that a person would look for: one, or where a removed line has to be put. */
  lines: number[];
  /** Where the field has to be put that is not there any more, because it was removed or has another name. */
  parents: number[];
  key: string;
}

interface Line {
  indent: string;
  dash: string;
  key: string;
  value: string;
}

/** `key: value`, perhaps the first of a list item. Keys that templates make are no keys here. */
function readLine(own: string): Line | undefined {
  const found = /^( *)((?:- +)*)([A-Za-z_][\w./-]*):(?:[ \t]+(\S.*))?$/.exec(own);
  if (!found) return undefined;
  const [, indent = "", dash = "", key = "", value = ""] = found;
  return { indent, dash, key, value: value.replace(/\s+#.*$/, "").trim() };
}

/** Numbers of the lines (from 1) in which a mistake can be made. */
export function editableLines(text: string): number[] {
  return text.split("\n").flatMap((own, index) => (readLine(own) ? [index + 1] : []));
}

/** The mistakes that can be made in a line. */
export function mistakesAt(text: string, line: number): Mistake[] {
  const lines = text.split("\n");
  const read = readLine(lines[line - 1] ?? "");
  if (!read) return [];
  const { indent, dash, key, value } = read;
  const put = (what: Mistake["what"], own: string): Mistake => ({
    what,
    text: lines.with(line - 1, own).join("\n"),
    lines: [line],
    parents: what === "misspelt-field" ? parentsOf(lines, line) : [],
    key,
  });
  const mistakes = [put("misspelt-field", lines[line - 1]!.replace(`${key}:`, `${key}x:`))];
  if (dash === "") {
    const added = lines.toSpliced(line - 1, 0, `${indent}surprise: 1`).join("\n");
    mistakes.push({ what: "unknown-field", text: added, lines: [line], parents: [], key: "surprise" });
    const rest = withoutField(lines, line, indent.length);
    const parents = parentsOf(lines, line);
    if (rest) mistakes.push({ what: "missing-field", text: rest.join("\n"), lines: parents, parents, key });
  }
  const isScalar = value !== "" && !/^[|>&*!{[]/.test(value);
  if (!isScalar) return mistakes;
  const typed = /^(?:-?\d+|true|false)$/.test(value) ? "nonsense" : "[nonsense]";
  mistakes.push(put("wrong-type", `${indent}${dash}${key}: ${typed}`));
  if (/^[A-Z][A-Za-z]+$/.test(value)) mistakes.push(put("wrong-word", `${indent}${dash}${key}: ${value}x`));
  return mistakes;
}

/** The lines without a field and what is indented below it; undefined where that is half a template's block. */
function withoutField(lines: readonly string[], line: number, indent: number): string[] | undefined {
  let end = line;
  while (end < lines.length && (lines[end]!.trim() === "" || widthOf(lines[end]!) > indent)) end++;
  // Items of a list may stand below their key.
  while (end < lines.length && lines[end]!.startsWith(`${" ".repeat(indent)}- `)) {
    end++;
    while (end < lines.length && widthOf(lines[end]!) > indent) end++;
  }
  const removed = lines.slice(line - 1, end);
  if (removed.some((own) => /\{\{-? *(?:if|else|end|with|range|define)\b/.test(own))) return undefined;
  return lines.toSpliced(line - 1, end - line + 1);
}

/** Where a field has to be put that is missing: the key of its parent, or the item's first line; at the root of a document, its first. */
function parentsOf(lines: readonly string[], line: number): number[] {
  const width = widthOf(lines[line - 1]!);
  for (let index = line - 2; index >= 0; index--) {
    const own = lines[index]!;
    if (/^---/.test(own)) return [firstOf(lines, index + 1, line)];
    if (own.trim() === "" || /^\s*(?:#|\{\{)/.test(own)) continue;
    if (widthOf(own) < width) return [index + 1];
  }
  return [firstOf(lines, 0, line)];
}

/** The first line of a document that holds something, without the one that was removed. */
function firstOf(lines: readonly string[], from: number, removed: number): number {
  for (let index = from; index < lines.length; index++) {
    const isGone = index === removed - 1;
    if (!isGone && readLine(lines[index]!)) return index + 1 - (index >= removed ? 1 : 0);
  }
  return from + 1;
}

function widthOf(own: string): number {
  return /^ */.exec(own)![0].length;
}

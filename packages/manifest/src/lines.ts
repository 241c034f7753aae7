/** Turns offsets into lines and columns. */
export type LineIndex = readonly number[];

/** The offsets at which the lines of a text begin. A lone CR ends a line, as in YAML. */
export function indexLines(text: string): LineIndex {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
  return starts;
}

/** 1-based line and column (in UTF-16 units) of an offset. */
export function positionAt(lines: LineIndex, offset: number): { line: number; column: number } {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lines[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (lines[low] as number) + 1 };
}

/** One document of a YAML stream: where its own text lies, markers and directives left out. */
export interface Chunk {
  start: number;
  end: number;
}

// `---` and `...` at the start of a line are markers wherever they stand, in block and quoted scalars too
// (YAML 1.2.2, 9.1.2, c-forbidden), so a stream can be cut without being parsed.
const marker = /(?:^\ufeff?|[\r\n])(---|\.\.\.)(?=[ \t\r\n]|$)/g;

/** Cuts a stream into documents, in linear time. Documents with nothing but comments are included when a `---` begins them. */
export function splitStream(text: string): Chunk[] {
  const chunks: Chunk[] = [];
  let start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let explicit = false;
  for (const match of text.matchAll(marker)) {
    const at = match.index + match[0].length - 3;
    if (at < start) continue;
    if (explicit || holdsContent(text.slice(start, at))) chunks.push({ start, end: at });
    explicit = match[1] === "---";
    start = afterMarker(text, at + 3);
  }
  const rest = text.slice(start);
  if (explicit || holdsContent(rest) || (chunks.length === 0 && rest.trim() !== "")) {
    chunks.push({ start, end: text.length });
  }
  return chunks;
}

/** A document's text begins on the line after its marker, or behind the marker where something follows it. */
function afterMarker(text: string, offset: number): number {
  const end = /[ \t]*(?:\r\n|\n|\r|$)/y;
  end.lastIndex = offset;
  return end.test(text) ? end.lastIndex : offset;
}

/** True unless there are only comments, directives and white space. */
function holdsContent(text: string): boolean {
  for (const line of text.split(/[\r\n]+/)) {
    const trimmed = line.trimStart();
    if (trimmed !== "" && trimmed[0] !== "#" && line[0] !== "%") return true;
  }
  return false;
}

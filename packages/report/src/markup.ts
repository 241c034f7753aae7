import { visible, visibleLines } from "./visible.ts";

// Safe pieces of GitHub Flavored Markdown. Whatever a repository, a manifest or a tool says goes through one of these.

/** Characters with a meaning in Markdown, HTML or GitHub's extensions (mathematics, emoji, tables). */
const MEANINGFUL = /[&<>"'`*_{}[\]()#|~$!\\^=+]/g;

/**
 * Text as Markdown that shows exactly this text, on one line: no emphasis, HTML, image or link; nobody is mentioned,
 * no issue is referred to, no address becomes a link (GitHub looks for these after entities are decoded, so a
 * zero-width space goes between the parts).
 */
export function escapeMarkdown(text: string): string {
  return (
    visible(text)
      .trimStart()
      .replace(MEANINGFUL, encode)
      // At the start of a line these would begin a list.
      .replace(/^-|^\d(?=\d*\.)/, encode)
      .replaceAll("@", "@&#8203;")
      .replace(/&#35;(?=\d)/g, "&#35;&#8203;")
      .replaceAll("://", ":&#8203;//")
      .replace(/\b(www)\./gi, "$1&#8203;.")
      .replace(/\b(gh)-(?=\d)/gi, "$1&#8203;-")
      .replace(/\b[0-9a-f]{7,}\b/g, (hash) => hash.replace(/.{6}(?=.)/g, "$&&#8203;"))
  );
}

function encode(character: string): string {
  return `&#${character.charCodeAt(0)};`;
}

/** Text in a code span, on one line. Its delimiter is longer than any run of backticks inside. */
export function codeSpan(text: string): string {
  const content = withoutMarkers(visible(text));
  if (content.trim() === "") return "` `";
  const ticks = "`".repeat(longestRun(content) + 1);
  const pad = /^[ `]|[ `]$/.test(content) ? " " : "";
  return `${ticks}${pad}${content}${pad}${ticks}`;
}

/** Text in a fenced block of its own lines, ending with a newline. The fence is longer than any run of backticks inside. */
export function fence(text: string, language = "", indent = ""): string {
  const content = withoutMarkers(visibleLines(text)).replace(/\n$/, "");
  const ticks = "`".repeat(Math.max(3, longestRun(content) + 1));
  return [`${ticks}${language}`, ...content.split("\n"), ticks].map((line) => `${indent}${line}\n`).join("");
}

/** A folded part. `summary` and `body` must be safe Markdown already. */
export function folded(summary: string, body: string): string {
  return `<details><summary>${summary}</summary>\n\n${body}\n</details>\n`;
}

/** The invisible comment by which a run finds its own earlier comment again. It stands on the first line of a body. */
export function markerComment(id: string): string {
  return `<!-- gitops-actions:${id.replace(/[^A-Za-z0-9._/-]/g, "_").replace(/-{2,}/g, "-")} -->`;
}

// Code shows an HTML comment as it is, but whoever searches a body for a marker comment would find it there.
function withoutMarkers(text: string): string {
  return text.replaceAll("<!--", "<! --");
}

function longestRun(text: string): number {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  return longest;
}

/** The chunks in one string, or undefined as soon as they need more than `limit` bytes of UTF-8. */
export function joinWithin(chunks: Iterable<string>, limit: number): string | undefined {
  const kept: string[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    bytes += Buffer.byteLength(chunk);
    if (bytes > limit) return undefined;
    kept.push(chunk);
  }
  return kept.join("");
}

import { type LineIndex, positionAt } from "./lines.ts";

export type ProblemCode =
  | "encoding"
  | "syntax"
  | "duplicate-key"
  | "bad-key"
  | "bad-tag"
  | "alias-bomb"
  | "alias-cycle"
  | "not-an-object"
  | "no-api-version"
  | "no-kind"
  | "no-name";

/** Something wrong with a document of a stream. Lines and columns count from 1 in the whole stream, documents from 0. */
export interface Problem {
  code: ProblemCode;
  message: string;
  /** What the caller named the stream, usually a path. */
  source: string;
  line: number;
  column: number;
  document: number;
}

/** A problem while only its offset is known. */
export interface Flaw {
  code: ProblemCode;
  message: string;
  offset: number;
  /** Where the first of two that clash stands. */
  first?: number;
}

/** Places a flaw in its stream: the message then names the line of what it clashes with, too. */
export function toProblem(
  flaw: Flaw,
  base: number,
  lines: LineIndex,
  source: string,
  document: number,
): Problem {
  const { line, column } = positionAt(lines, base + flaw.offset);
  const first =
    flaw.first === undefined ? "" : ` (first on line ${positionAt(lines, base + flaw.first).line})`;
  return { code: flaw.code, message: `${flaw.message}${first}`, source, line, column, document };
}

/** `apps/web.yaml:3:5: message`, the form that editors and terminals make into a link. */
export function formatProblem(problem: Problem): string {
  return `${problem.source}:${problem.line}:${problem.column}: ${problem.message}`;
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Json, writeJson } from "@gitops-actions/manifest";
import * as z from "zod";
import { childEnvironment, withoutNetwork } from "./environment.ts";
import { runProcess } from "./exec.ts";
import type { Machine } from "./machine.ts";
import type { Tool } from "./tools/tool.ts";

/** One question: which places of a value a jq expression names. */
export interface JqQuestion {
  expression: string;
  value: Json;
}

/** The places as lists of names and indices, or why the expression is none that can be asked. */
export type JqAnswer = { paths: (string | number)[][] } | { failure: string };

const deadlineMs = 20_000;
/** Expressions asked one by one, when one of a batch spoils it for all. */
const maxAlone = 50;

/**
 * Asks gojq, the engine of Argo CD, which places `path(EXPRESSION)` names in each value: one start for all questions. An
 * expression that fails on a value names nothing of it, as in Argo CD; one that does not compile, ends the program or
 * does not end is a failure, of it alone. Answers in the order of the questions; never rejects.
 */
export async function jqPaths(
  questions: readonly JqQuestion[],
  tool: Pick<Tool, "path">,
  machine: Machine,
  signal?: AbortSignal,
): Promise<JqAnswer[]> {
  const together = await askAll(questions, tool, machine, signal);
  const expressions = [...new Set(questions.map(({ expression }) => expression))];
  if (together.every((answer) => "paths" in answer) || expressions.length === 1) return together;
  const answers: JqAnswer[] = questions.map(() => ({ failure: "it was not asked: too many others failed" }));
  for (const expression of expressions.slice(0, maxAlone)) {
    const own = questions.flatMap((question, index) => (question.expression === expression ? [index] : []));
    const said = await askAll(
      own.map((index) => questions[index]!),
      tool,
      machine,
      signal,
    );
    for (const [at, index] of own.entries()) answers[index] = said[at]!;
  }
  return answers;
}

async function askAll(
  questions: readonly JqQuestion[],
  tool: Pick<Tool, "path">,
  machine: Machine,
  signal?: AbortSignal,
): Promise<JqAnswer[]> {
  const expressions = [...new Set(questions.map(({ expression }) => expression))];
  const folder = mkdtempSync(join(machine.tempDir, "gojq-"));
  try {
    const program = join(folder, "program.jq");
    writeFileSync(program, jqProgram(expressions), { mode: 0o600 });
    const lines = questions.map(({ expression, value }, index) =>
      writeJson({ i: index, e: expressions.indexOf(expression), v: value }),
    );
    const { ended, exitCode, stdout, stderr } = await runProcess(
      {
        command: tool.path,
        args: ["--compact-output", "--from-file", program],
        cwd: folder,
        env: withoutNetwork(childEnvironment(machine, [])),
        deadlineMs,
        maxOutputBytes: 64 * 1024 * 1024,
        maxMemoryBytes: 1024 ** 3,
        stdin: `${lines.join("\n")}\n`,
      },
      signal,
    );
    const failure =
      ended !== "exit"
        ? `gojq was stopped (${ended})`
        : exitCode === 0
          ? "it ends the program or names no places"
          : reasonOf(stderr);
    return parseJqAnswers(Buffer.from(stdout).toString("utf8"), questions.length, failure);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The program that tells by `e` which expression is asked. A line break keeps a comment from eating the bracket. */
export function jqProgram(expressions: readonly string[]): string {
  const branches = expressions.map(
    (expression, index) => `${index === 0 ? "if" : "elif"} $q.e == ${index} then path(${expression}\n)`,
  );
  return `. as $q | try {i: $q.i, p: [$q.v | ${branches.join(" ")} else empty end]} catch {i: $q.i, p: []}`;
}

const Answer = z.object({
  i: z.int(),
  p: z.array(z.array(z.union([z.string(), z.int()]))),
});

/** Reads the answers of the program; a question without one, or with one that is no list of places, has failed. */
export function parseJqAnswers(stdout: string, count: number, failure: string): JqAnswer[] {
  const answers: JqAnswer[] = Array.from({ length: count }, () => ({ failure }));
  for (const line of stdout.split("\n")) {
    if (line === "") continue;
    let said: unknown;
    try {
      said = JSON.parse(line);
    } catch {
      continue;
    }
    const answer = Answer.safeParse(said);
    if (answer.success && answer.data.i in answers) answers[answer.data.i] = { paths: answer.data.p };
  }
  return answers;
}

/** What gojq says of an expression that does not compile; what it says of values is not repeated: they may be secret. */
function reasonOf(stderr: string): string {
  const said = /compile error: (.{1,120})/.exec(stderr)?.[1] ?? /\^\s+(unexpected .{1,80})/.exec(stderr)?.[1];
  return said ? `gojq does not understand it: ${said}` : "gojq failed";
}

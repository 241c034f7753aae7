import { dataTree } from "@gitops-actions/fleet";
import { isObject, type Json } from "@gitops-actions/manifest";
import type { Machine } from "../machine.ts";
import type { Tool } from "../tools/tool.ts";
import {
  type ConftestResult,
  type ConftestRun,
  type ConftestSettings,
  type ConftestStatement,
  conftestDocument,
  conftestFilename,
  type RegoSource,
  runConftest,
} from "./conftest.ts";

/** Rules to ask about each document: all that conftest would ask for in one package. */
export interface RegoQuestion {
  namespace: string;
  /** `deny`, `warn_owner`; sets, every one. */
  rules: readonly string[];
}

const own = "gitops_actions_each";
const file = `${own}.rego`;
const simpleName = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/;
const packageLine = /^[ \t]*package[ \t]+(\S+)[ \t]*(?:#.*)?$/m;
/** What may be the head of a rule that conftest asks for, wherever it stands in a line. */
const head =
  /(?<![\w.])((?:deny|violation|warn)(?:_[a-zA-Z0-9]+)*|exception)\s*(?:contains\b|if\b|:?=|[[{.(])/g;

/**
 * Whether one evaluation of all documents gives what conftest gives for one document after the other. Not where a policy tells files
 * apart, has exceptions of its own, holds a rule that we do not know of, or where values lie among its rules.
 */
export function canSweep(source: RegoSource, questions: readonly RegoQuestion[]): boolean {
  const rules = new Map(questions.map(({ namespace, rules }) => [namespace, new Set(rules)]));
  for (const [path, text] of source.files) {
    const name = packageLine.exec(text)?.[1];
    if (name === undefined || !simpleName.test(name)) return false;
    if (path === file || /\bgitops_actions_each\b|\bconftest\b/.test(text)) return false;
    const known = rules.get(name);
    if (known && [...text.matchAll(head)].some((match) => !known.has(match[1]!))) return false;
  }
  const roots = new Set(questions.map(({ namespace }) => namespace.split(".")[0]!));
  const given = source.data.flatMap((files) =>
    Object.keys(dataTree([...files].map(([path, text]) => ({ path, text })))),
  );
  return (
    questions.every(({ namespace }) => simpleName.test(namespace)) && !given.some((name) => roots.has(name))
  );
}

/**
 * Whether a number reaches a policy in the same form: conftest gives 3000000 of a file as 3e+06, and as 3000000 when
 * files are combined, which messages show.
 */
export function isPlain(value: Json): boolean {
  if (typeof value === "bigint") return value > -1_000_000n && value < 1_000_000n;
  if (typeof value === "number")
    return value === 0 || (Math.abs(value) < 1_000_000 && Math.abs(value) >= 0.0001);
  if (Array.isArray(value)) return value.every(isPlain);
  return !isObject(value) || Object.values(value).every(isPlain);
}

/**
 * As `runConftest` for documents one by one, and faster: conftest prepares each question about each document anew, which
 * costs many times what most rules do. So one evaluation asks all rules about all documents (`with input as`) where
 * that cannot make a difference, and conftest's own way is taken for the rest, and where anything went wrong.
 */
export async function runConftestEach(
  source: RegoSource,
  documents: readonly { value: Json }[],
  questions: readonly RegoQuestion[],
  settings: ConftestSettings,
  tool: Tool,
  machine: Machine,
  signal?: AbortSignal,
): Promise<ConftestRun> {
  const { regoVersion, strictBuiltins, allowNetwork } = settings;
  const together =
    regoVersion === "v1" && strictBuiltins && !allowNetwork && canSweep(source, questions)
      ? documents.flatMap(({ value }, n) => (isPlain(value) ? [{ n, value }] : []))
      : [];
  const swept =
    together.length > 0 && (await sweep(source, together, questions, settings, tool, machine, signal));
  if (swept && !swept.ok) return swept;
  const known = new Set(swept ? together.map(({ n }) => n) : []);
  const rest = [...documents.keys()].filter((n) => !known.has(n));
  if (rest.length === 0) return swept || { ok: true, results: [] };
  const others = rest.map((n) => documents[n]!);
  const run = await runConftest(source, others, settings, tool, machine, signal);
  if (!run.ok) return run;
  const results = run.results.map((result) => ({
    ...result,
    filename: conftestFilename(rest[conftestDocument(result.filename)!]!),
  }));
  return { ok: true, results: swept ? [...swept.results, ...results] : results };
}

/** Undefined when something went wrong that only asking one after the other can explain. */
async function sweep(
  source: RegoSource,
  documents: readonly { n: number; value: Json }[],
  questions: readonly RegoQuestion[],
  settings: ConftestSettings,
  tool: Tool,
  machine: Machine,
  signal?: AbortSignal,
): Promise<ConftestRun | undefined> {
  const files = new Map([...source.files, [file, askAll(questions)]]);
  const all = documents.map(({ n, value }) => ({ n: String(n), value }));
  const asked = { ...settings, namespaces: [own], combine: true };
  const run = await runConftest({ ...source, files }, [{ value: all }], asked, tool, machine, signal);
  if (!run.ok) return stops.includes(run.failure.code) ? run : undefined;
  const said = run.results[0]?.failures?.[0]?.metadata;
  if (said?.seen !== documents.length || !isObject(said.answers as Json)) return undefined;
  const results: ConftestResult[] = [];
  for (const [n, answers] of Object.entries(said.answers as Answers)) {
    for (const { namespace, rules } of questions) {
      const result = resultOf(Number(n), namespace, rules, answers);
      if (!result) return undefined;
      results.push(result);
    }
  }
  return { ok: true, results };
}

/** Limits: one after the other would meet them as well, only later. */
const stops: readonly string[] = ["deadline", "memory", "output", "killed"];

type Answers = Record<string, Record<string, Json[]>>;

/** Rego that gives, for each document about which a rule says something, what each rule says. */
function askAll(questions: readonly RegoQuestion[]): string {
  // One rule each: what is undefined must not take the others with it.
  const asked = questions.flatMap(({ namespace, rules }) =>
    rules.map((rule) => `said["${namespace}/${rule}"] := messages(data.${namespace}.${rule})`),
  );
  return `package ${own}

import rego.v1

${asked.join("\n")}

messages(value) := [message | some message in value] if is_set(value)

messages(value) := value if is_array(value)

answers[file.contents.n] := answer if {
	some file in input
	answer := {rule: list | some rule, list in said; count(list) > 0} with input as file.contents.value
}

deny contains {
	"msg": "said",
	"seen": count(answers),
	"answers": {n: answer | some n, answer in answers; count(answer) > 0},
}
`;
}

/** As conftest prints it: texts and objects with a text `msg` are results, and what else a rule holds is not. */
function resultOf(
  document: number,
  namespace: string,
  rules: readonly string[],
  answers: Record<string, Json[]>,
): ConftestResult | undefined {
  const failures: ConftestStatement[] = [];
  const warnings: ConftestStatement[] = [];
  for (const rule of rules) {
    const query = `data.${namespace}.${rule}`;
    for (const item of answers[`${namespace}/${rule}`] ?? []) {
      const list = rule.startsWith("warn") ? warnings : failures;
      if (typeof item === "string") list.push({ msg: item, metadata: { query } });
      else if (isObject(item)) {
        const { msg, _loc, ...metadata } = item;
        // conftest ends with an error there, and its words are the ones to show.
        if (typeof msg !== "string") return undefined;
        list.push({ msg, metadata: { ...metadata, query } });
      }
    }
  }
  return { filename: conftestFilename(document), namespace, successes: 0, failures, warnings };
}

import {
  type ConftestFailure,
  type ConftestResult,
  type ConftestSettings,
  conftestDocument,
  type Machine,
  type PolicyDocument,
  type PolicyStatement,
  type RegoSource,
  runConftest,
  runConftestEach,
  type Tool,
} from "@gitops-actions/engine";
import type { Batch, RegoSet } from "@gitops-actions/fleet";
import pMap from "p-map";
import picomatch from "picomatch";
import { countStatements, type EngineRun, emptyOutcome } from "../engines.ts";
import { lint, type Namespace, namespacesOf, type RegoSettings } from "./regopackages.ts";
import { attribute, statementsOf } from "./regostatements.ts";

/** Documents of each set of policies that one start of conftest gets; a start costs about as much as a hundred. */
const documentsPerStart = 400;

/**
 * Evaluates Rego with conftest. What is the same in many overlays is evaluated once, in one start for each core;
 * policies that see all documents together get one start for each batch.
 */
export async function evaluateRego(
  sets: readonly RegoSet[],
  batches: readonly Batch[],
  settings: RegoSettings,
  tool: Tool,
  machine: Machine,
  signal: AbortSignal,
): Promise<EngineRun> {
  const run: EngineRun = {
    name: "conftest",
    outcomes: batches.map(emptyOutcome),
    failures: [],
    skipped: [],
    notes: [],
  };
  const asked = new Set<string>();
  for (const set of sets) {
    const namespaces = namespacesOf(set, settings);
    for (const { name } of namespaces) asked.add(name);
    lint(set, namespaces, settings, run);
    const call = (documents: readonly PolicyDocument[], some: readonly Namespace[], combine: boolean) =>
      callConftest(set, documents, some, combine, settings, tool, machine, signal, run);
    await evaluateEach(
      namespaces.filter(({ combine }) => !combine),
      batches,
      machine.cores,
      call,
      run,
    );
    await evaluateTogether(
      namespaces.filter(({ combine }) => combine),
      batches,
      call,
      run,
    );
  }
  for (const pattern of settings.namespaces) {
    const matches = picomatch(pattern);
    if ([...asked].some((name) => matches(name))) continue;
    run.failures.push({
      id: pattern,
      code: "namespace",
      message: `no policy has the package ${pattern}, or it has no deny, violation or warn rule`,
    });
  }
  return run;
}

type Call = (
  documents: readonly PolicyDocument[],
  namespaces: readonly Namespace[],
  combine: boolean,
) => Promise<ConftestResult[] | ConftestFailure>;

async function callConftest(
  set: RegoSet,
  documents: readonly PolicyDocument[],
  namespaces: readonly Namespace[],
  combine: boolean,
  settings: RegoSettings,
  tool: Tool,
  machine: Machine,
  signal: AbortSignal,
  run: EngineRun,
): Promise<ConftestResult[] | ConftestFailure> {
  const source: RegoSource = {
    // Tests may use functions that only `conftest verify` has.
    files: new Map(set.files.filter(({ isTest }) => !isTest).map(({ path, text }) => [path, text])),
    data: [
      ...(set.data.length > 0 ? [new Map(set.data.map(({ path, text }) => [path, text]))] : []),
      ...settings.data,
    ],
  };
  const { deadlineMs, maxMemoryBytes, allowNetwork } = settings;
  const questions = namespaces.map(({ name, rules }) => ({
    namespace: name,
    rules: rules.map((rule) => rule.name),
  }));
  const start = (more: Partial<ConftestSettings>) => {
    const all: ConftestSettings = {
      ...{ deadlineMs, maxMemoryBytes, allowNetwork, combine },
      ...{ namespaces: namespaces.map(({ name }) => name), regoVersion: "v1", strictBuiltins: true },
      ...more,
    };
    return combine
      ? runConftest(source, documents, all, tool, machine, signal)
      : runConftestEach(source, documents, questions, all, tool, machine, signal);
  };
  let result = await start({});
  let regoVersion: "v0" | "v1" = "v1";
  if (!result.ok && /rego_parse_error/.test(result.failure.message)) {
    // Until 2024 Rego had no `if` and `contains`; what is written so is read as it was meant.
    const old = await start({ regoVersion: "v0" });
    if (old.ok || old.failure.code === "builtin") {
      [result, regoVersion] = [old, "v0"];
      const note = `${set.root || "."}: these policies are in the syntax of Rego v0`;
      if (!run.notes.includes(note)) run.notes.push(note);
    }
  }
  if (result.ok) return result.results;
  if (result.failure.code !== "builtin") return result.failure;
  // The rest of the policies can be asked all the same.
  addFailure(run, set, result.failure, "a built-in function failed, so its rule said nothing: ");
  result = await start({ regoVersion, strictBuiltins: false });
  return result.ok ? result.results : result.failure;
}

function addFailure(run: EngineRun, set: RegoSet, failure: ConftestFailure, prefix = ""): void {
  const { location } = failure;
  const id = location ? `${location.path}:${location.line}` : set.root || ".";
  const known = run.failures.some((each) => each.id === id && each.code === failure.code);
  if (!known) run.failures.push({ id, code: failure.code, message: `${prefix}${failure.message}` });
}

async function evaluateEach(
  namespaces: readonly Namespace[],
  batches: readonly Batch[],
  cores: number,
  call: Call,
  run: EngineRun,
): Promise<void> {
  if (namespaces.length === 0) return;
  const positions = new Map<string, number>();
  const unique: PolicyDocument[] = [];
  for (const { items } of batches) {
    for (const { resource } of items) {
      if (positions.has(resource.text)) continue;
      positions.set(resource.text, unique.length);
      unique.push(resource);
    }
  }
  if (unique.length === 0) return;
  const starts = Math.max(1, Math.min(cores, Math.ceil(unique.length / documentsPerStart)));
  const size = Math.ceil(unique.length / starts);
  const chunks = Array.from({ length: starts }, (_, index) => ({
    from: index * size,
    documents: unique.slice(index * size, (index + 1) * size),
  }));
  const said = new Map<number, PolicyStatement[]>();
  const answers = await pMap(chunks, ({ documents }) => call(documents, namespaces, false), {
    concurrency: starts,
  });
  for (const [index, answer] of answers.entries()) {
    if (!Array.isArray(answer)) return fail(namespaces, batches, answer, run);
    for (const result of answer) {
      const document = conftestDocument(result.filename)! + chunks[index]!.from;
      said.set(document, [...(said.get(document) ?? []), ...statementsOf(result, namespaces)]);
    }
  }
  for (const [index, { items }] of batches.entries()) {
    const statements = items.flatMap(({ resource }, document) =>
      (said.get(positions.get(resource.text)!) ?? []).map((each) => ({ ...each, document })),
    );
    record(run, index, namespaces, items.length, statements);
  }
}

async function evaluateTogether(
  namespaces: readonly Namespace[],
  batches: readonly Batch[],
  call: Call,
  run: EngineRun,
): Promise<void> {
  if (namespaces.length === 0) return;
  for (const [index, { items }] of batches.entries()) {
    if (items.length === 0) continue;
    const answer = await call(
      items.map(({ resource }) => resource),
      namespaces,
      true,
    );
    if (!Array.isArray(answer)) return fail(namespaces, batches, answer, run);
    const statements = answer
      .flatMap((result) => statementsOf(result, namespaces))
      .map((each) => attribute(each, items));
    record(run, index, namespaces, items.length, statements);
  }
}

function record(
  run: EngineRun,
  batch: number,
  namespaces: readonly Namespace[],
  evaluated: number,
  statements: PolicyStatement[],
): void {
  const outcome = run.outcomes[batch]!;
  outcome.statements.push(...statements);
  for (const { name, rules } of namespaces) {
    // Rego has no selector: each rule is asked about each document, and which it is about only its author knows.
    for (const rule of rules)
      outcome.counts.push(countStatements(`${name}/${rule.name}`, evaluated, evaluated, statements));
  }
}

function fail(
  namespaces: readonly Namespace[],
  batches: readonly Batch[],
  failure: ConftestFailure,
  run: EngineRun,
): void {
  const { location, code, message } = failure;
  const id = location ? `${location.path}:${location.line}` : namespaces.map(({ name }) => name).join(", ");
  run.failures.push({ id, code, message });
  for (const index of batches.keys()) {
    for (const { name, rules } of namespaces) {
      for (const rule of rules) {
        run.outcomes[index]!.counts.push({
          ...countStatements(`${name}/${rule.name}`, 0, 0, []),
          notEvaluated: [message],
        });
      }
    }
  }
}

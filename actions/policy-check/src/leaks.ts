import { type Leak, type Machine, type PolicyLimits, runGitleaks, type Tool } from "@gitops-actions/engine";
import type { Batch, Tree } from "@gitops-actions/fleet";
import { decodeText, parseSource } from "@gitops-actions/manifest";
import { type Finding, makeFinding } from "@gitops-actions/report";
import { countStatements, type EngineRun, emptyOutcome } from "./engines.ts";
import { type Text, textsOf, valuesOf } from "./texts.ts";

/** A file of values that overlays read, with those that do. */
export interface ValuesFile {
  path: string;
  text: string;
  overlays: readonly string[];
}

export interface LeakRun {
  run: EngineRun;
  /** What was found in files of values, for each list of them that was given. */
  files: Finding[][];
  /** Every secret that was found: it must be redacted wherever else it stands. */
  secrets: Buffer[];
}

/**
 * Has gitleaks look at what configuration holds: ConfigMaps, variables, commands and arguments of containers, values that
 * Argo CD and Flux hand to charts, and the files of values themselves. Secrets are another rule's.
 */
export async function evaluateLeaks(
  batches: readonly Batch[],
  files: readonly (readonly ValuesFile[])[],
  limits: PolicyLimits,
  tool: Tool,
  machine: Machine,
  signal: AbortSignal,
): Promise<LeakRun> {
  const run: EngineRun = {
    ...{ name: "gitleaks", outcomes: batches.map(emptyOutcome), failures: [] },
    ...{ skipped: [], notes: [] },
  };
  const texts: string[] = [];
  const positions = new Map<string, number>();
  const add = ({ name, text }: Text): number => {
    const scanned = scannedText(name, text);
    const known = positions.get(scanned);
    if (known !== undefined) return known;
    positions.set(scanned, texts.length);
    return texts.push(scanned) - 1;
  };
  const inBatches = batches.map(({ items }) =>
    items.map(({ resource }) => textsOf(resource).map((text) => ({ ...text, at: add(text) }))),
  );
  const inFiles = files.map((side) =>
    side.map((file) => ({ file, texts: valuesOf(file.text).map((text) => ({ ...text, at: add(text) })) })),
  );
  const result = await runGitleaks(texts, limits, tool, machine, signal);
  if (!result.ok) {
    run.failures.push(result.failure);
    return { run, files: files.map(() => []), secrets: [] };
  }
  const leaks = Map.groupBy(result.leaks, ({ text }) => text);
  for (const [index, items] of inBatches.entries()) {
    const outcome = run.outcomes[index]!;
    for (const [document, found] of items.entries())
      for (const text of found)
        for (const leak of distinct(leaks.get(text.at) ?? []))
          outcome.statements.push({
            ...{ status: "failed", policy: "secrets", rule: leak.rule, document, field: text.pointer },
            message: messageOf(text, leak),
            ...(isVague(leak) && { severity: "warning" }),
          });
    const matched = items.filter((found) => found.length > 0).length;
    outcome.counts.push(countStatements("secrets", items.length, matched, outcome.statements));
  }
  const found = inFiles.map((side) =>
    side.flatMap(({ file, texts: own }) =>
      own.flatMap((text) => distinct(leaks.get(text.at) ?? []).map((leak) => findingIn(file, text, leak))),
    ),
  );
  return { run, files: found, secrets: result.leaks.map(({ secret }) => Buffer.from(secret)) };
}

/** Many rules look at the name that a value has: it goes before it, as in a file of settings. */
function scannedText(name: string, text: string): string {
  return `${name}=${text.includes("\n") ? "\n" : ""}${text}\n`;
}

/** One leak of each rule: a field with two tokens of a kind is one thing to mend. */
function distinct(leaks: readonly Leak[]): Leak[] {
  return leaks.filter((leak, index) => leaks.findIndex(({ rule }) => rule === leak.rule) === index);
}

/** A rule that goes by names and randomness is wrong now and then. */
function isVague({ rule }: Leak): boolean {
  return rule.startsWith("generic-");
}

function messageOf({ where, text }: Text, { rule, line }: Leak): string {
  const at = text.includes("\n") ? `, line ${Math.max(1, line - 1)} of it,` : "";
  return `${where}${at} looks like a secret (${rule.replaceAll("-", " ")})`;
}

function findingIn({ path, text, overlays }: ValuesFile, found: Text, leak: Leak): Finding {
  const span = parseSource(text, path).locate(0, found.pointer);
  return makeFinding({
    rule: `gitleaks/${leak.rule}`,
    severity: isVague(leak) ? "warning" : "error",
    message: messageOf(found, leak),
    location: { path, line: span?.line ?? 1, precision: span ? "exact" : "near", via: [] },
    overlays,
    discriminator: found.pointer,
  });
}

/** Files of values that overlays of an index name, as far as the tree has them, and the charts' own. */
export async function readValuesFiles(
  overlays: readonly { id: string; path: string; kind: string; options: { values: readonly string[] } }[],
  tree: Tree,
): Promise<ValuesFile[]> {
  const readers = new Map<string, string[]>();
  for (const { id, path, kind, options } of overlays) {
    const chart =
      kind === "helm" ? [path === "." || path === "" ? "values.yaml" : `${path}/values.yaml`] : [];
    for (const file of new Set([...options.values, ...chart]))
      if (tree.get(file)?.kind === "file") readers.set(file, [...(readers.get(file) ?? []), id]);
  }
  const files: ValuesFile[] = [];
  for (const path of [...readers.keys()].sort()) {
    const text = decodeText(await tree.read(path));
    if (text !== undefined) files.push({ path, text, overlays: readers.get(path)! });
  }
  return files;
}

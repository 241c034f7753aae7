import { type PolicyLimits, packRoot } from "@gitops-actions/engine";
import { dataTree, missingData, type RegoFile, type RegoRule, type RegoSet } from "@gitops-actions/fleet";
import picomatch from "picomatch";
import type { EngineRun } from "../engines.ts";

/** What is asked of policies in Rego, and what they are given. */
export interface RegoSettings extends PolicyLimits {
  /** Globs of packages; empty: all that have rules. */
  namespaces: readonly string[];
  /** Whether policies get all documents of a batch together; auto: those that read `contents`. */
  combine: "auto" | boolean;
  allowNetwork: boolean;
  /** More folders of data, with paths relative to each. */
  data: readonly ReadonlyMap<string, string>[];
}

/** The rules of one package. */
export interface Namespace {
  name: string;
  rules: RegoRule[];
  combine: boolean;
}

/** The packages to ask, each with its rules, by name. */
export function namespacesOf(set: RegoSet, settings: RegoSettings): Namespace[] {
  const wanted = settings.namespaces.length > 0 ? picomatch([...settings.namespaces]) : () => true;
  const namespaces = new Map<string, Namespace>();
  for (const file of set.files) {
    const rules = file.rules.filter(({ kind }) => kind === "fail" || kind === "warn");
    if (rules.length === 0 || !wanted(file.package)) continue;
    const namespace = namespaces.get(file.package) ?? { name: file.package, rules: [], combine: false };
    namespaces.set(file.package, namespace);
    for (const rule of rules)
      if (!namespace.rules.some(({ name }) => name === rule.name)) namespace.rules.push(rule);
    namespace.combine = settings.combine === "auto" ? namespace.combine || file.isCombined : settings.combine;
  }
  return [...namespaces.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Records as failed or skipped what conftest passes over in silence. */
export function lint(
  set: RegoSet,
  namespaces: readonly Namespace[],
  settings: RegoSettings,
  run: EngineRun,
): void {
  const packages = new Set(set.files.map((file) => file.package.split(".")[0]!));
  const given = dataTree([...set.data, ...settings.data.flatMap(toFiles)]);
  for (const file of set.files) {
    if (file.isTest) {
      skipTests(file, run);
      continue;
    }
    for (const { name, line, kind } of file.rules) {
      const id = `${file.path}:${line}`;
      if (kind === "single")
        run.failures.push({
          id,
          code: "not-a-set",
          message: `${name} is no set, so conftest takes whatever it says for a pass. Write: ${name} contains msg if { ... }`,
        });
      if (kind === "misnamed")
        run.skipped.push({
          kind: "policy",
          id,
          code: "not-asked",
          message: `conftest does not ask for ${name}; rules are named deny, violation or warn, or begin with one of these and _`,
        });
    }
    // A rule of a pack that needs values is asked only where there are some.
    if (set.root === packRoot || !namespaces.some(({ name }) => name === file.package)) continue;
    const missing = file.reads
      .filter(([first]) => !packages.has(first!) && first !== "conftest")
      .flatMap((path) => [missingData(given, path) ?? []])
      .filter((path) => path.length > 0);
    const [none, some] = [
      missing.filter(({ length }) => length === 1),
      missing.filter(({ length }) => length > 1),
    ];
    if (none.length > 0)
      run.failures.push({
        id: file.path,
        code: "no-data",
        message: `it reads ${namesOf(none)}, which nothing gives, so rules that need it say nothing. Name the folder of its values: data`,
      });
    // Many a policy asks for a name that may be there: worth a line, not a failure.
    if (some.length > 0)
      run.skipped.push({
        kind: "policy",
        id: file.path,
        code: "no-data",
        message: `it reads ${namesOf(some)}, which the values do not have, so rules that need it say nothing`,
      });
  }
}

/** conftest evaluates rules in files of tests too. Ours are left out, which an author of such a rule should know. */
function skipTests(file: RegoFile, run: EngineRun): void {
  const names = file.rules.filter(({ kind }) => kind === "fail" || kind === "warn").map(({ name }) => name);
  if (names.length === 0) return;
  run.skipped.push({
    kind: "policy",
    id: file.path,
    code: "not-asked",
    message: `${names.join(", ")}: files of tests (_test.rego) are for conftest verify. Move what is a policy to another file`,
  });
}

function namesOf(paths: readonly string[][]): string {
  const names = paths.map((path) =>
    ["data", ...path].map((name) => (/^\w+$/.test(name) ? name : JSON.stringify(name))),
  );
  return [...new Set(names.map((path) => path.join(".")))].join(", ");
}

function toFiles(files: ReadonlyMap<string, string>): { path: string; text: string }[] {
  return [...files].map(([path, text]) => ({ path, text }));
}

import { nearest } from "@gitops-actions/report";
import type * as z from "zod";
import type { Config, Environment } from "./config.ts";
import { keysAt, missing } from "./config-words.ts";
import { lineAt, type YamlDocument } from "./document.ts";
import { globMatcher } from "./drift/settings.ts";
import { patternProblem, unknownPlaceholders } from "./pattern.ts";
import { sourcesOf } from "./promotion/graph.ts";

/** Something wrong with gitops.yaml, at a 1-based line. */
export interface ConfigProblem {
  line: number;
  message: string;
}

/** Turns what zod found, with `inWords`, into sentences with lines. */
export function configProblems(
  document: YamlDocument,
  error: z.ZodError,
  schema: z.ZodType,
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const { issue, path } of error.issues.flatMap((each) => flatten(each, []))) {
    const where = path.map(String).join(".");
    if (issue.code !== "unrecognized_keys") {
      problems.push({ line: lineAt(document.root, path), message: sentence(path, issue.message) });
      continue;
    }
    for (const key of issue.keys) {
      const message = `unknown key \`${key}\`${where ? ` in ${where}` : ""}${suggest(key, keysAt(schema, path))}`;
      problems.push({ line: lineAt(document.root, [...path, key]), message });
    }
  }
  return problems.sort((a, b) => a.line - b.line);
}

function sentence(path: Path, message: string): string {
  const absent = message === missing && path.length > 0;
  const where = (absent ? path.slice(0, -1) : path).join(".");
  return `${where ? `${where}: ` : ""}${absent ? `\`${path.at(-1)}\` ` : ""}${message}`;
}

/** `; did you mean \`x\`?` when another of the known words is close, else "". */
export function suggest(word: string, known: readonly string[]): string {
  const near = nearest(
    word,
    known.filter((each) => each !== word),
  );
  return near === undefined ? "" : `; did you mean \`${near}\`?`;
}

type Issue = z.core.$ZodIssue;
type Path = (string | number)[];

/** Of a union, the alternative that came furthest is the one that was meant. */
function flatten(issue: Issue, prefix: Path): { issue: Issue; path: Path }[] {
  const path = [...prefix, ...(issue.path as Path)];
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [{ issue, path }];
  const branches = issue.errors.map((errors) => errors.flatMap((each) => flatten(each, path)));
  const isWrongType = (branch: { issue: Issue; path: Path }[]) =>
    branch.some((each) => each.issue.code === "invalid_type" && each.path.length === path.length);
  const meant = branches.filter((branch) => !isWrongType(branch));
  return meant[0] ?? [{ issue: { ...issue, message: "has the wrong type" } as Issue, path }];
}

/** What the shape alone does not show: names that occur twice, environments that are not there, unknown placeholders. */
export function crossProblems(document: YamlDocument, config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const names = config.environments.map((environment) => environment.name);
  for (const [index, environment] of config.environments.entries()) {
    const line = lineAt(document.root, ["environments", index]);
    if (names.indexOf(environment.name) !== index) {
      problems.push({ line, message: `environments: ${environment.name} is named twice` });
    }
    if (environment.branch !== undefined && environment.tag !== undefined)
      problems.push({
        line,
        message: `environments: ${environment.name} has a branch and a tag; it runs what one of them says`,
      });
    for (const source of sourcesOf(environment).filter((each) => !names.includes(each))) {
      problems.push({
        line,
        message: `environments: ${environment.name} comes from ${source}, which is not one`,
      });
    }
    if (comesFromItself(environment, config.environments)) {
      problems.push({ line, message: `environments: ${environment.name} comes from itself` });
    }
  }
  if (names.length > 0) problems.push(...unknownEnvironments(document, config, names));
  for (const { text, path, placeholders } of patternsOf(config)) {
    const line = lineAt(document.root, path);
    const problem = patternProblem(text);
    if (problem) problems.push({ line, message: `${text} ${problem}` });
    for (const unknown of placeholders ? unknownPlaceholders(text) : []) {
      const known = "{app}, {environment}, {cluster} and {namespace}";
      problems.push({ line, message: `${text}: {${unknown}} is not a placeholder; there are ${known}` });
    }
  }
  return problems;
}

/** Environments that settings are for and that do not exist: the settings would hold nowhere, without a word. */
function unknownEnvironments(
  document: YamlDocument,
  config: Config,
  names: readonly string[],
): ConfigProblem[] {
  const written: { section: (string | number)[]; key: string | number; named: string; glob?: true }[] = [
    ...Object.keys(config.promotion?.gates ?? {})
      .filter((named) => named !== "*")
      .map((named) => ({ section: ["promotion", "gates"], key: named, named })),
    ...Object.entries(config.namespaces ?? {}).flatMap(([namespace, { environments }]) =>
      Object.keys(environments).map((named) => {
        return { section: ["namespaces", namespace, "environments"], key: named, named };
      }),
    ),
    ...(config.drift?.ignore ?? []).flatMap(({ environments }, rule) =>
      environments.map((named, key) => {
        return { section: ["drift", "ignore", rule, "environments"], key, named, glob: true as const };
      }),
    ),
  ];
  return written
    .filter(({ named, glob }) => !names.some(glob ? globMatcher(named) : (name) => name === named))
    .map(({ section, key, named }) => ({
      line: lineAt(document.root, [...section, key]),
      message: `${section.join(".")} names the environment \`${named}\`, which is not among ${names.join(", ")}${suggestEnvironment(named, names)}`,
    }));
}

/** Like `suggest`, where long and short forms of a name are near too: `production` and `prod`. */
export function suggestEnvironment(word: string, names: readonly string[]): string {
  const near = suggest(word, names);
  const alike = names.filter((name) => name.slice(0, 3) === word.slice(0, 3) && name.length >= 3);
  return near === "" && alike.length === 1 ? `; did you mean \`${alike[0]}\`?` : near;
}

interface WrittenPattern {
  text: string;
  path: (string | number)[];
  /** A pattern with placeholders; else a glob. */
  placeholders: boolean;
}

function patternsOf(config: Config): WrittenPattern[] {
  const pattern = (text: string, ...path: (string | number)[]) => ({ text, path, placeholders: true });
  const glob = (text: string, ...path: (string | number)[]) => ({ text, path, placeholders: false });
  return [
    ...(config.overlays ?? []).map((rule, index) => pattern(rule.path, "overlays", index)),
    ...config.charts.flatMap((rule, index) => [
      pattern(rule.path, "charts", index),
      ...rule.values.map((text) => pattern(text, "charts", index)),
    ]),
    ...config.environments.flatMap(({ paths }, index) =>
      paths.map((text) => glob(text, "environments", index)),
    ),
    ...config.ignore.map((text, index) => glob(text, "ignore", index)),
    ...(config.promotion?.own ?? []).map((text, index) => glob(text, "promotion", "own", index)),
  ];
}

function comesFromItself(environment: Environment, all: Environment[]): boolean {
  const seen = new Set<string>();
  const waiting = sourcesOf(environment);
  for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
    if (source === environment.name) return true;
    if (seen.has(source)) continue;
    seen.add(source);
    const found = all.find((each) => each.name === source);
    if (found) waiting.push(...sourcesOf(found));
  }
  return false;
}

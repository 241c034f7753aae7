import { listSome } from "@gitops-actions/report";
import type { Config } from "../config.ts";
import { compilePattern, filesMatching, fillPattern } from "../pattern.ts";
import { joinPath, nameOf } from "../resolve.ts";
import type { Tree } from "../tree.ts";
import { environmentPatterns, filesFor, namesFor } from "./variants.ts";

/** Patterns of values files that no file matches, by the 0-based position of the rule for charts that has them. */
export function unmatchedValues(
  tree: Tree,
  config: Config,
  charts: readonly string[],
): { rule: number; message: string }[] {
  const rules = config.charts.map(({ path }) => compilePattern(path));
  const ruleOf = new Map(
    charts.map((folder) => [folder, rules.findIndex((each) => each.match(folder || "."))]),
  );
  return config.charts.flatMap((rule, index) => {
    const patterns = rule.environments ? [] : environmentPatterns(rule);
    const own = charts.filter((folder) => ruleOf.get(folder) === index);
    if (patterns.length === 0 || own.length === 0) return [];
    const fits = (folder: string, pattern: string): boolean => {
      const captured = rules[index]!.match(folder || ".") ?? {};
      return namesFor(tree, folder, pattern, captured, config).length > 0;
    };
    const without = own.filter((folder) => !patterns.some((pattern) => fits(folder, pattern)));
    const rest = own.filter((folder) => !without.includes(folder));
    // Some charts may well have no file for one of several patterns: it is wrong when none has.
    const idle =
      rest.length > 0 ? patterns.filter((pattern) => !own.some((each) => fits(each, pattern))) : [];
    return [
      ...without.map((folder) => missing(folder || ".", patterns, filesLike(tree, folder, patterns))),
      ...idle.map((pattern) => {
        const who = own.length === 1 ? own[0]! || "." : `no chart of ${rule.path}`;
        return missing(who, [pattern], filesLike(tree, rest[0]!, [pattern]));
      }),
    ].map((message) => ({ rule: index, message }));
  });
}

/** Values files that a rule's patterns fit with an environment that is not configured: no overlay reads them. */
export function valuesOfNoEnvironment(
  tree: Tree,
  config: Config,
  charts: readonly string[],
): { rule: number; path: string; environment: string }[] {
  const names = new Set(config.environments.map(({ name }) => name));
  if (names.size === 0) return [];
  const rules = config.charts.map(({ path }) => compilePattern(path));
  return charts.flatMap((folder) => {
    const index = rules.findIndex((each) => each.match(folder || "."));
    const rule = config.charts[index];
    if (!rule || rule.environments) return [];
    const captured = rules[index]!.match(folder || ".") ?? {};
    const named = rule.values.filter((values) => !values.includes("{environment}"));
    const read = new Set(named.map((values) => joinPath(folder, fillPattern(values, captured))));
    return environmentPatterns(rule).flatMap((pattern) =>
      filesFor(tree, folder, pattern, captured)
        .filter(({ path, captured }) => !read.has(path) && !names.has(captured.environment ?? ""))
        .map(({ path, captured }) => ({ rule: index, path, environment: captured.environment ?? "" })),
    );
  });
}

function missing(who: string, patterns: readonly string[], there: readonly string[]): string {
  const has = who.startsWith("no chart of ") ? "has a" : "has no";
  const list = there.length > 0 ? `there are ${listSome(there, 5)}` : "there is none beside it";
  return `${who} ${has} values file like ${patterns.join(" or ")}; ${list}`;
}

const parts = new Set(["charts", "templates", "crds"]);

/** The YAML files that lie where those of the patterns would, with paths from the chart where they lie in it. */
function filesLike(tree: Tree, folder: string, patterns: readonly string[]): string[] {
  const names = patterns.flatMap((pattern) => {
    const segments = pattern.split("/");
    const fixed = segments.findIndex((segment) => /[{*]/.test(segment));
    const start = joinPath(folder, segments.slice(0, fixed).join("/") || ".");
    if (start === undefined) return [];
    const like = segments
      .slice(fixed)
      .map(() => "*")
      .join("/");
    return filesMatching(tree, start, like)
      .map(({ path }) =>
        folder !== "" && path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path,
      )
      .filter((path) => !parts.has(path.split("/")[0]!) && /\.ya?ml$/.test(path))
      .filter((path) => !/^(?:Chart|values|requirements)\.yaml$/.test(path) && nameOf(path) !== "Chart.yaml");
  });
  return [...new Set(names)];
}

import { compareText } from "@gitops-actions/manifest";
import { nearest } from "@gitops-actions/report";
import { type Config, configNames } from "../config.ts";
import { suggest, suggestEnvironment } from "../config-problems.ts";
import type { Gap, Overlay } from "../overlay.ts";
import { compilePattern } from "../pattern.ts";
import { nameOf } from "../resolve.ts";
import type { Tree } from "../tree.ts";
import { unmatchedValues, valuesOfNoEnvironment } from "./values.ts";

/** What was found, to hold the configuration against. */
export interface Found {
  overlays: readonly Overlay[];
  /** Every folder that could be an overlay. */
  seen: readonly { path: string; kind: Overlay["kind"] }[];
  /** Folders of charts that are not parts of others and not ignored; "" is the root. */
  charts: readonly string[];
}

/** What the configuration says that does not fit what there is. */
export function configProblemsOf(tree: Tree, config: Config, { overlays, seen, charts }: Found): Gap[] {
  const problem = (code: string, message: string, line: number | undefined): Gap => {
    const precision = line === undefined ? ("near" as const) : ("exact" as const);
    const location = { path: config.path ?? "", line: line ?? 1, precision, via: [] };
    return { code, message, ...(config.path === undefined ? {} : { location }) };
  };
  const all = [...seen, ...charts.map((folder) => ({ path: folder || ".", kind: "helm" as const }))];
  const problems: Gap[] = [];
  const unmatched = (rule: { path: string; kind?: string }, what: string, line: number | undefined) => {
    const pattern = compilePattern(rule.path);
    const fits = all.some((each) => (rule.kind ?? each.kind) === each.kind && pattern.match(each.path));
    if (fits) return;
    const near = nearFolder(tree, rule.path);
    const message = `${rule.path} matches no ${what}${near ? `; did you mean the folder \`${near}\`?` : ""}`;
    problems.push({ ...problem("unmatched-pattern", message, line), severity: "error" });
  };
  for (const [index, rule] of (config.overlays ?? []).entries()) {
    unmatched(
      rule,
      rule.kind ? `${rule.kind} folder` : "folder that can be rendered",
      config.lines?.overlays[index],
    );
  }
  for (const [index, rule] of config.charts.entries()) {
    unmatched({ path: rule.path, kind: "helm" }, "chart", config.lines?.charts[index]);
  }
  for (const { rule, message } of unmatchedValues(tree, config, charts))
    problems.push({ ...problem("unmatched-values", message, config.lines?.charts[rule]), severity: "error" });
  const names = config.environments.map((environment) => environment.name);
  const wrong = names.length === 0 ? [] : unknownEnvironments(config, names);
  for (const { where, name, line } of wrong) {
    const message = `${where} names the environment \`${name}\`, which is not among ${names.join(", ")}${suggestEnvironment(name, names)}`;
    problems.push({ ...problem("unknown-environment", message, line), severity: "error" });
  }
  const told = new Set(wrong.map(({ name }) => name));
  for (const { path, environment } of overlays) {
    if (names.length === 0 || environment === undefined || names.includes(environment)) continue;
    if (told.has(environment)) continue;
    const message = `${path} is placed in ${environment}, which is not among the configured environments`;
    problems.push(problem("unknown-environment", message + suggest(environment, names), undefined));
  }
  for (const { rule, path, environment } of valuesOfNoEnvironment(tree, config, charts)) {
    if (told.has(environment) || overlays.some(({ options }) => options.values.includes(path))) continue;
    const message = `${path} is placed in ${environment}, which is not among the configured environments`;
    const line = config.lines?.charts[rule];
    problems.push(problem("unknown-environment", message + suggest(environment, names), line));
  }
  problems.push(...unread(tree, config));
  return problems.sort(
    (a, b) => (a.location?.line ?? 0) - (b.location?.line ?? 0) || compareText(a.message, b.message),
  );
}

/** The environments that rules name and that are none: what they are meant for is deployed nowhere. */
function unknownEnvironments(
  { overlays = [], charts, lines }: Config,
  names: readonly string[],
): { where: string; name: string; line: number | undefined }[] {
  const named = [
    ...overlays.map(({ environment }, index) => ({
      ...{ where: `overlays.${index}`, name: environment, line: lines?.overlays[index] },
    })),
    ...charts.flatMap(({ environments = [] }, index) =>
      environments.map(({ name }, at) => {
        const line = lines?.chartEnvironments[index]?.[at];
        return { where: `charts.${index}.environments`, name, line };
      }),
    ),
  ];
  return named.flatMap(({ where, name, line }) =>
    name === undefined || names.includes(name) ? [] : [{ where, name, line }],
  );
}

/** The folder that is there where a pattern names one that is not, by a name that is near. */
function nearFolder(tree: Tree, pattern: string): string | undefined {
  let at = [""];
  for (const segment of pattern.replace(/\/+$/, "").split("/")) {
    if (segment === "." || segment.includes("**")) return undefined;
    const folders = at.flatMap((folder) =>
      tree.children(folder).filter((entry) => entry.kind === "directory"),
    );
    const one = compilePattern(segment);
    const next = folders.filter(({ path }) => one.match(nameOf(path))).map(({ path }) => path);
    if (next.length === 0) {
      const name = nearest(segment, [...new Set(folders.map(({ path }) => nameOf(path)))]);
      return folders.find(({ path }) => nameOf(path) === name)?.path;
    }
    at = next;
  }
  return undefined;
}

/** Files at the root that look like a configuration and are none: there is another, or letter case is wrong. */
function unread(tree: Tree, config: Config): Gap[] {
  const files = tree.children("").filter(({ kind }) => kind === "file" || kind === "symlink");
  const there = configNames.filter((name) => files.some(({ path }) => path === name));
  const read = there.find((name) => name === config.path) ?? there[0];
  return files.flatMap(({ path }) => {
    const name = configNames.find((each) => each === path.toLowerCase());
    if (name === undefined || path === read) return [];
    const message =
      read === undefined
        ? `${path} is not read; rename it to ${name}`
        : `${path} is not read, because ${read} is; move what it says there and remove it`;
    return [
      { code: "config-not-read", message, location: { path, line: 1, precision: "near" as const, via: [] } },
    ];
  });
}

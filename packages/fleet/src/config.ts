import { UsageError } from "@gitops-actions/report";
import { type ConfigProblem, configProblems } from "./config-problems.ts";
import { ConfigFile } from "./config-schema.ts";
import { lineAt, readPlainDocuments, type YamlDocument } from "./document.ts";
import { unknownPlaceholders } from "./pattern.ts";
import { resolvePath } from "./resolve.ts";
import type { Tree } from "./tree.ts";

/** The names under which a configuration is looked for, at the repository root, in this order. */
export const configNames = ["gitops.yaml", "gitops.yml", ".gitops.yaml", ".gitops.yml"] as const;

export interface Environment {
  name: string;
  from?: string;
  /** Globs of overlay folders. */
  paths: string[];
  branch?: string;
  clusters: string[];
  namespaces: string[];
}

/** A pattern of overlay folders; what it names besides overrides what the pattern takes from the path. */
export interface OverlayRule {
  path: string;
  kind?: "kustomize" | "helm" | "plain";
  environment?: string;
  app?: string;
  cluster?: string;
  namespace?: string;
}

/** How a chart is rendered. Values files are relative to the chart's folder. */
export interface ChartOptions {
  values: string[];
  releaseName?: string;
  namespace?: string;
  kubeVersion?: string;
  apiVersions?: string[];
  includeCrds?: boolean;
}

export interface ChartRule extends ChartOptions {
  path: string;
  /** Undefined: found by the names of values files. */
  environments?: { name: string; options: ChartOptions }[];
}

/** gitops.yaml, ready to use. */
export interface Config {
  /** Path of the file; undefined when there is none and defaults hold. */
  path?: string;
  /** In the order of promotion; empty when none are named. */
  environments: Environment[];
  /** Undefined: overlays are found by themselves. */
  overlays?: OverlayRule[];
  charts: ChartRule[];
  ignore: string[];
  /** Versions by the tool's name, for rendering this commit. */
  tools: { kustomize?: string; helm?: string };
  allow: { remoteBases: string[]; chartRepositories: string[] };
}

/** What holds without a configuration. */
export function defaultConfig(): Config {
  return {
    environments: [],
    charts: [],
    ignore: [],
    tools: {},
    allow: { remoteBases: [], chartRepositories: [] },
  };
}

/** Reads gitops.yaml. Throws UsageError that names file and line of everything that is wrong. */
export function parseConfig(text: string, path: string): Config {
  const documents = readPlainDocuments(text);
  const [document] = documents;
  const broken = documents.find((each) => each.error)?.error;
  if (broken) throw new UsageError(`${path}:${broken.line}:${broken.column}: ${broken.message}`);
  if (documents.length > 1)
    throw new UsageError(`${path}: expected one YAML document, found ${documents.length}`);
  if (!document || document.root === null) return { ...defaultConfig(), path };
  const parsed = ConfigFile.safeParse(document.toPlain());
  if (!parsed.success) fail(path, configProblems(document, parsed.error));
  const config: Config = { path, ...normalise(parsed.data) };
  const problems = crossProblems(document, config);
  if (problems.length > 0) fail(path, problems);
  return config;
}

/** The configuration of a tree, or the defaults where it has none. */
export async function loadConfig(tree: Tree): Promise<Config> {
  for (const name of configNames) {
    const found = await resolvePath(tree, name);
    if (found.kind === "escape")
      throw new UsageError(`${name} ${found.reason}; it must be a file of the repository`);
    if (found.kind !== "found" || found.entry.kind !== "file") continue;
    return parseConfig(new TextDecoder().decode(await tree.read(found.path)), name);
  }
  return defaultConfig();
}

function fail(path: string, problems: ConfigProblem[]): never {
  throw new UsageError(problems.map(({ line, message }) => `${path}:${line}: ${message}`).join("\n"));
}

type Written = ReturnType<typeof ConfigFile.parse>;

function normalise(written: Written): Config {
  const rules = written.overlays?.map((rule) => (typeof rule === "string" ? { path: rule } : defined(rule)));
  return {
    environments: normaliseEnvironments(written.environments),
    ...(rules ? { overlays: rules } : {}),
    charts: (written.charts ?? []).map((rule) =>
      typeof rule === "string" ? { path: rule, values: [] } : chart(rule),
    ),
    ignore: written.ignore ?? [],
    tools: defined(written.tools ?? {}),
    allow: {
      remoteBases: written.allow?.["remote-bases"] ?? [],
      chartRepositories: written.allow?.["chart-repositories"] ?? [],
    },
  };
}

function normaliseEnvironments(written: Written["environments"]): Environment[] {
  const empty = { paths: [], clusters: [], namespaces: [] };
  if (written === undefined) return [];
  if (Array.isArray(written)) {
    return written.map((each) => (typeof each === "string" ? { name: each, ...empty } : defined(each)));
  }
  return Object.entries(written).map(([name, each]) => ({ name, ...empty, ...defined(each ?? {}) }));
}

type WrittenChart = Exclude<NonNullable<Written["charts"]>[number], string>;
type WrittenOptions = Omit<WrittenChart, "path" | "environments">;

function chart(rule: WrittenChart): ChartRule {
  const environments = rule.environments && Object.entries(rule.environments);
  return {
    path: rule.path,
    ...chartOptions(rule),
    ...(environments
      ? { environments: environments.map(([name, each]) => ({ name, options: environmentOptions(each) })) }
      : {}),
  };
}

function environmentOptions(written: NonNullable<WrittenChart["environments"]>[string]): ChartOptions {
  if (typeof written === "string") return { values: [written] };
  return Array.isArray(written) ? { values: written } : chartOptions(written);
}

function chartOptions(written: WrittenOptions): ChartOptions {
  return defined({
    values: written.values ?? [],
    releaseName: written["release-name"],
    namespace: written.namespace,
    kubeVersion: written["kube-version"],
    apiVersions: written["api-versions"],
    includeCrds: written["include-crds"],
  });
}

/** Leaves out what is undefined, for exact optional properties. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as never;
}

/** What the shape alone does not show: names that occur twice, environments that are not there, unknown placeholders. */
function crossProblems(document: YamlDocument, config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const names = config.environments.map((environment) => environment.name);
  for (const [index, environment] of config.environments.entries()) {
    const line = lineAt(document.root, ["environments", index]);
    if (names.indexOf(environment.name) !== index) {
      problems.push({ line, message: `environments: ${environment.name} is named twice` });
    }
    if (environment.from !== undefined && !names.includes(environment.from)) {
      problems.push({
        line,
        message: `environments: ${environment.name} comes from ${environment.from}, which is not one`,
      });
    }
    if (comesFromItself(environment, config.environments)) {
      problems.push({ line, message: `environments: ${environment.name} comes from itself` });
    }
  }
  const patterns: [string, (string | number)[]][] = [
    ...(config.overlays ?? []).map((rule, index): [string, (string | number)[]] => [
      rule.path,
      ["overlays", index],
    ]),
    ...config.charts.map((rule, index): [string, (string | number)[]] => [rule.path, ["charts", index]]),
  ];
  for (const [text, path] of patterns) {
    for (const unknown of unknownPlaceholders(text)) {
      const known = "{app}, {environment}, {cluster} and {namespace}";
      problems.push({
        line: lineAt(document.root, path),
        message: `${text}: {${unknown}} is not a placeholder; there are ${known}`,
      });
    }
  }
  return problems;
}

function comesFromItself(environment: Environment, all: Environment[]): boolean {
  const seen = new Set<string>();
  for (let at: Environment | undefined = environment; at?.from !== undefined; ) {
    if (at.from === environment.name) return true;
    if (seen.has(at.from)) return false;
    seen.add(at.from);
    const from: string = at.from;
    at = all.find((each) => each.name === from);
  }
  return false;
}

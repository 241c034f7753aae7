import { UsageError } from "@gitops-actions/report";
import { normalise } from "./config-normal.ts";
import { type ConfigProblem, configProblems, crossProblems } from "./config-problems.ts";
import { ConfigFile } from "./config-schema.ts";
import { inWords } from "./config-words.ts";
import { lineAt, readPlainDocuments } from "./document.ts";
import type { DriftSettings } from "./drift/settings.ts";
import type { PromotionSettings } from "./promotion/settings.ts";
import { resolvePath } from "./resolve.ts";
import type { Tree } from "./tree.ts";

/** The names under which a configuration is looked for, at the repository root, in this order. */
export const configNames = ["gitops.yaml", "gitops.yml", ".gitops.yaml", ".gitops.yml"] as const;

export interface Environment {
  name: string;
  from?: string | string[];
  /** Globs of overlay folders. */
  paths: string[];
  branch?: string;
  /** The tag that marks the commit it runs. */
  tag?: string;
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

/** Labels of namespaces, in every environment and in some. */
export type DescribedNamespaces = Readonly<
  Record<string, { labels: Record<string, string>; environments: Record<string, Record<string, string>> }>
>;

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
  /** Undefined: gitops.yaml says nothing of it; see `defaultPromotion`. */
  promotion?: PromotionSettings;
  /** Labels of namespaces by their names, and what an environment adds. Undefined: gitops.yaml says nothing of it. */
  namespaces?: DescribedNamespaces;
  /** Undefined: gitops.yaml says nothing of it. */
  drift?: DriftSettings;
  /** 1-based lines of the rules, by position. */
  lines?: {
    overlays: number[];
    charts: number[];
    driftIgnore: number[];
    ignore: number[];
    /** Of each chart, by position: of the environments that it names. */
    chartEnvironments: number[][];
  };
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
  const parsed = ConfigFile.safeParse(document.toPlain(), { error: inWords });
  if (!parsed.success) fail(path, configProblems(document, parsed.error, ConfigFile));
  const config: Config = { path, ...normalise(parsed.data) };
  const linesOf = (path: string[], rules: readonly unknown[] = []) =>
    rules.map((_, index) => lineAt(document.root, [...path, index]));
  config.lines = {
    overlays: linesOf(["overlays"], config.overlays),
    charts: linesOf(["charts"], config.charts),
    driftIgnore: linesOf(["drift", "ignore"], config.drift?.ignore),
    ignore: linesOf(["ignore"], config.ignore),
    chartEnvironments: config.charts.map(({ environments = [] }, index) =>
      environments.map(({ name }) => lineAt(document.root, ["charts", index, "environments", name])),
    ),
  };
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

/**
 * The configuration at a commit that is not the one to be judged. Where it is wrong there, the default one, which allows
 * nothing, and what is wrong: a change must be able to mend it.
 */
export async function loadReviewedConfig(tree: Tree): Promise<{ config: Config; wrong?: string }> {
  try {
    return { config: await loadConfig(tree) };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { config: defaultConfig(), wrong: error.message };
  }
}

function fail(path: string, problems: ConfigProblem[]): never {
  throw new UsageError(problems.map(({ line, message }) => `${path}:${line}: ${message}`).join("\n"));
}

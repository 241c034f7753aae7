import type { ChartOptions, ChartRule, Config } from "../config.ts";
import type { OverlayOptions } from "../overlay.ts";
import { type Captured, compilePattern, filesMatching, fillPattern } from "../pattern.ts";
import { entryAt, joinPath, nameOf } from "../resolve.ts";
import type { Tree } from "../tree.ts";

/** A chart with one set of values. */
export interface ChartOverlay {
  folder: string;
  /** A rule of the configuration names the chart: it is rendered by itself even where a kustomization inflates it. */
  named: boolean;
  /** What stands behind `@` in the id; undefined for the chart's own values. */
  variant?: string;
  environment?: string;
  namespace?: string;
  options: OverlayOptions;
}

/** The sets of values with which a chart is rendered: what a rule says, else what files in its folder show. */
export function variantsOf(tree: Tree, folder: string, config: Config): ChartOverlay[] {
  const path = folder === "" ? "." : folder;
  for (const rule of config.charts) {
    const captured = compilePattern(rule.path).match(path);
    if (captured) {
      return ruleVariants(tree, folder, rule, captured, config).map((each) => ({ ...each, named: true }));
    }
  }
  return foundVariants(tree, folder, {});
}

/** The patterns among a rule's values files that make an overlay for each environment. */
export function environmentPatterns(rule: ChartRule): string[] {
  return rule.values.filter((values) => values.includes("{environment}"));
}

function ruleVariants(
  tree: Tree,
  folder: string,
  rule: ChartRule,
  captured: Captured,
  config: Config,
): ChartOverlay[] {
  if (rule.environments) {
    return rule.environments.map(({ name, options }) =>
      makeVariant(folder, { ...captured, environment: name }, name, mergeOptions(rule, options)),
    );
  }
  const patterns = environmentPatterns(rule);
  if (patterns.length === 0) {
    // Named values hold for the chart as it is; without any, the files in the folder tell.
    return rule.values.length > 0
      ? [makeVariant(folder, captured, undefined, rule)]
      : foundVariants(tree, folder, rule);
  }
  const names = new Set<string>();
  for (const pattern of patterns)
    for (const name of namesFor(tree, folder, pattern, captured, config)) names.add(name);
  return [...names].map((name) => {
    const place = { ...captured, environment: name };
    const exists = (values: string) => {
      const at = joinPath(folder, fillPattern(values, place));
      return !values.includes("{environment}") || (at !== undefined && entryAt(tree, at) !== undefined);
    };
    return makeVariant(folder, place, name, { ...rule, values: rule.values.filter(exists) });
  });
}

/** The environments that have a values file of a pattern: the configured ones, else those that files show. */
export function namesFor(
  tree: Tree,
  folder: string,
  pattern: string,
  captured: Captured,
  config: Config,
): string[] {
  if (config.environments.length > 0) {
    return config.environments
      .map((environment) => environment.name)
      .filter((name) => {
        const path = joinPath(folder, fillPattern(pattern, { ...captured, environment: name }));
        return path !== undefined && entryAt(tree, path) !== undefined;
      });
  }
  return filesFor(tree, folder, pattern, captured).flatMap((file) => file.captured.environment ?? []);
}

/** The files that fit a pattern of values files of a chart, whatever their environment. */
export function filesFor(
  tree: Tree,
  folder: string,
  pattern: string,
  captured: Captured,
): { path: string; captured: Captured }[] {
  // Leading `..` must be gone before names are compared.
  const ups = /^(?:\.\.?\/)*/.exec(pattern)?.[0] ?? "";
  const start = joinPath(folder, ups);
  if (start === undefined) return [];
  return filesMatching(tree, start, fillPattern(pattern.slice(ups.length), captured));
}

// Where values files for environments usually lie, and test values of chart-testing.
const usual = [
  "values-{environment}.yaml",
  "values.{environment}.yaml",
  "values_{environment}.yaml",
  "{environment}-values.yaml",
  "{environment}.values.yaml",
  "values/{environment}.yaml",
  "values/values-{environment}.yaml",
  "environments/{environment}.yaml",
  "environments/{environment}/values.yaml",
  "envs/{environment}.yaml",
  "envs/{environment}/values.yaml",
  "env/{environment}.yaml",
  "env/{environment}/values.yaml",
  "{environment}/values.yaml",
].flatMap((pattern) => [pattern, pattern.replace(/yaml$/, "yml")]);
const ownFolders = new Set([
  "charts",
  "templates",
  "crds",
  "ci",
  "values",
  "environments",
  "envs",
  "env",
  "files",
]);

function foundVariants(tree: Tree, folder: string, options: Partial<ChartOptions>): ChartOverlay[] {
  const base: ChartOptions = { ...options, values: options.values ?? [] };
  const own = makeVariant(folder, {}, undefined, base);
  const variants = new Map<string, ChartOverlay>();
  const add = (variant: string, environment: string | undefined, path: string) => {
    const made = makeVariant(folder, {}, variant, base);
    made.options.values.push(path);
    if (environment !== undefined) made.environment = environment;
    if (!variants.has(variant)) variants.set(variant, made);
  };
  for (const pattern of usual) {
    for (const { path, captured } of filesMatching(tree, folder, pattern)) {
      const environment = captured.environment ?? "";
      if (environment === "" || (pattern.startsWith("{environment}/") && ownFolders.has(environment)))
        continue;
      if (/^(?:schema|values|example|sample)$/i.test(environment)) continue;
      add(environment, environment, path);
    }
  }
  for (const { path } of filesMatching(tree, folder, "ci/*.yaml")) {
    add(
      `ci-${nameOf(path)
        .replace(/\.yaml$/, "")
        .replace(/-values$|^values-/, "")}`,
      undefined,
      path,
    );
  }
  return [own, ...variants.values()];
}

function makeVariant(
  folder: string,
  place: Captured,
  variant: string | undefined,
  options: ChartOptions,
): ChartOverlay {
  const values = options.values.map((path) => joinPath(folder, fillPattern(path, place)) ?? path);
  const releaseName = options.releaseName && fillPattern(options.releaseName, place);
  const namespace = options.namespace ?? place.namespace;
  return {
    folder,
    named: false,
    ...(variant === undefined ? {} : { variant }),
    ...(place.environment === undefined ? {} : { environment: place.environment }),
    ...(namespace === undefined ? {} : { namespace }),
    options: {
      ...(releaseName === undefined ? {} : { releaseName }),
      values,
      ...(options.kubeVersion === undefined ? {} : { kubeVersion: options.kubeVersion }),
      apiVersions: options.apiVersions ?? [],
      ...(options.includeCrds === undefined ? {} : { includeCrds: options.includeCrds }),
    },
  };
}

function mergeOptions(common: ChartOptions, own: ChartOptions): ChartOptions {
  return { ...common, ...own, values: [...common.values, ...own.values] };
}

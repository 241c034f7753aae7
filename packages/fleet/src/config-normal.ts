import type { ChartOptions, ChartRule, Config, Environment } from "./config.ts";
import type { ConfigFile } from "./config-schema.ts";

type Written = ReturnType<typeof ConfigFile.parse>;

/** The configuration that a file means: defaults filled in, short forms written out. */
export function normalise(written: Written): Config {
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
    ...(written.promotion ? { promotion: written.promotion } : {}),
    ...(written.namespaces ? { namespaces: written.namespaces } : {}),
    ...(written.drift ? { drift: written.drift } : {}),
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

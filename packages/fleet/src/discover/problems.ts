import { compareText } from "@gitops-actions/manifest";
import type { Config } from "../config.ts";
import { suggest } from "../config-problems.ts";
import type { Gap, Overlay } from "../overlay.ts";
import { compilePattern } from "../pattern.ts";

/** What the configuration says that does not fit what there is. */
export function configProblemsOf(
  config: Config,
  overlays: readonly Overlay[],
  seen: readonly { path: string; kind: Overlay["kind"] }[],
): Gap[] {
  const problem = (code: string, message: string, line: number | undefined): Gap => {
    const precision = line === undefined ? ("near" as const) : ("exact" as const);
    const location = { path: config.path ?? "", line: line ?? 1, precision, via: [] };
    return { code, message, ...(config.path === undefined ? {} : { location }) };
  };
  const problems: Gap[] = [];
  const unmatched = (rule: { path: string; kind?: string }, what: string, line: number | undefined) => {
    const pattern = compilePattern(rule.path);
    const fits = seen.some((each) => (rule.kind ?? each.kind) === each.kind && pattern.match(each.path));
    if (!fits) problems.push(problem("unmatched-pattern", `${rule.path} matches no ${what}`, line));
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
  const names = config.environments.map((environment) => environment.name);
  for (const { path, environment } of overlays) {
    if (names.length === 0 || environment === undefined || names.includes(environment)) continue;
    const message = `${path} is placed in ${environment}, which is not among the configured environments`;
    problems.push(problem("unknown-environment", message + suggest(environment, names), undefined));
  }
  return problems.sort(
    (a, b) => (a.location?.line ?? 0) - (b.location?.line ?? 0) || compareText(a.message, b.message),
  );
}

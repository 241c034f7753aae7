import picomatch from "picomatch";
import type { Config, OverlayRule } from "../config.ts";
import type { OverlayKind } from "../overlay.ts";
import { type Captured, compilePattern, type PathPattern } from "../pattern.ts";

/** Where an overlay runs and what it deploys, as far as its path and the configuration tell. */
export type Place = Captured;

/** Tells the places of overlays. */
export interface Placer {
  /** Whether the configuration lists overlays, so that others are none. */
  listed: boolean;
  /** The place of a folder that a rule of the configuration matches, or undefined. */
  byRule(path: string, kind: OverlayKind): Place | undefined;
  /** The place by configured environments and usual layouts. */
  byLayout(path: string): Place;
}

/** Makes a placer from the configuration. */
export function createPlacer(config: Config): Placer {
  const rules = (config.overlays ?? []).map((rule): [OverlayRule, PathPattern] => [
    rule,
    compilePattern(rule.path),
  ]);
  const globs = config.environments
    .filter((environment) => environment.paths.length > 0)
    .map(({ name, paths }) => ({ name, matches: picomatch(paths, { dot: true, noextglob: true }) }));
  const named = new Set(config.environments.map((environment) => environment.name.toLowerCase()));
  const complete = (path: string, place: Place): Place => {
    const environment =
      place.environment ??
      globs.find((glob) => glob.matches(path))?.name ??
      config.environments.find((each) => place.cluster !== undefined && each.clusters.includes(place.cluster))
        ?.name;
    return environment === undefined ? place : { ...place, environment };
  };
  return {
    listed: config.overlays !== undefined,
    byRule(path, kind) {
      for (const [rule, pattern] of rules) {
        if (rule.kind !== undefined && rule.kind !== kind) continue;
        const captured = pattern.match(path);
        if (!captured) continue;
        const { path: _, kind: __, ...fixed } = rule;
        return complete(path, { ...captured, ...fixed });
      }
      return undefined;
    },
    byLayout(path) {
      const globbed = globs.find((glob) => glob.matches(path))?.name;
      return complete(path, { ...layoutOf(path, named), ...(globbed ? { environment: globbed } : {}) });
    },
  };
}

const usualEnvironments = new Set(
  (
    "dev development test testing tst qa uat stage staging stg preprod pre-prod preproduction prod production prd " +
    "sandbox demo integration int local nonprod non-prod acceptance acc perf"
  ).split(" "),
);
// These are folder names for other purposes as well: an environment only at the end of a path.
const ambiguous = new Set("test testing integration int local demo perf".split(" "));
const environmentParents = new Set([
  "overlays",
  "overlay",
  "environments",
  "environment",
  "envs",
  "env",
  "stages",
  "variants",
]);
const clusterParents = new Set(["clusters", "cluster"]);
const appParents = new Set([
  "apps",
  "app",
  "applications",
  "services",
  "components",
  "charts",
  "workloads",
  "tenants",
]);
// Names that say what a folder is for, not which app it holds.
const noise = new Set(
  "base bases deploy deployment deployments k8s kubernetes kustomize kustomization manifests manifest helm chart config configs gitops infra main src resources default .".split(
    " ",
  ),
);

/** Environment, cluster and app by the usual layouts: `overlays/<environment>`, `clusters/<cluster>`, `apps/<app>`, ... */
export function layoutOf(path: string, known: ReadonlySet<string> = new Set()): Place {
  const parts = path === "." ? [] : path.split("/");
  const isEnvironment = (part: string) =>
    known.has(part.toLowerCase()) || usualEnvironments.has(part.toLowerCase());
  const after = (parents: ReadonlySet<string>) => {
    const index = parts.findLastIndex((part, at) => at < parts.length - 1 && parents.has(part.toLowerCase()));
    return index < 0 ? undefined : index + 1;
  };
  const clusterAt = after(clusterParents);
  const cluster = clusterAt === undefined ? undefined : parts[clusterAt];
  let environmentAt = after(environmentParents);
  if (environmentAt === undefined) {
    const last = parts.findLastIndex(
      (part, at) => isEnvironment(part) && (at === parts.length - 1 || !ambiguous.has(part.toLowerCase())),
    );
    if (last >= 0) environmentAt = last;
  }
  const environment =
    (environmentAt === undefined ? undefined : parts[environmentAt]) ??
    cluster?.split(/[-_.]/).find((token) => isEnvironment(token));
  const used = new Set([clusterAt, environmentAt]);
  const isApp = (part: string | undefined, at: number) =>
    part !== undefined &&
    !used.has(at) &&
    ![environmentParents, clusterParents, appParents, noise].some((set) => set.has(part.toLowerCase())) &&
    !isEnvironment(part);
  const appAt = after(appParents);
  // `apps/<team or namespace>/<app>` is as usual as `apps/<app>`: the last name that can be one.
  const app = parts.findLast((part, at) => at >= (appAt ?? 0) && isApp(part, at));
  return {
    ...(app === undefined ? {} : { app }),
    ...(environment === undefined ? {} : { environment }),
    ...(cluster === undefined ? {} : { cluster }),
  };
}

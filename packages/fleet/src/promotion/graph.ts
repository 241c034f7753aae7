import { UsageError } from "@gitops-actions/report";
import type { Config, Environment } from "../config.ts";

/** The environments a version comes from to enter this one; none for the first. */
export function sourcesOf(environment: Environment): string[] {
  const { from } = environment;
  return from === undefined ? [] : typeof from === "string" ? [from] : [...from];
}

/**
 * The environments in an order in which each stands behind all it comes from; those of equal rank as they are written.
 * Throws UsageError for a circle, or for none named at all.
 */
export function orderEnvironments(config: Config): Environment[] {
  if (config.environments.length === 0) {
    throw new UsageError(
      "gitops.yaml names no environments: promotion needs `environments:` with `from:`, in the order of promotion.",
    );
  }
  const ordered: Environment[] = [];
  const waiting = [...config.environments];
  while (waiting.length > 0) {
    const at = waiting.findIndex((each) =>
      sourcesOf(each).every((source) => ordered.some((done) => done.name === source)),
    );
    if (at < 0) {
      const names = waiting.map((each) => each.name).join(", ");
      throw new UsageError(
        `gitops.yaml: environments come from each other in a circle, or from one that is not there: ${names}`,
      );
    }
    ordered.push(...waiting.splice(at, 1));
  }
  return ordered;
}

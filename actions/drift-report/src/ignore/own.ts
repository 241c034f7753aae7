import { type Config, driftIgnoreMatcher, globMatcher } from "@gitops-actions/fleet";
import type { IgnoreRule } from "./rule.ts";

/** A rule of gitops.yaml. */
export interface OwnRule extends IgnoreRule {
  path: string;
  line: number;
  owner: string;
  reason: string;
  /** The last day on which it counts, UTC. */
  expires: string;
  isExpired: boolean;
  isFor(environment: string): boolean;
}

/** The rules of gitops.yaml, in its order; those whose last day is over select nothing. */
export function ownRules(config: Config, now: Date): OwnRule[] {
  const path = config.path ?? "gitops.yaml";
  return (config.drift?.ignore ?? []).map((rule, index) => {
    const line = config.lines?.driftIgnore[index] ?? 1;
    const isExpired = now.getTime() >= Date.parse(`${rule.expires}T00:00:00Z`) + 86_400_000;
    const selects = driftIgnoreMatcher(rule);
    const managers = rule.managers.map(globMatcher);
    const environments = rule.environments.map(globMatcher);
    return {
      path,
      line,
      owner: rule.owner,
      reason: rule.reason,
      expires: rule.expires,
      isExpired,
      by: `${path}:${line}`,
      selects: (subject) => !isExpired && selects(subject),
      pointers: rule.fields,
      jq: rule.jq,
      ownedBy: (manager) => managers.some((matches) => matches(manager)),
      isFor: (environment) =>
        environments.length === 0 || environments.some((matches) => matches(environment)),
    };
  });
}

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type DriftInputs, type DriftOutcome, defaults, run } from "@gitops-actions/drift-report";
import { userCacheDir } from "@gitops-actions/engine";
import { needed, type Plane } from "../../scripts/servers/control-plane.ts";
import { kubernetes } from "../../scripts/servers/programs.ts";

let runs = 0;

/** Runs drift-report from the working copy `repository`, which lies in a private folder, against a cluster. */
export function reportDrift(
  repository: string,
  plane: Pick<Plane, "kubeconfig">,
  inputs: Partial<DriftInputs> = {},
): Promise<DriftOutcome> {
  const tempDir = join(repository, "..", `report-${++runs}`);
  mkdirSync(tempDir, { mode: 0o700 });
  const host = {
    env: { PATH: process.env.PATH, HOME: tempDir },
    cwd: repository,
    cacheDir: userCacheDir(process.env),
    tempDir,
    cores: 2,
    now: () => new Date(),
    isTerminal: false,
  };
  const tools = { allowBuild: false, paths: { kubectl: needed(kubernetes("kubectl")) } };
  const all = { ...defaults, kubeconfig: plane.kubeconfig(), tools, ...inputs };
  const signal = new AbortController().signal;
  return run(all, { host, progress: () => {}, signal, secretKey: new Uint8Array(32) });
}

/** Findings as `rule Kind/name field`, sorted; those of some rules only. */
export function linesOf({ report }: DriftOutcome, rules = /./): string[] {
  return report.findings
    .filter(({ rule }) => rules.test(rule))
    .map(({ rule, resource, field }) =>
      [rule, resource && `${resource.kind}/${resource.name}`, field].filter(Boolean).join(" "),
    )
    .sort();
}

/** What cannot be said, as `id: message`. */
export function uncheckedOf({ report }: DriftOutcome): string[] {
  return [...report.failed, ...report.skipped].map(({ id, message }) => `${id}: ${message}`);
}

/** What a report says of one object of Argo CD or Flux. */
export function statusOf({ statuses }: DriftOutcome, kind: string, name: string) {
  return statuses.find((each) => each.kind === kind && each.name === name);
}

import type { PolicyFailure } from "@gitops-actions/engine";
import type { Tree } from "@gitops-actions/fleet";
import type { Redactor } from "@gitops-actions/manifest";
import {
  type Finding,
  isNew,
  type Location,
  makeFinding,
  markAgainstBase,
  type Unchecked,
} from "@gitops-actions/report";
import type { EngineRun } from "../engines.ts";
import { absentCodes } from "../policies/policies.ts";

/** What stands between the policies of a change and their being evaluated once it is merged. */
export interface Defects {
  /** Errors of the change: about no overlay, and so new. */
  findings: Finding[];
  /** Engines that cannot be had: whether these policies are sound is not known. */
  failed: Unchecked[];
}

/** Defects that the policies of a change (`runs`) have and those of its base have not. `tree` is the change's. */
export function defectsOf(
  runs: readonly EngineRun[],
  base: readonly EngineRun[],
  /** How many batches are the head's; runs may have more behind them. */
  batches: number,
  redactor: Redactor,
  tree: Tree,
): Defects {
  const known = new Set(failuresIn(base, batches).map(({ engine, id, code }) => `${engine} ${id} ${code}`));
  const failed: Unchecked[] = [];
  const make = ({ engine, id, code, message }: Failure): Finding => {
    const location = locate(id, tree);
    const text = redactor.redactText(message);
    return makeFinding({
      rule: `${engine}/policy-error`,
      severity: "error",
      message: location ? text : `${id}: ${text}`,
      help: "Mend the policy: once this is merged it could not be evaluated, and every run would be incomplete.",
      ...(location && { location }),
      // The nameless overlay, for the comparison only.
      overlays: [""],
      discriminator: `${code} ${withoutLine(id)}`,
    });
  };
  const proposed = failuresIn(runs, batches).filter(({ engine, id, code, message }) => {
    if (!absentCodes.includes(code)) return true;
    if (!known.has(`${engine} ${id} ${code}`))
      failed.push({ kind: "policy", id, code, message: `${engine}: with your policies: ${message}` });
    return false;
  });
  const marked = markAgainstBase(proposed.map(make), failuresIn(base, batches).map(make));
  return { findings: marked.findings.filter(isNew).map((each) => ({ ...each, places: [] })), failed };
}

interface Failure extends PolicyFailure {
  engine: string;
}

/** Each once, however many batches or calls it was met in. */
function failuresIn(runs: readonly EngineRun[], batches: number): Failure[] {
  const failures = new Map<string, Failure>();
  for (const { name: engine, failures: own, outcomes } of runs) {
    const of = outcomes.slice(0, batches);
    for (const failure of [...own, ...of.flatMap((each) => each.failures)])
      failures.set(`${engine} ${failure.id} ${failure.code} ${failure.message}`, { engine, ...failure });
  }
  return [...failures.values()];
}

/** Failures are called by `path:line`, by a path, or by what the policy is called. */
function locate(id: string, tree: Tree): Location | undefined {
  const path = withoutLine(id);
  if (tree.get(path)?.kind !== "file") return undefined;
  const line = Number(id.slice(path.length + 1));
  return { path, line: line || 1, precision: line ? "exact" : "near", via: [] };
}

function withoutLine(id: string): string {
  return id.replace(/:\d+$/, "");
}

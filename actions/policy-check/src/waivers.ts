import type { Batch } from "@gitops-actions/fleet";
import { compareText, formatIdentity } from "@gitops-actions/manifest";
import { listSome } from "@gitops-actions/report";
import type { EngineRun } from "./engines.ts";

const shown = 10;

/** What exceptions of the policies themselves let be, each rule and resource with the exception where the engine names it. */
export function describeWaivers(runs: readonly EngineRun[], head: readonly Batch[]): string {
  const all = new Set<string>();
  for (const { name, outcomes } of runs) {
    for (const [index, { items }] of head.entries()) {
      for (const { status, rule, document, waivedBy } of outcomes[index]!.statements) {
        if (status !== "waived") continue;
        const where = document === undefined ? "" : ` of ${formatIdentity(items[document]!.resource.id)}`;
        all.add(`${name}/${rule}${where}${waivedBy ? ` (${waivedBy})` : ""}`);
      }
    }
  }
  return listSome([...all].sort(compareText), shown);
}

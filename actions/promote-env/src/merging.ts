import type { GateSettings } from "@gitops-actions/fleet";
import { askApprovals } from "./approvals.ts";
import type { Evidence } from "./evidence.ts";
import type { Forge, Pull } from "./forge.ts";
import { approval } from "./gates/index.ts";
import { foremost } from "./verdict.ts";

/** What became of the merge of a pull request. `later`: GitHub merges it when all that the branch requires is there. */
export type Merge = { state: "merged" } | { state: "later" } | { state: "waits"; because: string };

/**
 * Merges a pull request whose gates are open, if the settings leave that to us: at the commit that was judged and no
 * other. Where somebody must approve, GitHub is never left to merge later: what it merged then might be something else.
 */
export async function mergePull(
  forge: Forge,
  pull: Pull,
  head: string,
  settings: GateSettings,
  runId: Evidence["runId"],
): Promise<Merge | undefined> {
  if (settings.merge === "manual") return undefined;
  if (pull.draft) return { state: "waits", because: `#${pull.number} is a draft` };
  if (settings.approval) {
    const evidence = { forge, pulls: [], ...(runId === undefined ? {} : { runId }) };
    const said = approval(
      settings.approval,
      await askApprovals(evidence, settings.approval, { ...pull, headSha: head }),
    );
    const first = foremost(said);
    if (first && first.state !== "open") return { state: "waits", because: `approval: ${first.because}` };
  } else if (settings.merge === "auto") {
    if (pull.auto) return { state: "later" };
    const later = await forge.mergeLater(pull, head);
    if (later === "enabled") return { state: "later" };
    if (later !== "clean") return { state: "waits", because: later.waits };
  }
  const merged = await forge.merge(pull.number, head, pull.title);
  return "merged" in merged ? { state: "merged" } : { state: "waits", because: merged.waits };
}

import { type Cell, describeVersion, type GateSettings } from "@gitops-actions/fleet";
import type { Verdict } from "../verdict.ts";

/** Whether the environment before runs the version everywhere, anywhere, or in named clusters. */
export function complete(cell: Cell, rule: GateSettings["complete"]): Verdict {
  const gate = "complete";
  const { environment } = cell;
  if (cell.slots.length === 0)
    return {
      gate,
      state: "unknown",
      because: `what ${environment} runs is not known`,
      mend: "check the patterns in gitops.yaml",
    };
  const behind = new Set<string>();
  const seen = new Set<string>();
  for (const slot of cell.slots) {
    const wanted = describeVersion(slot.version);
    for (const place of slot.places) {
      const name = place.cluster ?? place.path;
      if (place.cluster !== undefined) seen.add(place.cluster);
      if (describeVersion(place.moves) !== wanted) behind.add(name);
    }
  }
  if (typeof rule === "string") {
    if (rule === "any" || behind.size === 0)
      return { gate, state: "open", because: `${environment} runs it` };
    return {
      gate,
      state: "waiting",
      because: `${[...behind].sort().join(", ")} of ${environment} run another version`,
    };
  }
  const absent = rule.filter((cluster) => !seen.has(cluster));
  if (absent.length > 0)
    return {
      gate,
      state: "unknown",
      because: `${environment} has no cluster ${absent.join(", ")}`,
      mend: "correct `complete` in gitops.yaml",
    };
  const late = rule.filter((cluster) => behind.has(cluster));
  if (late.length > 0)
    return { gate, state: "waiting", because: `${late.join(", ")} of ${environment} run another version` };
  return { gate, state: "open", because: `${rule.join(", ")} run it` };
}

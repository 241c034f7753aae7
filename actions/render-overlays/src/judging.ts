import { type ChangedInput, definedBy } from "@gitops-actions/fleet";
import type { RenderedPair } from "./pairs.ts";

/**
 * What decides checks and differs in what is rendered, though no file that changed says so: a definition that an operation
 * patches, a policy that a chart prints with other values. What it applies to must be looked at again as well.
 */
export function renderedInputs(rendered: readonly RenderedPair[]): ChangedInput[] {
  const found = new Map<ChangedInput["kind"], RenderedPair[]>();
  for (const each of rendered) {
    const kinds = each.changes.flatMap(({ id }) => definedBy(id) ?? []);
    for (const kind of new Set(kinds)) found.set(kind, [...(found.get(kind) ?? []), each]);
  }
  return [...found.keys()].sort().map((kind) => {
    const own = found.get(kind)!;
    const digest = (side: "base" | "head"): string =>
      own.map(({ stored }) => stored[side]?.digest ?? "absent").join(" ");
    return {
      kind,
      paths: [],
      overlays: own.map(({ pair }) => pair.id),
      base: digest("base"),
      head: digest("head"),
    };
  });
}

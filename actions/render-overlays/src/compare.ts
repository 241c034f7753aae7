import type { Closure, Overlay } from "@gitops-actions/fleet";
import { compareText } from "@gitops-actions/manifest";

/** One overlay as one side of the comparison knows it. */
export interface Sighting {
  overlay: Overlay;
  closure: Closure;
  /** Whatever else decides the result on this side: the pins of the tools that render it, build arguments. */
  pin: string;
}

/** What two sides say of one overlay, before anything is rendered. */
export interface Pair {
  id: string;
  base?: Sighting;
  head?: Sighting;
  expected: "added" | "removed" | "unchanged" | "changed" | "unknown";
}

/**
 * Pairs the overlays of two sides by id, sorted. "unchanged" is a proof: the same overlay, options, pins and the
 * same object id for everything it reads and looks for. Without a base every overlay is "unknown" and is rendered.
 */
export function pairOverlays(base: Map<string, Sighting> | undefined, head: Map<string, Sighting>): Pair[] {
  const ids = new Set([...(base?.keys() ?? []), ...head.keys()]);
  return [...ids].sort(compareText).map((id) => {
    const before = base?.get(id);
    const after = head.get(id);
    return {
      id,
      ...(before && { base: before }),
      ...(after && { head: after }),
      expected: base ? expectedChange(before, after) : "unknown",
    };
  });
}

function expectedChange(base: Sighting | undefined, head: Sighting | undefined): Pair["expected"] {
  if (!base) return "added";
  if (!head) return "removed";
  if (!sameInput(base, head)) return "changed";
  // A gap that is the same on both sides may still render differently: the branch of a remote base moves.
  return head.closure.gaps.every((gap) => gap.remote?.pinned) ? "unchanged" : "unknown";
}

/** Whether the repository's part of two sightings is the same, gaps aside. */
export function sameInput(base: Sighting, head: Sighting): boolean {
  return (
    base.closure.digest === head.closure.digest &&
    base.pin === head.pin &&
    base.overlay.kind === head.overlay.kind &&
    JSON.stringify(optionsOf(base.overlay)) === JSON.stringify(optionsOf(head.overlay))
  );
}

function optionsOf(overlay: Overlay): unknown {
  const { options, namespace } = overlay;
  return [
    options.releaseName ?? null,
    options.values,
    options.kubeVersion ?? null,
    options.apiVersions,
    options.includeCrds ?? null,
    namespace ?? null,
  ];
}

import { defaultPromotion, sharedChanges } from "@gitops-actions/fleet";
import { type Finding, makeFinding } from "@gitops-actions/report";
import type { RenderedPair } from "./pairs.ts";
import type { Side } from "./side.ts";

/**
 * Says of a change to a shared file that it reaches later environments without a promotion. The order of environments and
 * the severity are those of the base: a pull request does not decide by itself what it is told.
 */
export async function findUnpromoted(
  { head, base }: { head: Side; base?: Side },
  rendered: readonly RenderedPair[],
): Promise<Finding[]> {
  const severity = (base?.config.promotion ?? defaultPromotion())["shared-changes"];
  if (!base || severity === "off") return [];
  const changed = rendered
    .filter(({ change, pair }) => change !== "unchanged" && pair.base && pair.head)
    .flatMap(({ pair }) => {
      const environment = pair.base?.overlay.environment ?? pair.head?.overlay.environment;
      return [pair.base!, pair.head!].map(({ overlay, closure }) => ({
        overlay: environment === undefined ? overlay : { ...overlay, environment },
        closure,
      }));
    });
  const sideOf = ({ tree, fleet }: Side) => ({ tree, overlays: fleet.overlays });
  const found = await sharedChanges(base.config, { base: sideOf(base), head: sideOf(head) }, changed);
  return found.map(({ paths, environments, overlays }) => {
    const [path = ""] = paths;
    const more = paths.length > 1 ? ` and ${paths.length - 1} more` : "";
    const all = environments.length > 1 ? " at once" : "";
    return makeFinding({
      rule: "promotion/shared-change",
      severity,
      message: `${path}${more}: this change reaches ${environments.join(", ")}${all}, without promotion`,
      help: "Change it where one environment alone has it (a patch, a component of its own) and promote that, or merge it knowing that nothing waits. `promotion.shared-changes` in gitops.yaml makes this an error, or turns it off.",
      location: { path, line: 1, precision: "near", via: [] },
      overlays,
    });
  });
}

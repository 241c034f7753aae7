import type { Config } from "../config.ts";
import { sourcesOf } from "./graph.ts";
import {
  defaultPromotion,
  formatSetting,
  type GateSettings,
  gatesOf,
  type PromotionSettings,
} from "./settings.ts";

/** A gate that lets more through than before. */
export interface LoosenedGate {
  /** Undefined for what holds in every environment. */
  environment?: string;
  /** As it is written in gitops.yaml: `soak`, `approval`, `from`. */
  gate: string;
  /** As gitops.yaml would say it; "none" where it says nothing. */
  before: string;
  after: string;
}

type Gate = keyof GateSettings;

/** Whether the second value lets through what the first does not. A list of rules that differs may do so: it is told. */
const looser: { [Name in Gate]?: (before: GateSettings[Name], after: GateSettings[Name]) => boolean } = {
  soak: (before, after) => (before ?? 0) > (after ?? 0),
  times: (before, after) => before === "verified" && after === "committed",
  checks: (before, after) => before.some((each) => !after.includes(each)),
  "healthy-since": (before, after) => before !== undefined && before !== after,
  drift: (before, after) => before !== undefined && (after === undefined || after > before),
  windows: (before, after) =>
    before.length > 0 && (after.length === 0 || after.some((each) => !holds(before, each))),
  freezes: (before, after) => before.some((each) => !holds(after, each)),
  downgrade: (before, after) => !before && after,
  "max-open-pull-requests": grows,
  batch: grows,
  complete: (before, after) => breadth(after, before),
  approval: (before, after) =>
    before !== undefined &&
    (["team", "label", "environment"] as const).some(
      (way) => before[way] !== undefined && before[way] !== after?.[way],
    ),
  merge: (before, after) => before === "manual" && after !== "manual",
};

/**
 * The gates of promotion that a change of gitops.yaml opens wider, or takes away, of the environments that are there before
 * and after it. In the order of environments, and of gates as they are documented.
 */
export function loosenedGates(before: Config, after: Config): LoosenedGate[] {
  const [then, now] = [before, after].map(({ promotion }) => promotion ?? defaultPromotion()) as [
    PromotionSettings,
    PromotionSettings,
  ];
  const found: LoosenedGate[] = [];
  for (const own of before.environments) {
    const { name: environment } = own;
    const same = after.environments.find(({ name }) => name === environment);
    if (!same) continue;
    const [from, to] = [sourcesOf(own), sourcesOf(same)];
    if (from.some((source) => !to.includes(source)))
      found.push({ environment, gate: "from", before: from.join(", "), after: to.join(", ") || "none" });
    const [old, young] = [gatesOf(then, environment), gatesOf(now, environment)];
    for (const gate of Object.keys(looser) as Gate[])
      if (isLooser(gate, old, young))
        found.push({
          environment,
          gate,
          before: formatSetting(gate, old[gate]),
          after: formatSetting(gate, young[gate]),
        });
  }
  if (then.strategy !== "direct" && now.strategy === "direct")
    found.push({ gate: "strategy", before: then.strategy, after: now.strategy });
  const ranks = ["off", "warning", "error"];
  const told = "shared-changes";
  if (ranks.indexOf(now[told]) < ranks.indexOf(then[told]))
    found.push({ gate: told, before: then[told], after: now[told] });
  return found;
}

function isLooser<Name extends Gate>(gate: Name, before: GateSettings, after: GateSettings): boolean {
  return looser[gate]?.(before[gate], after[gate]) ?? false;
}

function holds<Item>(items: readonly Item[], one: Item): boolean {
  return items.some((each) => JSON.stringify(each) === JSON.stringify(one));
}

function grows(before: number | undefined, after: number | undefined): boolean {
  return before !== undefined && (after === undefined || after > before);
}

/** Whether less of an environment is asked for than was. */
function breadth(asked: GateSettings["complete"], before: GateSettings["complete"]): boolean {
  if (before === "any" || asked === "all") return false;
  if (before === "all" || asked === "any") return true;
  return before.some((cluster) => !asked.includes(cluster));
}

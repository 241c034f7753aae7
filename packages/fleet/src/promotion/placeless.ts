import type { Cell, CellSlot } from "./cells.ts";
import { canHold, pairSlots } from "./plan.ts";
import type { Role } from "./slot.ts";

/** A version of an environment that has no place in the next one. */
export interface Placeless {
  slot: CellSlot;
  /** What it would go to, and that has no field for it. */
  beside?: CellSlot;
  /** Subjects of the same kind that the next environment has and this one does not: one of them may be misspelt. */
  others: string[];
  /** It stands in an object that the environment has for itself, and that the next one need not have. */
  own: boolean;
}

const telling: readonly Role[] = ["tag", "digest", "version", "value"];

/** The versions of an app that nothing in the next environment could take, whether or not they differ. Sorted as slots are. */
export function placelessSlots(source: Cell, target: Cell | undefined): Placeless[] {
  const pairs = pairSlots(source.slots, target?.slots ?? []);
  const files = new Set(target?.slots.map(fileOf));
  const left = pairs.flatMap(({ from, to }) => (to && !from ? to : []));
  return pairs.flatMap(({ from: slot, to }): Placeless[] => {
    const roles = telling.filter((role) => slot?.version[role] !== undefined);
    if (!slot || roles.length === 0 || (to && roles.some((role) => canHold(to, role)))) return [];
    const others = left.filter(({ kind }) => kind === slot.kind).map(({ subject }) => subject);
    const own = slot.kind === "image" && target !== undefined && !to && !files.has(fileOf(slot));
    return [{ slot, ...(to ? { beside: to } : {}), others, own }];
  });
}

/** The file of a slot, with environment and cluster left open. */
function fileOf({ id }: CellSlot): string {
  return id.split(" ", 1)[0] ?? id;
}

export {
  appOf,
  type Cell,
  type CellSlot,
  describeVersion,
  groupCells,
  type OwnedSlot,
  ownedEntries,
  ownedReader,
  type PlacedSlot,
} from "./cells.ts";
export { applyEdits, type Edit, editsOf, rawOf, type SlotEdits } from "./edit.ts";
export { orderEnvironments, sourcesOf } from "./graph.ts";
export { type LoosenedGate, loosenedGates } from "./loosened.ts";
export { type Placeless, placelessSlots } from "./placeless.ts";
export { type Owner, ownerOfOverlay, type Placement, placeFiles, placementOf } from "./placement.ts";
export {
  canHold,
  type Move,
  type Plan,
  type PlanNote,
  planPromotion,
  planRollback,
  planSet,
} from "./plan.ts";
export { type ChangedOverlay, type SharedChange, sharedChanges } from "./reach.ts";
export { mayHoldVersions, readVersions } from "./read.ts";
export { parseReference, writeReference } from "./reference.ts";
export {
  defaultPromotion,
  type GateSettings,
  gatesOf,
  type PromotionSettings,
  parseDuration,
} from "./settings.ts";
export type { FileVersions, Immovable, Part, Role, Slot, SlotKind, Version } from "./slot.ts";

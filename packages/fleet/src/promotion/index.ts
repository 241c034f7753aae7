export { applyEdits, type Edit, editsOf, rawOf, type SlotEdits } from "./edit.ts";
export { mayHoldVersions, readVersions } from "./read.ts";
export { parseReference, writeReference } from "./reference.ts";
export type { FileVersions, Immovable, Part, Role, Slot, SlotKind, Version } from "./slot.ts";

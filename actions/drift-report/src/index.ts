export { findExtras } from "./additions.ts";
export { attribute } from "./attribution.ts";
export { compareObjects, type Difference } from "./comparison.ts";
export { equalQuantity } from "./quantity.ts";
export { readDefinitions, shapeOf } from "./shape.ts";

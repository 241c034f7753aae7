export { freezes, windows } from "./calendar.ts";
export { checks, lastOf, type Status } from "./checks.ts";
export { complete } from "./complete.ts";
export { drift } from "./drift.ts";
export { type Hold, hold } from "./hold.ts";
export { limit } from "./limit.ts";
export { compareVersions, order, type Step } from "./order.ts";
export { reports } from "./reports.ts";
export { type SoakFacts, soak } from "./soak.ts";

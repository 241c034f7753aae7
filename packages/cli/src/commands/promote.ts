import { promotionCommand } from "./promotion.ts";

/** `gitops promote`: moves every version whose gates are open one environment on. */
export const promote = promotionCommand(
  "promote",
  "Move versions whose gates are open to the next environment.",
);

import { promotionCommand } from "./promotion.ts";

/** `gitops status`: the board. */
export const status = promotionCommand(
  "status",
  "Show what each app runs in each environment, since when, and what comes next.",
);

import { promotionCommand } from "./promotion.ts";

/** `gitops resume`: lifts a hold. */
export const resume = promotionCommand("resume", "Lift the hold on an app in an environment.");

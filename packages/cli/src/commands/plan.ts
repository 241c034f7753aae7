import { promotionCommand } from "./promotion.ts";

/** `gitops plan`: what `gitops promote` would do now. */
export const plan = promotionCommand("plan", "Say what promote would do now, and write nothing.");

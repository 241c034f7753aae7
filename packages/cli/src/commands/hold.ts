import { promotionCommand } from "./promotion.ts";

/** `gitops hold`: an app stays as it is in an environment. */
export const hold = promotionCommand("hold", "Hold an app as it is in an environment.", {
  reason: { type: "string", value: "TEXT", help: "why, for whoever asks next (required)" },
  owner: { type: "string", value: "NAME", help: "who holds it", standard: "the user.name of Git" },
  until: { type: "string", value: "TIME", help: "when the hold ends by itself" },
});

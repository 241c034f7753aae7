import { promotionCommand } from "./promotion.ts";

/** `gitops rollback`: the versions before, and a hold. */
export const rollback = promotionCommand(
  "rollback",
  "Give an app back the versions it had before in an environment, and hold it there.",
  {
    to: {
      type: "string",
      value: "WHAT",
      help: "the commit or version to return to (default: the one before)",
      raw: true,
    },
    exact: { type: "boolean", help: "restore the other files beside the versions as well" },
    reason: { type: "string", value: "TEXT", help: "why, for whoever asks next" },
    owner: { type: "string", value: "NAME", help: "who holds it", standard: "the user.name of Git" },
    until: { type: "string", value: "TIME", help: "when the hold ends by itself" },
  },
);

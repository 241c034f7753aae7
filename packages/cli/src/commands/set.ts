import { promotionCommand } from "./promotion.ts";

/** `gitops set`: a version enters an environment. */
export const set = promotionCommand("set", "Let a version enter an environment.", {
  tag: { type: "string", value: "TAG", help: "the image tag" },
  digest: { type: "string", value: "DIGEST", help: "the image digest, together with its tag" },
  version: { type: "string", value: "VERSION", help: "the version of a chart, or a revision" },
  image: { type: "string", value: "NAME", help: "which image or chart, where an app has several" },
});

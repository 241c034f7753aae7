import { expect, test } from "vitest";
import type { Pair } from "../../../actions/render-overlays/src/compare.ts";
import type { Outcome } from "../../../actions/render-overlays/src/rendering.ts";
import { findingsOf, judge } from "../../../actions/render-overlays/src/verdict.ts";

/** One side of an overlay, as far as a verdict looks at it. */
const side = (digest: string) =>
  ({
    overlay: { kind: "kustomize", options: { values: [], apiVersions: [] } },
    closure: { digest },
  }) as unknown as NonNullable<Pair["head"]>;

const reasons: [{ code: string; message: string }] = [{ code: "remote-base", message: "m" }];
const outcome = (status: "failed" | "rejected" | "withheld"): Outcome => ({ status, reasons });

// The actions that come after count a rejected overlay as skipped, and a failed one as not checked.
test.each([
  ["failed", "same", "failed"],
  ["failed", "other", "failed"],
  ["rejected", "same", "failed"],
  ["rejected", "other", "failed"],
  ["withheld", "other", "failed"],
  ["withheld", "same", "rejected"],
] as const)("an overlay that is %s, of %s input, is %s in the index", (status, input, expected) => {
  const pair: Pair = { id: "apps/a", base: side("same"), head: side(input), expected: "unknown" };
  const judged = judge(pair, { base: outcome(status), head: outcome(status) }, true);
  expect(judged.status).toBe(expected);
  // What is an error here, and nothing else, is failed there.
  const [finding] = findingsOf(judged, "head", true);
  expect(finding!.severity).toBe(expected === "failed" ? "error" : "notice");
});

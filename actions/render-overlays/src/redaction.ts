import { secretsInSources, withoutCredentials } from "@gitops-actions/fleet";
import { createRedactor, type Manifests, type Redactor, type RedactorInput } from "@gitops-actions/manifest";
import type { RenderedPair } from "./pairs.ts";
import type { Outcome, Reason } from "./rendering.ts";
import type { Side } from "./side.ts";

/** What hides secrets in all that is published. */
export interface Redactors {
  /** For the changes of resources. */
  changes: Redactor;
  /**
   * For what tools say. It also knows what stands in the sources of overlays that failed: a tool quotes the values it
   * stumbles over, and no rendered resource holds them.
   */
  redactMessage: (text: string) => string;
}

/** The redactors of a run. Equal values have equal numbers in both. */
export async function makeRedactors(
  rendered: readonly RenderedPair[],
  sides: { head: Side; base?: Side },
  key: Uint8Array,
): Promise<Redactors> {
  const inputs = rendered.flatMap((each) =>
    (["base", "head"] as const).map((side): RedactorInput => {
      return { overlay: each.pair.id, side, resources: each[side]?.resources ?? [] };
    }),
  );
  const further: Buffer[] = [];
  for (const side of ["head", "base"] as const) {
    const closures = rendered.flatMap((each) =>
      hasMessages(each, side) && each.pair[side] ? [each.pair[side].closure] : [],
    );
    const tree = sides[side]?.tree;
    if (tree && closures.length > 0) further.push(...(await secretsInSources(tree, closures)));
  }
  const changes = createRedactor(inputs, key);
  const messages = further.length > 0 ? createRedactor(inputs, key, further) : changes;
  return { changes, redactMessage: (text) => withoutCredentials(messages.redactText(text)) };
}

function hasMessages(each: RenderedPair, side: "base" | "head"): boolean {
  const outcome = each.outcomes[side];
  if (!outcome) return false;
  if (outcome.status !== "rendered") return true;
  return outcome.warnings.length > 0 || (each[side]?.problems.length ?? 0) > 0;
}

/** The pairs with every message as it may be published. What is made from them (fingerprints too) holds no secret. */
export function redactMessages(
  rendered: readonly RenderedPair[],
  redact: (text: string) => string,
): RenderedPair[] {
  const reason = (each: Reason): Reason => ({ ...each, message: redact(each.message) });
  const outcome = (each: Outcome): Outcome => {
    if (each.status === "rendered") return { ...each, warnings: each.warnings.map(redact) };
    const [first, ...more] = each.reasons;
    return { ...each, reasons: [reason(first), ...more.map(reason)] };
  };
  const manifests = (each: Manifests): Manifests => ({
    ...each,
    problems: each.problems.map((problem) => ({ ...problem, message: redact(problem.message) })),
  });
  return rendered.map((each) => {
    const { base, head } = each.outcomes;
    const first = head && outcome(head);
    // What is proven unchanged has one outcome for both sides.
    const second = base && (base === head ? first : outcome(base));
    return {
      ...each,
      outcomes: { ...(second && { base: second }), ...(first && { head: first }) },
      ...(each.reason && { reason: reason(each.reason) }),
      ...(each.base && { base: manifests(each.base) }),
      ...(each.head && { head: manifests(each.head) }),
    };
  });
}

import type { Verdict } from "@gitops-actions/engine";
import type { ServerAnswer } from "./ask.ts";
import { ruleOf } from "./reasons.ts";

/** What the server and the schema say of one document, and why they differ where they do. */
export type Judgement = {
  what: string;
  accepted: boolean;
  server: string;
  ours: string;
} & (
  | { verdict: "same" }
  /** Refused by a rule of the server that is not for schemas. */
  | { verdict: "rule"; rule: string }
  /** Refused here because it cannot work, though the server takes it. */
  | { verdict: "on purpose" }
  /** Refused here, accepted there. */
  | { verdict: "too strict" }
  /** Passes here, and the server cannot even read it. */
  | { verdict: "not decoded" }
  /** Passes here, and the server refuses it for a reason that nobody has named. */
  | { verdict: "unexplained" }
);

/** Compares one answer of the server with one verdict. */
export function classify(what: string, answer: ServerAnswer, verdict: Verdict): Judgement {
  const valid = verdict.status === "valid";
  const ours =
    verdict.status === "invalid"
      ? verdict.problems.map(({ field, message }) => `${field} ${message}`).join("; ")
      : verdict.status;
  const base = { what, accepted: answer.accepted, server: answer.message, ours };
  if (answer.accepted === valid) return { ...base, verdict: "same" };
  if (answer.accepted)
    return { ...base, verdict: isStricterOnPurpose(what, ours) ? "on purpose" : "too strict" };
  const undecoded = /^400 .*(strict decoding error|cannot be handled|cannot unmarshal|unmarshal)/s;
  if (undecoded.test(answer.message)) return { ...base, verdict: "not decoded" };
  const rule = ruleOf(answer.message);
  return rule ? { ...base, verdict: "rule", rule } : { ...base, verdict: "unexplained" };
}

/** The judgements for which there is no reason. */
export function unexplained(judgements: readonly Judgement[]): Judgement[] {
  return judgements.filter(({ verdict }) => ["too strict", "not decoded", "unexplained"].includes(verdict));
}

/** What the server takes and we refuse because it cannot work; docs/schemas.md says so. */
function isStricterOnPurpose(what: string, ours: string): boolean {
  // The server makes up a name for a LimitRange; kubectl, Argo CD and Flux cannot apply what has none.
  if (/^LimitRange: .* \/metadata/.test(what)) return /^\/metadata/.test(ours);
  // A CronJob is taken whose Jobs will all be refused for their labels or annotations.
  if (/^\/spec\/jobTemplate\/metadata\/(?:labels|annotations)/.test(ours)) return true;
  // Pods and claims that older servers refuse only when the StatefulSet's controller makes them.
  if (/^StatefulSet: /.test(what) && /^\/spec\/(?:template\/spec|volumeClaimTemplates)\b/.test(ours))
    return true;
  // An image with space around it, which is found out only when there is a Pod.
  if (/\/image must be text /.test(ours)) return true;
  // The selector of a metric that no label can match.
  if (/^\/spec\/metrics\/.*\/(?:matchLabels|matchExpressions)\//.test(ours)) return true;
  // `items: 5` in a definition is read as if it were not there.
  if (/\/items expected array or object/.test(ours)) return true;
  // A quantity without a digit ("Gi") is read as zero.
  return / must be a quantity /.test(ours) && what.includes("retyped");
}

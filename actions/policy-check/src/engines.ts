import type { PolicyEngine, PolicyFailure, PolicyOutcome, PolicyStatement } from "@gitops-actions/engine";
import type { Batch } from "@gitops-actions/fleet";
import { formatIdentity, isObject, type JsonObject } from "@gitops-actions/manifest";
import { listSome, type Unchecked } from "@gitops-actions/report";

/** All that one engine says of all batches. */
export interface EngineRun {
  name: PolicyEngine;
  /** One for each batch, in their order. Statements name documents by their position in the batch. */
  outcomes: PolicyOutcome[];
  /** What failed for all batches alike: a policy that does not compile. */
  failures: PolicyFailure[];
  /** What was left out, and why. */
  skipped: Unchecked[];
  notes: string[];
}

export function emptyOutcome(): PolicyOutcome {
  return { statements: [], counts: [], failures: [] };
}

/** Counts of one policy in one batch, from what was said of its documents. */
export function countStatements(
  policy: string,
  evaluated: number,
  matched: number,
  statements: readonly PolicyStatement[],
): PolicyOutcome["counts"][number] {
  const documents = (status: PolicyStatement["status"]): Set<number | undefined> =>
    new Set(
      statements
        .filter((each) => each.policy === policy && each.status === status)
        .map((each) => each.document),
    );
  const [failed, warned, waived] = [documents("failed"), documents("warned"), documents("waived")];
  const silent = matched - new Set([...failed, ...warned, ...waived]).size;
  return {
    policy,
    evaluated,
    matched,
    passed: Math.max(0, silent),
    warned: warned.size,
    failed: failed.size,
    notEvaluated: [],
  };
}

/**
 * What annotations of a policy say of it: Kyverno's, and `description` as Gatekeeper's library has it. Where several
 * objects make a policy, the first that says something counts.
 */
export function annotationsOf(
  ...objects: readonly (JsonObject | undefined)[]
): Pick<PolicyStatement, "description" | "url"> {
  const found = (key: string): string | undefined => {
    for (const object of objects) {
      const metadata = object && isObject(object.metadata) ? object.metadata : {};
      const annotations = isObject(metadata.annotations) ? metadata.annotations : {};
      const value = annotations[`policies.kyverno.io/${key}`] ?? annotations[key];
      if (typeof value === "string" && value.trim() !== "") return value.replace(/\s+/g, " ").trim();
    }
    return undefined;
  };
  const [description, url] = [found("description"), found("url")];
  return { ...(description !== undefined && { description }), ...(url !== undefined && { url }) };
}

/** What of a policy (`id`) is said of no creation, listed as left out; nothing where all of it is. */
export function skipOperations(id: string, name: string, parts: readonly string[]): Unchecked[] {
  if (parts.length === 0) return [];
  const message = `${name}: everything rendered is taken for new, so what is said of updates and deletions is left to the cluster: ${parts.join("; ")}`;
  return [{ kind: "policy", id, code: "other-operation", message }];
}

/** Resources by their positions: the first ten names, and how many there are more. */
export function listResources(documents: Iterable<number>, items: Batch["items"]): string {
  const names = [...new Set(documents)]
    .map((document) => formatIdentity(items[document]!.resource.id))
    .sort();
  return listSome(names, 10);
}

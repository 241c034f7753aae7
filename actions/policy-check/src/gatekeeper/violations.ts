import {
  type GatorRun,
  isGatorPolicy,
  type PolicyFailure,
  type PolicyStatement,
} from "@gitops-actions/engine";
import type { Batch, PolicyObject } from "@gitops-actions/fleet";
import type { JsonObject } from "@gitops-actions/manifest";
import { annotationsOf, countStatements, type EngineRun, listResources } from "../engines.ts";
import { unknownReasons } from "../namespaces.ts";
import { placeOf } from "../policies/names.ts";
import { definitionsIn, inScope, scopeOf, unknownScope } from "../scope.ts";
import { addUnplaced, type Unplaced } from "../unplaced.ts";
import { type AskedConstraint, isInNone } from "./asked.ts";
import { compileProblem, isLetPass } from "./celtemplates.ts";

type Violations = Extract<GatorRun, { ok: true }>["violations"];

/** What a batch was asked, and what came of it. */
export interface GatekeeperAnswer {
  index: number;
  asked: readonly AskedConstraint[];
  result: Extract<GatorRun, { ok: true }>;
}

/** Records what gator says of one batch: for each constraint its violations, and what it is about. */
export function record(
  run: EngineRun,
  { index, asked, result }: GatekeeperAnswer,
  templates: ReadonlyMap<string, PolicyObject>,
  batches: readonly Batch[],
  unplaced: Unplaced,
  auditWarn: boolean,
): void {
  const outcome = run.outcomes[index]!;
  const batch = batches[index]!;
  const { items } = batch;
  const evaluated = items.filter(({ resource }) => !isGatorPolicy(resource)).length;
  const definitions = definitionsIn(batches);
  const told = Map.groupBy(result.violations, ({ constraint }) => `${constraint.kind}/${constraint.name}`);
  const again = new Map(
    asked.flatMap((each, position) => (each.isUnplaced ? [[each.constraint, position] as const] : [])),
  );
  for (const [position, { constraint, isUnplaced }] of asked.entries()) {
    if (isUnplaced) continue;
    const { id, value } = constraint.resource;
    const policy = `${id.kind}/${id.name}`;
    const template = templates.get(id.kind);
    const scope = inScope(constraint, items, definitions);
    // What names no namespace is told by the constraint that stands for this one.
    const isTold = (document: number) =>
      scope.has(document) && !(again.has(constraint) && isInNone(items[document]!.resource));
    const said = (told.get(policy) ?? []).filter(({ document }) => isTold(document));
    const about = new Set([...result.matched[position]!].filter(isTold));
    const nowhere = nowhereIn(again.get(constraint), { asked, result, told }, items, definitions);
    for (const document of nowhere.about) if (scope.has(document)) about.add(document);
    said.push(...nowhere.said.filter(({ document }) => scope.has(document)));
    addUnplaced(unplaced, placeOf(constraint), [...nowhere.unplaced].filter(scope.has), items);

    const unmatched = said.filter(({ message }) => isUnmatched(message));
    const { violations, failures } = withoutProblems(
      said.filter((each) => !unmatched.includes(each)),
      template,
      policy,
      items,
    );
    run.failures.push(...failures.filter((each) => !isKnown(run.failures, each)));
    const statements = violations.map(
      ({ action, document, message }): PolicyStatement => ({
        status: statusOf(action, auditWarn),
        ...{ policy, rule: policy, document, message },
        ...annotationsOf(value, template?.resource.value),
      }),
    );
    outcome.statements.push(...statements);
    for (const { document } of violations) about.add(document);
    const count = countStatements(policy, evaluated, about.size, statements);
    const unknown = [
      ...unmatchedReasons(unmatched, items),
      ...scope.unknown(new Set([...result.matched[position]!, ...about])),
      ...unknownScope(nowhere.unknown, items),
    ];
    outcome.counts.push({ ...count, notEvaluated: [...new Set(unknown)] });
  }
}

interface Nowhere {
  said: Violations;
  about: Set<number>;
  /** Documents that violate the constraint if their namespace is one of those it is about. */
  unplaced: Set<number>;
  /** The same, where nobody knows whether they are in a namespace at all. */
  unknown: Set<number>;
}

/** What is said of resources that name no namespace: those that are in none, and those that get one later. */
function nowhereIn(
  position: number | undefined,
  {
    asked,
    result,
    told,
  }: Pick<GatekeeperAnswer, "asked" | "result"> & { told: ReadonlyMap<string, Violations> },
  items: Batch["items"],
  definitions: readonly JsonObject[],
): Nowhere {
  const found: Nowhere = { said: [], about: new Set(), unplaced: new Set(), unknown: new Set() };
  if (position === undefined) return found;
  const { kind, metadata } = asked[position]!.value as { kind: string; metadata: { name: string } };
  const own = (told.get(`${kind}/${metadata.name}`) ?? []).filter(({ document }) =>
    isInNone(items[document]!.resource),
  );
  const violating = new Set(own.map(({ document }) => document));
  for (const document of new Set([...result.matched[position]!, ...violating])) {
    const { resource } = items[document]!;
    if (!isInNone(resource)) continue;
    const scope = scopeOf(resource, definitions);
    // What does not violate it passes in any namespace.
    if (scope === "Cluster" || !violating.has(document)) found.about.add(document);
    else (scope === "Namespaced" ? found.unplaced : found.unknown).add(document);
  }
  found.said = own.filter(({ document }) => found.about.has(document));
  return found;
}

/** Violations without those that say how a template's CEL fails; these are failures, unless they deny in a cluster too. */
function withoutProblems(
  said: Violations,
  template: PolicyObject | undefined,
  policy: string,
  items: Batch["items"],
): { violations: Violations; failures: PolicyFailure[] } {
  const failures: PolicyFailure[] = [];
  const letPass = new Map<string, Set<number>>();
  const violations = said.filter(({ document, message }) => {
    const problem = template && compileProblem(template.resource.value, message);
    if (problem !== undefined) {
      const failure = { id: placeOf(template!), code: "not-compiled", message: problem };
      if (!isKnown(failures, failure)) failures.push(failure);
      return false;
    }
    if (!template || !isLetPass(template.resource.value, message)) return true;
    letPass.set(message, (letPass.get(message) ?? new Set()).add(document));
    return false;
  });
  for (const [message, documents] of letPass)
    failures.push({
      ...{ id: policy, code: "evaluation" },
      message: `${message} (failurePolicy Ignore lets it pass): ${listResources(documents, items)}`,
    });
  return { violations, failures };
}

function isKnown(failures: readonly PolicyFailure[], { id, code, message }: PolicyFailure): boolean {
  return failures.some((each) => each.id === id && each.code === code && each.message === message);
}

/** gator calls it a violation when it does not know a namespace: nothing was evaluated. */
function isUnmatched(message: string): boolean {
  return /^unable to match constraints: /.test(message);
}

/** Why: mostly labels of namespaces. Whatever it was, no verdict is no pass. */
function unmatchedReasons(unmatched: Violations, items: Batch["items"]): string[] {
  const isLabels = ({ message }: Violations[number]) => message.endsWith("missing Namespace");
  const labels = unmatched.filter(isLabels).map(({ document }) => document);
  const others = unmatched.filter((each) => !isLabels(each)).map(({ message }) => message);
  return [...unknownReasons(labels, items), ...new Set(others)];
}

function statusOf(action: string, auditWarn: boolean): "failed" | "warned" {
  return action !== "deny" && (action === "warn" || auditWarn) ? "warned" : "failed";
}

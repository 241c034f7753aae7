import { isGatorPolicy } from "@gitops-actions/engine";
import type { Batch, PolicyObject } from "@gitops-actions/fleet";
import { isObject, type JsonObject } from "@gitops-actions/manifest";
import type { EngineRun } from "../engines.ts";
import { placeOf } from "../policies/names.ts";
import { singleObjects } from "./duplicates.ts";
import { enforcementRefusal } from "./enforcement.ts";
import { reviewNeed } from "./review.ts";

/** Gatekeeper's objects as far as they can be evaluated. */
export interface GatekeeperPolicies {
  /** Templates, constraints whose template is there, and expansion templates. */
  policies: PolicyObject[];
  /** Kinds of which there is a constraint, evaluated or failed. */
  constrained: ReadonlySet<string>;
  /** Kinds whose template is failed: nothing more is said of their constraints. */
  failed: Set<string>;
}

export function isConstraint({ resource }: PolicyObject): boolean {
  return resource.id.group === "constraints.gatekeeper.sh";
}

export function isTemplate({ resource }: PolicyObject): boolean {
  return resource.id.kind === "ConstraintTemplate";
}

/** The kind that a template makes. */
export function kindOf({ resource }: PolicyObject): string {
  let value: unknown = resource.value;
  for (const step of ["spec", "crd", "spec", "names", "kind"])
    value = isObject(value as JsonObject) ? (value as JsonObject)[step] : undefined;
  return String(value ?? "");
}

/** Leaves out, and fails, what gator would not evaluate as a cluster does, or refuse. */
export function choosePolicies(
  objects: readonly PolicyObject[],
  allowNetwork: boolean,
  run: EngineRun,
): GatekeeperPolicies {
  const single = singleObjects(objects);
  run.failures.push(...single.failures);
  const failed = new Set(single.left.filter(isTemplate).map(kindOf));
  const constraints = Map.groupBy(single.objects.filter(isConstraint), ({ resource }) => resource.id.kind);
  const policies = single.objects.filter((object) => {
    const reason = isTemplate(object)
      ? (networkUse(object, allowNetwork) ?? requestUse(object, constraints.get(kindOf(object))))
      : isConstraint(object)
        ? invalidAction(object)
        : undefined;
    if (!reason) return true;
    if (isTemplate(object)) failed.add(kindOf(object));
    run.failures.push({ id: placeOf(object), ...reason });
    return false;
  });
  const constrained = new Set(objects.filter(isConstraint).map(({ resource }) => resource.id.kind));
  return { policies, constrained, failed };
}

interface Reason {
  code: string;
  message: string;
}

/** A template with a function that reaches the network or the environment would be run with it: gator forbids neither. */
function networkUse({ resource }: PolicyObject, allowNetwork: boolean): Reason | undefined {
  const found = /\b(?:http\.send|net\.lookup_ip_addr|opa\.runtime)\b/.exec(resource.text)?.[0];
  if (!found || allowNetwork) return undefined;
  return { code: "network", message: `it uses ${found}, which is not allowed (allow-network)` };
}

/** A template that decides by what only a request has would pass everything here. */
function requestUse(
  { resource }: PolicyObject,
  constraints: readonly PolicyObject[] = [],
): Reason | undefined {
  const values = constraints.map((each) => each.resource.value);
  const message = reviewNeed(resource.value, values);
  return message === undefined ? undefined : { code: "needs-request", message };
}

/** gator takes any word for an action, and takes what is scoped to nothing for enforced nowhere. */
function invalidAction({ resource }: PolicyObject): Reason | undefined {
  const message = enforcementRefusal(resource.value);
  return message === undefined ? undefined : { code: "invalid", message };
}

/** What a cluster's own settings exclude is looked at all the same: gator does not read them. */
export function noteConfig(others: readonly PolicyObject[], run: EngineRun): void {
  for (const { resource } of others) {
    if (resource.id.group !== "config.gatekeeper.sh" || resource.id.kind !== "Config") continue;
    const { spec } = resource.value;
    if (isObject(spec) && Array.isArray(spec.match) && spec.match.length > 0)
      run.notes.push(
        "Gatekeeper's Config excludes namespaces in the cluster; constraints are evaluated there all the same",
      );
  }
}

/** gator cannot be asked about its own policies; a constraint that could be about them is said to leave them out. */
export function noteOwnPolicies(
  constraints: readonly PolicyObject[],
  batches: readonly Batch[],
  run: EngineRun,
): void {
  const isRendered = batches.some(({ items }) => items.some(({ resource }) => isGatorPolicy(resource)));
  if (isRendered && constraints.some(isAboutPolicies))
    run.notes.push(
      "no constraint was asked about Gatekeeper's own templates, constraints, expansions and mutations: gator takes them for policies",
    );
}

function isAboutPolicies({ resource }: PolicyObject): boolean {
  const { spec } = resource.value;
  const match = isObject(spec) && isObject(spec.match) ? spec.match : {};
  const kinds = Array.isArray(match.kinds) ? match.kinds.filter(isObject) : [];
  const isWide = ({ apiGroups }: JsonObject) =>
    !Array.isArray(apiGroups) ||
    apiGroups.length === 0 ||
    apiGroups.some((group) => group === "*" || String(group).endsWith(".gatekeeper.sh"));
  return kinds.length === 0 || kinds.some(isWide);
}

/** The constraints whose template is there; the others are failed, and templates without constraints are listed. */
export function withTemplates(
  { policies, constrained, failed }: GatekeeperPolicies,
  run: EngineRun,
): PolicyObject[] {
  const templates = new Map(policies.filter(isTemplate).map((each) => [kindOf(each), each]));
  const constraints = policies.filter(isConstraint);
  const known = new Set([...run.skipped, ...run.failures].map(({ id, code }) => `${id} ${code}`));
  for (const [kind, { path }] of templates) {
    if (constrained.has(kind) || known.has(`${path} no-constraint`)) continue;
    const message = `the template ${kind} has no constraint, so it is asked nothing`;
    run.skipped.push({ kind: "policy", id: path, code: "no-constraint", message });
  }
  return constraints.filter((constraint) => {
    const { kind, name } = constraint.resource.id;
    if (templates.has(kind)) return true;
    const [id, code] = [placeOf(constraint), "no-template"];
    const message = `no ConstraintTemplate makes the kind ${kind} of the constraint ${name}`;
    // That a template is failed is said of it, and once is enough.
    if (!failed.has(kind) && !known.has(`${id} ${code}`)) run.failures.push({ id, code, message });
    return false;
  });
}

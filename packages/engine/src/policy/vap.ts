import { isObject, type Json, type JsonObject, writeJson } from "@gitops-actions/manifest";

/**
 * ValidatingAdmissionPolicies through the Kyverno CLI, which compiles and evaluates them with the API server's own code,
 * and then gets what is around it wrong: with a binding it ignores the policy's matchConstraints, keeps the last
 * binding only, and the first validation that says no (pkg/admissionpolicy/validate.go). So each policy is taken
 * apart into policies that the CLI evaluates whole: one that only matches, and one for each validation.
 */
export interface AdmissionPlan {
  /** Policies and bindings for `runKyverno`. */
  policies: string[];
  checks: AdmissionCheck[];
}

/** One validation under one binding and one parameter. */
export interface AdmissionCheck {
  policy: string;
  /** Position of the validation, from 0. */
  index: number;
  actions: string[];
  failurePolicy: string;
  /** Only resources in this namespace: a parameter may come from the resource's own. */
  namespace?: string;
  /** Policies that must have a row for a resource before the validation counts. */
  matches: string[];
  /** The policy whose row is the validation's. */
  validates: string;
  /** Policies that fail where a match condition cannot be evaluated; asked only where that would pass in silence. */
  conditions: string[];
}

/** An object that bindings may name as a parameter. */
export interface AdmissionParameter {
  value: JsonObject;
  /** The name under which the CLI is given it. */
  alias: string;
}

interface Named {
  name: string;
  spec: JsonObject;
}

/**
 * The CLI panics on a parameter that is one of the resources too, and of two that share a name it takes either, whatever
 * their namespaces: such a parameter gets a name of its own.
 */
export function parameterAlias(name: string, namespace: string): string {
  return `${name}-as-parameter${namespace && `-of-${namespace}`}`;
}

/**
 * Takes policies and bindings apart. What has no counterpart makes no check. Parameters are chosen here, as
 * k8s.io/apiserver's CollectParams does: the CLI knows no selectors, no namespace of a resource's own, and takes nothing
 * for a parameter where there is none. `namespaces` are those of the resources.
 */
export function planAdmission(
  policies: readonly JsonObject[],
  bindings: readonly JsonObject[],
  parameters: readonly AdmissionParameter[] = [],
  namespaces: readonly string[] = [],
): AdmissionPlan {
  const plan: AdmissionPlan = { policies: [], checks: [] };
  const bound = bindings.map(named);
  for (const policy of policies.map(named)) {
    const own = bound.filter(({ spec }) => spec.policyName === policy.name);
    for (const binding of own) {
      const scopes = scopesOf(policy.spec, binding.spec, parameters, namespaces);
      addBinding(plan, policy, binding, scopes);
    }
  }
  return plan;
}

/** A parameter with the namespace whose resources it is for; none where every resource's is meant, or none is there. */
interface Scope {
  namespace?: string;
  parameter?: AdmissionParameter | "absent";
}

function scopesOf(
  { paramKind }: JsonObject,
  { paramRef }: JsonObject,
  parameters: readonly AdmissionParameter[],
  namespaces: readonly string[],
): Scope[] {
  if (!isObject(paramRef) || !isObject(paramKind)) return [{}];
  const kind = parameters.filter(
    ({ value }) => value.apiVersion === paramKind.apiVersion && value.kind === paramKind.kind,
  );
  const chosen = (namespace: string): Scope["parameter"][] => {
    const found = kind.filter(({ value }) => namespaceOf(value) === namespace && isChosen(value, paramRef));
    if (found.length > 0) return found;
    return paramRef.parameterNotFoundAction === "Allow" ? [] : ["absent"];
  };
  const isNamespaced = kind.some(({ value }) => namespaceOf(value) !== "");
  if (typeof paramRef.namespace === "string" && paramRef.namespace !== "")
    return chosen(paramRef.namespace).map((parameter) => ({ parameter }) as Scope);
  if (!isNamespaced) return chosen("").map((parameter) => ({ parameter }) as Scope);
  return namespaces.flatMap((namespace) =>
    chosen(namespace).map((parameter) => ({ namespace, parameter }) as Scope),
  );
}

function namespaceOf({ metadata }: JsonObject): string {
  return isObject(metadata) && typeof metadata.namespace === "string" ? metadata.namespace : "";
}

function isChosen({ metadata }: JsonObject, { name, selector }: JsonObject): boolean {
  const own = isObject(metadata) ? metadata : {};
  if (typeof name === "string") return own.name === name;
  return isSelected(isObject(own.labels) ? own.labels : {}, isObject(selector) ? selector : {});
}

/** A label selector: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors. */
function isSelected(labels: JsonObject, { matchLabels, matchExpressions }: JsonObject): boolean {
  const equal = Object.entries(isObject(matchLabels) ? matchLabels : {});
  if (equal.some(([key, value]) => labels[key] !== value)) return false;
  return (Array.isArray(matchExpressions) ? matchExpressions : []).filter(isObject).every((each) => {
    const label = labels[String(each.key)];
    const isIn = label !== undefined && Array.isArray(each.values) && each.values.includes(label);
    if (each.operator === "In") return isIn;
    if (each.operator === "NotIn") return !isIn;
    return (label !== undefined) === (each.operator === "Exists");
  });
}

function addBinding(plan: AdmissionPlan, policy: Named, binding: Named, scopes: readonly Scope[]): void {
  const { validations, matchConstraints, ...rest } = policy.spec;
  // Audit annotations alone refuse nothing.
  if (!Array.isArray(validations) || validations.length === 0) return;
  const add = (spec: JsonObject): string => {
    const name = `gitops-actions-${plan.policies.length}`;
    plan.policies.push(write(name, spec));
    return name;
  };
  const match = (constraints: Json | undefined): string =>
    add({ matchConstraints: withRules(constraints), validations: [{ expression: "true" }] });
  const everything = { matchConstraints: withRules(undefined) };
  const matches = [match(matchConstraints)];
  if (isObject(binding.spec.matchResources)) matches.push(match(binding.spec.matchResources));
  const { validationActions } = binding.spec;
  const failurePolicy = typeof rest.failurePolicy === "string" ? rest.failurePolicy : "Fail";
  for (const { namespace, parameter } of scopes) {
    // A binding is needed for parameters only; without one the CLI evaluates the policy as it stands.
    const bind = (name: string): string => {
      if (parameter !== undefined && parameter !== "absent")
        plan.policies.push(writeBinding(name, bindingTo(name, parameter)));
      return name;
    };
    const { matchConditions, ...others } = rest;
    const conditions =
      failurePolicy === "Ignore" && Array.isArray(matchConditions)
        ? matchConditions
            .filter(isObject)
            .map(({ expression }) =>
              bind(add({ ...others, ...everything, validations: [{ expression: expression! }] })),
            )
        : [];
    const asked = parameter === "absent" ? [noParameter] : validations;
    for (const [index, validation] of asked.entries()) {
      const spec = { ...(parameter === "absent" ? {} : rest), ...everything, validations: [validation] };
      plan.checks.push({
        ...{ policy: policy.name, index, failurePolicy, matches, conditions, validates: bind(add(spec)) },
        actions: Array.isArray(validationActions) ? validationActions.map(String) : ["Deny"],
        ...(namespace !== undefined && { namespace }),
      });
    }
  }
}

/** As the API server puts it. */
const noParameter: JsonObject = {
  expression: "false",
  message: "no params found for policy binding with `Deny` parameterNotFoundAction",
};

function bindingTo(policyName: string, { value, alias }: AdmissionParameter): JsonObject {
  const namespace = namespaceOf(value);
  const paramRef = { name: alias, ...(namespace && { namespace }), parameterNotFoundAction: "Deny" };
  return { policyName, paramRef, validationActions: ["Deny"] };
}

/** Without rules a binding means everything that its policy matches. */
function withRules(constraints: Json | undefined): JsonObject {
  const given = isObject(constraints) ? constraints : {};
  const rules = given.resourceRules;
  if (Array.isArray(rules) && rules.length > 0) return given;
  return {
    ...given,
    resourceRules: [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["CREATE"], resources: ["*"] }],
  };
}

function write(name: string, spec: JsonObject): string {
  return writeJson({
    ...{
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata: { name },
    },
    spec,
  });
}

function writeBinding(name: string, spec: JsonObject): string {
  return writeJson({
    ...{
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name },
    },
    spec,
  });
}

function named(value: JsonObject): Named {
  const metadata = isObject(value.metadata) ? value.metadata : {};
  return { name: String(metadata.name ?? ""), spec: isObject(value.spec) ? value.spec : {} };
}

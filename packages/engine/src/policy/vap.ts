import { isObject, type Json, type JsonObject, writeJson } from "@gitops-actions/manifest";

/**
 * ValidatingAdmissionPolicies through the Kyverno CLI, which compiles and evaluates them with the API server's own code,
 * and then gets what is around it wrong: with a binding it ignores the policy's matchConstraints, keeps the last
 * binding only, and the first validation that says no (pkg/admissionpolicy/validate.go). So each binding of a policy
 * becomes a policy of its own with all validations, which tells what passes; only about what does not, each validation
 * is asked alone. The CLI compiles every policy anew for each resource that it is about, which is what takes its time.
 */
export interface AdmissionPlan {
  /** Policies and bindings for `runKyverno`. */
  policies: string[];
  checks: AdmissionCheck[];
  /** Parameters that are not there where a binding allows that, so that its policy is not asked. */
  allowed: { policy: string; binding: string; parameter: string }[];
}

/** One policy under one binding and one parameter. */
export interface AdmissionCheck {
  policy: string;
  binding: string;
  actions: string[];
  failurePolicy: string;
  /** Only resources in this namespace: a parameter may come from the resource's own. */
  namespace?: string;
  /** The policy whose row is the verdict of all validations; it has none for what the policy is not about. */
  whole: string;
  /** Policies that must have a row for a resource as well: what the binding narrows it to. */
  narrowed: string[];
  /** One for each validation, to be asked about what did not pass; empty where there is one validation. */
  validations: AdmissionPart[];
  /** Its parameter has numbers, all of which the CLI takes for doubles: it cannot compute with them as a server does. */
  hasDoubles: boolean;
  /** For match conditions whose failure lets a resource pass in silence: they fail with them. */
  conditions: AdmissionPart[];
}

/** A question of its own, for another start. */
export interface AdmissionPart {
  name: string;
  policies: string[];
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
  const plan: AdmissionPlan = { policies: [], checks: [], allowed: [] };
  const bound = bindings.map(named);
  for (const policy of policies.map(named)) {
    const own = bound.filter(({ spec }) => spec.policyName === policy.name);
    for (const binding of own) {
      const scopes = scopesOf(policy.spec, binding.spec, parameters, namespaces);
      addBinding(plan, policy, binding, scopes);
      if (scopes.length === 0)
        plan.allowed.push({
          ...{ policy: policy.name, binding: binding.name },
          parameter: describeParameter(policy.spec, binding.spec),
        });
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

function describeParameter({ paramKind }: JsonObject, { paramRef }: JsonObject): string {
  const { kind } = isObject(paramKind) ? paramKind : {};
  const { name, namespace } = isObject(paramRef) ? paramRef : {};
  const where = typeof namespace === "string" && namespace !== "" ? `${namespace}/` : "";
  return typeof name === "string" ? `${String(kind)} ${where}${name}` : `${String(kind)} of its selector`;
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
  const { validationActions, matchResources } = binding.spec;
  const id = `gitops-actions-${plan.policies.length}`;
  const narrowed = isObject(matchResources) ? [`${id}-narrowed`] : [];
  for (const name of narrowed)
    plan.policies.push(
      write(name, { matchConstraints: withRules(matchResources), validations: [{ expression: "true" }] }),
    );
  const failurePolicy = typeof rest.failurePolicy === "string" ? rest.failurePolicy : "Fail";
  for (const [position, { namespace, parameter }] of scopes.entries()) {
    const part = (suffix: string, spec: JsonObject, constraints: Json | undefined): AdmissionPart => {
      const name = `${id}-${position}${suffix}`;
      const all = withRules(constraints);
      const policies = [write(name, { ...spec, matchConstraints: all })];
      // Needed for parameters only: without a binding the CLI evaluates the policy as it stands.
      if (parameter !== undefined && parameter !== "absent")
        policies.push(writeBinding(name, { ...bindingTo(name, parameter), matchResources: all }));
      return { name, policies };
    };
    const { matchConditions, ...others } = rest;
    const isSilent = failurePolicy === "Ignore" && parameter !== "absent" && Array.isArray(matchConditions);
    const conditions = (isSilent ? matchConditions : [])
      .filter(isObject)
      .map(({ expression }, index) =>
        part(`-condition-${index}`, { ...others, validations: [{ expression: expression! }] }, undefined),
      );
    const asked = parameter === "absent" ? [noParameter] : validations;
    const spec = parameter === "absent" ? {} : rest;
    const whole = part("", { ...spec, validations: asked }, matchConstraints);
    plan.policies.push(...whole.policies);
    plan.checks.push({
      ...{
        policy: policy.name,
        binding: binding.name,
        failurePolicy,
        whole: whole.name,
        narrowed,
        conditions,
      },
      validations:
        asked.length === 1
          ? []
          : asked.map((validation, index) =>
              part(`-${index}`, { ...spec, validations: [validation] }, matchConstraints),
            ),
      actions: Array.isArray(validationActions) ? validationActions.map(String) : ["Deny"],
      hasDoubles: parameter !== undefined && parameter !== "absent" && hasNumbers(parameter.value),
      ...(namespace !== undefined && { namespace }),
    });
  }
}

function hasNumbers(value: Json): boolean {
  if (typeof value !== "object" || value === null) return typeof value === "number";
  return Object.values(value).some(hasNumbers);
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

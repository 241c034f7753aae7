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

/** One validation under one binding. */
export interface AdmissionCheck {
  policy: string;
  /** Position of the validation, from 0. */
  index: number;
  actions: string[];
  failurePolicy: string;
  /** Policies that must have a row for a resource before the validation counts. */
  matches: string[];
  /** The policy whose row is the validation's. */
  validates: string;
}

interface Named {
  name: string;
  spec: JsonObject;
}

/** Takes policies and bindings apart. What has no counterpart makes no check. */
export function planAdmission(
  policies: readonly JsonObject[],
  bindings: readonly JsonObject[],
): AdmissionPlan {
  const plan: AdmissionPlan = { policies: [], checks: [] };
  const bound = bindings.map(named);
  for (const policy of policies.map(named)) {
    const own = bound.filter(({ spec }) => spec.policyName === policy.name);
    for (const binding of own) addBinding(plan, policy, binding);
  }
  return plan;
}

function addBinding(plan: AdmissionPlan, policy: Named, binding: Named): void {
  const prefix = `gitops-actions-${plan.checks.length}`;
  const { validations, matchConstraints, ...rest } = policy.spec;
  // Audit annotations alone refuse nothing.
  if (!Array.isArray(validations) || validations.length === 0) return;
  const matches: string[] = [];
  const match = (suffix: string, constraints: Json | undefined): void => {
    const name = `${prefix}-${suffix}`;
    matches.push(name);
    plan.policies.push(
      write(name, { matchConstraints: withRules(constraints), validations: [{ expression: "true" }] }),
    );
  };
  match("policy", matchConstraints);
  if (isObject(binding.spec.matchResources)) match("binding", binding.spec.matchResources);
  const { paramRef, validationActions } = binding.spec;
  for (const [index, validation] of validations.entries()) {
    const name = `${prefix}-${index}`;
    plan.policies.push(
      write(name, { ...rest, matchConstraints: withRules(undefined), validations: [validation] }),
    );
    // A binding is needed for parameters only; without one the CLI evaluates the policy as it stands.
    if (isObject(paramRef))
      plan.policies.push(writeBinding(name, { policyName: name, paramRef, validationActions: ["Deny"] }));
    plan.checks.push({
      ...{ policy: policy.name, index, matches, validates: name },
      actions: Array.isArray(validationActions) ? validationActions.map(String) : ["Deny"],
      failurePolicy: typeof policy.spec.failurePolicy === "string" ? policy.spec.failurePolicy : "Fail",
    });
  }
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

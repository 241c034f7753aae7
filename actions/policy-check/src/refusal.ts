import { isObject, type Json, type JsonObject } from "@gitops-actions/manifest";

/**
 * Why an API server would not take a ValidatingAdmissionPolicy or its binding; undefined where it would, as far as its
 * shape tells. The CLI takes what lacks these and then matches nothing. After ValidateValidatingAdmissionPolicy of
 * k8s.io/kubernetes/pkg/apis/admissionregistration/validation.
 */
export function refusal(object: JsonObject): string | undefined {
  const spec = isObject(object.spec) ? object.spec : {};
  return object.kind === "ValidatingAdmissionPolicy" ? refusedPolicy(spec) : refusedBinding(spec);
}

function refusedPolicy(spec: JsonObject): string | undefined {
  const { matchConstraints, validations, auditAnnotations } = spec;
  if (isEmpty(validations) && isEmpty(auditAnnotations))
    return "spec.validations or spec.auditAnnotations must be there";
  if (!isObject(matchConstraints)) return "spec.matchConstraints must be there";
  if (isEmpty(matchConstraints.resourceRules)) return "spec.matchConstraints.resourceRules must not be empty";
  return refusedRules(matchConstraints, "spec.matchConstraints");
}

function refusedBinding(spec: JsonObject): string | undefined {
  const { policyName, validationActions, paramRef, matchResources } = spec;
  if (typeof policyName !== "string" || policyName === "") return "spec.policyName must be there";
  if (isEmpty(validationActions)) return "spec.validationActions must not be empty";
  const actions = validationActions as Json[];
  const unknown = actions.find((each) => !["Deny", "Warn", "Audit"].includes(String(each)));
  if (unknown !== undefined)
    return `spec.validationActions: ${String(unknown)} is none of Deny, Warn and Audit`;
  if (actions.includes("Deny") && actions.includes("Warn"))
    return "spec.validationActions must not hold both Deny and Warn";
  if (isObject(paramRef)) {
    const ways = ["name", "selector"].filter((key) => paramRef[key] !== undefined);
    if (ways.length !== 1) return "spec.paramRef must have either name or selector";
    if (!["Allow", "Deny"].includes(String(paramRef.parameterNotFoundAction)))
      return "spec.paramRef.parameterNotFoundAction must be Allow or Deny";
  }
  return isObject(matchResources) ? refusedRules(matchResources, "spec.matchResources") : undefined;
}

function refusedRules(constraints: JsonObject, at: string): string | undefined {
  for (const list of ["resourceRules", "excludeResourceRules"]) {
    const rules = constraints[list];
    for (const [index, rule] of (Array.isArray(rules) ? rules : []).entries()) {
      const missing = ["apiGroups", "apiVersions", "operations", "resources"].find(
        (key) => !isObject(rule) || isEmpty(rule[key]),
      );
      if (missing) return `${at}.${list}[${index}].${missing} must not be empty`;
    }
  }
  return undefined;
}

function isEmpty(value: Json | undefined): boolean {
  return !Array.isArray(value) || value.length === 0;
}

import type { FoundPolicies, PolicyObject } from "@gitops-actions/fleet";
import { compareText, isObject, type Json, type JsonObject, type Redactor } from "@gitops-actions/manifest";
import { type Finding, makeFinding } from "@gitops-actions/report";
import { actionOf } from "../gatekeeper/enforcement.ts";
import { excludedMore } from "../gatekeeper/excludednamespaces.ts";
import { namedPolicies } from "./removed.ts";

/** For each policy that a change leaves in place and has refuse less, one warning: `Enforce` that becomes `Audit`. */
export function findWeakened(base: FoundPolicies, head: FoundPolicies, redactor: Redactor): Finding[] {
  const after = new Map(policiesOf(head).map((each) => [each.name, each] as const));
  const weaker = policiesOf(base)
    .flatMap(({ name, refuses }) => {
      const now = after.get(name);
      const lost = now ? [...refuses].filter((what) => !now.refuses.has(what)) : [];
      if (!now || lost.length === 0) return [];
      const { path, resource } = now.policy;
      const rules = lost.filter((what) => what !== "").sort(compareText);
      const what = rules.length > 0 ? `${name} (${rules.join(", ")})` : name;
      return makeFinding({
        rule: "policy/weakened",
        severity: "warning",
        message: redactor.redactText(
          `this change has ${what} refuse nothing any more, where it refused before`,
        ),
        help: "This change is still judged as before; once it is merged such findings are warnings, or none. See that who answers for the policy agrees.",
        location: { path, line: resource.line, precision: "exact", via: [] },
        discriminator: [name, ...rules].join("\n"),
      });
    })
    .sort((a, b) => compareText(a.message, b.message));
  return [...weaker, ...excludedMore(base, head, redactor)];
}

interface Named {
  name: string;
  policy: PolicyObject;
  /** Rules that refuse what violates them; "" stands for all that the policy has. */
  refuses: Set<string>;
}

function policiesOf(found: FoundPolicies): Named[] {
  return namedPolicies(found).map(({ name, policy }) => ({
    ...{ name, policy, refuses: refusing(policy.resource.value) },
  }));
}

/** What of a policy refuses, by the field each engine has for it and that field's default. */
function refusing({ apiVersion, kind, spec: given }: JsonObject): Set<string> {
  const spec = isObject(given) ? given : {};
  const group = String(apiVersion).split("/")[0];
  const all = (refuses: boolean): Set<string> => new Set(refuses ? [""] : []);
  if (group === "kyverno.io") return enforcedRules(spec);
  if (group === "policies.kyverno.io") return all(listsDeny(spec.validationActions));
  if (group === "constraints.gatekeeper.sh") return all(actionOf({ spec }) === "deny");
  if (kind === "ValidatingAdmissionPolicy")
    return new Set(spec.failurePolicy === "Ignore" ? [] : ["what its expressions cannot evaluate"]);
  if (kind === "ValidatingAdmissionPolicyBinding") return all(listsDeny(spec.validationActions));
  return new Set();
}

/** Names of rules that enforce: `validate.failureAction`, else the policy's `validationFailureAction`, else Audit. */
function enforcedRules({ rules, validationFailureAction }: JsonObject): Set<string> {
  const enforced = (Array.isArray(rules) ? rules : []).filter(isObject).filter(({ validate }) => {
    const own = isObject(validate) ? validate.failureAction : undefined;
    return isObject(validate) && /^enforce$/i.test(String(own ?? validationFailureAction ?? ""));
  });
  return new Set(enforced.map(({ name }) => String(name)));
}

function listsDeny(actions: Json | undefined): boolean {
  return !Array.isArray(actions) || actions.length === 0 || actions.includes("Deny");
}

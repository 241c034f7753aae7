import type { FoundPolicies, PolicyObject } from "@gitops-actions/fleet";
import { createRedactor, parseManifests } from "@gitops-actions/manifest";
import { expect, test } from "vitest";
import { findWeakened } from "../../../actions/policy-check/src/change/weakened.ts";

const redactor = createRedactor([], Buffer.from("key"));

function policies(...texts: string[]): FoundPolicies {
  const objects = texts.map((text, index): PolicyObject => {
    const [resource] = parseManifests(text, "p").resources;
    return { path: `policies/${index}.yaml`, resource: resource! };
  });
  const of = (pattern: RegExp) => objects.filter(({ resource }) => pattern.test(resource.id.group));
  return {
    ...{ rego: [], others: [], aside: [] },
    kyverno: of(/kyverno/),
    gatekeeper: of(/gatekeeper/),
    admission: of(/admissionregistration/),
  };
}

const kyverno = (top: string, rule = "") => `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: p}
spec:
  ${top}
  rules:
    - {name: one, validate: {message: m, pattern: {a: b} ${rule && `, ${rule}`}}}
    - {name: two, validate: {message: m, pattern: {a: b}}}
`;
const spec = (apiVersion: string, kind: string, text: string) =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: p}\nspec: ${text}\n`;
const constraint = (text: string) => spec("constraints.gatekeeper.sh/v1beta1", "Limit", text);
const cel = (text: string) => spec("policies.kyverno.io/v1", "ValidatingPolicy", text);
const vap = (kind: string, text: string) =>
  spec("admissionregistration.k8s.io/v1", `ValidatingAdmissionPolicy${kind}`, text);

test.each([
  [
    "Enforce for Audit",
    kyverno("validationFailureAction: Enforce"),
    kyverno("validationFailureAction: Audit"),
  ],
  ["enforce for nothing", kyverno("validationFailureAction: enforce"), kyverno("background: true")],
  ["a constraint's default for dryrun", constraint("{}"), constraint("{enforcementAction: dryrun}")],
  [
    "a constraint that is scoped",
    constraint("{enforcementAction: deny}"),
    constraint("{enforcementAction: scoped, scopedEnforcementActions: [{action: warn}]}"),
  ],
  [
    "a constraint's denial at audit alone",
    constraint("{}"),
    constraint(
      "{enforcementAction: scoped, scopedEnforcementActions: [{action: deny, enforcementPoints: [{name: audit.gatekeeper.sh}]}]}",
    ),
  ],
  [
    "a constraint's denial at admission for a warning",
    constraint(
      "{enforcementAction: scoped, scopedEnforcementActions: [{action: deny, enforcementPoints: [{name: validation.gatekeeper.sh}]}]}",
    ),
    constraint("{enforcementAction: warn}"),
  ],
  ["a ValidatingPolicy's default for Audit", cel("{}"), cel("{validationActions: [Audit]}")],
  [
    "Deny of a binding for Warn",
    vap("Binding", "{validationActions: [Deny]}"),
    vap("Binding", "{validationActions: [Warn]}"),
  ],
  ["failures that are ignored", vap("", "{failurePolicy: Fail}"), vap("", "{failurePolicy: Ignore}")],
])("%s is said, and the reverse is not", (_, before, after) => {
  const found = findWeakened(policies(before), policies(after), redactor);
  expect(found.map(({ rule, severity, location }) => [rule, severity, location?.path])).toEqual([
    ["policy/weakened", "warning", "policies/0.yaml"],
  ]);
  expect(found[0]!.message).toMatch(/^this change has \w+ \S.* refuse nothing any more/);
  expect(findWeakened(policies(after), policies(before), redactor)).toEqual([]);
  expect(findWeakened(policies(before), policies(before), redactor)).toEqual([]);
});

test("one rule of a policy is named, and a rule may have an action of its own", () => {
  const before = policies(kyverno("validationFailureAction: Enforce"));
  const after = policies(kyverno("validationFailureAction: Enforce", "failureAction: Audit"));
  expect(findWeakened(before, after, redactor)[0]!.message).toContain("kyverno p (one) refuse nothing");
  const own = policies(kyverno("background: true", "failureAction: Enforce"));
  expect(findWeakened(before, own, redactor)[0]!.message).toContain("kyverno p (two) refuse nothing");
});

test("what is removed is another finding", () => {
  expect(findWeakened(policies(constraint("{}")), policies(), redactor)).toEqual([]);
});

test("a Config of Gatekeeper that leaves out more namespaces is told", () => {
  const config = (...entries: string[]) => {
    const found = policies(
      `apiVersion: config.gatekeeper.sh/v1alpha1\nkind: Config\nmetadata: {name: config, namespace: g}\nspec: {match: [${entries.join(", ")}]}\n`,
    );
    return { ...found, gatekeeper: [], others: found.gatekeeper };
  };
  const entry = (process: string, ...names: string[]) =>
    `{processes: ["${process}"], excludedNamespaces: [${names.map((name) => `"${name}"`).join(", ")}]}`;
  const [narrow, wide] = [config(entry("*", "kube-system")), config(entry("*", "kube-system", "shop"))];
  expect(
    findWeakened(narrow, wide, redactor).map(({ message, location }) => [message, location?.path]),
  ).toEqual([
    [
      "this change has Gatekeeper's Config leave out namespaces that it looks at now: shop",
      "policies/0.yaml",
    ],
  ]);
  expect(findWeakened(policies(), wide, redactor)[0]!.message).toContain("kube-system, shop");
  expect(findWeakened(wide, narrow, redactor)).toEqual([]);
  expect(findWeakened(wide, config(entry("webhook", "shop")), redactor)).toEqual([]);
  expect(
    findWeakened(narrow, config(entry("*", "kube-system"), entry("mutation-webhook", "a")), redactor),
  ).toEqual([]);
  expect(findWeakened(narrow, config(entry("*", "kube-system"), entry("audit", "a")), redactor)).toHaveLength(
    1,
  );
});

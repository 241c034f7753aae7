import type { Report } from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { makeMachine, write } from "../tools/engine/machine.ts";
import { checkIn, failures, lines, makeRepository } from "../tools/policy/stage.ts";

const web = (namespace = "shop", kind = "Deployment") => `apiVersion: apps/v1
kind: ${kind}
metadata: {name: web, namespace: ${namespace}}
spec:
  replicas: 1
  selector: {matchLabels: {a: b}}
  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: app, image: "web:1"}]}}
---
`;
const shop = (labels: string) =>
  `apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {${labels}}}\n---\n`;
const deployments =
  "{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}";
const prod = "{matchLabels: {env: prod}}";
const exists = "{matchExpressions: [{key: env, operator: Exists}]}";
const notProd = "{matchExpressions: [{key: env, operator: NotIn, values: [prod]}]}";

interface Vap {
  match?: string;
  binding?: string;
  validations?: string;
  more?: string;
}
const vap = ({
  match = "",
  binding = "",
  validations = "",
  more = "",
}: Vap) => `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: p}
spec:
  ${more}
  matchConstraints: {resourceRules: [${deployments}]${match && `, namespaceSelector: ${match}`}}
  validations: [${validations || '{expression: "false", message: hit}'}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: b}
spec:
  policyName: p
  validationActions: [Deny]
  ${binding && `matchResources: {namespaceSelector: ${binding}}`}
---
`;
const rule = (match: string, more = "", spec = "") => `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: p}
spec:
  validationFailureAction: Enforce
  ${spec}
  rules:
    - name: r
      match: ${match}
      ${more}
      validate: {message: hit, deny: {}}
---
`;
const anyDeployment = "{any: [{resources: {kinds: [Deployment]}}]}";
const validating = (
  match: string,
  expression = "false",
  kind = "ValidatingPolicy",
  where = "",
) => `apiVersion: policies.kyverno.io/v1
kind: ${kind}
metadata: {name: p${where}}
spec:
  validationActions: [Deny]
  matchConstraints: {resourceRules: [${deployments}]${match && `, namespaceSelector: ${match}`}}
  validations: [{expression: "${expression}", message: hit}]
---
`;

async function check(policy: string, manifests: string): Promise<Report> {
  const machine = makeMachine();
  write(machine.folder, { "manifests/all.yaml": manifests, "policies/p.yaml": policy });
  return await checkIn(machine, {});
}
const unknown = (report: Report): string[] => report.engines!.flatMap(({ notEvaluated }) => notEvaluated);

describe("a namespace of which nobody says the labels", () => {
  test.each([
    ["VAP", vap({ match: prod })],
    ["VAP, selected by the binding", vap({ binding: prod })],
    ["VAP, a label that must be there", vap({ binding: exists })],
    ["VAP, a label that must not be", vap({ binding: notProd })],
    [
      "VAP, read in an expression",
      vap({ validations: `{expression: "namespaceObject.metadata.labels['env'] != 'prod'", message: hit}` }),
    ],
    [
      "VAP, read in a variable",
      vap({
        more: `variables: [{name: env, expression: "namespaceObject.metadata.labels['env']"}]`,
        validations: `{expression: "variables.env != 'prod'", message: hit}`,
      }),
    ],
    ["Kyverno", rule(`{any: [{resources: {kinds: [Deployment], namespaceSelector: ${prod}}}]}`)],
    [
      "Kyverno, all",
      rule(
        `{all: [{resources: {kinds: [Deployment]}}, {resources: {kinds: [Deployment], namespaceSelector: ${notProd}}}]}`,
      ),
    ],
    [
      "Kyverno, excluded",
      rule(anyDeployment, `exclude: {any: [{resources: {namespaceSelector: ${exists}}}]}`),
    ],
    [
      "Kyverno, what a violation comes to",
      rule(
        anyDeployment,
        "",
        `validationFailureActionOverrides: [{action: Audit, namespaceSelector: ${prod}}]`,
      ),
    ],
    ["ValidatingPolicy", validating(prod)],
    ["ValidatingPolicy, must not be", validating(notProd)],
    [
      "NamespacedValidatingPolicy",
      validating(prod, "false", "NamespacedValidatingPolicy", ", namespace: shop"),
    ],
  ])("is said once, and is no verdict: %s", async (_, policy) => {
    const report = await check(policy, web());
    expect(unknown(report)).toEqual(["labels of namespace shop unknown"]);
    expect([lines(report), failures(report), report.verdict]).toEqual([[], [], "incomplete"]);
  });

  test.each([
    [
      "another binding",
      `${vap({ binding: prod })}${vap({}).split("---\n")[1]!.replace("name: b", "name: c")}---\n`,
    ],
    [
      "another validation",
      vap({
        validations: `{expression: "false", message: hit}, {expression: "namespaceObject.metadata.labels['env'] != 'prod'", message: hot}`,
      }),
    ],
  ])("does not hide what %s says", async (_, policy) => {
    const report = await check(policy, web());
    expect(lines(report)).toEqual(["error vap/p/1 Deployment/web : hit"]);
    expect(unknown(report)).toEqual(["labels of namespace shop unknown"]);
  });

  test("is nothing to a filter for another kind", async () => {
    const match = `{any: [{resources: {kinds: [Deployment]}}, {resources: {kinds: [StatefulSet], namespaceSelector: ${prod}}}]}`;
    const report = await check(rule(match), web());
    expect(lines(report)).toEqual(["error kyverno/p/r Deployment/web : hit"]);
    expect(unknown(report)).toEqual([]);
  });

  test.each([
    [
      "kyverno.io",
      rule(anyDeployment),
      `apiVersion: kyverno.io/v2
kind: PolicyException
metadata: {name: e, namespace: shop}
spec:
  exceptions: [{policyName: p, ruleNames: [r]}]
  match: {any: [{resources: {kinds: [Deployment], namespaceSelector: ${notProd}}}]}
`,
      "p/r",
    ],
    [
      "policies.kyverno.io",
      validating(""),
      `apiVersion: policies.kyverno.io/v1
kind: PolicyException
metadata: {name: e, namespace: shop}
spec:
  policyRefs: [{name: p, kind: ValidatingPolicy}]
  matchConditions: [{name: a, expression: "!has(namespaceObject.metadata.labels.env) || namespaceObject.metadata.labels.env != 'prod'"}]
`,
      "p",
    ],
  ])("leaves open what a PolicyException waives: %s", async (_, policy, exception, id) => {
    const report = await check(policy + exception, web());
    expect(failures(report).map((line) => line.replace(/Say.*/, ""))).toEqual([
      `${id} labels-unknown: kyverno: Deployment shop/web: labels of namespace shop unknown, and by them PolicyException shop/e decides whether it waives this. `,
    ]);
    expect([lines(report), report.verdict]).toEqual([[], "incomplete"]);
    const known = await check(policy + exception, web() + shop("env: prod"));
    expect([lines(known).length, failures(known)]).toEqual([1, []]);
    const waived = await check(policy + exception, web() + shop("env: dev"));
    expect([lines(waived), failures(waived)]).toEqual([[], []]);
    expect(waived.notes.join("\n")).toMatch(
      /once an exception of the policies themselves applied: kyverno\/p\S* of Deployment shop\/web \(PolicyException (?:shop\/)?e\)/,
    );
  });
});

describe("labels of another environment", () => {
  const check2 = async (overlays: Record<string, { environment?: string; text: string }>) => {
    const machine = makeMachine();
    const policies = { "policies/p.yaml": vap({ match: prod }) };
    const sides = Object.fromEntries(
      Object.entries(overlays).map(([id, { environment, text }]) => [
        id,
        { base: text, head: text, ...(environment && { environment }) },
      ]),
    );
    const { index, folder } = makeRepository(machine, policies, policies, sides);
    return await checkIn({ ...machine, cwd: folder }, { manifests: index });
  };

  test("are none of this one's", async () => {
    const report = await check2({
      "a/dev": { environment: "dev", text: web() + shop("env: dev") },
      "a/prod": { environment: "prod", text: web() },
    });
    expect(unknown(report)).toEqual(["labels of namespace shop unknown"]);
    expect(lines(report)).toEqual([]);
  });

  test.each([
    ["another overlay of the environment", "prod"],
    ["an overlay of no environment", undefined],
  ])("but those of %s are", async (_, environment) => {
    const report = await check2({
      "a/dev": { environment: "dev", text: web() + shop("env: dev") },
      "a/prod": { environment: "prod", text: web() },
      "b/all": { text: shop("env: prod"), ...(environment && { environment }) },
    });
    expect(unknown(report)).toEqual([]);
    expect(lines(report)).toEqual(["error vap/p/1 Deployment/web : hit [a/prod existing]"]);
  });
});

describe("a resource that names no namespace", () => {
  const nowhere = web().replace(", namespace: shop", "");
  const inShop = "{matchLabels: {kubernetes.io/metadata.name: shop}}";
  const notInShop =
    "{matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [shop]}]}";
  const skipped = (report: Report): string[] =>
    report.skipped.map(({ code, message }) => `${code}: ${message.replace(/, and the policy.*/, "")}`);

  test.each([
    ["Kyverno", rule("{any: [{resources: {kinds: [Deployment], namespaces: [shop]}}]}")],
    ["Kyverno, all", rule("{all: [{resources: {kinds: [Deployment], namespaces: [shop]}}]}")],
    [
      "Kyverno, by a label",
      rule(`{any: [{resources: {kinds: [Deployment], namespaceSelector: ${inShop}}}]}`),
    ],
    [
      "a Policy",
      rule(anyDeployment)
        .replace("ClusterPolicy", "Policy")
        .replace("{name: p}", "{name: p, namespace: shop}"),
    ],
    ["VAP", vap({ match: inShop })],
    ["VAP, selected by the binding", vap({ binding: inShop })],
    ["ValidatingPolicy", validating(inShop)],
  ])("is left open where a policy takes some namespaces in: %s", async (_, policy) => {
    const report = await check(policy, nowhere);
    expect(skipped(report)).toEqual([
      "unknown-namespace: not evaluated for 1 resource: the namespace of Deployment web is unknown",
    ]);
    expect([lines(report), failures(report), unknown(report)]).toEqual([[], [], []]);
  });

  test.each([
    ["Kyverno", rule(anyDeployment, "exclude: {any: [{resources: {namespaces: [shop]}}]}")],
    [
      "Kyverno, another filter",
      rule(
        "{any: [{resources: {kinds: [Deployment], namespaces: [shop]}}, {resources: {kinds: [Deployment]}}]}",
      ),
    ],
    ["VAP", vap({ match: notInShop })],
    ["ValidatingPolicy", validating(notInShop)],
  ])("is evaluated where a policy takes in others too: %s", async (_, policy) => {
    const report = await check(policy, nowhere);
    expect([skipped(report), lines(report).length]).toEqual([[], 1]);
  });
});

test("a parameter that may be missing is said to be", async () => {
  const policy = vap({ more: "paramKind: {apiVersion: v1, kind: ConfigMap}" }).replace(
    "validationActions: [Deny]",
    "validationActions: [Deny]\n  paramRef: {name: limits, namespace: shop, parameterNotFoundAction: Allow}",
  );
  const report = await check(policy, web());
  expect(report.skipped.map(({ id, code, message }) => `${id} ${code}: ${message}`)).toEqual([
    "policies/p.yaml:9 no-parameter: p was not asked under the binding b: its parameter ConfigMap shop/limits is not rendered here, and the binding allows that (parameterNotFoundAction)",
  ]);
});

test("an older version of a policy is named, with what to write", async () => {
  const report = await check(vap({}).replace("io/v1", "io/v1beta1"), web());
  expect(failures(report)).toEqual([
    "policies/p.yaml:1 api-version: vap: it is written for admissionregistration.k8s.io/v1beta1, which is not evaluated here. Write apiVersion: admissionregistration.k8s.io/v1",
  ]);
});

test("a kind that the CLI does not know leaves policies about others to be evaluated", async () => {
  const others = [
    ["gateway.networking.k8s.io/v1", "HTTPRoute"],
    ["snapshot.storage.k8s.io/v1", "VolumeSnapshot"],
    ["policy/v1beta1", "PodDisruptionBudget"],
    ["autoscaling/v2beta2", "HorizontalPodAutoscaler"],
    ["extensions/v1beta1", "Ingress"],
    ["metrics.k8s.io/v1beta1", "PodMetrics"],
    ["resource.k8s.io/v1", "ResourceClaim"],
    ["networking.k8s.io/v1", "Ingress"],
    ["admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicy"],
  ].map(
    ([version, kind]) => `apiVersion: ${version}\nkind: ${kind}\nmetadata: {name: x, namespace: shop}\n---\n`,
  );
  const report = await check(vap({}), web() + others.join(""));
  expect([lines(report), failures(report)]).toEqual([["error vap/p/1 Deployment/web : hit"], []]);
});

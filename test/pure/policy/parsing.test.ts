import {
  conftestDocument,
  parseConftest,
  parseConftestError,
  parseGator,
  parseGatorError,
  parseKyverno,
  parseKyvernoProbe,
  planAdmission,
} from "@gitops-actions/engine";
import type { JsonObject } from "@gitops-actions/manifest";
import { describe, expect, test } from "vitest";
import { toPointer } from "../../../actions/policy-check/src/pointer.ts";

// What the programs print is recorded: conftest 0.70.1, kyverno 1.19.1, gator 3.23.1.

describe("conftest", () => {
  test("results are read as they are printed", () => {
    const stdout = `[
	{
		"filename": "exceptions/deployments.yaml",
		"namespace": "main",
		"successes": 0,
		"failures": [
			{
				"msg": "Containers must not run as root in Deployment cannot-run-as-root",
				"metadata": {
					"query": "data.main.deny_run_as_root"
				}
			}
		],
		"exceptions": [
			{
				"msg": "data.main.exception[_][_] == \\"run_as_root\\""
			}
		]
	}
]
`;
    const [result] = parseConftest(stdout);
    expect(result).toMatchObject({ namespace: "main", successes: 0 });
    expect(result!.failures![0]!.metadata).toEqual({ query: "data.main.deny_run_as_root" });
    expect(parseConftest("null")).toEqual([]);
    expect(() => parseConftest("Error")).toThrow("not its JSON output");
  });

  test.each([
    [
      "Error: running test: load: loading policies: get compiler: 2 errors occurred:\n/t/policy/a.rego:8: rego_type_error: undefined function opa.runtime\n/t/policy/a.rego:10: rego_type_error: undefined function http.send\n",
      { code: "compile", location: { path: "a.rego", line: 8 } },
    ],
    [
      "Error: running test: query rule: check: query rule: built-in error: [{Code:eval_builtin_error Message:net.lookup_ip_addr: no such host Location:/t/policy/p/a.rego:5 err:0x3dfd704cd130}]",
      { code: "builtin", location: { path: "p/a.rego", line: 5 } },
    ],
    [
      "Error: running test: query rule: check: query rule: evaluating policy: /t/policy/a.rego:2: eval_conflict_error: complete rules must not produce multiple outputs",
      { code: "evaluation", location: { path: "a.rego", line: 2 } },
    ],
    [
      "Error: running test: load: load documents: 1 error occurred during loading: /t/data-0/a.yaml: merge error",
      { code: "data" },
    ],
    ["", { code: "evaluation", message: "no message" }],
  ])("errors name the file of the repository: %#", (stderr, expected) => {
    const failure = parseConftestError(stderr, "/t");
    expect(failure).toMatchObject(expected);
    expect(failure.message).not.toMatch(/\/t\/|running test/);
  });

  test("documents are known by their files", () => {
    expect(conftestDocument("/t/documents/0000/0000012.json")).toBe(12);
    expect(conftestDocument("Combined")).toBeUndefined();
  });
});

describe("kyverno", () => {
  test("the report is found among what else is printed; none is no empty one", () => {
    const stdout = `Warning: p.yaml: kyverno.io/v1 ClusterPolicy is deprecated
{"kind":"ClusterReport","apiVersion":"openreports.io/v1alpha1","metadata":{"name":"merged"},"source":"","summary":{"pass":1,"fail":5,"warn":0,"error":3,"skip":0},"results":[{"source":"kyverno","policy":"require-labels","rule":"check-team","severity":"medium","timestamp":{"seconds":1795508438,"nanos":0},"result":"pass","scored":true,"resources":[{"kind":"Pod","namespace":"shop","name":"p","apiVersion":"v1"}],"message":"validation rule 'check-team' passed.","properties":{"process":"background scan"}}]}
`;
    expect(parseKyverno(stdout)).toMatchObject([
      { policy: "require-labels", rule: "check-team", result: "pass", severity: "medium" },
    ]);
    const second = '{"results": [{"policy": "shop/team", "result": "fail"}]}';
    expect(parseKyverno(`${stdout}\n---\n${second}\n`)?.at(-1)).toMatchObject({ policy: "shop/team" });
    expect(parseKyverno("\n")).toBeUndefined();
    expect(() => parseKyverno('{"results": [{}]}')).toThrow("not its report");
  });

  test("a policy that is asked for alone says what is wrong with it", () => {
    expect(
      parseKyvernoProbe(
        "\nApplying 3 policy rule(s) to 3 resource(s)...\n\npass: 0, fail: 1, warn: 0, error: 0, skip: 0\n",
      ),
    ).toBeUndefined();
    expect(
      parseKyvernoProbe(
        "\nApplying 0 policy rule(s) to 3 resource(s)...\n\npass: 0, fail: 0, warn: 0, error: 0, skip: 0 \n",
      ),
    ).toContain("does not load it");
    const compile = `
Applying 1 policy rule(s) to 3 resource(s)...
Error: failed to apply policies on resource web (failed to compile policy badcel ([<nil>: Internal error: validating policy compiler 1.0 error: failed to compile policy, spec.validations[0].expression: Invalid value]))`;
    expect(parseKyvernoProbe(compile)).toMatch(/^failed to compile policy badcel/);
    const skipped = `
Applying 3 policy rule(s) to 1 resource(s)...
----------------------------------------------------------------------
Policies Skipped:
1. asks: policy contains invalid variables: variable substitution failed for rule asks: variable answer must match regex "request"
----------------------------------------------------------------------

pass: 0, fail: 0, warn: 0, error: 1, skip: 0
`;
    expect(parseKyvernoProbe(skipped)).toMatch(
      /^kyverno skips it: policy contains invalid variables: .*regex "request"$/,
    );
    expect(parseKyvernoProbe("")).toContain("said nothing");
  });
});

describe("gator", () => {
  test("violations are read, with what each enforcement point does", () => {
    const violation = {
      ...{
        target: "admission.k8s.gatekeeper.sh",
        msg: "at most 5",
        metadata: { details: {} },
        enforcementAction: "deny",
      },
      constraint: {
        apiVersion: "constraints.gatekeeper.sh/v1beta1",
        kind: "K8sMaxReplicas",
        metadata: { name: "five" },
      },
      ...{
        violatingObject: {
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name: "web", namespace: "shop" },
        },
        trace: null,
      },
    };
    expect(parseGator(JSON.stringify([violation]))).toEqual([
      {
        ...{ message: "at most 5", action: "deny", constraint: { kind: "K8sMaxReplicas", name: "five" } },
        resource: { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" },
      },
    ]);
    expect(parseGator("null")).toEqual([]);
    expect(() => parseGator("{}")).toThrow("not its JSON output");
  });

  test("what it refuses is named", () => {
    expect(
      parseGatorError(
        'auditing objects: adding template "k8sbroken": invalid ConstraintTemplate: 1 error occurred: template:3: rego_parse_error',
      ),
    ).toMatchObject({ template: "k8sbroken" });
    expect(parseGatorError('auditing objects: adding constraint "lonely": no such template')).toMatchObject({
      constraint: "lonely",
    });
    expect(
      parseGatorError(
        '2026/11/24 17:00:00 WARNING - Resource named "c" (from file: "/tmp/gator-1/input.yaml") is already defined in file: "/tmp/gator-1/input.yaml"\nError: auditing objects: adding constraint "c": refused\n',
      ),
    ).toEqual({ message: 'adding constraint "c": refused', constraint: "c" });
    expect(parseGatorError("")).toEqual({ message: "gator ended without a word" });
  });
});

test("an admission policy is taken apart: what matches, and each validation, under each binding", () => {
  const policy = {
    metadata: { name: "p" },
    spec: {
      failurePolicy: "Ignore",
      paramKind: { apiVersion: "v1", kind: "ConfigMap" },
      matchConstraints: { resourceRules: [{ resources: ["pods"] }] },
      validations: [{ expression: "a" }, { expression: "b" }],
    },
  };
  const plain = { metadata: { name: "b1" }, spec: { policyName: "p", validationActions: ["Warn"] } };
  const scoped = {
    metadata: { name: "b2" },
    spec: {
      policyName: "p",
      validationActions: ["Deny"],
      matchResources: { namespaceSelector: {} },
      paramRef: { name: "x" },
    },
  };
  const parameter = {
    alias: "x",
    value: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", namespace: "shop" } },
  };
  const other = { metadata: { name: "b3" }, spec: { policyName: "another" } };
  const { policies, checks } = planAdmission([policy], [plain, scoped, other], [parameter], ["shop"]);
  expect(
    checks.map(({ actions, failurePolicy, narrowed, validations }) => [
      actions,
      failurePolicy,
      narrowed.length,
      validations.length,
    ]),
  ).toEqual([
    [["Warn"], "Ignore", 0, 2],
    [["Deny"], "Ignore", 1, 2],
  ]);
  const parts = checks.flatMap(({ validations }) => validations);
  const names = [...parts.map(({ name }) => name), ...checks.map(({ whole }) => whole)];
  expect(new Set(names).size).toBe(6);
  // One with a parameter has a binding, and that says what the policy is about: the CLI asks nothing else then.
  const kinds = (texts: readonly string[]) => texts.map((text) => (JSON.parse(text) as JsonObject).kind);
  const [bound, unbound] = ["ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy"];
  expect(kinds(policies).sort()).toEqual([unbound, unbound, unbound, bound]);
  expect(kinds(parts.flatMap((part) => part.policies)).filter((kind) => kind === bound)).toHaveLength(2);
});

describe("parameters of a binding", () => {
  const policy = {
    metadata: { name: "p" },
    spec: { paramKind: { apiVersion: "v1", kind: "ConfigMap" }, validations: [{ expression: "a" }] },
  };
  const parameters = [
    ["one", "shop", { tier: "a" }],
    ["two", "shop", { tier: "b" }],
    ["one", "lab", { tier: "a" }],
  ].map(([name, namespace, labels]) => ({
    alias: `${namespace}-${name}`,
    value: { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, labels } } as JsonObject,
  }));
  /** Namespace of the resources and name of the parameter of each check. */
  function chosen(paramRef: JsonObject): string[] {
    const binding = { metadata: { name: "b" }, spec: { policyName: "p", paramRef } };
    const { policies, checks } = planAdmission([policy], [binding], parameters, ["bare", "lab", "shop"]);
    const names = policies.map(
      (text) => JSON.parse(text) as { metadata: { name: string }; spec: { paramRef?: { name: string } } },
    );
    return checks.map(({ namespace = "*", whole }) => {
      const bound = names.find(({ metadata, spec }) => metadata.name === whole && spec.paramRef);
      return `${namespace} ${bound?.spec.paramRef?.name ?? "absent"}`;
    });
  }

  test.each([
    [
      "by name, in the resource's namespace",
      { name: "one" },
      ["bare absent", "lab lab-one", "shop shop-one"],
    ],
    [
      "by name, where none may be there",
      { name: "one", parameterNotFoundAction: "Allow" },
      ["lab lab-one", "shop shop-one"],
    ],
    ["by name, in one namespace", { name: "two", namespace: "shop" }, ["* shop-two"]],
    ["by name, and not there", { name: "two", namespace: "lab" }, ["* absent"]],
    ["by labels", { selector: { matchLabels: { tier: "a" } }, namespace: "shop" }, ["* shop-one"]],
    ["all", { selector: {}, namespace: "shop" }, ["* shop-one", "* shop-two"]],
    [
      "by expressions",
      {
        ...{ namespace: "shop" },
        selector: {
          matchExpressions: [
            { key: "tier", operator: "NotIn", values: ["a"] },
            { key: "tier", operator: "Exists" },
            { key: "x", operator: "DoesNotExist" },
          ],
        },
      },
      ["* shop-two"],
    ],
  ])("%s", (_, paramRef, expected) => {
    expect(chosen(paramRef as JsonObject)).toEqual(expected);
  });
});

test.each([
  ["spec.containers[0].image", "/spec/containers/0/image"],
  ["/spec/template/metadata/labels/team/", "/spec/template/metadata/labels/team"],
  ['data["a.b/c"]', "/data/a.b~1c"],
  ["", undefined],
])("the field %s is the pointer %s", (text, pointer) => {
  expect(toPointer(text)).toBe(pointer);
});

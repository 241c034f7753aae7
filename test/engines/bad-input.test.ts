import type { PolicyInputs } from "@gitops-actions/policy-check";
import { describe, expect, test } from "vitest";
import { makeMachine, write } from "../tools/engine/machine.ts";
import { checkIn, counts, failures } from "../tools/policy/stage.ts";

const pod = (name: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: shop}\nspec: {containers: [{name: a, image: "a:1"}]}\n---\n`;

const constraint = (rego: string, kind = "Bad"): string => `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: ${kind.toLowerCase()}}
spec:
  crd: {spec: {names: {kind: ${kind}}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package ${kind.toLowerCase()}
      ${rego}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: ${kind}
metadata: {name: it}
spec: {}
---
`;

const kyverno = (name: string, kind: string, validate: string): string => `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: ${name}}
spec:
  validationFailureAction: Enforce
  rules:
  - name: rule
    match: {any: [{resources: {kinds: [${kind}]}}]}
    validate: ${validate}
---
`;

async function check(policies: string, manifests: string, inputs: Partial<PolicyInputs> = {}) {
  const machine = makeMachine();
  write(machine.folder, { "manifests/all.yaml": manifests, "policies/all.yaml": policies });
  return await checkIn(machine, inputs);
}

describe("Gatekeeper", () => {
  test.each([
    [
      "a rule that calls itself",
      'a { b }\n      b { a }\n      violation[{"msg": "x"}] { a }',
      /rego_recursion_error/,
    ],
    ["a rule that is no Rego", 'violation[{"msg": "x"}] { nope(', /rego_parse_error/],
    [
      "a function that is not there",
      'violation[{"msg": "x"}] { nope(input) }',
      /rego_type_error: undefined function nope/,
    ],
    ["no rule that is asked", 'deny[{"msg": "x"}] { true }', /violation/],
  ])("%s is refused by name, and the rest is evaluated", async (_, rego, message) => {
    const good = constraint('violation[{"msg": "good"}] { true }', "Good");
    const report = await check(constraint(rego) + good, pod("p"));
    expect(failures(report)[0]).toMatch(message);
    expect(report.failed[0]!.id).toBe("policies/all.yaml:1");
    expect(report.findings.map(({ rule }) => rule)).toEqual(["gatekeeper/Good/it"]);
    expect(report.verdict).toBe("incomplete");
  });

  test("a policy that does not end is stopped, and named is the limit", async () => {
    const rego =
      'violation[{"msg": "x"}] { x := numbers.range(1, 20000)[_]; y := numbers.range(1, 20000)[_]; x * y == -1 }';
    const report = await check(constraint(rego), pod("p"), { timeLimitSeconds: 2 });
    expect(failures(report)).toEqual([
      expect.stringMatching(/deadline: gatekeeper: gator did not finish within 2 s/),
    ]);
  });

  test("a policy that eats memory is stopped, and named is the limit", async () => {
    const rego =
      'violation[{"msg": "x"}] { xs := [[x, y] | x := numbers.range(1, 20000)[_]; y := numbers.range(1, 20000)[_]]; count(xs) == 0 }';
    const report = await check(constraint(rego), pod("p"), {
      memoryLimitMebibytes: 300,
      timeLimitSeconds: 60,
    });
    expect(failures(report)).toEqual([
      expect.stringMatching(/memory: gatekeeper: gator used more than 300 MiB/),
    ]);
  });

  test("ten thousand violations are all there", async () => {
    const rego =
      'violation[{"msg": msg}] { x := numbers.range(1, 10000)[_]; msg := sprintf("violation %d", [x]) }';
    const report = await check(constraint(rego), pod("p"));
    expect(report.summary.error).toBe(10_000);
  });
});

describe("Kyverno", () => {
  test("a kind that is not there matches nothing, and that is said", async () => {
    const policies = kyverno("unknown", "Podd", "{message: x, pattern: {metadata: {name: y}}}");
    const report = await check(policies, pod("p"));
    expect(report.findings).toEqual([]);
    expect(counts(report, "kyverno/unknown")).toBe("1 evaluated, 0 matched, 0 passed, 0 warned, 0 failed");
    expect(report.notes.join()).toContain("kyverno/unknown");
  });

  test("a kind of policy that is not there is listed", async () => {
    const policies = kyverno("p", "Pod", "{message: x, pattern: {metadata: {name: p}}}");
    const report = await check(policies.replace("ClusterPolicy", "ClustersPolicy") + policies, pod("p"));
    expect(report.skipped.map(({ code }) => code)).toEqual(["other-policy"]);
  });

  test.each([
    [
      "a variable that is not there",
      "{message: x, deny: {conditions: {any: [{key: '{{ nothing }}', operator: Equals, value: x}]}}}",
    ],
    [
      "a function that is not there",
      "{message: x, deny: {conditions: {any: [{key: '{{ nope(request.object) }}', operator: Equals, value: x}]}}}",
    ],
  ])("%s is no pass", async (_, validate) => {
    const report = await check(kyverno("bad", "Pod", validate), pod("p"));
    expect(report.findings).toEqual([]);
    expect(report.failed).toHaveLength(1);
    expect(failures(report)[0]).toContain("kyverno");
    expect(report.verdict).toBe("incomplete");
  });

  test("thousands of violations are all there", async () => {
    const policies = [1, 2, 3, 4]
      .map((n) => kyverno(`no-${n}`, "Pod", `{message: never, pattern: {metadata: {name: none-${n}}}}`))
      .join("");
    const pods = Array.from({ length: 500 }, (_, n) => pod(`p${n}`)).join("");
    const report = await check(policies, pods);
    expect(report.summary.error).toBe(2_000);
  });

  test("a start that takes too long is stopped, and named is the limit", async () => {
    const policies = kyverno("slow", "Pod", "{message: x, pattern: {metadata: {name: y}}}");
    const pods = Array.from({ length: 3000 }, (_, n) => pod(`p${n}`)).join("");
    const report = await check(policies, pods, { timeLimitSeconds: 1 });
    expect(failures(report)).toEqual([
      expect.stringMatching(/deadline: kyverno: kyverno did not finish within 1 s/),
    ]);
    expect(report.verdict).toBe("incomplete");
  });
});

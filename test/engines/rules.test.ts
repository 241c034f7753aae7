import { userCacheDir } from "@gitops-actions/engine";
import type { Report } from "@gitops-actions/report";
import { defaults, run, type ValidateInputs } from "@gitops-actions/validate-schema";
import { expect, test } from "vitest";
import { makeMachine, write } from "../tools/engine/machine.ts";

const engines: ValidateInputs["engines"] = ["kubeconform", "kubectl-validate"];

async function validate(
  files: Record<string, string>,
  inputs: Partial<ValidateInputs> = {},
): Promise<Report> {
  const machine = makeMachine();
  write(machine.folder, files);
  const host = { ...machine, cacheDir: userCacheDir(process.env), now: () => new Date(0), isTerminal: false };
  const wanted = { ...defaults, manifests: ".", tools: { allowBuild: true, from: "auto" as const }, engines };
  const signal = new AbortController().signal;
  const world = { host, progress: () => {}, signal, secretKey: Buffer.from("key") };
  return (await run({ ...wanted, ...inputs }, world)).report;
}

const lines = (report: Report): string[] =>
  report.findings.map(
    ({ rule, severity, field = "", message, location }) =>
      `${severity} ${rule} ${location?.path}:${location?.line} ${field}: ${message}`,
  );

const definition = (kind: string, spec: string): string => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${kind.toLowerCase()}s.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: ${kind}, plural: ${kind.toLowerCase()}s}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: ${spec}
`;

const range = definition(
  "Range",
  `
              type: object
              required: [min]
              x-kubernetes-validations:
                - {rule: self.min <= self.max, message: min must not exceed max}
                - {rule: self.min != 13}
              properties:
                min: {type: integer}
                max: {type: integer, default: 5}
                tags:
                  type: array
                  items:
                    type: object
                    properties:
                      name:
                        type: string
                        x-kubernetes-validations:
                          - {rule: self.startsWith('a'), messageExpression: "'begins with ' + self.substring(0, 1)", reason: FieldValueForbidden}
`,
);

const resource = (kind: string, name: string, spec: string): string =>
  `apiVersion: example.com/v1\nkind: ${kind}\nmetadata: {name: "${name}", namespace: team}\nspec:\n${spec}`;

test("rules in CEL are evaluated where they are asked for, defaults filled in first", async () => {
  const report = await validate({
    "crd.yaml": range,
    "bad.yaml": resource("Range", "bad", "  min: 13\n  tags:\n    - name: abc\n    - name: bcd\n"),
    "default.yaml": resource("Range", "default", "  min: 6\n"),
    "good.yaml": resource("Range", "good", "  min: 4\n"),
  });
  expect(lines(report)).toEqual([
    "error kubectl-validate/validation-rule bad.yaml:4 /spec: failed rule: self.min != 13",
    "error kubectl-validate/validation-rule bad.yaml:4 /spec: min must not exceed max",
    "error kubectl-validate/validation-rule bad.yaml:8 /spec/tags/1/name: begins with b",
    "error kubectl-validate/validation-rule default.yaml:4 /spec: min must not exceed max",
  ]);
  expect(report.notes).toContain(
    "3 rules in CEL (x-kubernetes-validations) of example.com/v1 Range held against 3 resources by kubectl-validate 0.0.4",
  );
  expect(report.tools.map(({ name }) => name)).toEqual(["kubeconform", "kubectl-validate"]);
});

test("where they are not asked for, the report says how many were not evaluated", async () => {
  const report = await validate(
    { "crd.yaml": range, "bad.yaml": resource("Range", "bad", "  min: 13\n") },
    { engines: ["kubeconform"] },
  );
  expect(report.findings).toEqual([]);
  expect(report.notes).toContain(
    "3 rules in CEL (x-kubernetes-validations) of example.com/v1 Range NOT evaluated on 1 resource: engines: kubeconform, kubectl-validate does that",
  );
});

test("what both engines refuse is said once, by kubeconform", async () => {
  const report = await validate({
    "crd.yaml": range,
    "a.yaml": resource("Range", "a", "  max: text\n  more: 1\n"),
    "b.yaml": "apiVersion: example.com/v1\nkind: Unknown\nmetadata: {name: a}\n",
    "c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: 1}\n",
  });
  expect(report.findings.map(({ rule, field }) => `${rule} ${field}`).sort()).toEqual([
    "kubeconform/missing-field /spec/min",
    "kubeconform/missing-schema undefined",
    "kubeconform/unknown-field /spec/more",
    "kubeconform/wrong-type /data/a",
    "kubeconform/wrong-type /spec/max",
  ]);
});

test("a key that occurs twice in a list is found, which no schema does", async () => {
  const map = definition(
    "Map",
    "{type: object, x-kubernetes-validations: [{rule: 'true'}], properties: {list: {type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [name], items: {type: object, required: [name], properties: {name: {type: string}}}}}}",
  );
  const report = await validate({
    "crd.yaml": map,
    "a.yaml": resource("Map", "a", "  list:\n    - name: a\n    - name: a\n"),
  });
  expect(report.findings.map(({ rule, field }) => `${rule} ${field}`)).toEqual([
    "kubectl-validate/duplicate-item /spec/list/1",
  ]);
});

test("a rule that does not compile, and a definition that cannot be read, are no pass and spoil no other", async () => {
  const odd = definition("Odd", "{type: object, x-kubernetes-validations: [{rule: no.such(thing)}]}");
  const broken = definition(
    "Broken",
    "{type: object, x-kubernetes-validations: [{rule: 'true'}], properties: {a: {type: string, x-kubernetes-preserve-unknown-fields: 7}}}",
  );
  const report = await validate({
    "crds.yaml": `${odd}---${broken}---${range}`,
    "odd.yaml": resource("Odd", "a", "  {}\n"),
    "broken.yaml": resource("Broken", "a", "  {}\n"),
    "range.yaml": resource("Range", "a", "  min: 13\n  max: 20\n"),
  });
  const rules = report.findings.map(({ rule, severity, resource: of }) => `${severity} ${rule} ${of?.kind}`);
  expect(rules).toContain("error kubectl-validate/validation-rule Range");
  expect(rules).toContain("warning kubectl-validate/rule-not-evaluated Odd");
  expect(rules).toContain("error kubectl-validate/not-evaluated Broken");
});

test("definitions that differ are each held against their own resources", async () => {
  const limit = (most: number): string =>
    definition("Size", `{type: integer, x-kubernetes-validations: [{rule: self < ${most}}]}`);
  const size = "apiVersion: example.com/v1\nkind: Size\nmetadata: {name: a}\nspec: 5\n";
  const report = await validate({ "a.yaml": `${limit(3)}---\n${size}`, "b.yaml": `${limit(9)}---\n${size}` });
  expect(lines(report).filter((line) => line.includes("kubectl-validate"))).toEqual([
    expect.stringContaining("a.yaml"),
  ]);
});

test("what Flux fills in afterwards is set aside", async () => {
  const report = await validate({
    "crd.yaml": range,
    "a.yaml": resource("Range", "a", "  min: 1\n  tags:\n    - name: $\x7bTAG}\n"),
  });
  expect(report.findings).toEqual([]);
  expect(report.notes).toContain("1 field set aside: it looks like a substitution of Flux");
});

test("lists whose items have keys are looked at where there are no rules", async () => {
  const keyed = definition(
    "Keyed",
    `
              type: object
              properties:
                size: {type: integer}
                ports:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [name]
                  items: {type: object, required: [name], properties: {name: {type: string}}}
`,
  );
  const twice =
    "apiVersion: example.com/v1\nkind: Keyed\nmetadata: {name: a, namespace: default}\nspec:\n  ports: [{name: a}, {name: a}]\n";
  const report = await validate({ "crd.yaml": keyed, "a.yaml": twice, "b.yaml": `${twice}  size: x\n` });
  expect(lines(report).map((line) => line.replace(/: .*/, ""))).toEqual([
    expect.stringMatching(/^error kubectl-validate\/duplicate-item a.yaml:5 \/spec\/ports\/1/),
    expect.stringMatching(/^error kubeconform\/wrong-type b.yaml:6 \/spec\/size/),
  ]);
});

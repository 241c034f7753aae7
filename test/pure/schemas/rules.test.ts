import type { Json } from "@gitops-actions/manifest";
import { describe, expect, test } from "vitest";
import { parseKubectlValidate, verdictOfStatus } from "../../../packages/engine/src/kubectlvalidate.ts";
import { pointerOf, problemOfCause } from "../../../packages/engine/src/schemas/cause.ts";
import { celRulesOf } from "../../../packages/engine/src/schemas/cel.ts";

describe("what kubectl-validate 0.0.4 prints", () => {
  const recorded = `{
    "documents/0000000.json": [
        {"metadata": {}, "status": "Failure", "message": "Thing.example.com \\"a\\" is invalid: ...", "reason": "Invalid",
         "details": {"name": "a", "causes": [
            {"reason": "FieldValueInvalid", "message": "Invalid value: \\"object\\": min must not exceed max", "field": "spec"},
            {"reason": "FieldValueForbidden", "message": "Forbidden: x is q", "field": "spec.x"},
            {"reason": "FieldValueInvalid", "message": "Invalid value: \\"string\\": rule compile error: compilation failed: ERROR: <input>:1:1: undeclared reference", "field": "spec.list[0].a"},
            {"reason": "FieldValueInvalid", "message": "Invalid value: \\"object\\": spec.y in body must be of type integer: \\"object\\"", "field": "spec.y"},
            {"reason": "FieldValueRequired", "message": "Required value", "field": "spec.min"},
            {"reason": "FieldValueDuplicate", "message": "Duplicate value: {\\"name\\":\\"a\\"}", "field": "spec.list[1]"}
         ]}, "code": 422}],
    "documents/0000001.json": [{"metadata": {}, "status": "Success"}],
    "documents/0000002.json": [{"metadata": {}, "status": "Failure", "message": "Internal error occurred: failed to retrieve validator", "reason": "InternalError", "code": 500}]
}`;

  test("is one verdict for each document", () => {
    const [bad, good, failed] = Object.values(parseKubectlValidate(recorded)).map(([status]) =>
      verdictOfStatus(status!, {}),
    );
    expect(bad?.status === "invalid" && bad.problems.map(({ what, field }) => `${what} ${field}`)).toEqual([
      "validation-rule /spec",
      "validation-rule /spec/x",
      "rule-not-evaluated /spec/list/0/a",
      "invalid /spec/y",
      "missing-field /spec/min",
      "duplicate-item /spec/list/1",
    ]);
    expect(good).toEqual({ status: "valid" });
    expect(failed).toMatchObject({ status: "unreadable", what: "not-evaluated" });
    expect(() => parseKubectlValidate("panic: no")).toThrow("is not its JSON output: panic: no");
  });

  test("a rule's own words are its message", () => {
    const cause = {
      reason: "FieldValueRequired",
      message: "Required value: say who owns it",
      field: "<nil>",
    };
    expect(problemOfCause(cause, {})).toEqual({
      ...{ what: "validation-rule", field: "", message: "say who owns it" },
    });
  });
});

test("paths as Kubernetes prints them", () => {
  const value = { spec: { "a.b": [{ c: 1 }], a: { b: 2 }, map: { "x.y/z": 1 } } };
  expect(pointerOf("", value)).toBe("");
  expect(pointerOf("spec.a.b[0].c", value)).toBe("/spec/a.b/0/c");
  expect(pointerOf("spec.map[x.y/z]", value)).toBe("/spec/map/x.y~1z");
  expect(pointerOf("spec.absent.deep", value)).toBe("/spec/absent/deep");
});

test("what says only that no rules were looked at is left out beside what is wrong", () => {
  const aside = {
    reason: "FieldValueInvalid",
    message:
      'Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
    field: "<nil>",
  };
  const wrong = {
    reason: "FieldValueDuplicate",
    message: 'Duplicate value: {"k":"a"}',
    field: "spec.list[1]",
  };
  const fields = (causes: object[]) => {
    const verdict = verdictOfStatus(
      { status: "Failure", reason: "Invalid", message: "", details: { causes: causes as (typeof wrong)[] } },
      {},
    );
    return verdict.status === "invalid" && verdict.problems.map(({ field }) => field);
  };
  expect(fields([aside, wrong])).toEqual(["/spec/list/1"]);
  // Alone it is all there is to tell.
  expect(fields([aside])).toEqual([""]);
});

test("lists with keys are looked at, rules or not", () => {
  const listOf = (type: string) => ({ type: "array", "x-kubernetes-list-type": type, items: {} });
  const rulesOf = (schema: Json) =>
    celRulesOf({
      spec: { versions: [{ name: "v1", schema: { openAPIV3Schema: { properties: { a: schema } } } }] },
    }).get("v1")?.rules;
  expect([rulesOf(listOf("map")), rulesOf(listOf("set")), rulesOf(listOf("atomic"))]).toEqual([
    0,
    0,
    undefined,
  ]);
});

test("rules are counted where they are rules", () => {
  const rule = [{ rule: "true" }];
  const schema = {
    type: "object",
    "x-kubernetes-validations": rule,
    properties: {
      "x-kubernetes-validations": { type: "string" },
      list: { type: "array", items: { type: "string", "x-kubernetes-validations": [...rule, ...rule] } },
      map: { type: "object", additionalProperties: { "x-kubernetes-validations": rule } },
      data: { type: "object", default: { "x-kubernetes-validations": rule } },
    },
  };
  const versions = [
    { name: "v1", schema: { openAPIV3Schema: schema } },
    { name: "v2", schema: { openAPIV3Schema: { type: "object" } } },
  ];
  const rules = celRulesOf({ spec: { group: "example.com", names: { kind: "Thing" }, versions } });
  expect([...rules].map(([version, { rules: count }]) => `${version} ${count}`)).toEqual(["v1 4"]);
});

import type { JsonObject } from "@gitops-actions/manifest";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { asksOtherOperation } from "../../../actions/policy-check/src/celoperations.ts";
import { beyondCreation } from "../../../actions/policy-check/src/operations.ts";

describe("an expression in CEL", () => {
  test.each([
    ["request.operation == 'UPDATE' && object.spec.x > 1", true],
    ["request.operation != 'UPDATE' || object.spec.x > 1", true],
    ["object.spec.x > 1 || request.operation != 'UPDATE'", true],
    ["!(request.operation == 'UPDATE') || object.spec.x > 1", true],
    ["request.operation == 'CREATE' || object.spec.x > 1", true],
    ["request.operation in ['UPDATE', 'DELETE'] ? object.spec.x > 1 : true", true],
    ['request.operation == "UPDATE"', true],
    ["request.operation == 'DELETE' || object.spec.x > 1", false],
    ["request.operation != 'DELETE' && object.spec.x > 1", false],
    ["request.operation == 'DELETE' ? true : object.spec.x > 1", false],
    ["request.operation in ['CREATE', 'UPDATE']", false],
    ["request.operation == 'CREATE' || request.operation == 'UPDATE'", false],
    ["(request.operation == 'UPDATE') || (request.operation == 'CREATE')", false],
    ["request.operation == 'CREATE' && object.spec.x > 1", false],
    ["object.spec.x > 1", false],
  ])("%s: %s", (expression, expected) => {
    expect(asksOtherOperation(expression)).toBe(expected);
  });

  test("that is a condition leaves creations out, or not", () => {
    expect(asksOtherOperation("request.operation != 'UPDATE' || object.spec.x > 1", true)).toBe(false);
    expect(asksOtherOperation("request.operation != 'CREATE'", true)).toBe(true);
  });
});

describe("a rule of Kyverno", () => {
  const about = (rule: string): string[] =>
    beyondCreation(
      parse(
        `{spec: {rules: [{name: r, match: {any: [{resources: {kinds: [Pod]}}]}, ${rule}}]}}`,
      ) as JsonObject,
    );
  const operation = `{{ request.operation || 'BACKGROUND' }}`;
  const conditions = (operator: string, value: string) =>
    `{key: "${operation}", operator: ${operator}, value: ${value}}`;
  const pattern = "validate: {message: m, pattern: {metadata: {name: '?*'}}}";
  const another = ["rule r is about another operation (request.operation)"];

  test.each([
    ["preconditions", `preconditions: {all: [${conditions("Equals", "UPDATE")}]}, ${pattern}`, another],
    ["their old form", `preconditions: [${conditions("In", "[UPDATE, DELETE]")}], ${pattern}`, another],
    [
      "their alternatives",
      `preconditions: {any: [${conditions("Equals", "UPDATE")}, ${conditions("Equals", "CREATE")}]}, ${pattern}`,
      [],
    ],
    ["all but deletions", `preconditions: {all: [${conditions("NotEquals", "DELETE")}]}, ${pattern}`, []],
    [
      "creations and updates",
      `preconditions: {all: [${conditions("AnyIn", "[CREATE, UPDATE]")}]}, ${pattern}`,
      [],
    ],
    ["what is denied", `validate: {deny: {conditions: {all: [${conditions("Equals", "DELETE")}]}}}`, another],
    [
      "one of what is denied",
      `validate: {deny: {conditions: {any: [${conditions("Equals", "DELETE")}, {key: a, operator: Equals, value: b}]}}}`,
      another,
    ],
    [
      "a loop",
      `validate: {foreach: [{list: x, preconditions: {all: [${conditions("Equals", "UPDATE")}]}, pattern: {a: b}}]}`,
      another,
    ],
    [
      "the object as it was",
      `validate: {deny: {conditions: {any: [{key: "{{ request.oldObject.a }}", operator: Equals, value: b}]}}}`,
      ["rule r compares with the object as it was (request.oldObject)"],
    ],
    [
      "the object as it was, where there is no other",
      `validate: {deny: {conditions: {any: [{key: "{{ request.object.a || request.oldObject.a }}", operator: Equals, value: b}]}}}`,
      [],
    ],
    ["a message", `validate: {message: "was {{ request.oldObject.a }}", pattern: {a: b}}`, []],
    [
      "CEL",
      `validate: {cel: {expressions: [{expression: "object.a == oldObject.a"}]}}`,
      ["rule r: validation 1 compares with the object as it was (oldObject)"],
    ],
  ])("%s", (_, rule, expected) => {
    expect(about(rule)).toEqual(expected);
  });

  test.each([
    ["{any: [{resources: {kinds: [Pod], operations: [UPDATE]}}]}", ["rule r is about UPDATE of Pod"]],
    [
      "{all: [{resources: {kinds: [Pod], operations: [DELETE]}}, {resources: {kinds: [Pod]}}]}",
      ["rule r is about DELETE of Pod"],
    ],
    ["{resources: {kinds: [Pod], operations: [UPDATE, DELETE]}}", ["rule r is about UPDATE, DELETE of Pod"]],
    ["{any: [{resources: {kinds: [Pod], operations: [CREATE, UPDATE]}}]}", []],
    [
      "{any: [{resources: {kinds: [Pod], operations: [UPDATE]}}, {resources: {kinds: [Job]}}]}",
      ["rule r is about UPDATE of Pod"],
    ],
    ["{any: [{resources: {kinds: [Pod], operations: [UPDATE]}}, {resources: {kinds: [Pod]}}]}", []],
  ])("that matches %s", (match, expected) => {
    const policy = parse(`{spec: {rules: [{name: r, match: ${match}, ${pattern}}]}}`) as JsonObject;
    expect(beyondCreation(policy)).toEqual(expected);
  });
});

test("rules of a ValidatingAdmissionPolicy and of its binding", () => {
  const rules = (...given: [string, string][]) =>
    given.map(([operations, resources]) => ({
      operations: operations.split(","),
      resources: resources.split(","),
    }));
  const policy = (...given: [string, string][]): JsonObject => ({
    spec: { matchConstraints: { resourceRules: rules(...given) }, validations: [{ expression: "false" }] },
  });
  expect(beyondCreation(policy(["UPDATE", "pods"]))).toEqual(["it is about UPDATE of pods"]);
  expect(beyondCreation(policy(["UPDATE,CREATE", "pods"]))).toEqual([]);
  expect(beyondCreation(policy(["*", "pods"]))).toEqual([]);
  expect(beyondCreation(policy(["CREATE", "pods"], ["DELETE", "pods,jobs"]))).toEqual([
    "it is about DELETE of jobs",
  ]);
  const binding: JsonObject = {
    metadata: { name: "b" },
    spec: { matchResources: { resourceRules: rules(["UPDATE", "pods"]) } },
  };
  expect(beyondCreation(policy(["*", "pods"]), [binding])).toEqual(["its binding b is about UPDATE of pods"]);
});

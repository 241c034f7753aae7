import { dataTree, missingData, readRego } from "@gitops-actions/fleet";
import { describe, expect, test } from "vitest";

const rules = (text: string) =>
  readRego("p.rego", text).rules.map(({ name, kind, line }) => `${line} ${name} ${kind}`);

describe("rules of a Rego file", () => {
  test("are those that conftest asks for, in both syntaxes", () => {
    expect(
      rules(`package main
deny contains msg if { input.x; msg := "a" }
deny_a_b1[msg] { msg := "b" }
violation[{"msg": msg}] { msg := "c" }
warn_x := {msg | msg := "d"}
violation_y := [msg] if { msg := "e" }`),
    ).toEqual(["2 deny fail", "3 deny_a_b1 fail", "4 violation fail", "5 warn_x warn", "6 violation_y fail"]);
  });

  test("that are no set are told apart: conftest takes them for a pass", () => {
    expect(
      rules(
        'package main\ndeny if { input.x }\ndeny_a := "text"\nwarn { input.y }\ndeny_b = true { input.z }',
      ),
    ).toEqual(["2 deny single", "3 deny_a single", "4 warn single", "5 deny_b single"]);
  });

  test("that make an object are no set either, in both syntaxes", () => {
    expect(
      rules(`package main
deny[k] := msg if { input.x; k := "a"; msg := "b" }
deny_a[msg] = res { res := {"msg": msg} }
deny_b[{"msg": msg, "of": data.names[0]}] { msg := "c" }
deny_c["x"] { input.y }`),
    ).toEqual(["2 deny single", "3 deny_a single", "4 deny_b fail", "5 deny_c fail"]);
  });

  test("that only look like rules are told apart, functions and helpers are not", () => {
    expect(
      rules("package main\ndenyRoot contains msg if { msg := 1 }\ndeny_helper(x) if { x }\nwarnings := 3"),
    ).toEqual(["2 denyRoot misnamed"]);
  });

  test("in comments and texts are none", () => {
    const file = readRego(
      "p.rego",
      'package a.b # package c\n# deny contains msg if {}\nx := "data.secret input.review"\n',
    );
    expect(file.rules).toEqual([]);
    expect(file.package).toBe("a.b");
    expect(file.reads).toEqual([]);
    expect(file.forAdmission).toBe(false);
  });

  test("have the metadata above them", () => {
    const text = `package main
# METADATA
# title: No latest
# custom:
#   severity: low
# related_resources:
#   - ref: https://example.com/latest
deny_latest contains msg if { msg := "x" }`;
    expect(readRego("p.rego", text).rules[0]!.metadata).toEqual({
      title: "No latest",
      severity: "low",
      url: "https://example.com/latest",
    });
  });
});

test("exceptions are taken whole, with their lines", () => {
  const { exceptions } = readRego(
    "p.rego",
    `package main
exception contains rules if {
  input.metadata.name == "}" # not yet
  rules := ["root"]
}
deny contains "x" if true
exception[rules] { rules := ["probes"] }`,
  );
  expect(exceptions.map(({ line, text }) => [line, text.split("\n").length])).toEqual([
    [2, 4],
    [7, 1],
  ]);
});

test("what a file reads and is written for is seen", () => {
  const file = readRego(
    "x_test.rego",
    "package main\nimport data.services\nx if input.review.object\ny if input[_].contents.kind",
  );
  expect(file).toMatchObject({
    reads: [["services"]],
    forAdmission: true,
    isCombined: true,
    isTest: true,
  });
});

test("what a file reads is seen however it is written", () => {
  const { reads } = readRego(
    "p.rego",
    `package main
import data.conf
import data.team.limits as most
deny contains msg if { data["banned"][_] == input.kind; msg := "data.never" }
deny contains msg if { some n in conf.names; n == most.cpu.max; msg := data.a.b["c d"] }
deny contains msg if { x := object.get(data.late, "conf.no", 1); input.conf.other; msg := x }`,
  );
  expect(reads).toEqual([
    ["a", "b", "c d"],
    ["banned"],
    ["conf"],
    ["conf", "names"],
    ["late"],
    ["team", "limits"],
    ["team", "limits", "cpu", "max"],
  ]);
});

test("a file for all resources together is told by how it reads them", () => {
  const combined = (body: string) => readRego("p.rego", `package main\n${body}`).isCombined;
  expect(combined('deny contains "x" if { d := input[_]["contents"]; d.kind == "Pod" }')).toBe(true);
  expect(combined('deny contains "x" if { some d in input; d.contents.kind == "Pod" }')).toBe(true);
  expect(combined('deny contains "x" if { input["kind"] == "Pod"; not input.spec.contents }')).toBe(false);
  expect(combined('deny contains "no contents" if { input[_] == "Pod" }')).toBe(false);
});

test("a file that is named as tests are and holds rules but no test is none", () => {
  const isTest = (text: string) => readRego("load_test.rego", `package main\n${text}`).isTest;
  expect(isTest('deny contains "x" if input.kind == "Pod"')).toBe(false);
  expect(isTest('deny contains "x" if input.kind == "Pod"\ntest_x if deny with input as {}')).toBe(true);
  expect(isTest("mock := {}")).toBe(true);
});

test("what files of values give is a tree of names", () => {
  const given = dataTree([
    { path: "a/b.yaml", text: "c: 1" },
    { path: "d.yaml", text: "e: {g: 1}\nf: 2" },
    { path: "a/x/y.json", text: '{"z": []}' },
    { path: "broken.json", text: "{" },
  ]);
  expect(missingData(given, ["a", "c"])).toBeUndefined();
  expect(missingData(given, ["a", "x", "z", "w"])).toBeUndefined();
  expect(missingData(given, ["a", "b"])).toEqual(["a", "b"]);
  expect(missingData(given, ["e", "gg", "h"])).toEqual(["e", "gg"]);
  expect(missingData(given, ["nope", "h"])).toEqual(["nope"]);
});

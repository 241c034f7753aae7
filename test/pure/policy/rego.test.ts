import { dataNames, readRego } from "@gitops-actions/fleet";
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

test("what a file reads and is written for is seen", () => {
  const file = readRego(
    "x_test.rego",
    "package main\nimport data.services\nx if input.review.object\ny if input[_].contents.kind",
  );
  expect(file).toMatchObject({ reads: ["services"], forAdmission: true, isCombined: true, isTest: true });
});

test("names of data are folders, and keys of what stands in none", () => {
  expect(
    dataNames([
      { path: "a/b.yaml", text: "c: 1" },
      { path: "d.yaml", text: "e: 1\nf: 2" },
      { path: "g.json", text: "{" },
    ]),
  ).toEqual(new Set(["a", "e", "f"]));
});

// One evaluation of all documents must say what conftest says of one after the other: the real conftest, both ways.
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type ConftestResult,
  type ConftestRun,
  type ConftestSettings,
  type Machine,
  runConftest,
  runConftestEach,
  type Tool,
} from "@gitops-actions/engine";
import { readRego } from "@gitops-actions/fleet";
import { type Json, writeJson } from "@gitops-actions/manifest";
import { describe, expect, test } from "vitest";
import { findTool } from "../../setup/tools.ts";
import { makeMachine } from "../engine/machine.ts";

const documents: { value: Json }[] = [
  {
    value: { kind: "Deployment", spec: { replicas: 3, images: ["a:latest", "b:1"] }, labels: { owner: "x" } },
  },
  { value: { kind: "Deployment", spec: { replicas: 1, images: ["c:latest"] } } },
  { value: { kind: "Service", spec: { ratio: 0.5, list: [1, 2, 3] } } },
  { value: { kind: "ConfigMap", data: { "a/b": 'quotes " and `, \u2028', empty: "" } } },
  { value: { kind: "Deployment", spec: { user: 1000650000, big: 9007199254740993n, tiny: 0.00001 } } },
  { value: {} },
];

const rules = {
  texts: `deny contains sprintf("%s", [image]) if { some image in input.spec.images; endswith(image, ":latest") }
warn_owner contains "no owner" if not input.labels.owner`,
  objects: `violation contains {"msg": "many", "field": "spec.replicas", "severity": "low", "details": {"n": [input.spec.replicas]}, "_loc": {"file": "a"}} if input.spec.replicas > 2`,
  "sets and lists as values": `deny_a := {msg | some msg in input.spec.images}
deny_b := ["x", "x"] if input.kind == "Service"
deny_c contains "c"`,
  "a rule that is undefined for some": `deny_a := {"only services"} if input.kind == "Service"
deny_b contains "always"`,
  "members that are neither texts nor objects": `deny contains 3 if input.kind == "Service"
deny contains "text"
warn contains ["list"]`,
  helpers: `deployment if input.kind == "Deployment"
images contains image if { deployment; some image in input.spec.images }
deny_a contains count(images) if count(images) > 0
deny_b contains sprintf("%d images", [count(images)]) if count(images) > 0
deny_c contains "none" if count(images) == 0`,
  "the whole input": "deny contains json.marshal(input)",
  numbers: `deny contains sprintf("%v %v", [k, v]) if { some k, v in input.spec; is_number(v) }`,
  "with of its own": `kind := input.kind
deny contains k if k := kind with input as {"kind": "other"}
warn contains "other" if { kind == "Pod" with input as {"kind": "Pod"} }`,
  defaults: `default owner := "nobody"
owner := input.labels.owner
deny contains owner`,
};

const alone = {
  "an exception": `deny_latest contains "latest" if input.spec.images
exception contains ["latest"] if input.labels.owner`,
  "a rule in the middle of a line": 'x := 1; deny contains "hidden" if input.kind == "Service"',
  "the file's name": "deny contains sprintf(`%v`, [data.conftest.file]) if input.kind == `Nothing`",
  "an object without msg": 'deny contains {"message": "m"} if input.kind == "Service"',
  "two values for one name": 'n := 1 if input.kind\nn := 2 if input.kind\ndeny contains "n" if n == 1',
  "a function that fails": 'deny contains "x" if to_number("word") == 1',
  "no Rego at all": "deny contains {",
  "all of data": "deny contains sprintf(`%d`, [count(data)]) if input.kind",
};

/** A tool that notes its starts and is conftest. */
async function watched(machine: Machine & { folder: string }): Promise<{ tool: Tool; starts(): number }> {
  const log = join(machine.folder, "starts");
  const path = join(machine.folder, "conftest");
  writeFileSync(log, "");
  writeFileSync(path, `#!/bin/sh\necho start >> '${log}'\nexec '${await findTool("conftest")}' "$@"\n`);
  chmodSync(path, 0o755);
  const tool: Tool = { name: "conftest", path, version: "0.70.1", source: "path", sha256: "" };
  return { tool, starts: () => readFileSync(log, "utf8").split("\n").length - 1 };
}

async function both(text: string, data: [string, string][] = []) {
  const machine = makeMachine();
  const { tool, starts } = await watched(machine);
  const all = `package main\n${text}\n`;
  const source = { files: new Map([["policy/a.rego", all]]), data: data.length > 0 ? [new Map(data)] : [] };
  const settings: ConftestSettings = {
    ...{ deadlineMs: 60_000, maxMemoryBytes: 2 ** 31, namespaces: ["main"], combine: false },
    ...{ regoVersion: "v1", strictBuiltins: true, allowNetwork: false },
  };
  const names = readRego("policy/a.rego", all).rules.map(({ name }) => name);
  const plain = await runConftest(source, documents, settings, tool, machine);
  const before = starts();
  const questions = [{ namespace: "main", rules: names }];
  const each = await runConftestEach(source, documents, questions, settings, tool, machine);
  return { plain: say(plain), each: say(each), starts: starts() - before };
}

/** What a run says, in an order of its own. */
function say(run: ConftestRun): unknown {
  if (!run.ok) return run;
  const list = (what: string, { filename }: ConftestResult, said: ConftestResult["failures"] = []) =>
    said.map((each) => `${/\d{7}/.exec(filename)} ${what} ${writeJson(each as Json)}`);
  return run.results
    .flatMap((each) => [
      ...list("failure", each, each.failures),
      ...list("warning", each, each.warnings),
      ...list("exception", each, each.exceptions),
    ])
    .sort();
}

describe("one evaluation says what conftest says of each document by itself:", () => {
  test.each(Object.entries(rules))("%s", async (_, text) => {
    const { plain, each, starts } = await both(text);
    expect(each).toEqual(plain);
    expect((plain as string[]).length).toBeGreaterThan(0);
    // One for all, one for the document whose numbers conftest writes in another way.
    expect(starts).toBe(2);
  });
});

describe("conftest's own way is taken for", () => {
  test.each(Object.entries(alone))("%s", async (_, text) => {
    const { plain, each } = await both(text);
    expect(each).toEqual(plain);
  });

  test("values that lie among the rules", async () => {
    const { plain, each, starts } = await both('deny_latest contains "latest" if input.spec.images', [
      ["main/exception.json", '{"x": [["latest"]]}'],
    ]);
    expect(each).toEqual(plain);
    expect(starts).toBe(1);
  });
});

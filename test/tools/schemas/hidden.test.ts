import { describe, expect, test } from "vitest";
import { config, definition, index, lines, thing, validate } from "./validation.ts";

const broken = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {\n";

/** What is said that stops the validation of a resource does not hide what else is wrong with it. */
describe("a mistake that the base has already does not hide new ones", () => {
  const compare = (base: string, head: string, more = {}) =>
    validate(index({ a: { base, head } }), { manifests: "index.json", ...more });

  test("duplicate keys: each is told, and the rest is validated with the last value", async () => {
    const base = config("z", 'data: {a: "1", a: "2"}\n');
    const report = await compare(base, `${base}immutable: "yes please"\nfooo: 1\n`);
    expect(lines(report).sort()).toEqual([
      "error duplicate-key a/source.yaml:3~ /data/a: the key a is given twice [a existing]",
      "error unknown-field a/source.yaml:3~ /fooo: unknown field fooo [a new]",
      "error wrong-type a/source.yaml:3~ /immutable: expected boolean, found string [a new]",
    ]);
    const second = await compare(
      config("z", 'data: {a: "1", a: "2", b: "1"}\n'),
      config("z", 'data: {a: "1", a: "2", b: "1", b: "2"}\n'),
    );
    expect(lines(second).sort()).toEqual([
      "error duplicate-key a/source.yaml:3~ /data/a: the key a is given twice [a existing]",
      "error duplicate-key a/source.yaml:3~ /data/b: the key b is given twice [a new]",
    ]);
    const third = await compare(base, config("z", 'data: {a: "1", a: "2", a: "3"}\n'));
    expect(lines(third).sort()).toEqual([
      "error duplicate-key a/source.yaml:3~ /data/a: the key a is given 3 times [a new]",
      "error duplicate-key a/source.yaml:3~ /data/a: the key a is given twice [a existing]",
    ]);
  });

  test("a kind that is not wanted is validated", async () => {
    const base = config("z");
    const report = await compare(base, `${base}fooo: 1\n`, { reject: ["ConfigMap"] });
    expect(lines(report).sort()).toEqual([
      "error rejected-kind a/source.yaml:3~ : v1 ConfigMap is not wanted here (reject) [a existing]",
      "error unknown-field a/source.yaml:3~ /fooo: unknown field fooo [a new]",
    ]);
  });

  test("a definition that cannot be used: what changed and was not validated is new", async () => {
    const broken = definition("integer").replace("type: integer", "type: string, pattern: '('");
    const report = await validate(
      {
        ...index({
          a: { base: thing("x"), head: thing("y") },
          b: { base: thing("x"), head: thing("x") },
          crds: { base: broken, head: broken },
        }),
      },
      { manifests: "index.json" },
    );
    expect(lines(report)).toEqual([
      "error broken-schema a/source.yaml:3 : the schema of example.com/v1 Thing is broken, so it was not validated [a new, b existing]",
    ]);
    expect(report.fixed).toEqual([]);
  });

  test("a kind without a schema: what changed and was not validated is new", async () => {
    const report = await validate(
      index({ a: { base: thing("x"), head: thing("y") }, b: { base: thing("x"), head: thing("x") } }),
      { manifests: "index.json" },
    );
    expect(lines(report)).toEqual([expect.stringMatching(/^error missing-schema .* \[a new, b existing\]$/)]);
  });

  test("an API that no server serves: what changed was not validated, unless another version has it", async () => {
    const job = (more: string): string =>
      `apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: a}\nspec: {schedule: "* * * * *"${more}}\n`;
    const changed = await compare(job(""), job(", typo: 1"));
    expect(lines(changed)).toEqual([expect.stringMatching(/^error removed-api .* \[a new\]$/)]);
    expect(lines(await compare(job(""), job("")))).toEqual([
      expect.stringMatching(/^error removed-api .* \[a existing\]$/),
    ]);
    const pod = (more: string): string =>
      `apiVersion: storagemigration.k8s.io/v1\nkind: StorageVersionMigration\nmetadata: {name: a}\nspec: {resource: {resource: a}${more}}\n`;
    const versions = { kubernetesVersions: ["1.36", "1.37"] };
    const both = await compare(pod(""), pod(", typo: 1"), versions);
    expect(lines(both).sort()).toEqual([
      expect.stringMatching(/^error unknown-field .* \[a new\]$/),
      expect.stringMatching(/^error unknown-version .* \[a existing\]$/),
    ]);
  });

  test("a document that cannot be read: one that changed and still cannot be is new", async () => {
    const base = `${config("z")}---\n${broken}`;
    const same = await compare(base, `${config("z", "immutable: true\n")}---\n${broken}`);
    expect(lines(same)).toEqual([expect.stringMatching(/^error not-yaml .*\[a existing\]$/)]);
    const changed = await compare(base, `${config("z")}---\n${broken.replace("data", "fooo: 1\ndata")}`);
    expect(lines(changed)).toEqual([expect.stringMatching(/^error not-yaml .*\[a new\]$/)]);
    expect(changed.fixed).toEqual([]);
  });
});

describe("a duplicate key is told where it stands", () => {
  test("in a file, in a list", async () => {
    const list =
      "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: a}\n    data:\n      x: '1'\n      x: '2'\n";
    const report = await validate({
      "a.yaml": `${config("ok")}---\n${config("a", "data:\n  a: '1'\n  a: '2'\n  a: '3'\n")}`,
      "list.yaml": list,
    });
    expect(lines(report)).toEqual([
      "error duplicate-key a.yaml:12 /data/a: the key a is given twice",
      "error duplicate-key a.yaml:13 /data/a: the key a is given 3 times",
      "error duplicate-key list.yaml:9 /data/x: the key x is given twice",
    ]);
  });

  test("a key that overrides one of a merge key is no duplicate", async () => {
    const report = await validate({
      "a.yaml":
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations: &m {a: x, b: w}\n  labels:\n    <<: *m\n    b: z\nfoo: 1\n",
    });
    expect(lines(report)).toEqual(["error unknown-field a.yaml:9 /foo: unknown field foo"]);
  });
});

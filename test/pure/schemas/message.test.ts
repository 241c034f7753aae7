import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseKubeconform, verdictOf } from "../../../packages/engine/src/kubeconform.ts";
import { parseSchemaErrors, splitList, unquote } from "../../../packages/engine/src/schemas/message.ts";

// Recorded with: cd recorded/documents && kubeconform -output json -verbose -strict -n 1 -kubernetes-version 1.36.3
//   -schema-location <what `npm run schemas -- --unpack 1.36 DIR` printed> .
const recorded = readFileSync(new URL("recorded/kubeconform-0.8.0.json", import.meta.url), "utf8");
const results = parseKubeconform(recorded);

function verdict(file: string) {
  const result = results.find(({ filename }) => filename === file);
  if (!result) throw new Error(`${file} was not recorded`);
  return verdictOf(result);
}

function lines(file: string): string[] {
  const { status, ...rest } = verdict(file);
  if (status !== "invalid" || !("problems" in rest)) throw new Error(`${file} is ${status}`);
  return rest.problems.map(({ what, field, message }) => `${what} ${field}: ${message}`);
}

describe("kubeconform's JSON output", () => {
  test("names every field of a nested message, what was expected and what was there", () => {
    expect(lines("types.yaml")).toEqual([
      "wrong-type /metadata/labels/a~1b~0c: expected string, found number",
      "wrong-type /metadata/labels/x: expected string, found number",
      "wrong-type /spec/minReadySeconds: expected integer, found number",
      "wrong-type /spec/replicas: expected integer, found string",
      "enum /spec/template/spec/containers/0/ports/0/protocol: must be one of: SCTP, TCP, UDP",
      "missing-field /spec/template/spec/containers/0/ports/1/containerPort: required field containerPort is missing",
      "range /spec/template/spec/containers/0/ports/1/hostPort: must be at most 2147483647",
      "wrong-type /spec/template/spec/containers/0/readinessProbe/httpGet/port: expected integer or string, found boolean",
      "wrong-type /spec/template/spec/containers/0/resources/limits/cpu: expected number or string, found boolean",
      "format /spec/template/spec/containers/0/resources/limits/memory: must be a quantity such as 500m, 2 or 1Gi",
      "unknown-field /spec/template/spec/containres: unknown field containres",
      "unknown-field /spec/template/spec/it's - at '~1x': got: unknown field it's - at '/x': got",
    ]);
  });

  test("reads what is wrong inside a CustomResourceDefinition", () => {
    const at = "/spec/versions/0/schema/openAPIV3Schema/properties/spec";
    expect(lines("crd.yaml")).toEqual([
      `wrong-type ${at}/properties/b/type: expected string, found number`,
      `wrong-type ${at}/properties/c/additionalProperties: expected boolean or object, found number`,
      `wrong-type ${at}/properties/c/items: expected array or object, found boolean`,
      `unknown-field ${at}/propertis: unknown field propertis`,
    ]);
  });

  test("never repeats a Secret's value", () => {
    expect(lines("secret.yaml")).toEqual([
      "format /data/p: must be base64",
      "wrong-type /data/q: expected string, found number",
    ]);
    expect(JSON.stringify(verdict("secret.yaml"))).not.toContain("not base64!");
  });

  test("tells unreadable documents apart", () => {
    expect(verdict("dup.yaml")).toEqual({
      status: "unreadable",
      what: "duplicate-key",
      message: "the key a is given twice",
      line: 7,
    });
    expect(verdict("broken.yaml")).toMatchObject({ what: "not-yaml", line: 3 });
    expect(verdict("tab.yaml")).toMatchObject({ what: "not-yaml", line: 4 });
    expect(verdict("anchor.yaml")).toMatchObject({
      what: "not-yaml",
      message: expect.stringContaining("unknown anchor"),
    });
    expect(verdict("list.yaml")).toMatchObject({ what: "not-yaml" });
    expect(verdict("noapi.yaml")).toMatchObject({
      what: "missing-kind",
      message: "missing 'apiVersion' key",
    });
    expect(verdict("nokind.yaml")).toMatchObject({ what: "missing-kind", message: "missing 'kind' key" });
    expect(verdict("empty.yaml")).toMatchObject({ what: "missing-kind" });
  });

  test("knows what is fine and what has no schema", () => {
    for (const file of ["ok.yaml", "bom.yaml", "utf16.yaml", "nul.yaml"])
      expect(verdict(file), file).toEqual({ status: "valid" });
    expect(verdict("nosuch.yaml")).toEqual({ status: "no-schema", broken: false });
  });

  test("refuses what is no output of kubeconform, and what it cannot have checked", () => {
    expect(() => parseKubeconform("")).toThrow("not its JSON output: nothing");
    expect(() => parseKubeconform('{"resources": [{"filename": 1}]}')).toThrow("not its JSON output");
    const result = {
      filename: "a",
      kind: "Pod",
      name: "a",
      version: "v1",
      status: "statusError" as const,
      msg: "failed downloading schema at https://x",
    };
    expect(() => verdictOf(result)).toThrow("could not check v1 Pod a: failed downloading");
  });
});

/** Go's %q as the validator quotes: single quotes escaped, double ones not. */
function quote(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${escaped}'`;
}

describe("a message", () => {
  const text = fc.string({ unit: "grapheme-ascii", maxLength: 30 });
  const nasty = fc.oneof(
    text,
    fc.constantFrom("' - at '/x': got a, want b", "\\", "\\'", " - at '", "a', 'b", "'", "   - at '/': x"),
  );

  test("is read back whatever fields and values are called", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(nasty, nasty), { minLength: 1, maxLength: 5 }), (pairs) => {
        const errors = pairs.map(([field, value]) => ({
          field: `/${field}`,
          message: `additional properties ${quote(value)} not allowed`,
        }));
        const body = errors.map(({ field, message }) => ` - at ${quote(field)}: ${message}`).join("");
        const parsed = parseSchemaErrors(`jsonschema validation failed with 'file:///x.json#'${body}`);
        expect(parsed).toEqual(errors.map((error) => ({ ...error, causes: [] })));
      }),
    );
  });

  test("keeps alternatives below their anyOf and dissolves groups", () => {
    const message =
      "jsonschema validation failed with 'x#' - at '/a': validation failed   - at '/a/b': 'anyOf' failed" +
      "     - at '/a/b': missing property 'x'     - at '/a/b': got object, want string   - at '/a/c': got null, want string";
    expect(parseSchemaErrors(message)).toEqual([
      {
        field: "/a/b",
        message: "'anyOf' failed",
        causes: [
          { field: "/a/b", message: "missing property 'x'", causes: [] },
          { field: "/a/b", message: "got object, want string", causes: [] },
        ],
      },
      { field: "/a/c", message: "got null, want string", causes: [] },
    ]);
  });

  test("lists are split outside quotes", () => {
    fc.assert(
      fc.property(fc.array(nasty), (items) => {
        expect(splitList(items.map(quote).join(", "))).toEqual(items);
      }),
    );
    expect(splitList("1, true, 'a, b', <nil>")).toEqual(["1", "true", "a, b", "<nil>"]);
  });

  test("Go's escapes are undone", () => {
    expect(unquote(String.raw`'\x00\u00e9\U0001f600\n\\\''`)).toBe("\0é😀\n\\'");
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { convertCrd } from "../../../packages/engine/src/schemas/crd.ts";

const embedded = { $ref: "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" };
const metadata = { $ref: `${embedded.$ref}@named` };

function crd(schema: object, version: object = {}) {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    spec: {
      group: "example.com",
      names: { kind: "Thing" },
      scope: "Namespaced",
      versions: [
        { name: "v1", served: true, schema: { openAPIV3Schema: { type: "object", ...schema } }, ...version },
      ],
    },
  };
}

/** The converted schema of `spec`. */
function spec(schema: object, required: string[] = []): unknown {
  const { kinds, problems } = convertCrd(crd({ required, properties: { spec: schema } }));
  expect(problems).toEqual([]);
  return (kinds[0]!.schema.properties as Record<string, unknown>).spec;
}

describe("a CustomResourceDefinition", () => {
  test("pins apiVersion and kind, allows metadata, and knows only its fields", () => {
    expect(convertCrd(crd({ properties: { spec: { type: "string" } } })).kinds).toEqual([
      {
        group: "example.com",
        version: "v1",
        kind: "Thing",
        namespaced: true,
        schema: {
          type: "object",
          required: ["apiVersion", "kind", "metadata"],
          additionalProperties: false,
          properties: {
            apiVersion: { type: "string", enum: ["example.com/v1"] },
            kind: { type: "string", enum: ["Thing"] },
            metadata,
            spec: { type: ["string", "null"] },
          },
        },
      },
    ]);
  });

  test("an object knows no field unless it says so, also without properties", () => {
    expect(spec({ type: "object" })).toEqual({ type: ["object", "null"], additionalProperties: false });
    expect(spec({ type: "object", "x-kubernetes-preserve-unknown-fields": true })).toEqual({
      type: ["object", "null"],
    });
    expect(spec({ "x-kubernetes-preserve-unknown-fields": true })).toEqual({});
    expect(spec({ type: "object", additionalProperties: { type: "integer" } })).toEqual({
      type: ["object", "null"],
      additionalProperties: { type: ["integer", "null"], minimum: -(2 ** 63), maximum: 2 ** 63 },
    });
    expect(spec({ type: "object", additionalProperties: true })).toEqual({ type: ["object", "null"] });
  });

  test("null stands for absent, except in lists and where a field is required", () => {
    expect(spec({ type: "string" }, ["spec"])).toEqual({ type: "string" });
    expect(spec({ type: "string", nullable: true }, ["spec"])).toEqual({ type: ["string", "null"] });
    expect(spec({ type: "string", default: "a" }, ["spec"])).toEqual({ type: ["string", "null"] });
    expect(spec({ type: "string", enum: ["a", "b"] })).toEqual({
      type: ["string", "null"],
      enum: ["a", "b", null],
    });
    expect(spec({ type: "array", items: { type: "string" } })).toEqual({
      type: ["array", "null"],
      items: { type: "string" },
    });
  });

  test("a default fills in for a required field", () => {
    const schema = {
      type: "object",
      required: ["a", "b"],
      properties: { a: { type: "string", default: "x" }, b: { type: "string" } },
    };
    expect(spec(schema)).toMatchObject({ required: ["b"] });
  });

  test("int-or-string, formats, sets, embedded resources", () => {
    const both = {
      anyOf: [{ type: "integer" }, { type: "string" }],
      pattern: "^[0-9]+%?$",
      "x-kubernetes-int-or-string": true,
    };
    expect(spec(both)).toEqual({ type: ["integer", "string", "null"], pattern: "^[0-9]+%?$" });
    expect(spec({ type: "integer", format: "int32", minimum: 0 })).toEqual({
      type: ["integer", "null"],
      minimum: 0,
      maximum: 2147483647,
    });
    expect(spec({ type: "string", format: "no-such-format" })).toEqual({ type: ["string", "null"] });
    expect(spec({ type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" })).toMatchObject(
      { uniqueItems: true },
    );
    expect(
      spec({
        type: "object",
        "x-kubernetes-embedded-resource": true,
        "x-kubernetes-preserve-unknown-fields": true,
      }),
    ).toEqual({
      type: ["object", "null"],
      required: ["apiVersion", "kind"],
      properties: {
        apiVersion: { type: "string", minLength: 1 },
        kind: { type: "string", minLength: 1 },
        metadata: embedded,
      },
    });
  });

  test("what draft 4 does not allow is left out", () => {
    const schema = {
      type: "integer",
      exclusiveMinimum: true,
      enum: [],
      required: [],
      maximum: 9007199254740993n,
      "x-kubernetes-validations": [{ rule: "self > 0" }],
      description: "d",
    };
    expect(spec(schema)).toEqual({
      type: ["integer", "null"],
      minimum: -(2 ** 63),
      maximum: 9007199254740992,
    });
  });

  test("alternatives check values and know nothing of unknown fields; a single allOf is merged", () => {
    const schema = {
      type: "object",
      properties: { a: { type: "string" }, b: { type: "string" } },
      oneOf: [{ required: ["a"] }, { properties: { b: { enum: ["x"] } }, required: ["b"] }],
      allOf: [{ not: { required: ["c"] } }],
    };
    expect(spec(schema)).toMatchObject({
      additionalProperties: false,
      oneOf: [{ required: ["a"] }, { properties: { b: { enum: ["x"] } }, required: ["b"] }],
      not: { required: ["c"] },
    });
    expect(spec(schema)).not.toHaveProperty("allOf");
  });

  test("what a single allOf says of fields and items that the schema has as well is kept", () => {
    const schema = {
      type: "object",
      properties: { a: { type: "string" }, l: { type: "array", items: { type: "string" } } },
      allOf: [{ properties: { a: { enum: ["x"] }, l: { items: { minLength: 2 } } } }],
    };
    expect(spec(schema)).toMatchObject({
      properties: { a: { type: ["string", "null"] }, l: { items: { type: "string" } } },
      allOf: [{ properties: { a: { enum: ["x"] }, l: { items: { minLength: 2 } } } }],
    });
    const list = { type: "array", items: { type: "string" }, allOf: [{ items: { pattern: "^a" } }] };
    expect(spec(list)).toMatchObject({ items: { type: "string" }, allOf: [{ items: { pattern: "^a" } }] });
    const map = {
      type: "object",
      additionalProperties: { type: "string" },
      allOf: [{ properties: { a: { maxLength: 1 } } }],
    };
    expect(spec(map)).toMatchObject({
      additionalProperties: { type: ["string", "null"] },
      allOf: [{ properties: { a: { maxLength: 1 } } }],
    });
  });

  test("no keyword of a schema is lost, wherever it stands", () => {
    // A number marks each keyword: what is lost, or replaced by another, is missed.
    let next = 1000;
    const mark = (name: string): fc.Arbitrary<object> => fc.constant(name).map(() => ({ [name]: next++ }));
    const limits = fc.oneof(...["maxLength", "minLength", "maxItems", "maxProperties"].map(mark));
    const inner = fc.letrec<{ node: object }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        limits,
        fc.tuple(limits, tie("node")).map(([own, node]) => ({ ...own, properties: { a: node } })),
        fc.tuple(limits, tie("node")).map(([own, node]) => ({ ...own, items: node })),
        fc.array(tie("node"), { minLength: 1, maxLength: 2 }).map((allOf) => ({ allOf })),
        fc.array(tie("node"), { minLength: 1, maxLength: 2 }).map((anyOf) => ({ anyOf })),
        tie("node").map((not) => ({ not })),
      ),
    })).node;
    const structural = fc.letrec<{ node: object }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        fc.tuple(inner, limits).map(([parts, own]) => ({ type: "string", ...parts, ...own })),
        fc
          .tuple(inner, tie("node"))
          .map(([parts, node]) => ({ type: "object", ...parts, properties: { a: node, b: node } })),
        fc.tuple(inner, tie("node")).map(([parts, node]) => ({ type: "array", ...parts, items: node })),
        fc
          .tuple(inner, tie("node"))
          .map(([parts, node]) => ({ type: "object", allOf: [parts], additionalProperties: node })),
      ),
    })).node;
    const numbers = (value: unknown): string[] => JSON.stringify(value).match(/\b1\d{3,}\b/g) ?? [];
    fc.assert(
      fc.property(structural, (schema) => {
        expect(new Set(numbers(spec(schema)))).toEqual(new Set(numbers(schema)));
      }),
    );
  });

  test("with the status subresource, a status is dropped before it is judged: only its fields must exist", () => {
    const status = {
      type: "object",
      required: ["phase"],
      properties: { phase: { type: "string", enum: ["A"] } },
    };
    const schema = { required: ["status"], properties: { status } };
    const statusOf = (version: object) => {
      const root = convertCrd(crd(schema, version)).kinds[0]!.schema;
      return [root.required, (root.properties as Record<string, unknown>).status];
    };
    expect(statusOf({ subresources: { status: {} } })).toEqual([
      ["apiVersion", "kind", "metadata"],
      { properties: { phase: {} }, additionalProperties: false },
    ]);
    expect(statusOf({})).toEqual([
      ["apiVersion", "kind", "metadata", "status"],
      {
        type: "object",
        required: ["phase"],
        properties: { phase: { type: "string", enum: ["A"] } },
        additionalProperties: false,
      },
    ]);
  });

  test("restrictions on the name are kept", () => {
    const schema = {
      properties: { metadata: { type: "object", properties: { name: { type: "string", pattern: "^a" } } } },
    };
    expect(convertCrd(crd(schema)).kinds[0]!.schema.properties).toMatchObject({
      metadata: { allOf: [metadata, { properties: { name: { type: "string", pattern: "^a" } } }] },
    });
  });

  test("unserved and deprecated versions are marked", () => {
    expect(convertCrd(crd({}, { served: false })).kinds[0]).toMatchObject({ served: false });
    expect(convertCrd(crd({}, { deprecated: true })).kinds[0]).toMatchObject({
      deprecated: "example.com/v1 Thing is deprecated",
    });
    expect(convertCrd(crd({}, { deprecated: true, deprecationWarning: "use v2" })).kinds[0]).toMatchObject({
      deprecated: "use v2",
    });
  });

  test("broken definitions are told, not thrown", () => {
    const problemsOf = (definition: unknown) => convertCrd(definition).problems.map(({ message }) => message);
    expect(problemsOf(null)).toEqual(["spec.group and spec.names.kind must be set"]);
    expect(problemsOf({ spec: { group: "g", names: { kind: "K" }, versions: {} } })).toEqual([
      "spec.versions is empty",
    ]);
    expect(problemsOf(crd({}, { schema: undefined }))).toEqual(["version v1 has no schema.openAPIV3Schema"]);
    expect(problemsOf(crd({ type: "string" }))).toEqual(["version v1: the schema's type must be object"]);
    expect(problemsOf(crd({}, { name: undefined }))).toEqual(["a version has no name"]);
  });
});

import { describe, expect, test } from "vitest";
import { combineSchemas, findKind, versionsOf } from "../../../packages/engine/src/schemas/lookup.ts";
import { looseSchema } from "../../../packages/engine/src/schemas/pack.ts";
import { schemaPath, standaloneSchema } from "../../../packages/engine/src/schemas/unpack.ts";
import {
  convertOpenApi,
  type OpenApiDocument,
  type OpenApiSchema,
} from "../../../scripts/schemas/openapi.ts";

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
const ref = (name: string) => ({ $ref: `#/definitions/${name}` });

function documentWith(definitions: Record<string, OpenApiSchema>): OpenApiDocument {
  return {
    info: { version: "1.36" },
    resources: { "apps/v1/Thing": { namespaced: true, plural: "things" } },
    definitions: {
      [`${meta}.ObjectMeta`]: { type: "object", properties: { name: { type: "string" } } },
      [`${meta}.ListMeta`]: { type: "object", properties: { continue: { type: "string" } } },
      "apps.v1.Thing": {
        type: "object",
        properties: {
          apiVersion: { type: "string" },
          kind: { type: "string" },
          metadata: ref(`${meta}.ObjectMeta`),
          spec: ref("Spec"),
          status: ref("Spec"),
        },
        "x-kubernetes-group-version-kind": [{ group: "apps", version: "v1", kind: "Thing" }],
      },
      ...definitions,
    },
  };
}

function convert(spec: OpenApiSchema, more: Record<string, OpenApiSchema> = {}) {
  return convertOpenApi(documentWith({ Spec: spec, ...more }), "1.36.3");
}

describe("a pack from OpenAPI", () => {
  const container: OpenApiSchema = {
    type: "object",
    required: ["name"],
    properties: { name: { type: "string" } },
  };
  const pack = convert(
    {
      type: "object",
      required: ["containers", "first", "mode"],
      properties: {
        containers: { type: "array", items: ref("Container") },
        first: ref("Container"),
        second: ref("Container"),
        mode: { type: "string", enum: ["A", "B"] },
        other: { type: "string", enum: ["A", ""] },
        data: { type: "object", additionalProperties: { type: "string", format: "byte" } },
        count: { type: "integer", format: "int32" },
        free: { type: "object" },
        size: ref("io.k8s.apimachinery.pkg.api.resource.Quantity"),
      },
    },
    { Container: container, "io.k8s.apimachinery.pkg.api.resource.Quantity": { type: "string" } },
  );
  const spec = pack.definitions.Spec as { properties: Record<string, unknown> };

  test("null means absent, so it is refused only where a value is required", () => {
    expect(pack.definitions.Container).toMatchObject({ type: ["object", "null"] });
    expect(pack.definitions["Container@given"]).toMatchObject({
      type: "object",
      properties: { name: { type: "string" } },
    });
    expect(spec.properties).toMatchObject({
      containers: { type: "array", items: ref("Container@given") },
      first: ref("Container@given"),
      second: ref("Container"),
      data: { type: ["object", "null"], additionalProperties: { type: ["string", "array", "null"] } },
    });
  });

  test("an enum takes the empty string and null where the field may be absent", () => {
    expect(spec.properties.mode).toEqual({ type: "string", enum: ["A", "B"] });
    expect(spec.properties.other).toEqual({ type: ["string", "null"], enum: ["A", "", null] });
  });

  test("numbers have the range of their Go type, quantities may be numbers", () => {
    expect(spec.properties.count).toEqual({
      type: ["integer", "null"],
      minimum: -2147483648,
      maximum: 2147483647,
    });
    expect(pack.definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"]).toMatchObject({
      type: ["string", "number", "null"],
    });
  });

  test("a status is only decoded: no field is required in it and no value checked", () => {
    expect(pack.definitions["Spec@decoded"]).not.toHaveProperty("required");
    expect(pack.definitions["Spec@decoded"]).toMatchObject({
      additionalProperties: false,
      properties: { mode: { type: ["string", "null"] }, first: ref("Container@decoded") },
    });
  });

  test("a kind is told by apiVersion and kind, free-form objects stay free", () => {
    expect(pack.kinds).toHaveLength(1);
    expect(pack.kinds[0]!.schema).toMatchObject({
      required: ["apiVersion", "kind", "metadata"],
      additionalProperties: false,
      properties: { apiVersion: { enum: ["apps/v1"] }, kind: { enum: ["Thing"] } },
    });
    expect(spec.properties.free).toEqual({ type: ["object", "null"] });
  });
});

describe("schemas in force", () => {
  const pack = convert(
    { type: "object", properties: { additionalProperties: { type: "boolean" }, a: ref("A") } },
    { A: { type: "object", properties: { b: ref("A") } } },
  );
  const set = combineSchemas(pack, []);
  const thing = { group: "apps", version: "v1", kind: "Thing" };

  test("a standalone schema holds what it reaches, recursion included, and nothing else", () => {
    const schema = standaloneSchema(findKind(set, thing)!, { ...set.definitions, Unused: {} }, true);
    expect(Object.keys(schema.definitions as object)).toEqual(
      ["A", "A@decoded", "Spec", "Spec@decoded", `${meta}.ObjectMeta@named`].sort(),
    );
  });

  test("not strict: unknown fields pass, and a field of the name additionalProperties stays", () => {
    expect(looseSchema(pack.definitions.Spec!)).toEqual({
      type: ["object", "null"],
      properties: { additionalProperties: { type: ["boolean", "null"] }, a: ref("A") },
    });
  });

  test("a list is made from its items' kind", () => {
    const list = findKind(set, { ...thing, kind: "ThingList" })!.schema as {
      properties: { items: { items: object } };
    };
    expect(list.properties.items.items).toMatchObject({ properties: { kind: { enum: ["Thing"] } } });
    expect(list.properties.items.items).toMatchObject({ required: ["metadata"] });
    expect(findKind(set, { ...thing, kind: "OtherList" })).toBeUndefined();
  });

  test("the fleet's own definitions win over packs", () => {
    const own = { group: "apps", version: "v1", kind: "Thing", schema: { type: "object", title: "own" } };
    const combined = combineSchemas(
      pack,
      [],
      [{ kinds: [own, { ...own, version: "v2", served: false }], problems: [] }],
    );
    expect(findKind(combined, thing)).toBe(own);
    expect(versionsOf(combined, thing)).toEqual(["v1"]);
  });

  test("files are laid out by full group, the core group by its version", () => {
    expect(schemaPath({ group: "networking.k8s.io", version: "v1", kind: "Ingress" })).toBe(
      "networking.k8s.io/ingress_v1.json",
    );
    expect(schemaPath({ group: "", version: "v1", kind: "Pod" })).toBe("v1/pod_v1.json");
  });
});

describe("what the server's validation adds to the types", () => {
  const prefix = "io.k8s.api.core.v1";
  const pack = convert(
    {
      type: "object",
      properties: {
        probe: ref(`${prefix}.Probe`),
        container: ref(`${prefix}.Container`),
        event: ref(`${prefix}.HTTPHeader`),
      },
    },
    {
      [`${prefix}.Probe`]: {
        type: "object",
        properties: {
          exec: { type: "object" },
          grpc: { type: "object" },
          timeoutSeconds: { type: "integer", format: "int32" },
        },
      },
      [`${prefix}.Container`]: {
        type: "object",
        required: ["name"],
        properties: { name: { type: "string" }, image: { type: "string" } },
      },
      [`${prefix}.HTTPHeader`]: {
        type: "object",
        required: ["name", "value"],
        properties: { name: { type: "string" }, value: { type: "string" } },
      },
    },
  );
  const of = (type: string) => pack.definitions[`${prefix}.${type}`];

  test("one of several fields, limits, required fields that may not be empty", () => {
    expect(of("Probe")).toMatchObject({
      anyOf: [{ required: ["exec"] }, { required: ["grpc"] }],
      properties: { timeoutSeconds: { minimum: 0, maximum: 2147483647 } },
    });
    expect(of("Container")).toMatchObject({
      required: ["image", "name"],
      properties: { image: { type: "string", pattern: expect.stringContaining("\\S") } },
    });
  });

  test("fields that the document calls required and the server does not miss", () => {
    expect(of("HTTPHeader")).toMatchObject({
      required: ["name"],
      properties: { value: { type: ["string", "null"] } },
    });
  });

  test("keys of maps, and rules of some versions only", () => {
    const text = { type: "string" };
    const service = {
      type: "object",
      properties: { name: text, data: { type: "object", additionalProperties: text } },
    };
    const made = (version: string) =>
      convertOpenApi(
        {
          info: { version },
          definitions: {
            [`${prefix}.ConfigMap`]: {
              ...service,
              properties: { ...service.properties, sleep: ref(`${prefix}.SleepAction`) },
              "x-kubernetes-group-version-kind": [{ group: "", version: "v1", kind: "ConfigMap" }],
            },
            [`${prefix}.SleepAction`]: { type: "object", properties: { seconds: { type: "integer" } } },
            [`${meta}.ObjectMeta`]: { type: "object", properties: { name: text } },
            [`${meta}.ListMeta`]: { type: "object", properties: { name: text } },
          },
          resources: {},
        },
        version,
      );
    expect(made("1.36.3").kinds[0]!.schema.properties).toMatchObject({
      data: {
        allOf: [{ additionalProperties: { enum: [expect.stringMatching(/^rule: the key must be /)] } }],
      },
    });
    const sleep = (version: string) => made(version).definitions[`${prefix}.SleepAction`]?.properties;
    expect(sleep("1.32.1")).toMatchObject({ seconds: { minimum: 1 } });
    expect(sleep("1.36.3")).toMatchObject({ seconds: { minimum: 0 } });
  });

  test("a resource has a name that DNS takes, or the beginning of one", () => {
    expect(pack.definitions[`${meta}.ObjectMeta@named`]).toMatchObject({
      type: "object",
      anyOf: [{ required: ["name"] }, { required: ["generateName"] }],
      properties: { name: { type: "string", maxLength: 253 } },
    });
  });
});

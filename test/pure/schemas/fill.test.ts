import { expect, test } from "vitest";
import { fillText, needsFilling } from "../../../packages/engine/src/schemas/fill.ts";

const head = { apiVersion: "example.com/v1", kind: "Thing", metadata: { name: "a", labels: null } };
const schema = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      minProperties: 1,
      properties: {
        a: { type: "string" },
        b: { type: "string", nullable: true },
        c: { type: "string", default: "x" },
        list: { type: "array", items: { type: "object", properties: { d: { type: "integer" } } } },
        map: { type: "object", additionalProperties: { type: "string" } },
      },
    },
  },
};
const filled = (spec: unknown): unknown =>
  JSON.parse(fillText(JSON.stringify({ ...head, spec }), schema)).spec;

test("nulls that a schema does not allow go, defaults come", () => {
  expect(filled({ a: null, b: null, c: null, unknown: null })).toEqual({ b: null, c: "x", unknown: null });
  expect(filled({ list: [{ d: null }, null], map: { k: null, l: "m" } })).toEqual({
    ...{ list: [{}, null], map: { l: "m" }, c: "x" },
  });
  expect(JSON.parse(fillText(JSON.stringify(head), schema))).toEqual(head);
});

test("what cannot be read is left for the engine to tell", () => {
  for (const text of ["a: 1\na: 2\n", "{", "", "- a"]) expect(fillText(text, schema)).toBe(text);
});

test("only schemas that count fields need it", () => {
  expect(needsFilling(schema)).toBe(true);
  expect(needsFilling({ properties: { spec: { type: "object", minLength: 1 } } })).toBe(false);
});

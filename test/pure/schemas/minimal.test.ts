import { expect, test } from "vitest";
import { convertCrd } from "../../../packages/engine/src/schemas/crd.ts";
import { minimalDefinition } from "../../../packages/engine/src/schemas/minimal.ts";

const schema = {
  type: "object",
  description: "prose",
  properties: {
    spec: {
      type: "object",
      title: "prose",
      properties: { description: { type: "string", description: "prose", default: { description: "kept" } } },
      example: { a: 1 },
      "x-kubernetes-validations": [{ rule: "self.a", message: "m" }],
    },
  },
};
const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "things.example.com", uid: "1", annotations: { a: "b" }, managedFields: [] },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    conversion: { strategy: "Webhook" },
    names: { kind: "Thing", plural: "things", categories: ["all"] },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        additionalPrinterColumns: [],
        subresources: { status: {} },
        schema: { openAPIV3Schema: schema },
      },
    ],
  },
  status: { storedVersions: ["v1"] },
};

test("a definition that is kept has what validates, and no prose", () => {
  const minimal = minimalDefinition(definition);
  expect(minimal).toEqual({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "things.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { kind: "Thing", plural: "things" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: {
                spec: {
                  type: "object",
                  properties: { description: { type: "string", default: { description: "kept" } } },
                  "x-kubernetes-validations": [{ rule: "self.a", message: "m" }],
                },
              },
            },
          },
        },
      ],
    },
  });
  expect(convertCrd(minimal)).toEqual(convertCrd(definition));
});

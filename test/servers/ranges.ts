/** A definition with a schema and rules in CEL, as an API server accepts it. */
export const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "ranges.example.com" },
  spec: {
    group: "example.com",
    scope: "Cluster",
    names: { kind: "Range", plural: "ranges" },
    versions: [
      {
        ...{ name: "v1", served: true, storage: true },
        schema: {
          openAPIV3Schema: {
            type: "object",
            description: "prose",
            properties: {
              spec: {
                type: "object",
                "x-kubernetes-validations": [
                  { rule: "self.min <= self.max", message: "min must not exceed max" },
                  {
                    rule: "!has(self.mode) || self.mode != 'open' || self.max > 10",
                    reason: "FieldValueForbidden",
                  },
                ],
                properties: {
                  min: { type: "integer", default: 0 },
                  max: { type: "integer", default: 5 },
                  mode: { type: "string", enum: ["open", "closed"] },
                  name: {
                    type: "string",
                    "x-kubernetes-validations": [
                      { rule: "self.matches('^[a-z]+$')", messageExpression: "self + ' is no name'" },
                    ],
                  },
                  items: {
                    type: "array",
                    maxItems: 10,
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["key"],
                    items: {
                      type: "object",
                      required: ["key"],
                      properties: { key: { type: "string" }, size: { type: "integer" } },
                    },
                    "x-kubernetes-validations": [
                      { rule: "self.all(each, !has(each.size) || each.size < 100)", message: "too large" },
                    ],
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

/** Where such definitions are made. */
export const definitionsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

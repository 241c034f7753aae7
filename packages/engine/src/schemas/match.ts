const text = { type: "string" };
const texts = { type: "array", items: text };
const glob = { type: "string", pattern: "^\\*?[-:a-z0-9]*\\*?$" };
const requirement = {
  type: "object",
  required: ["key", "operator"],
  properties: { key: text, operator: text, values: texts },
};
const selector = {
  type: "object",
  properties: {
    matchExpressions: { type: "array", items: requirement },
    matchLabels: { type: "object", additionalProperties: text },
  },
};

/** `spec.match` of a Gatekeeper constraint (open-policy-agent/gatekeeper 3.23.1, pkg/target/matchcrd_constant.go). */
export const constraintMatch = {
  type: "object",
  properties: {
    excludedNamespaces: { type: "array", items: glob },
    kinds: { type: "array", items: { type: "object", properties: { apiGroups: texts, kinds: texts } } },
    labelSelector: selector,
    name: glob,
    namespaceSelector: selector,
    namespaces: { type: "array", items: glob },
    scope: text,
    source: { type: "string", enum: ["All", "Generated", "Original"] },
  },
};

import { type CrdSchemas, convertCrd } from "./crd.ts";
import { constraintMatch } from "./match.ts";

type Fields = Record<string, unknown>;

const scopedActions = {
  type: "array",
  items: {
    type: "object",
    properties: {
      action: { type: "string" },
      enforcementPoints: {
        type: "array",
        items: { type: "object", properties: { name: { type: "string" } } },
      },
    },
  },
};

/**
 * Schemas of the constraints that a Gatekeeper ConstraintTemplate defines: the definition that Gatekeeper makes of it
 * (open-policy-agent/frameworks, pkg/client/crds).
 */
export function convertConstraintTemplate(template: unknown): CrdSchemas {
  const { apiVersion, spec } = fieldsOf(template);
  const crd = fieldsOf(fieldsOf(fieldsOf(spec).crd).spec);
  const kind = fieldsOf(crd.names).kind;
  if (typeof kind !== "string" || kind === "")
    return {
      kinds: [],
      problems: [{ field: "/spec/crd/spec/names/kind", message: "spec.crd.spec.names.kind must be set" }],
    };
  const { openAPIV3Schema, legacySchema } = fieldsOf(crd.validation);
  // Before v1 of its API a template's schema was not structural: whatever it does not say is allowed.
  const isLegacy = typeof legacySchema === "boolean" ? legacySchema : !String(apiVersion).endsWith("/v1");
  const parameters =
    openAPIV3Schema === undefined ? {} : { parameters: isLegacy ? opened(openAPIV3Schema) : openAPIV3Schema };
  const schema = {
    type: "object",
    properties: {
      metadata: { type: "object", properties: { name: { type: "string", maxLength: 63 } } },
      spec: {
        type: "object",
        properties: {
          match: constraintMatch,
          enforcementAction: { type: "string" },
          scopedEnforcementActions: scopedActions,
          ...parameters,
        },
      },
      status: { "x-kubernetes-preserve-unknown-fields": true },
    },
  };
  const version = (name: string): Fields => ({
    name,
    served: true,
    schema: { openAPIV3Schema: schema },
    subresources: { status: {} },
  });
  return convertCrd({
    spec: {
      group: "constraints.gatekeeper.sh",
      scope: "Cluster",
      names: { kind },
      versions: [version("v1beta1"), version("v1alpha1")],
    },
  });
}

/** The schema with unknown fields allowed wherever there may be any. */
function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(opened);
  if (value === null || typeof value !== "object") return value;
  const schema = fieldsOf(value);
  const result: Fields = { ...schema };
  if (schema.type === undefined || schema.type === "object")
    result["x-kubernetes-preserve-unknown-fields"] = true;
  const fields = Object.entries(fieldsOf(schema.properties));
  if (fields.length > 0)
    result.properties = Object.fromEntries(fields.map(([name, field]) => [name, opened(field)]));
  for (const keyword of ["items", "additionalProperties"]) {
    if (schema[keyword] !== undefined) result[keyword] = opened(schema[keyword]);
  }
  return result;
}

function fieldsOf(value: unknown): Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Fields) : {};
}

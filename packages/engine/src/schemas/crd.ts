// From the structural schemas of a CustomResourceDefinition to JSON Schemas, as the API server applies them:
// prune (unknown fields), drop nulls, default, then validate (apiextensions-apiserver, customresource_handler.go).
import { needsFilling } from "./fill.ts";
import { int32, int64, stringFormats } from "./formats.ts";
import type { JsonSchema, KindSchema } from "./pack.ts";

export interface CrdSchemas {
  kinds: KindSchema[];
  /** What is wrong with the definition itself; a version with a problem has no schema. */
  problems: DefinitionProblem[];
}

export interface DefinitionProblem {
  /** JSON Pointer into the definition; the field may be absent. */
  field: string;
  message: string;
}

type Fields = Record<string, unknown>;

/** Kubernetes' own ObjectMeta, found in every Kubernetes pack. */
export const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const metaReference: JsonSchema = { $ref: `#/definitions/${objectMeta}` };
/** The same with what the server wants of a resource's own name. */
const namedReference: JsonSchema = { $ref: `#/definitions/${objectMeta}@named` };

/** Keywords of a structural schema that mean the same in JSON Schema draft 4. */
const copied = [
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "pattern",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
];

/** Schemas of every served version of a CustomResourceDefinition (apiextensions.k8s.io/v1). */
export function convertCrd(definition: unknown): CrdSchemas {
  const spec = fieldsOf(fieldsOf(withoutBigints(definition)).spec);
  const group = textOf(spec.group);
  const kind = textOf(fieldsOf(spec.names).kind);
  if (!group || !kind) {
    const message = "spec.group and spec.names.kind must be set";
    return { kinds: [], problems: [{ field: group ? "/spec/names/kind" : "/spec/group", message }] };
  }
  const versions = listOf(spec.versions).map(fieldsOf);
  if (versions.length === 0)
    return { kinds: [], problems: [{ field: "/spec/versions", message: "spec.versions is empty" }] };

  const kinds: KindSchema[] = [];
  const problems: DefinitionProblem[] = [];
  for (const [index, entry] of versions.entries()) {
    const wrong = (field: string, message: string): void => {
      problems.push({ field: `/spec/versions/${index}/${field}`, message });
    };
    const version = textOf(entry.name);
    const schema = fieldsOf(fieldsOf(entry.schema).openAPIV3Schema);
    if (!version) wrong("name", "a version has no name");
    else if (Object.keys(schema).length === 0)
      wrong("schema/openAPIV3Schema", `version ${version} has no schema.openAPIV3Schema`);
    else if (schema.type !== "object")
      wrong("schema/openAPIV3Schema/type", `version ${version}: the schema's type must be object`);
    else {
      const hasStatus = "status" in fieldsOf(entry.subresources);
      kinds.push({
        group,
        version,
        kind,
        namespaced: spec.scope === "Namespaced",
        ...(entry.served === false && { served: false }),
        ...(entry.deprecated === true && {
          deprecated: textOf(entry.deprecationWarning) || `${group}/${version} ${kind} is deprecated`,
        }),
        schema: rootSchema(schema, `${group}/${version}`, kind, hasStatus),
        ...(needsFilling(schema) && { structural: schema }),
      });
    }
  }
  return { kinds, problems };
}

function rootSchema(schema: Fields, apiVersion: string, kind: string, hasStatus: boolean): JsonSchema {
  const root = convert(schema);
  const properties = (root.properties ?? {}) as Record<string, JsonSchema>;
  const { name, generateName } = fieldsOf(fieldsOf(fieldsOf(schema.properties).metadata).properties);
  const restrictions = {
    ...(name !== undefined && { name: convert(fieldsOf(name)) }),
    ...(generateName !== undefined && { generateName: convert(fieldsOf(generateName)) }),
  };
  // With the subresource the status of what is created is dropped before anything is validated.
  if (hasStatus && properties.status) properties.status = shapeOnly(properties.status) as JsonSchema;
  root.properties = {
    ...properties,
    apiVersion: { type: "string", enum: [apiVersion] },
    kind: { type: "string", enum: [kind] },
    metadata:
      Object.keys(restrictions).length > 0
        ? { allOf: [namedReference, { properties: restrictions }] }
        : namedReference,
  };
  const required = (root.required ?? []) as string[];
  root.required = [
    ...new Set([
      "apiVersion",
      "kind",
      "metadata",
      ...required.filter((field) => !(hasStatus && field === "status")),
    ]),
  ];
  return root;
}

/** One node of a structural schema. */
function convert(schema: Fields): JsonSchema {
  const result = valueSchema(schema);
  const isObject = schema.type === "object";
  const keeps = schema["x-kubernetes-preserve-unknown-fields"] === true;
  const properties: Record<string, JsonSchema> = {};
  const required = listOf(schema.required).map(textOf);
  const defaulted = (field: string): boolean =>
    fieldsOf(fieldsOf(schema.properties)[field]).default !== undefined;
  for (const [field, value] of Object.entries(fieldsOf(schema.properties))) {
    const converted = convert(fieldsOf(value));
    // A null that the schema does not allow is dropped before validation, or replaced by the default.
    properties[field] = required.includes(field) && !defaulted(field) ? converted : allowNull(converted);
  }
  const missing = required.filter((field) => !defaulted(field));
  if (missing.length > 0) result.required = [...new Set(missing)];
  else delete result.required;
  if (schema["x-kubernetes-embedded-resource"] === true) {
    Object.assign(properties, {
      apiVersion: { type: "string", minLength: 1 },
      kind: { type: "string", minLength: 1 },
      metadata: metaReference,
    });
    result.required = [...new Set([...((result.required as string[]) ?? []), "apiVersion", "kind"])];
  }
  if (Object.keys(properties).length > 0) result.properties = properties;
  const values = schema.additionalProperties;
  if (values !== undefined && values !== false && values !== null) {
    if (values !== true) result.additionalProperties = allowNull(convert(fieldsOf(values)));
  } else if (isObject && !keeps) result.additionalProperties = false;
  if (schema.items !== undefined) result.items = convert(fieldsOf(schema.items));
  if (schema["x-kubernetes-list-type"] === "set") result.uniqueItems = true;
  return flattened(result);
}

/** What a schema says of a value, without what it says of unknown fields; also all there is below allOf, anyOf, oneOf and not. */
function valueSchema(schema: Fields): JsonSchema {
  const result: JsonSchema = {};
  const isIntOrString = schema["x-kubernetes-int-or-string"] === true;
  const types = isIntOrString
    ? ["integer", "string"]
    : typeof schema.type === "string" && schema.type
      ? [schema.type]
      : [];
  if (types.length > 0)
    result.type = schema.nullable === true ? [...types, "null"] : types.length === 1 ? types[0] : types;
  for (const keyword of copied) if (schema[keyword] !== undefined) result[keyword] = schema[keyword];
  // Draft 4 allows these only beside the limit they sharpen.
  if (result.minimum === undefined) delete result.exclusiveMinimum;
  if (result.maximum === undefined) delete result.exclusiveMaximum;
  const values = distinct(listOf(schema.enum));
  if (values.length > 0) result.enum = values;
  const required = [...new Set(listOf(schema.required).map(textOf))];
  if (required.length > 0) result.required = required;
  applyFormat(result, textOf(schema.format), textOf(schema.type));
  // Beyond these a number is none of the server's integers.
  if (result.type === "integer") Object.assign(result, { ...int64, ...result });
  for (const keyword of ["allOf", "anyOf", "oneOf"]) {
    const parts = listOf(schema[keyword]).map(fieldsOf);
    // `anyOf: [{type: integer}, {type: string}]` beside int-or-string repeats the type, and reads badly in messages.
    if (parts.length > 0 && !(isIntOrString && parts.every(isTypeOnly)))
      result[keyword] = [...listOf(result[keyword]), ...parts.map(nestedSchema)];
  }
  if (schema.not !== undefined) result.not = nestedSchema(fieldsOf(schema.not));
  return result;
}

/**
 * A single allOf is merged into its parent where no keyword clashes: kubeconform then names the field and not "allOf
 * failed". Last of all, when the parent has every keyword that it will have.
 */
function flattened(schema: JsonSchema): JsonSchema {
  const parts = schema.allOf as JsonSchema[] | undefined;
  const part = parts?.length === 1 ? parts[0]! : undefined;
  if (!part || Object.keys(part).some((keyword) => keyword in schema || isSplit(keyword, schema)))
    return schema;
  const { allOf: _, ...rest } = schema;
  return { ...rest, ...part };
}

/** additionalProperties is about the fields that the properties beside it do not name. */
function isSplit(keyword: string, beside: JsonSchema): boolean {
  if (keyword === "properties") return beside.additionalProperties !== undefined;
  return keyword === "additionalProperties" && beside.properties !== undefined;
}

function nestedSchema(schema: Fields): JsonSchema {
  const result = valueSchema(schema);
  const properties = Object.entries(fieldsOf(schema.properties));
  if (properties.length > 0)
    result.properties = Object.fromEntries(
      properties.map(([field, value]) => [field, nestedSchema(fieldsOf(value))]),
    );
  if (schema.items !== undefined) result.items = nestedSchema(fieldsOf(schema.items));
  const values = schema.additionalProperties;
  if (values !== null && typeof values === "object")
    result.additionalProperties = nestedSchema(fieldsOf(values));
  return flattened(result);
}

function applyFormat(result: JsonSchema, format: string, type: string): void {
  if (!format) return;
  if (type === "integer" && (format === "int32" || format === "int64")) {
    const range = format === "int32" ? int32 : int64;
    result.minimum ??= range.minimum;
    result.maximum ??= range.maximum;
  }
  const shape =
    // Below allOf and the like there is no type, and the format counts all the same.
    type === "string" || type === "" ? stringFormats[format.replaceAll("-", "")] : undefined;
  if (!shape) return;
  if (shape.pattern !== undefined && result.pattern !== undefined)
    result.allOf = [...listOf(result.allOf), shape];
  else Object.assign(result, { ...shape, ...result });
}

function allowNull(schema: JsonSchema): JsonSchema {
  const result = { ...schema };
  const types = Array.isArray(schema.type)
    ? (schema.type as string[])
    : schema.type === undefined
      ? []
      : [schema.type as string];
  // A schema that is nullable by itself keeps its null, and the server then compares it with the enum.
  if (types.includes("null")) return result;
  if (types.length > 0) result.type = [...types, "null"];
  if (Array.isArray(schema.enum) && !schema.enum.includes(null)) result.enum = [...schema.enum, null];
  return result;
}

/** Keeps only which fields are known. */
function shapeOnly(schema: unknown): unknown {
  const from = fieldsOf(schema);
  const result: JsonSchema = {};
  const properties = Object.entries(fieldsOf(from.properties));
  if (properties.length > 0)
    result.properties = Object.fromEntries(properties.map(([field, value]) => [field, shapeOnly(value)]));
  if (from.additionalProperties !== undefined)
    result.additionalProperties =
      from.additionalProperties === false ? false : shapeOnly(from.additionalProperties);
  if (from.items !== undefined) result.items = shapeOnly(from.items);
  return result;
}

function isTypeOnly(schema: Fields): boolean {
  return Object.keys(schema).length === 1 && schema.type !== undefined;
}

function distinct(values: unknown[]): unknown[] {
  const seen = new Map(values.map((value) => [JSON.stringify(value), value]));
  return [...seen.values()];
}

/** kubeconform compares numbers as float64 anyway, and JSON.stringify refuses bigints. */
function withoutBigints(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(withoutBigints);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutBigints(item)]));
}

function fieldsOf(value: unknown): Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Fields) : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

// From what a kube-apiserver answers at /openapi/v2 to the JSON Schemas of a pack.
//
// The document describes types; the server's decoder decides what it accepts. Where the two differ, the
// decoder (sigs.k8s.io/json, UnmarshalStrict) wins: null means "not given" everywhere, an int32 has a
// range, a Quantity may be a number, and what stands under `status` is read and then thrown away.

import {
  bytes,
  int32,
  int64,
  intOrString,
  quantity,
  timestamps,
} from "../../packages/engine/src/schemas/formats.ts";
import type { JsonSchema, KindSchema, SchemaPack } from "../../packages/engine/src/schemas/pack.ts";
import type { KeyRule } from "./rules/shapes.ts";
import {
  dnsLabel,
  dnsName,
  freeNames,
  hasOwnedFinalizers,
  isStable,
  label,
  prefixedName,
  qualified,
  ruleOf,
  segment,
  shortNames,
  type TypeRule,
} from "./rules.ts";
import { openTypes, rawJson } from "./special.ts";

export interface OpenApiSchema {
  type?: string;
  format?: string;
  $ref?: string;
  properties?: Record<string, OpenApiSchema>;
  additionalProperties?: OpenApiSchema;
  items?: OpenApiSchema;
  required?: string[];
  enum?: string[];
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
}

export interface OpenApiDocument {
  info: { version: string };
  definitions: Record<string, OpenApiSchema>;
  resources: Record<string, { namespaced: boolean; plural: string }>;
}

/**
 * `whole`: as a field that may be absent; `given`: the same, but null is refused, because null means absent and the
 * field is required; `decoded`: only what the decoder itself refuses (for `status`, which no strategy validates).
 * `named`, `short` and `labelled` are ObjectMeta at the top of a resource: it has a name, in `named` one for DNS, in
 * `short` one without dots.
 */
type Variant = "whole" | "given" | "decoded" | Named;
type Named = "named" | "short" | "word" | "labelled";

const names = {
  named: dnsName,
  short: label,
  word: { maxLength: 63, pattern: "^[a-z](?:[-a-z0-9]*[a-z0-9])?$" },
  labelled: segment,
} satisfies Record<Named, JsonSchema>;

interface Conversion {
  /** Of Kubernetes 1. */
  minor: number;
  document: OpenApiDocument;
  definitions: Record<string, JsonSchema>;
  /** Variants asked for and not yet made. */
  wanted: string[];
}

/**
 * What the beginning of a name may be that the server completes. Where it ends in a hyphen the server looks at neither
 * that nor the letter before it.
 */
const beginnings: Partial<Record<string, JsonSchema>> = {
  named: { pattern: `^(?:(?:${dnsLabel}\\.)*(?:${dnsLabel}|(?:[a-z0-9][-a-z0-9]*)?.-))?$` },
  short: { pattern: `^(?:${dnsLabel}|(?:[a-z0-9][-a-z0-9]*)?.-)?$` },
};
const ownedFinalizers: JsonSchema = {
  properties: {
    metadata: {
      properties: {
        finalizers: {
          items: { pattern: `^(?:kubernetes|orphan|foregroundDeletion|${prefixedName})$` },
        },
      },
    },
  },
};

const prefix = "#/definitions/";
const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
/** Definitions that carry a group, version and kind of every group and are no resources. */
const notResources = new Set([
  "DeleteOptions",
  "WatchEvent",
  "Status",
  "APIGroup",
  "APIVersions",
  "APIGroupList",
  "APIResourceList",
]);

/** Makes the pack of one Kubernetes version. `version` is the exact one, e.g. `1.36.3`. */
export function convertOpenApi(document: OpenApiDocument, version: string): SchemaPack {
  const minor = Number(version.split(".")[1]);
  const conversion: Conversion = { minor, document, definitions: {}, wanted: [] };
  const kinds: KindSchema[] = [];
  for (const [name, definition] of Object.entries(document.definitions).sort(byKey)) {
    const identities = definition["x-kubernetes-group-version-kind"] ?? [];
    for (const { group, version, kind } of identities) {
      const resource = document.resources[`${group}/${version}/${kind}`];
      // A list is made from its items' kind when it is asked for (`findKind`): a fifth of the pack saved.
      const isList = document.resources[`${group}/${version}/${kind.replace(/List$/, "")}`] && !resource;
      if (isList || notResources.has(kind)) continue;
      const schema = rootSchema(conversion, name, { group, version, kind }, resource !== undefined);
      kinds.push({ group, version, kind, ...(resource && { namespaced: resource.namespaced }), schema });
    }
  }
  // What custom resources and lists refer to.
  conversion.wanted.push(objectMeta, `${objectMeta}@named`, objectMeta.replace("ObjectMeta", "ListMeta"));
  for (let name = conversion.wanted.pop(); name; name = conversion.wanted.pop())
    makeVariant(conversion, name);
  return {
    version: 1,
    name: `kubernetes-${version.split(".").slice(0, 2).join(".")}`,
    kubernetes: version,
    source: `kube-apiserver v${version}, /openapi/v2`,
    kinds: kinds.sort((a, b) => compare(kindKey(a), kindKey(b))),
    definitions: Object.fromEntries(Object.entries(conversion.definitions).sort(byKey)),
  };
}

function rootSchema(
  conversion: Conversion,
  name: string,
  id: { group: string; version: string; kind: string },
  isStored: boolean,
): JsonSchema {
  const { group, kind } = id;
  const apiVersion = group ? `${group}/${id.version}` : id.version;
  const definition = conversion.document.definitions[name]!;
  const variantOf = (field: string): Variant => (field === "status" ? "decoded" : "whole");
  const schema = convertObject(conversion, definition, "given", name, variantOf);
  const properties = schema.properties as Record<string, JsonSchema>;
  properties.apiVersion = { type: "string", enum: [apiVersion] };
  properties.kind = { type: "string", enum: [kind] };
  const required = ["apiVersion", "kind", ...((schema.required as string[]) ?? [])];
  if (isStored) {
    const isShort = !group && shortNames.has(kind);
    // Up to 1.35 a Service's name began with a letter.
    const isWord = isShort && kind === "Service" && conversion.minor <= 35;
    properties.metadata = refer(
      conversion,
      objectMeta,
      freeNames.has(kind) ? "labelled" : isWord ? "word" : isShort ? "short" : "named",
    );
    if (hasOwnedFinalizers(id)) schema.allOf = [...((schema.allOf as JsonSchema[]) ?? []), ownedFinalizers];
    required.push("metadata");
  }
  schema.required = [...new Set(required)];
  return schema;
}

function makeVariant(conversion: Conversion, name: string): void {
  if (conversion.definitions[name]) return;
  const [, type, variant] = /^(.*?)(?:@(\w+))?$/.exec(name) as unknown as [
    string,
    string,
    Variant | undefined,
  ];
  const definition = conversion.document.definitions[type];
  if (!definition) throw new Error(`the document refers to ${type} and does not define it`);
  const nameSchema = variant && variant in names ? names[variant as Named] : undefined;
  const schema = convert(conversion, definition, nameSchema ? "given" : (variant ?? "whole"), type);
  conversion.definitions[name] = nameSchema
    ? withName(schema, nameSchema, beginnings[variant as Named])
    : schema;
}

/** ObjectMeta of a resource: a name, or the beginning of one that the server makes up. */
function withName(schema: JsonSchema, name: JsonSchema, beginning: JsonSchema = {}): JsonSchema {
  const properties = { ...(schema.properties as Record<string, JsonSchema>) };
  properties.name = { type: "string", ...name };
  properties.generateName = { ...properties.generateName, ...beginning };
  properties.finalizers = { ...properties.finalizers, items: { type: "string", ...qualified } };
  return { ...schema, properties, anyOf: [{ required: ["name"] }, { required: ["generateName"] }] };
}

function convert(conversion: Conversion, schema: OpenApiSchema, variant: Variant, type = ""): JsonSchema {
  if (schema.$ref) return refer(conversion, schema.$ref.slice(prefix.length), variant);
  const special = type ? specialType(conversion, type, variant) : undefined;
  if (special) return special;
  if (schema.format === "byte") return nullable(bytes, variant);
  if (schema.format === "int32") return nullable(int32, variant);
  if (schema.format === "int64") return nullable(int64, variant);
  if (schema.type === "object") return convertObject(conversion, schema, variant, type);
  if (schema.type === "array") {
    const items = convertItem(conversion, schema.items ?? {}, variant);
    return nullable({ type: "array", items }, variant);
  }
  if (schema.enum && variant !== "decoded") {
    // The empty string is what Go makes of an absent field: the server fills in the default.
    const values = variant === "given" ? schema.enum : [...new Set([...schema.enum, "", null])];
    return { ...nullable({ type: "string" }, variant), enum: values };
  }
  return schema.type ? nullable({ type: schema.type }, variant) : {};
}

/** An object; `variantOf` says how a field that is not required is converted. */
function convertObject(
  conversion: Conversion,
  schema: OpenApiSchema,
  variant: Variant,
  type = "",
  variantOf: (field: string) => Variant = () => (variant === "decoded" ? "decoded" : "whole"),
): JsonSchema {
  if (schema.additionalProperties) {
    const additionalProperties = convertItem(conversion, schema.additionalProperties, variant);
    return nullable({ type: "object", additionalProperties }, variant);
  }
  // A field without properties is free-form; a *type* without any is an empty struct, unless it reads raw JSON.
  if (!schema.properties)
    return nullable({ type: "object", ...(type && { additionalProperties: false }) }, variant);
  // One type is decoded leniently and validated all the same.
  const isValidated = variant !== "decoded" || type.endsWith(".JSONSchemaProps");
  const rule: TypeRule = isValidated ? ruleOf(type, conversion.minor) : {};
  const required = variant === "decoded" ? [] : requiredFields(conversion, schema, type);
  const properties: Record<string, JsonSchema> = {};
  const beside: Record<string, JsonSchema> = {};
  for (const [field, value] of Object.entries(schema.properties).sort(byKey)) {
    const isRequired = required.includes(field);
    const patch = rule.fields?.[field];
    const special =
      patch &&
      value.$ref &&
      !rawJson[value.$ref.slice(value.$ref.lastIndexOf(".") + 1)] &&
      specialType(conversion, value.$ref.slice(prefix.length), isRequired ? "given" : "whole");
    const converted = special || convert(conversion, value, isRequired ? "given" : variantOf(field));
    const demand = isRequired && schema.required?.includes(field) && isStable(type) ? filled(converted) : {};
    const keys = withKeys(rule.keys?.[field]);
    // In draft 4 what stands beside a reference is not read, so it is asked of the object around it.
    if (converted.$ref && patch) beside[field] = patch;
    properties[field] = converted.$ref
      ? converted
      : { ...converted, ...demand, ...patched(patch, isRequired), ...keys };
  }
  const parts = [
    ...(Object.keys(beside).length > 0 ? [{ properties: beside }] : []),
    ...(rule.either ? [{ anyOf: rule.either }] : []),
  ];
  const alternatives = (rule.oneOf ?? []).filter((field) => properties[field]);
  return nullable(
    {
      type: "object",
      properties,
      ...(required.length > 0 && { required }),
      ...(rule.needs && { dependencies: rule.needs }),
      ...(alternatives.length > 0 && {
        anyOf: alternatives.map((field) => given(field, properties[field]!)),
      }),
      ...(parts.length > 0 && { allOf: parts }),
      additionalProperties: false,
    },
    variant,
  );
}

/** An object in which a field is there and holds something: null and an empty list are the same as none. */
function given(field: string, schema: JsonSchema): JsonSchema {
  const types = [schema.type ?? []].flat() as string[];
  const something = schema.$ref
    ? { type: "object" }
    : types.includes("array")
      ? { type: "array", minItems: 1 }
      : types.length > 0
        ? { type: types.filter((type) => type !== "null") }
        : undefined;
  return { required: [field], ...(something && { properties: { [field]: something } }) };
}

/** Of a map: that all of its keys match a pattern. */
function withKeys(rule: string | KeyRule | undefined): JsonSchema {
  if (!rule) return {};
  if (typeof rule === "string")
    return { allOf: [{ patternProperties: { [rule]: {} }, additionalProperties: false }] };
  const others = { enum: [`rule: the key must be ${rule.expected}`] };
  return { allOf: [{ patternProperties: { [rule.pattern]: {} }, additionalProperties: others }] };
}

function requiredFields({ minor }: Conversion, schema: OpenApiSchema, type: string): string[] {
  const { required = [], optional = [] } = ruleOf(type, minor);
  const known = [...(schema.required ?? []), ...required].filter((field) => schema.properties?.[field]);
  return [...new Set(known)].filter((field) => !optional.includes(field)).sort();
}

/** To the server an empty text or list is the same as none. */
function filled(schema: JsonSchema): JsonSchema {
  if (schema.type === "string" && !schema.enum && !schema.pattern) return { minLength: 1 };
  return schema.type === "array" ? { minItems: 1 } : {};
}

function patched(patch: JsonSchema | undefined, isRequired: boolean): JsonSchema {
  const values = patch?.enum as unknown[] | undefined;
  if (!values || isRequired || values.includes(null)) return patch ?? {};
  return { ...patch, enum: [...values, "", null] };
}

/** An item of a list or a value of a map: null becomes Go's zero value, which is wrong only where fields are required. */
function convertItem(conversion: Conversion, schema: OpenApiSchema, variant: Variant): JsonSchema {
  if (variant === "decoded") return convert(conversion, schema, "decoded");
  const type = schema.$ref?.slice(prefix.length);
  const definition = type && conversion.document.definitions[type];
  const needsFields =
    definition &&
    (requiredFields(conversion, definition, type).length > 0 || ruleOf(type, conversion.minor).oneOf);
  return convert(conversion, schema, needsFields ? "given" : "whole");
}

function refer(conversion: Conversion, type: string, variant: Variant): JsonSchema {
  const name = variant === "whole" ? type : `${type}@${variant}`;
  conversion.wanted.push(name);
  return { $ref: prefix + name };
}

/** Types with a decoder of their own, which OpenAPI v2 cannot describe. */
function specialType(conversion: Conversion, type: string, variant: Variant): JsonSchema | undefined {
  const short = type.slice(type.lastIndexOf(".") + 1);
  if (type.endsWith(".api.resource.Quantity")) return nullable(quantity, variant);
  if (type.endsWith(".intstr.IntOrString")) return nullable(intOrString, variant);
  if (type.includes(".apis.meta.v1.") && timestamps[short]) return nullable(timestamps[short], variant);
  if (openTypes.has(short)) return nullable({ type: "object" }, variant);
  const shapes = rawJson[short];
  if (!shapes) return undefined;
  if (shapes.length === 0) return {};
  // These call plain encoding/json: below them the server notices wrong types, and no unknown fields.
  const propsType = type.replace(/[^.]*$/, "JSONSchemaProps");
  const props = conversion.document.definitions[propsType]!;
  const { additionalProperties: _, ...loose } = convertObject(conversion, props, "decoded", propsType);
  const items =
    short === "JSONSchemaPropsOrArray" ? refer(conversion, propsType, "decoded") : { type: "string" };
  return { ...loose, type: [...shapes, "null"], ...(shapes.includes("array") && { items }) };
}

function nullable(schema: JsonSchema, variant: Variant): JsonSchema {
  if (variant === "given" || !schema.type) return schema;
  const types = Array.isArray(schema.type) ? (schema.type as string[]) : [schema.type as string];
  return { ...schema, type: [...types, "null"] };
}

function kindKey(kind: KindSchema): string {
  return `${kind.group}/${kind.version}/${kind.kind}`;
}

function byKey(a: [string, unknown], b: [string, unknown]): number {
  return compare(a[0], b[0]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

import { findKind, type JsonSchema, type SchemaSet } from "@gitops-actions/engine";
import { isObject, type Json, type JsonObject, type ResourceId } from "@gitops-actions/manifest";
import { atomic, kept, lists } from "./rules.ts";

/** What is known of one place in an object: which writings of a value are the same to the API server. */
export interface Shape {
  /** The field of a struct, or a value of a map. */
  field(name: string): Shape;
  item(): Shape;
  /** How items of a list are told apart: by these fields, as a set, or only as a whole. */
  list: readonly string[] | "set" | undefined;
  /** `custom`: a text of a custom resource, whose own program may write a duration in another way. */
  format: "quantity" | "bytes" | "text" | "custom";
  /** A place with free names (labels, data), not the fields of a type. */
  isMap: boolean;
  /** Whether its fields have one owner together. */
  isAtomic: boolean;
  /** Whether the type has this field; the server drops what it does not know. */
  knows(name: string): boolean;
  /** Whether the server stores this value of that field as if it had not been written. */
  drops(name: string, value: Json): boolean;
}

/** The shape of a custom resource of which no definition is known: the server keeps it as it is written. */
export const verbatim: Shape = {
  field: () => verbatim,
  item: () => verbatim,
  list: undefined,
  format: "custom",
  isMap: false,
  isAtomic: false,
  knows: () => true,
  drops: (_name, value) => value === null,
};

/** The shape of a kind: of Kubernetes' own types by our packs, of custom resources by their definition. */
export function shapeOf(id: ResourceId, schemas: SchemaSet, definitions: Definitions): Shape {
  const custom = definitions.get(`${id.group}/${id.version}/${id.kind}`);
  if (custom) return rootOf(customShape(custom), schemas);
  const kind = findKind(schemas, id);
  if (!kind) return rootOf(verbatim, schemas);
  const root = `${id.group}/${id.version}/${id.kind}`;
  // What came out of a CustomResourceDefinition is stored as written; only Go types drop zeros.
  return isTyped(root)
    ? typed(kind.schema, schemas.definitions, root)
    : rootOf(schemaShape(kind.schema, schemas.definitions), schemas);
}

const atomicTypes = new Set(atomic);
const metaType = "apimachinery.pkg.apis.meta.v1.ObjectMeta";

/** Metadata is Kubernetes' own type in every object. */
function rootOf(shape: Shape, { definitions }: SchemaSet): Shape {
  const schema = definitions[`io.k8s.${metaType}`];
  return schema
    ? {
        ...shape,
        field: (name) => (name === "metadata" ? typed(schema, definitions, metaType) : shape.field(name)),
      }
    : shape;
}

/** Groups of the API server's own types. */
function isTyped(root: string): boolean {
  const group = root.split("/")[0] ?? "";
  return (
    !group.includes(".") ||
    /^(?:[a-z]+\.)*(?:authorization|authentication|admissionregistration|apiextensions|apiregistration|certificates|coordination|discovery|events|flowcontrol\.apiserver|internal\.apiserver|networking|node|rbac\.authorization|resource|scheduling|storage|storagemigration)\.k8s\.io$/.test(
      group,
    )
  );
}

type Schemas = Readonly<Record<string, JsonSchema>>;
const prefix = "#/definitions/";

function typed(given: JsonSchema, definitions: Schemas, given_type: string): Shape {
  const { schema, type } = resolve(given, definitions, given_type);
  const properties = schema.properties as Record<string, JsonSchema> | undefined;
  const values = schema.additionalProperties;
  if (!properties && !isObject(values as Json) && schema.items === undefined && isFree(schema))
    return verbatim;
  const listOf = (name: string): Shape["list"] => {
    const rule = Object.hasOwn(lists, type) ? lists[type]?.[name] : undefined;
    return rule === undefined ? undefined : rule === "set" ? "set" : rule.split(" ");
  };
  return {
    field(name) {
      const child = properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (child) return { ...typed(child, definitions, ""), list: listOf(name) };
      return isObject(values as Json) ? typed(values as JsonSchema, definitions, "") : verbatim;
    },
    item: () =>
      isObject(schema.items as Json) ? typed(schema.items as JsonSchema, definitions, "") : verbatim,
    list: undefined,
    format: formatOf(schema),
    isMap: properties === undefined && values !== undefined,
    isAtomic: atomicTypes.has(type),
    knows: (name) => !properties || Object.hasOwn(properties, name) || isObject(values as Json),
    drops(name, value) {
      if (value === null) return true;
      if (!properties || !Object.hasOwn(properties, name)) return false;
      if (Array.isArray(value)) return value.length === 0;
      if (isObject(value))
        return Object.keys(value).length === 0 && isMapSchema(properties[name]!, definitions);
      return isZero(value) && !(Object.hasOwn(kept, type) && kept[type]!.split(" ").includes(name));
    },
  };
}

function resolve(
  schema: JsonSchema,
  definitions: Schemas,
  type: string,
): { schema: JsonSchema; type: string } {
  const reference = schema.$ref;
  if (typeof reference !== "string" || !reference.startsWith(prefix)) return { schema, type };
  const name = reference.slice(prefix.length);
  return { schema: definitions[name] ?? {}, type: name.replace(/@.*$/, "").replace(/^io\.k8s\./, "") };
}

function isMapSchema(given: JsonSchema, definitions: Schemas): boolean {
  const { schema } = resolve(given, definitions, "");
  return schema.properties === undefined && isObject(schema.additionalProperties as Json);
}

/** JSON that the server hands through: RawExtension, the default of a schema. */
function isFree(schema: JsonSchema): boolean {
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  return schema.type === undefined || types.includes("object");
}

function isZero(value: Json): boolean {
  return value === "" || value === false || value === 0 || value === 0n;
}

function formatOf({ pattern }: JsonSchema): Shape["format"] {
  if (typeof pattern !== "string") return "text";
  if (/\[KMGTPE\]i/.test(pattern)) return "quantity";
  return pattern.startsWith("^[\\r\\n]*(?:(?:[A-Za-z0-9+/]") ? "bytes" : "text";
}

/** A custom resource of which we have the converted schema of a pack; its lists are compared as a whole. */
function schemaShape(given: JsonSchema, definitions: Schemas): Shape {
  const { schema } = resolve(given, definitions, "");
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
  const values = schema.additionalProperties;
  return {
    field(name) {
      const child = Object.hasOwn(properties, name) ? properties[name] : values;
      return isObject(child as Json) ? schemaShape(child as JsonSchema, definitions) : verbatim;
    },
    item: () =>
      isObject(schema.items as Json) ? schemaShape(schema.items as JsonSchema, definitions) : verbatim,
    list: undefined,
    format: formatOf(schema) === "quantity" ? "quantity" : "custom",
    isMap: schema.properties === undefined,
    isAtomic: false,
    knows: (name) => values !== false || Object.hasOwn(properties, name),
    drops: (_name, value) => value === null,
  };
}

/** Structural schemas of custom resources by `group/version/kind`. */
export type Definitions = ReadonlyMap<string, JsonObject>;

/** Reads the structural schemas of CustomResourceDefinitions, those of Git or of the cluster. */
export function readDefinitions(values: Iterable<JsonObject>): Definitions {
  const found = new Map<string, JsonObject>();
  for (const { kind, spec } of values) {
    if (kind !== "CustomResourceDefinition" || !isObject(spec) || !Array.isArray(spec.versions)) continue;
    const name = isObject(spec.names) ? spec.names.kind : undefined;
    for (const version of spec.versions) {
      const schema =
        isObject(version) && isObject(version.schema) ? version.schema.openAPIV3Schema : undefined;
      if (isObject(version) && isObject(schema)) found.set(`${spec.group}/${version.name}/${name}`, schema);
    }
  }
  return found;
}

function customShape(schema: JsonObject): Shape {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const child = (value: Json | undefined): Shape => (isObject(value) ? customShape(value) : verbatim);
  const keys = schema["x-kubernetes-list-map-keys"];
  const listType = schema["x-kubernetes-list-type"];
  const isOpen =
    schema["x-kubernetes-preserve-unknown-fields"] === true ||
    schema.properties === undefined ||
    isObject(schema.additionalProperties);
  return {
    field: (name) => child(Object.hasOwn(properties, name) ? properties[name] : schema.additionalProperties),
    item: () => child(schema.items),
    list:
      listType === "set" ? "set" : listType === "map" && Array.isArray(keys) ? keys.map(String) : undefined,
    format: customFormat(schema),
    isMap: schema.properties === undefined,
    isAtomic: schema["x-kubernetes-map-type"] === "atomic",
    knows: (name) => isOpen || Object.hasOwn(properties, name) || embedded.has(name),
    drops: (_name, value) => value === null,
  };
}

function customFormat(schema: JsonObject): Shape["format"] {
  const format = typeof schema.pattern === "string" ? formatOf(schema as JsonSchema) : "text";
  return format === "text" ? "custom" : format;
}

/** Fields that every object has, whatever its schema says. */
const embedded = new Set(["apiVersion", "kind", "metadata"]);

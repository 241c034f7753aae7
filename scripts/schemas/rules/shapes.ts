// What rules are made of.
import type { JsonSchema } from "../../../packages/engine/src/schemas/pack.ts";

export interface TypeRule {
  /** Fields without which every object of the type is refused. */
  required?: string[];
  /** Fields that the document calls required and the server does not miss. */
  optional?: string[];
  /** At least one of these must be given, and hold something. */
  oneOf?: string[];
  /** Fields that a field wants beside it. */
  needs?: Record<string, string[]>;
  /** What a field must fulfil besides its type. */
  fields?: Record<string, JsonSchema>;
  /** Patterns of the keys of maps; with what such a key is, where it is not one of a few. */
  keys?: Record<string, string | KeyRule>;
  /** Schemas of which one at least must fit. */
  either?: JsonSchema[];
}

export interface KeyRule {
  pattern: string;
  /** What a key must be, for people. */
  expected: string;
}

export const port: JsonSchema = { minimum: 1, maximum: 65535 };
/** 0 stands for "not given". */
export const optionalPort: JsonSchema = { minimum: 0, maximum: 65535 };
export const notNegative: JsonSchema = { minimum: 0 };
export const some: JsonSchema = { minItems: 1 };
export const text: JsonSchema = { minLength: 1 };
export const oneOf = (...values: string[]): JsonSchema => ({ enum: values });
export const each = (...values: string[]): JsonSchema => ({ items: { type: "string", enum: values } });
export const items = (schema: JsonSchema): JsonSchema => ({ items: { type: "string", ...schema } });
/** One of these where an empty text is not the same as none. */
export const exactly = (...values: string[]): JsonSchema => ({ pattern: `^(?:${values.join("|")})$` });
/** An object that has these fields, each with something in it. */
export const having = (properties: Record<string, JsonSchema>): JsonSchema => ({
  required: Object.keys(properties),
  properties,
});
export const replicas: JsonSchema = notNegative;
export const dnsLabel = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?";
/** Name of another object, or nothing. */
export const dnsReference: JsonSchema = { maxLength: 253, pattern: `^(?:${dnsLabel}(?:\\.${dnsLabel})*)?$` };
export const dnsName: JsonSchema = { maxLength: 253, pattern: `^${dnsLabel}(?:\\.${dnsLabel})*$` };
export const label: JsonSchema = { maxLength: 63, pattern: `^${dnsLabel}$` };
export const optionalLabel: JsonSchema = { maxLength: 63, pattern: `^(?:${dnsLabel})?$` };
const portWord = "(?:[a-z0-9]+-)*[0-9]*[a-z][a-z0-9]*(?:-[a-z0-9]+)*";
export const portName: JsonSchema = { maxLength: 15, pattern: `^(?:${portWord})?$` };
/** A port by its number or its name. */
export const namedPort: JsonSchema = { ...port, maxLength: 15, pattern: `^${portWord}$` };
export const namePart = "[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";
const subdomain = `${dnsLabel}(?:\\.${dnsLabel})*`;
export const prefixedName = `${subdomain}/${namePart}`;
export const qualifiedName = `(?:${subdomain}/)?${namePart}`;
/** Annotations' keys are compared in lower case. */
export const annotationName = `(?:${subdomain.replaceAll("a-z", "A-Za-z")}/)?${namePart}`;
export const qualified: JsonSchema = { pattern: `^${qualifiedName}$` };
export const optionalQualified: JsonSchema = { pattern: `^(?:${qualifiedName})?$` };
const keyOf = (name: string, expected: string): KeyRule => ({ pattern: `^${name}$`, expected });
export const labelKey = keyOf(qualifiedName, "a name such as app or example.com/app");
export const annotationKey = keyOf(annotationName, "a name such as owner or example.com/owner");
/** Files' names in ConfigMaps and Secrets. */
const dataName = "\\.?[-_a-zA-Z0-9][-._a-zA-Z0-9]*";
export const dataKey = keyOf(dataName, "letters, digits, -, _ and ., without .. at its beginning");
export const dataRef: JsonSchema = { maxLength: 253, pattern: `^${dataName}$` };
export const labelValue: JsonSchema = {
  type: ["string", "null"],
  maxLength: 63,
  pattern: "^(?:(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$",
};
export const labels: JsonSchema = { additionalProperties: labelValue };
/** A field that may not be there; the text says why. */
export const never = (why: string): JsonSchema => ({ enum: [null, `rule: ${why}`] });
/** What a field's items fulfil besides their own type. */
export const eachHas = (properties: Record<string, JsonSchema>): JsonSchema => ({
  allOf: [{ items: { properties } }],
});
const part = "(?:\\.?|\\.?[^./][^/]*|\\.\\.[^/]+)";
/** Paths in which no part is `..`. */
export const path: JsonSchema = { pattern: `^${part}(?:/${part})*$` };
export const relativePath: JsonSchema = {
  pattern: `^(?:(?:\\.|\\.?[^./][^/]*|\\.\\.[^/]+)(?:/${part})*)?$`,
};
/** The same, and what begins with `..` is the volume's own. */
export const volumePath: JsonSchema = { pattern: `^(?:\\.|\\.?[^./][^/]*)(?:/${part})*$` };
export const mode: JsonSchema = { minimum: 0, maximum: 511 };
/** A user or a group. */
export const id: JsonSchema = { minimum: 0, maximum: 2147483647 };
/** Drivers and provisioners, which the server reads in lower case. */
export const driver: JsonSchema = { maxLength: 63, pattern: "^[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?$" };
/** What roles and their bindings may be called, and what is called by them: anything that fits into a URL's path. */
const anySegment = "\\.?[^./%][^/%]*|\\.\\.[^/%]+";
export const segment: JsonSchema = { pattern: `^(?:${anySegment})$` };
export const optionalSegment: JsonSchema = { pattern: `^(?:${anySegment})?$` };
// Go's sloppy parser of old: zeros may lead. Not every text that the second one fits is an address.
const byte = "0*(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";
const ipv4 = `${byte}(?:\\.${byte}){3}`;
const ipv6 = `(?:(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|[0-9a-fA-F:]*::[0-9a-fA-F:]*|[0-9a-fA-F:]*:${ipv4})`;
export const address = `(?:${ipv4}|${ipv6})`;
export const ip: JsonSchema = { pattern: `^${address}$` };
const range = `(?:${ipv4}/0*(?:3[0-2]|[12]?[0-9])|${ipv6}/0*(?:12[0-8]|1[01][0-9]|[1-9]?[0-9]))`;
export const cidr: JsonSchema = { type: "string", pattern: `^${range}$` };
/** With space around it. */
export const looseCidr: JsonSchema = { type: "string", pattern: `^\\s*${range}\\s*$` };
export const containerResource = `^(?:cpu|memory|ephemeral-storage|hugepages-.+|${prefixedName})$`;
const unit = "(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?";
const amount = (number: string, limits: JsonSchema): JsonSchema => ({
  type: ["string", "number", "null"],
  pattern: `^\\s*${number}${unit}\\s*$`,
  ...limits,
});
/** Quantities of nothing or more, and of more than nothing. */
export const notNegativeAmount = amount(
  "(?:\\+?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)|-(?:0+(?:\\.0*)?|\\.0+))",
  { minimum: 0 },
);
export const positiveAmount = amount("\\+?(?:[0-9]*[1-9][0-9]*(?:\\.[0-9]*)?|[0-9]*\\.[0-9]*[1-9][0-9]*)", {
  minimum: 0,
  exclusiveMinimum: true,
});
export const notNegativeAmounts: JsonSchema = { additionalProperties: notNegativeAmount };
/** Of a whole number it only asks not to be negative. */
export const percent: JsonSchema = { pattern: "^[0-9]+%$", minimum: 0 };
export const percentOfAll: JsonSchema = { pattern: "^0*(?:100|[1-9]?[0-9])%$", minimum: 0 };

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
  /** Patterns of the keys of maps. */
  keys?: Record<string, string>;
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
export const portName: JsonSchema = { maxLength: 15, pattern: "^(?:[-a-z0-9]*[a-z][-a-z0-9]*)?$" };
export const qualified: JsonSchema = {
  pattern: `^(?:${dnsLabel}(?:\\.${dnsLabel})*/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`,
};
/** Drivers and provisioners, which the server reads in lower case. */
export const driver: JsonSchema = { maxLength: 63, pattern: "^[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?$" };
/** What roles and their bindings may be called, and what is called by them: anything that fits into a URL's path. */
export const segment: JsonSchema = { pattern: "^[^/%]+$" };
export const cidr: JsonSchema = { type: "string", pattern: "^[0-9a-fA-F.:]+/[0-9]{1,3}$" };
export const containerResource = "^(?:cpu|memory|ephemeral-storage|hugepages-.+|.+/.+)$";

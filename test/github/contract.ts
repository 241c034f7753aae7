import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import formats from "ajv-formats";

type Schema = Record<string, unknown>;
interface Operation {
  parameters?: Schema[];
  requestBody?: { content?: Record<string, { schema: Schema }> };
  responses: Record<string, Schema>;
}

const description = allowNull(
  JSON.parse(readFileSync(join(import.meta.dirname, "openapi.json"), "utf8")),
) as {
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, Schema>>;
};
const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
(formats as unknown as (ajv: Ajv) => void)(ajv);
ajv.addSchema({ $id: "github", ...description } as Schema);

/** OpenAPI 3.0 says `nullable` beside a reference or a choice as well, which JSON Schema has no word for. */
function allowNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(allowNull);
  if (typeof value !== "object" || value === null) return value;
  const mapped = Object.fromEntries(Object.entries(value).map(([key, child]) => [key, allowNull(child)]));
  if (mapped.nullable !== true || mapped.type !== undefined) return mapped;
  const { nullable: _, ...rest } = mapped;
  return { anyOf: [{ type: "null" }, rest] };
}

/** One operation of GitHub's API, by the path and method of a request. Undefined: GitHub has no such route, as far as the slice knows. */
export function findOperation(
  method: string,
  path: string,
): { operation: Operation; names: Record<string, string>; route: string } | undefined {
  for (const [route, methods] of Object.entries(description.paths)) {
    const names: string[] = [];
    const pattern = route.replace(/\{(\w+)\}/g, (_, name: string) => {
      names.push(name);
      return "([^/]+)";
    });
    const found = new RegExp(`^${pattern}$`).exec(path);
    const operation = methods[method.toLowerCase()];
    if (!found || !operation) continue;
    return {
      operation,
      route,
      names: Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(found[index + 1]!)])),
    };
  }
  return undefined;
}

/** What is wrong with a request: parameters nobody knows, or a body of another shape. */
export function requestProblems(operation: Operation, query: URLSearchParams, body: unknown): string[] {
  const parameters = (operation.parameters ?? []).map((each) => resolve(each));
  const problems: string[] = [];
  for (const [name, value] of query) {
    const parameter = parameters.find((each) => each.in === "query" && each.name === name);
    if (!parameter) problems.push(`there is no query parameter ${name}`);
    else if (!check(parameter.schema as Schema, coerce(parameter.schema as Schema, value)))
      problems.push(`${name}=${value}: ${ajv.errorsText()}`);
  }
  const schema = operation.requestBody?.content?.["application/json"]?.schema;
  if (schema && !check(schema, body)) problems.push(ajv.errorsText());
  if (schema && typeof body === "object" && body !== null && !Array.isArray(body)) {
    const known = Object.keys((resolve(schema).properties as object) ?? {});
    for (const key of Object.keys(body))
      if (known.length > 0 && !known.includes(key)) problems.push(`the body has no field ${key}`);
  }
  return problems;
}

/** What is wrong with a response of a status. */
export function responseProblems(operation: Operation, status: number, body: unknown): string[] {
  // What GitHub says of a refusal is for people; only its status is acted on.
  if (status >= 400) return [];
  const schema = responseSchema(operation, status);
  if (schema === undefined) return status === 204 ? [] : [`GitHub does not answer with ${status} here`];
  return check(schema, body) ? [] : [`${status}: ${ajv.errorsText()}`];
}

/** The least value that satisfies a schema, with some of its fields given. */
export function fill(operation: Operation, status: number, given: Record<string, unknown>): unknown {
  const schema = resolve(responseSchema(operation, status) ?? {});
  return merge(least(schema.type === "array" ? (schema.items as Schema) : schema), given);
}

function responseSchema(operation: Operation, status: number): Schema | undefined {
  const response = operation.responses[status] && resolve(operation.responses[status]);
  return (response?.content as Record<string, { schema: Schema }> | undefined)?.["application/json"]?.schema;
}

function check(schema: Schema, value: unknown): boolean {
  return ajv.validate(absolute(schema) as Schema, value) as boolean;
}

function absolute(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(absolute);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, key === "$ref" ? `github${child}` : absolute(child)]),
  );
}

function resolve(schema: Schema): Schema {
  if (typeof schema.$ref !== "string") return schema;
  const [, , kind = "", name = ""] = schema.$ref.split("/");
  return resolve(description.components[kind]![name]!);
}

function least(given: Schema): unknown {
  const schema = resolve(given);
  const [choice] = (schema.anyOf ?? schema.oneOf ?? []) as Schema[];
  if (schema.nullable || (choice?.type as unknown) === "null") return null;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (schema.properties || schema.type === "object") {
    const properties = (schema.properties ?? {}) as Record<string, Schema>;
    return Object.fromEntries(
      ((schema.required ?? []) as string[]).map((key) => [key, least(properties[key] ?? {})]),
    );
  }
  if (choice) return least(choice);
  if (Array.isArray(schema.allOf)) return Object.assign({}, ...(schema.allOf as Schema[]).map(least));
  if (schema.type === "array") return [];
  if (schema.type === "integer" || schema.type === "number") return 1;
  if (schema.type === "boolean") return false;
  if (schema.format === "uri") return "https://api.github.com/x";
  return schema.format === "date-time" ? "2026-01-01T00:00:00Z" : "x";
}

function merge(base: unknown, over: unknown): unknown {
  if (typeof over !== "object" || over === null || Array.isArray(over)) return over;
  const object = typeof base === "object" && base !== null && !Array.isArray(base) ? base : {};
  const merged: Record<string, unknown> = { ...object };
  for (const [key, value] of Object.entries(over)) merged[key] = merge(merged[key], value);
  return merged;
}

function coerce(schema: Schema, value: string): unknown {
  const { type } = resolve(schema);
  return type === "integer" ? Number(value) : type === "boolean" ? value === "true" : value;
}

import * as z from "zod";

/** What zod found, as what is wrong: the error map to parse our own files with. A schema's own words go before these. */
export function inWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type": {
      if (issue.input === undefined) return missing;
      const wanted = kinds[issue.expected] ?? issue.expected;
      return issue.input === null
        ? `must be ${wanted}, and is empty`
        : `must be ${wanted}, not ${kindOf(issue.input)}`;
    }
    case "invalid_value":
      return issue.input === undefined ? missing : `must be ${oneOf(issue.values)}`;
    case "too_small":
      if (issue.origin === "string" || issue.origin === "array")
        return issue.minimum === 1 ? "must not be empty" : `must not be shorter than ${issue.minimum}`;
      return `must be ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}`;
    case "too_big":
      return `must not be ${issue.origin === "string" || issue.origin === "array" ? "longer" : "more"} than ${issue.maximum}`;
    case "invalid_format":
      return issue.format === "starts_with" ? `must start with \`${issue.prefix}\`` : undefined;
    case "invalid_key":
      return `the name ${issue.issues[0]?.message ?? "is not one"}`;
    default:
      return undefined;
  }
}

/** The word for a field that is not there, which its path then does not end in. */
export const missing = "is missing";

/** The keys that a schema knows where a path of keys and positions leads, sorted as they are declared. */
export function keysAt(schema: z.ZodType, path: readonly (string | number)[]): string[] {
  let level = alternatives(z.toJSONSchema(schema, { io: "input" }) as Level);
  for (const part of path)
    level = level.flatMap((each) => {
      const next =
        typeof part === "number" ? each.items : (each.properties?.[part] ?? each.additionalProperties);
      return typeof next === "object" ? alternatives(next) : [];
    });
  return [...new Set(level.flatMap((each) => Object.keys(each.properties ?? {})))];
}

interface Level {
  properties?: Record<string, Level>;
  additionalProperties?: Level | boolean;
  items?: Level;
  anyOf?: Level[];
}

function alternatives(level: Level): Level[] {
  return level.anyOf ? level.anyOf.flatMap(alternatives) : [level];
}

const kinds: Record<string, string> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "boolean" ? `${value}` : (kinds[typeof value] ?? "that");
}

function oneOf(values: readonly unknown[]): string {
  if (values.length === 1) return String(values[0]);
  const all = values.map((value) => `\`${String(value)}\``);
  return `one of ${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}

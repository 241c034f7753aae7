import { knownFields, type SchemaProblem, type SchemaText } from "@gitops-actions/engine";
import { isObject, type Json, type Redactor, type Resource, valueAt } from "@gitops-actions/manifest";
import { nearest, type Severity } from "@gitops-actions/report";
import { type FluxUse, type Sorted, sortProblems } from "./aside.ts";
import type { Check } from "./check.ts";
import type { MissingSchemas, SchemaEngine } from "./inputs.ts";
import { isAllowedMissing, kindName } from "./kinds.ts";

const engine = "kubeconform";

/** One thing to say of a resource. */
export interface Statement {
  engine: SchemaEngine;
  what: string;
  severity: Severity;
  message: string;
  help?: string | undefined;
  field?: string;
  expected?: string | undefined;
  actual?: string | undefined;
  /** As in `FindingParts`. */
  discriminator?: string;
}

/** What is said of a resource, and what is set aside. */
export interface Said {
  statements: Statement[];
  aside: Sorted["aside"];
}

/** What one Kubernetes version's schemas say of a resource. */
export function schemaStatements(
  check: Check,
  { missingSchemas, flux }: { missingSchemas: MissingSchemas; flux: FluxUse },
  redactor: () => Redactor,
): Said {
  const { resource, verdict, availability, listed, repeated = [] } = check;
  let statements: Said["statements"] = [];
  if (resource.id.name === "") {
    const message = `this ${resource.id.kind} has no metadata.name`;
    statements.push({ engine, what: "missing-field", severity: "error", message, field: "/metadata/name" });
  }
  if (listed === "reject") {
    statements.push({
      ...{ engine, what: "rejected-kind" },
      severity: "error",
      message: `${kindName(resource.id)} is not wanted here (reject)`,
    });
  }
  for (const { pointer: field, key, turn } of repeated) {
    const message = redactor().redactText(
      `the key ${key} is given ${turn === 2 ? "twice" : `${turn} times`}`,
    );
    const about = { engine, what: "duplicate-key", severity: "error", message, field } as const;
    statements.push({ ...about, ...(turn > 2 && { discriminator: String(turn) }) });
  }
  if (availability?.what === "missing-schema") {
    const severity = missingSchemas === "warn" ? "warning" : "error";
    if (listed !== "reject" && !isAllowedMissing(resource.id, missingSchemas))
      statements.push({ engine, ...availability, severity });
  } else if (availability) statements.push({ engine, ...availability });

  if (verdict.status === "unreadable") {
    const { what, message } = verdict;
    statements.push({ engine, what, severity: "error", message: redactor().redactText(message) });
  } else if (verdict.status === "no-schema" && verdict.broken) {
    const message = `the schema of ${kindName(resource.id)} is broken, so it was not validated`;
    const help =
      "Look at its CustomResourceDefinition: most likely a pattern is no regular expression (RE2).";
    statements.push({ engine, what: "broken-schema", severity: "error", message, help });
  } else if (verdict.status === "invalid") {
    const problems = verdict.problems.map((problem) => namedField(problem, resource));
    const standard = check.filled?.status === "invalid" ? check.filled.problems : [];
    const { kept, aside } = sortProblems(problems, resource, flux, standard);
    if (kept.some(saysNameless)) statements = statements.filter((statement) => !saysNameless(statement));
    return {
      statements: [...statements, ...kept.map((problem) => describe(problem, check, redactor()))],
      aside,
    };
  }
  return { statements, aside: [] };
}

function saysNameless({ what, field = "" }: { what: string; field?: string }): boolean {
  return field === "/metadata/name" || (what === "missing-field" && field === "/metadata");
}

/** kubeconform says only that something in metadata is no text: which of the three fields it reads, the resource tells. */
function namedField(problem: SchemaProblem, { value }: Resource): SchemaProblem {
  if (problem.field !== "/metadata" || problem.what !== "wrong-type" || !isObject(value.metadata))
    return problem;
  const { metadata } = value;
  const field = ["name", "namespace", "generateName"].find((name) => {
    const item = metadata[name];
    return item !== undefined && item !== null && typeof item !== "string";
  });
  if (!field) return problem;
  const expected = "string";
  return {
    ...problem,
    field: `/metadata/${field}`,
    expected,
    message: `expected ${expected}, found ${problem.actual}`,
  };
}

function describe(
  problem: Sorted["kept"][number],
  { resource, schema }: Check,
  redactor: Redactor,
): Statement {
  const { what, field, expected } = problem;
  const published = redactor.redactResource(resource).value;
  const shown =
    what === "missing-field" || what === "unknown-field" ? undefined : show(valueAt(published, field));
  return {
    ...{ engine, what, severity: "error", field, expected },
    message: redactor.redactText(problem.message),
    actual: shown ?? problem.actual,
    help: problem.help ?? (what === "unknown-field" ? suggestion(field, schema) : quoting(problem)),
  };
}

/** What YAML took for something else than the text that was meant. */
function quoting({ what, expected, actual }: SchemaProblem): string | undefined {
  if (what !== "wrong-type" || expected !== "string") return undefined;
  if (actual === "boolean")
    return "Quote it: without, YAML takes true, yes, on, y and their like for a boolean.";
  return actual === "number" ? "Quote it: without, YAML takes it for a number." : undefined;
}

/** A value in few characters; nothing of maps and lists. */
function show(value: Json | undefined): string | undefined {
  if (value === undefined || Array.isArray(value) || isObject(value)) return undefined;
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function suggestion(field: string, schema: SchemaText | undefined): string | undefined {
  if (!schema) return undefined;
  const cut = field.lastIndexOf("/");
  const name = field
    .slice(cut + 1)
    .replaceAll("~1", "/")
    .replaceAll("~0", "~");
  const near = nearest(name, knownFields(JSON.parse(schema.text), field.slice(0, cut)));
  return near && near !== name ? `Did you mean ${near}?` : undefined;
}

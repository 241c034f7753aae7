import { nearest } from "@gitops-actions/action";
import { knownFields, type SchemaProblem, type SchemaText } from "@gitops-actions/engine";
import {
  createRedactor,
  isObject,
  type Json,
  type Problem,
  type Redactor,
  type Resource,
  valueAt,
} from "@gitops-actions/manifest";
import { type Finding, type Location, makeFinding, type Severity } from "@gitops-actions/report";
import { type AsideReason, sortProblems } from "./aside.ts";
import type { Check } from "./check.ts";
import type { Definition } from "./definitions.ts";
import type { Group } from "./documents.ts";
import type { MissingSchemas } from "./inputs.ts";
import { isAllowedMissing, kindName } from "./kinds.ts";
import type { Conflict } from "./schemas.ts";

/** The line that a person would edit, where somebody knows it better than the group does. */
export type Locate = (group: Group, resource: Resource, pointer: string) => Promise<Location | undefined>;

export interface FindingContext {
  versions: readonly string[];
  missingSchemas: MissingSchemas;
  strict: boolean;
  /** Random bytes for the comparison of hidden values. */
  secretKey: Uint8Array;
  locate: Locate;
}

/** One thing to say of a resource, before the versions that say it are counted. */
interface Statement {
  what: string;
  severity: Severity;
  message: string;
  help?: string | undefined;
  field?: string;
  expected?: string | undefined;
  actual?: string | undefined;
  versions: string[];
}

/** What there is to say of one resource, for all versions together. */
export interface Judged {
  findings: Finding[];
  aside: { reason: AsideReason; field: string }[];
}

/** Turns the checks of one resource (one for each version) into findings. */
export async function judgeResource(checks: readonly Check[], context: FindingContext): Promise<Judged> {
  const { group, resource } = checks[0]!;
  const statements = new Map<string, Statement>();
  const aside = new Map<string, Judged["aside"][number]>();
  const redact = lazyRedactor(resource, context.secretKey);
  for (const check of checks) {
    const said = statementsOf(check, context, redact);
    for (const each of said.aside) aside.set(each.field, each);
    for (const statement of said.statements) {
      const key = `${statement.what}\0${statement.field ?? ""}\0${statement.message}`;
      const known = statements.get(key);
      if (known) known.versions.push(check.version);
      else statements.set(key, { ...statement, versions: [check.version] });
    }
  }
  const findings: Finding[] = [];
  for (const { what, versions, message, field, ...rest } of statements.values()) {
    const location =
      (what === "duplicate-key" ? duplicateLocation(group, resource) : undefined) ??
      (await context.locate(group, resource, field ?? "")) ??
      group.locate(resource, field ?? "");
    findings.push(
      makeFinding({
        ...rest,
        rule: `kubeconform/${what}`,
        message: message + versionsSuffix(versions, context.versions),
        resource: resource.id,
        value: resource.value,
        ...(field !== undefined && { field }),
        ...(location && { location }),
        overlays: [group.overlay],
      }),
    );
  }
  return { findings, aside: [...aside.values()] };
}

/** In a file of its own, where our parser met the second of two keys. */
function duplicateLocation({ problems, overlay }: Group, { document }: Resource): Location | undefined {
  const problem = problems.find((each) => each.code === "duplicate-key" && each.document === document);
  if (problem?.source !== overlay) return undefined;
  return { path: overlay, line: problem.line, column: problem.column, precision: "exact", via: [] };
}

function versionsSuffix(refusing: readonly string[], all: readonly string[]): string {
  const accepting = all.filter((version) => !refusing.includes(version));
  return accepting.length > 0 ? ` (Kubernetes ${refusing.join(", ")}; not ${accepting.join(", ")})` : "";
}

type Said = { statements: Omit<Statement, "versions">[]; aside: Judged["aside"] };

function statementsOf(check: Check, context: FindingContext, redactor: () => Redactor): Said {
  const { resource, verdict, availability, listed } = check;
  const statements: Said["statements"] = [];
  if (listed === "reject") {
    statements.push({
      what: "rejected-kind",
      severity: "error",
      message: `${kindName(resource.id)} is not wanted here (reject)`,
    });
  }
  if (availability?.what === "missing-schema") {
    const severity = context.missingSchemas === "warn" ? "warning" : "error";
    if (!isAllowedMissing(resource.id, context.missingSchemas))
      statements.push({ ...availability, severity });
  } else if (availability) statements.push(availability);

  if (verdict.status === "unreadable") {
    const { what, message } = verdict;
    statements.push({ what, severity: "error", message: redactor().redactText(message) });
  } else if (verdict.status === "no-schema" && verdict.broken) {
    const message = `the schema of ${kindName(resource.id)} is broken, so it was not validated`;
    const help =
      "Look at its CustomResourceDefinition: most likely a pattern is no regular expression (RE2).";
    statements.push({ what: "broken-schema", severity: "error", message, help });
  } else if (verdict.status === "invalid") {
    const problems = verdict.problems.map((problem) => namedField(problem, resource));
    const { kept, aside } = sortProblems(problems, resource);
    return {
      statements: [...statements, ...kept.map((problem) => describe(problem, check, redactor()))],
      aside,
    };
  }
  return { statements, aside: [] };
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
  problem: SchemaProblem,
  { resource, schema }: Check,
  redactor: Redactor,
): Omit<Statement, "versions"> {
  const { what, field, expected } = problem;
  const published = redactor.redactResource(resource).value;
  const shown =
    what === "missing-field" || what === "unknown-field" ? undefined : show(valueAt(published, field));
  return {
    ...{ what, severity: "error", field, expected },
    message: redactor.redactText(problem.message),
    actual: shown ?? problem.actual,
    help: what === "unknown-field" ? suggestion(field, schema) : undefined,
  };
}

/** A value in few characters; of maps and lists only that. */
function show(value: Json | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return "a list";
  if (isObject(value)) return "a map";
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

function lazyRedactor(resource: Resource, key: Uint8Array): () => Redactor {
  let made: Redactor | undefined;
  return () => {
    made ??= createRedactor([{ overlay: "", side: "head", resources: [resource] }], key);
    return made;
  };
}

const unreadable: Partial<Record<Problem["code"], string>> = {
  "no-name": "missing-field",
  "no-kind": "missing-kind",
  "no-api-version": "missing-kind",
  "not-an-object": "not-an-object",
};

/** What kept documents of a group from being read as resources. Duplicate keys are kubeconform's to tell. */
export function documentFindings(group: Group): Finding[] {
  return group.problems
    .filter(({ code }) => code !== "duplicate-key")
    .map(({ code, message, line, column, document, source }) => {
      const isFile = source === group.overlay;
      const location: Location = { path: source, line, column, precision: "exact", via: [] };
      return makeFinding({
        rule: `kubeconform/${unreadable[code] ?? "not-yaml"}`,
        severity: "error",
        message: isFile
          ? message
          : `document ${document + 1} of the rendered manifests (line ${line}): ${message}`,
        overlays: [group.overlay],
        discriminator: `${group.overlay} ${message}`,
        ...(isFile && { location }),
      });
    });
}

/** What is wrong with definitions of custom resources, apart from what their own schema says. */
export function definitionFindings(
  definitions: readonly Definition[],
  conflicts: readonly Conflict[],
): Finding[] {
  const broken = definitions.flatMap(({ problems, resource, overlay, location }) =>
    problems.map((problem) =>
      makeFinding({
        ...{
          rule: "kubeconform/broken-definition",
          severity: "error",
          message: problem,
          resource: resource.id,
        },
        help: "Its custom resources cannot be validated until this is mended.",
        ...(overlay !== undefined && { overlays: [overlay] }),
        ...(location && { location }),
        discriminator: problem,
      }),
    ),
  );
  const clashes = conflicts.map(({ used, other }) => {
    const where = (definition: Definition): string =>
      definition.overlay ?? definition.location?.path ?? "the repository";
    return makeFinding({
      ...{ rule: "kubeconform/conflicting-definition", severity: "warning", resource: used.resource.id },
      message: `defined differently in ${where(other)} and in ${where(used)}; the latter is used`,
      overlays: [used.overlay, other.overlay].filter((overlay) => overlay !== undefined),
      ...(used.location && { location: used.location }),
      ...(other.location && { related: [{ message: "the other definition", location: other.location }] }),
      discriminator: `${where(used)} ${where(other)}`,
    });
  });
  return [...broken, ...clashes];
}

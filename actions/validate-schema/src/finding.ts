import { createRedactor, type Redactor, type Resource, valueAt } from "@gitops-actions/manifest";
import { type Finding, type Location, makeFinding } from "@gitops-actions/report";
import type { FluxUse, Sorted } from "./aside.ts";
import type { Check } from "./check.ts";
import type { Definition } from "./definitions.ts";
import type { MissingSchemas } from "./inputs.ts";
import type { Draft } from "./locations.ts";
import { misspeltBeside } from "./misspelt.ts";
import { ruleStatements } from "./rules.ts";
import type { Conflict } from "./schemas.ts";
import { type Statement, schemaStatements } from "./statement.ts";
import { placeOf } from "./unread.ts";

export interface FindingContext {
  versions: readonly string[];
  missingSchemas: MissingSchemas;
  strict: boolean;
  flux: FluxUse;
  /** Random bytes for the comparison of hidden values. */
  secretKey: Uint8Array;
}

/** What there is to say of one resource, for all versions together. */
export interface Judged {
  drafts: Draft[];
  aside: Sorted["aside"];
}

/** Turns the checks of one resource (one for each version) into findings. */
export function judgeResource(checks: readonly Check[], context: FindingContext): Judged {
  const { group, resource } = checks[0]!;
  const statements = new Map<string, Statement & { versions: string[] }>();
  const aside = new Map<string, Sorted["aside"][number]>();
  const redact = lazyRedactor(resource, context.secretKey);
  for (const check of checks) {
    const bySchema = schemaStatements(check, context, redact);
    const byRules = ruleStatements(check, context, redact);
    for (const each of [...bySchema.aside, ...byRules.aside]) aside.set(each.field, each);
    for (const statement of [...bySchema.statements, ...byRules.statements]) {
      const key = `${statement.engine} ${statement.what}\0${statement.field ?? ""}\0${statement.message}`;
      const known = statements.get(key);
      if (known) known.versions.push(check.version);
      else statements.set(key, { ...statement, versions: [check.version] });
    }
  }
  const all = [...statements.values()];
  const drafts = all.map(({ engine, what, versions, message, field, help, ...rest }): Draft => {
    const misspelt = misspeltBeside({ what, field, expected: rest.expected }, all);
    const location =
      what === "duplicate-key" ? repeatedLocation(checks, field, rest.discriminator) : undefined;
    const finding = makeFinding({
      ...rest,
      rule: `${engine}/${what}`,
      message: message + versionsSuffix(versions, context.versions),
      resource: resource.id,
      value: resource.value,
      help: misspelt ? `Is ${misspelt.written} meant to be ${misspelt.meant}?` : help,
      ...(field !== undefined && { field }),
      ...(location && { location }),
      overlays: [group.overlay],
    });
    const edited = misspelt
      ? ({ pointer: misspelt.field, part: "key" } as const)
      : editedField(what, field, resource);
    return { finding, group, resource, ...edited };
  });
  return { drafts, aside: [...aside.values()] };
}

/** What is said of a kind stands where the kind is written, or its version. */
const identityFields: Readonly<Record<string, string>> = {
  ...{ "unknown-kind": "/kind", "rejected-kind": "/kind" },
  ...{ "removed-api": "/apiVersion", "deprecated-api": "/apiVersion", "off-by-default": "/apiVersion" },
  ...{ "unserved-version": "/apiVersion", "unknown-version": "/apiVersion", "missing-schema": "/apiVersion" },
};

/** What a person edits to mend what is said: a value, the name of a field, or what a mapping or list holds. */
function editedField(
  what: string,
  field: string | undefined,
  { value }: Resource,
): Pick<Draft, "pointer" | "part"> {
  if (field === undefined) return { pointer: identityFields[what] ?? "", part: "value" };
  if (what === "unknown-field" || what === "duplicate-key") return { pointer: field, part: "key" };
  const there = valueAt(value, field);
  return { pointer: field, part: there === undefined || typeof there === "object" ? "body" : "value" };
}

/**
 * Where a key stands again, in a file of the repository that is what was validated. The text of a resource of a List is
 * not the file's, so the parser of the whole has to know of a key there too.
 */
function repeatedLocation(
  checks: readonly Check[],
  field: string | undefined,
  turn = "2",
): Location | undefined {
  const { group, resource } = checks[0]!;
  const key = checks
    .flatMap(({ repeated = [] }) => repeated)
    .find((each) => each.pointer === field && String(each.turn) === turn);
  if (!key) return undefined;
  const own = group.problems.filter(
    ({ code, document }) => code === "duplicate-key" && document === resource.document,
  );
  const line = resource.line + key.line - 1;
  const there = own.find((each) => each.line === line && each.column === key.column);
  const one = there ?? (own.length === 1 ? own[0] : undefined);
  return one && placeOf(group, one.source, one.line, one.column);
}

function versionsSuffix(refusing: readonly string[], all: readonly string[]): string {
  const accepting = all.filter((version) => !refusing.includes(version));
  return accepting.length > 0 ? ` (Kubernetes ${refusing.join(", ")}; not ${accepting.join(", ")})` : "";
}

function lazyRedactor(resource: Resource, key: Uint8Array): () => Redactor {
  let made: Redactor | undefined;
  return () => {
    made ??= createRedactor([{ overlay: "", side: "head", resources: [resource] }], key);
    return made;
  };
}

/** What is wrong with definitions of custom resources, apart from what their own schema says. */
export function definitionDrafts(definitions: readonly Definition[]): Draft[] {
  return definitions.flatMap(({ problems, resource, overlay, group }) =>
    problems.map(({ field, message }): Draft => {
      const finding = makeFinding({
        ...{ rule: "kubeconform/broken-definition", severity: "error", message, field },
        ...{ resource: resource.id, value: resource.value, discriminator: message },
        help: "Its custom resources cannot be validated until this is mended.",
        ...(overlay !== undefined && { overlays: [overlay] }),
      });
      return { finding, group, resource, pointer: field, part: "body" };
    }),
  );
}

/** Definitions that disagree where both apply. */
export function conflictFindings(conflicts: readonly Conflict[]): Finding[] {
  return conflicts.map(({ used, other }) => {
    const isOne = used.overlay === other.overlay;
    const where = ({ overlay, location }: Definition): string =>
      (isOne ? location?.path : undefined) ?? overlay ?? location?.path ?? "the repository";
    return makeFinding({
      ...{ rule: "kubeconform/conflicting-definition", severity: "warning", resource: used.resource.id },
      message: `defined differently in ${where(other)} and in ${where(used)}; the latter is used`,
      overlays: [used.overlay, other.overlay].filter((overlay) => overlay !== undefined),
      ...(used.location && { location: used.location }),
      ...(other.location && { related: [{ message: "the other definition", location: other.location }] }),
      discriminator: `${where(used)} ${where(other)}`,
    });
  });
}

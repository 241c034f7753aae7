import { type Location, UsageError } from "@gitops-actions/report";
import picomatch from "picomatch";
import * as z from "zod";
import { configProblems } from "../config-problems.ts";
import { inWords } from "../config-words.ts";
import { lineAt, readPlainDocuments } from "../document.ts";
import type { Tree } from "../tree.ts";

/** Names of the file, in the order they are looked for. */
export const exceptionNames = [
  ".gitops/exceptions.yaml",
  ".gitops/exceptions.yml",
  "gitops/exceptions.yaml",
  "gitops/exceptions.yml",
] as const;

const glob = z.string().min(1);
const Written = z.strictObject({
  exceptions: z.array(
    z.strictObject({
      rule: glob.describe("The rule's id, such as `kyverno/require-probes/*`."),
      resource: z
        .strictObject({ kind: glob.optional(), namespace: glob.optional(), name: glob.optional() })
        .optional()
        .describe("Which resources; what is left out is any."),
      overlays: z.array(glob).optional().describe("Only in these overlays."),
      owner: z.string().min(1).describe("Who answers for it."),
      reason: z.string().min(1),
      expires: z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "must be a date such as 2027-01-31"),
    }),
  ),
});

/** A rule that is waived for some resources until a day. */
export interface Exception {
  rule: string;
  resource: { kind?: string; namespace?: string; name?: string };
  overlays: string[];
  owner: string;
  reason: string;
  /** The last day on which it counts, UTC. */
  expires: string;
  location: Location;
}

/** The exceptions of a tree; empty when it has no file of them. Throws UsageError that names file and line. */
export async function loadExceptions(tree: Tree): Promise<Exception[]> {
  const path = exceptionNames.find((name) => tree.get(name)?.kind === "file");
  return path ? parseExceptions(new TextDecoder().decode(await tree.read(path)), path) : [];
}

/** Reads a file of exceptions. Throws UsageError that names file and line of everything that is wrong. */
export function parseExceptions(text: string, path: string): Exception[] {
  const [document, ...more] = readPlainDocuments(text);
  if (document?.error) throw new UsageError(`${path}:${document.error.line}: ${document.error.message}`);
  if (more.length > 0) throw new UsageError(`${path}: expected one YAML document, found ${more.length + 1}`);
  if (!document || document.root === null) return [];
  const parsed = Written.safeParse(document.toPlain(), { error: inWords });
  if (!parsed.success) {
    const problems = configProblems(document, parsed.error, Written);
    throw new UsageError(problems.map(({ line, message }) => `${path}:${line}: ${message}`).join("\n"));
  }
  return parsed.data.exceptions.map((each, index) => {
    const line = lineAt(document.root, ["exceptions", index]);
    if (Number.isNaN(Date.parse(`${each.expires}T00:00:00Z`)))
      throw new UsageError(`${path}:${line}: expires: ${each.expires} is no day of the calendar`);
    return {
      ...each,
      resource: compact(each.resource ?? {}),
      overlays: each.overlays ?? [],
      location: { path, line, precision: "exact" as const, via: [] },
    };
  });
}

function compact(value: { [key: string]: string | undefined }): Exception["resource"] {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
}

/** What an exception is compared with. */
export interface Excepted {
  rule: string;
  resource?: { kind: string; namespace: string; name: string };
  overlay: string;
}

/** Whether an exception speaks of a finding in an overlay, whatever the day is. */
export function exceptionMatcher(exception: Exception): (finding: Excepted) => boolean {
  const rule = matcher(exception.rule);
  const { kind, namespace, name } = exception.resource;
  const [byKind, byNamespace, byName] = [kind, namespace, name].map((each) => each && matcher(each));
  const overlays = exception.overlays.map(matcher);
  return ({ rule: id, resource, overlay }) => {
    if (!rule(id)) return false;
    if (overlays.length > 0 && !overlays.some((matches) => matches(overlay))) return false;
    if (!byKind && !byNamespace && !byName) return true;
    if (!resource) return false;
    return (
      (!byKind || byKind(resource.kind)) &&
      (!byNamespace || byNamespace(resource.namespace)) &&
      (!byName || byName(resource.name))
    );
  };
}

function matcher(pattern: string): (text: string) => boolean {
  // A rule's id has slashes, and `kyverno/*` means all of Kyverno's, as `*` means all.
  const match = picomatch(pattern.replace(/(^|\/)\*$/, "$1**"), { dot: true });
  return (text) => pattern === text || match(text);
}

/** Whole days until the end of the last day on which it counts; negative once it is over. */
export function daysLeft(exception: Pick<Exception, "expires">, now: Date): number {
  const end = Date.parse(`${exception.expires}T00:00:00Z`) + 86_400_000;
  return Math.ceil((end - now.getTime()) / 86_400_000) - 1;
}

/** Whether its last day is over. */
export function isExpired(exception: Pick<Exception, "expires">, now: Date): boolean {
  return now.getTime() >= Date.parse(`${exception.expires}T00:00:00Z`) + 86_400_000;
}

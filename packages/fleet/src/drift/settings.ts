import picomatch from "picomatch";
import * as z from "zod";

const glob = z.string().min(1);
const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, "must be a date such as 2027-01-31")
  .refine((text) => !Number.isNaN(Date.parse(`${text}T00:00:00Z`)), "is no day of the calendar");

const Ignore = z
  .strictObject({
    resource: z
      .strictObject({
        group: z.string().optional().describe("API group; an empty text is the core group."),
        kind: glob.optional(),
        namespace: glob.optional(),
        name: glob.optional(),
        labels: z.record(z.string(), z.string()).optional().describe("Labels that Git gives the resource."),
      })
      .default({})
      .describe("Which resources, by globs; what is left out is any."),
    environments: z.array(glob).default([]).describe("Only in these environments; none: in all."),
    fields: z
      .array(z.string().regex(/^(?:\/.*)?$/, "must be a JSON Pointer such as /spec/replicas"))
      .default([])
      .describe("JSON Pointers of what is not looked at; an empty text is the whole resource."),
    jq: z.array(z.string().min(1)).default([]).describe("jq expressions that name what is not looked at."),
    managers: z.array(glob).default([]).describe("Field managers whose fields are not looked at."),
    owner: z.string().min(1).describe("Who answers for it."),
    reason: z.string().min(1),
    expires: day.describe("The last day on which it counts, UTC."),
  })
  .refine(
    ({ fields, jq, managers }) => fields.length + jq.length + managers.length > 0,
    "must name fields, jq or managers",
  );

/** The section `drift` of gitops.yaml, as it is written. */
export const DriftFile = z.strictObject({
  ignore: z.array(Ignore).default([]).describe("Differences that are expected, each with an end."),
});

/** A rule by which drift-report does not look at some fields of some resources. */
export type DriftIgnore = z.output<typeof Ignore>;
export type DriftSettings = z.output<typeof DriftFile>;

/** What a rule is held against. */
export interface DriftSubject {
  group: string;
  kind: string;
  namespace: string;
  name: string;
  labels: Readonly<Record<string, unknown>>;
}

/** Whether a rule speaks of a resource, whatever the environment and the day are. */
export function driftIgnoreMatcher({ resource }: DriftIgnore): (subject: DriftSubject) => boolean {
  const { group, kind, namespace, name, labels = {} } = resource;
  const [byKind, byNamespace, byName] = [kind, namespace, name].map(globMatcher);
  return (subject) =>
    (group === undefined || group === subject.group) &&
    byKind!(subject.kind) &&
    byNamespace!(subject.namespace) &&
    byName!(subject.name) &&
    Object.entries(labels).every(([label, value]) => subject.labels[label] === value);
}

/** Matches names against a glob; without one, everything. */
export function globMatcher(pattern: string | undefined): (text: string) => boolean {
  if (pattern === undefined) return () => true;
  const match = picomatch(pattern, { dot: true });
  return (text) => pattern === text || match(text);
}

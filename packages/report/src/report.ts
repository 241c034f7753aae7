import * as z from "zod";

/** Where a person would look or edit. `path` is relative to the repository root, POSIX. Lines and columns count from 1. */
export const Location = z.strictObject({
  path: z.string(),
  line: z.int().positive(),
  column: z.int().positive().optional(),
  /** exact: editing this line changes the field. near: the right file. */
  precision: z.enum(["exact", "near"]),
  /** Files that stand between this one and the result (bases, patches, generators), outermost first. */
  via: z.array(z.string()).default([]),
});
export type Location = z.infer<typeof Location>;

export const ResourceRef = z.strictObject({
  group: z.string(),
  version: z.string(),
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
});
export type ResourceRef = z.infer<typeof ResourceRef>;

export const Severity = z.enum(["error", "warning", "notice"]);
export type Severity = z.infer<typeof Severity>;

export const Place = z.strictObject({ overlay: z.string(), state: z.enum(["new", "existing", "unknown"]) });
export type Place = z.infer<typeof Place>;

/** One thing wrong, wherever it occurs. Every text in it is already redacted. */
export const Finding = z.strictObject({
  /** `<tool or action>/<what>`, kebab-case, e.g. `render/remote-base`. */
  rule: z.string(),
  severity: Severity,
  message: z.string(),
  /** What to do next. */
  help: z.string().optional(),
  resource: ResourceRef.optional(),
  /** JSON Pointer (RFC 6901). */
  field: z.string().optional(),
  expected: z.string().optional(),
  actual: z.string().optional(),
  location: Location.optional(),
  related: z.array(z.strictObject({ message: z.string(), location: Location })).default([]),
  places: z.array(Place).default([]),
  fingerprint: z.string(),
});
export type Finding = z.infer<typeof Finding>;

export const ToolUse = z.strictObject({
  name: z.string(),
  version: z.string(),
  /** given | cache | path | release | mirror | go */
  source: z.string(),
  sha256: z.string().optional(),
});
export type ToolUse = z.infer<typeof ToolUse>;

export const Comparison = z.strictObject({
  repository: z.string().optional(),
  head: z.strictObject({ commit: z.string().nullable(), dirty: z.boolean() }),
  base: z
    .strictObject({
      commit: z.string(),
      how: z.enum(["merge-parent", "merge-base", "merge-group", "push-before", "given"]),
    })
    .optional(),
});
export type Comparison = z.infer<typeof Comparison>;

/** Something that was not looked at (skipped) or could not be (failed), named with the reason. */
export const Unchecked = z.strictObject({
  /** overlay | resource | file | policy | tool ... */
  kind: z.string(),
  id: z.string(),
  code: z.string(),
  message: z.string(),
});
export type Unchecked = z.infer<typeof Unchecked>;

export const EngineCount = z.strictObject({
  name: z.string(),
  policy: z.string().optional(),
  evaluated: z.int(),
  matched: z.int(),
  passed: z.int(),
  warned: z.int(),
  failed: z.int(),
  notEvaluated: z.array(z.string()).default([]),
});

/** report.json: what one action says. Version 1. Produced through `makeReport`, so that counts and verdict always follow from the contents. */
export const Report = z.strictObject({
  version: z.literal(1),
  action: z.string(),
  source: Comparison,
  tools: z.array(ToolUse),
  verdict: z.enum(["passed", "findings", "incomplete", "nothing-found"]),
  checked: z.strictObject({
    overlays: z.int(),
    resources: z.int(),
    unique: z.int(),
    /** What was looked at where it is neither: rules of branches, settings, workflows. */
    checks: z.int().optional(),
  }),
  /** Overlays proven unchanged and therefore not looked at again. */
  unchanged: z.int().default(0),
  engines: z.array(EngineCount).optional(),
  /** Things a person should know of that are neither findings nor gaps (what was noticed, which commits and why). */
  notes: z.array(z.string()).default([]),
  skipped: z.array(Unchecked),
  failed: z.array(Unchecked),
  findings: z.array(Finding),
  fixed: z.array(z.string()).default([]),
  waived: z
    .array(
      z.strictObject({ fingerprint: z.string(), owner: z.string(), reason: z.string(), expires: z.string() }),
    )
    .default([]),
  summary: z.strictObject({
    error: z.int(),
    warning: z.int(),
    notice: z.int(),
    new: z.int(),
    existing: z.int(),
  }),
});
export type Report = z.infer<typeof Report>;

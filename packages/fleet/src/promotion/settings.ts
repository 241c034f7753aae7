import { nearest } from "@gitops-actions/report";
import { Cron } from "croner";
import * as z from "zod";

const placeholdersHint = "`{app}`, `{environment}` and `{cluster}` stand for themselves";
const duration = z
  .string()
  .regex(/^\d+(?:s|m|h|d|w)$/, "must be a number with s, m, h, d or w, such as 36h")
  .transform(parseDuration);
const instant = z
  .string()
  .regex(
    /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?$/,
    "must be a date such as 2026-12-24, or a time such as 2026-12-24T18:00:00Z",
  )
  .refine((text) => !Number.isNaN(Date.parse(text)), "is no date of the calendar");
const context = z.string().min(1);
const cluster = z.string().min(1);

const Gates = z.strictObject({
  soak: duration.optional().describe("How long a version must have run in the environment before, e.g. 24h."),
  times: z
    .enum(["verified", "committed"])
    .default("verified")
    .describe("Whether a commit's own date may count where the forge knows no time: anyone can write one."),
  checks: z
    .array(context)
    .default([])
    .describe("Statuses or checks that must have succeeded on the commit that runs before."),
  "healthy-since": context.optional().describe("Status from whose first success the soak is counted."),
  drift: duration
    .optional()
    .describe("A status gitops/drift/<environment> must be successful and not older."),
  windows: z
    .array(
      z.strictObject({
        cron: z
          .string()
          .refine(isCron, {
            error: ({ input }) =>
              `${JSON.stringify(input)} is no time: expected minute hour day month weekday, such as 0 9 * * 1-5`,
          })
          .describe("When the window opens: minute hour day month weekday."),
        lasts: duration.describe("How long it stays open."),
        zone: z
          .string()
          .refine(isZone, {
            error: ({ input }) =>
              `${JSON.stringify(input)} is no time zone${meantZone(input)}; expected one such as Europe/Berlin`,
          })
          .default("UTC")
          .describe("Time zone, e.g. Europe/Berlin."),
      }),
    )
    .default([])
    .describe("When changes are allowed; none: always."),
  freezes: z
    .array(z.strictObject({ from: instant, until: instant, reason: z.string().min(1) }))
    .default([])
    .describe("When they are not."),
  downgrade: z.boolean().default(false).describe("Whether an older version may replace a newer one."),
  "max-open-pull-requests": z.int().positive().optional(),
  complete: z
    .union([z.enum(["all", "any"]), z.array(cluster).min(1)])
    .default("all")
    .describe("How much of the environment before must run the version: all places, any, or named clusters."),
  batch: z
    .int()
    .positive()
    .optional()
    .describe("How many apps one run may move into the environment; the others wait for the next."),
  approval: z
    .strictObject({
      team: z
        .string()
        .regex(/^[\w.-]+\/[\w.-]+$/, "must be written as organisation/team")
        .optional()
        .describe("Somebody of this team must have approved the pull request as it is."),
      label: z
        .string()
        .min(1)
        .optional()
        .describe(
          "A label of the pull request, which counts when somebody who may write set it after the last push.",
        ),
      environment: z
        .string()
        .min(1)
        .optional()
        .describe("A GitHub environment, for which this workflow run must have been approved."),
    })
    .refine(
      (approval) => Object.values(approval).some((each) => each !== undefined),
      "needs a team, a label or an environment",
    )
    .optional()
    .describe("Who must agree before promote-env merges the pull request, or commits."),
  merge: z
    .enum(["manual", "gates", "auto"])
    .default("manual")
    .describe(
      "Who merges the pull request: people; promote-env, in a run in which all gates are open; or GitHub's auto-merge.",
    ),
  reviewers: z
    .array(z.string().regex(/^@?[\w.-]+(?:\/[\w.-]+)?$/, "must be a login, or organisation/team"))
    .default([])
    .describe("Who is asked to review the pull request: logins, and teams as organisation/team."),
  labels: z
    .array(z.string().min(1))
    .default([])
    .describe("Labels of the pull request, besides those the action is given."),
});

/** The section `promotion` of gitops.yaml, as it is written. */
export const PromotionFile = z.strictObject({
  strategy: z
    .enum(["pull-request", "direct", "merge"])
    .default("pull-request")
    .describe(
      "How changes are delivered. With `merge`, all of the branch before is merged into an environment's own branch, by pull request.",
    ),
  own: z
    .array(z.string().min(1))
    .default([])
    .describe(
      "Globs of paths that each environment has for itself: `strategy: merge` leaves them as they are.",
    ),
  group: z.enum(["app", "environment"]).default("app").describe("What one pull request holds."),
  sign: z
    .boolean()
    .default(true)
    .describe(
      "Whether GitHub makes the commits, which it then signs, where there is a token and the files allow it.",
    ),
  "shared-changes": z
    .enum(["off", "warning", "error"])
    .default("warning")
    .describe(
      "What a pull request is told whose change to a shared file reaches later environments without promotion. Read at the base.",
    ),
  keep: z
    .array(z.enum(["name", "tag", "digest", "version", "value"]))
    .default([])
    .describe("Parts of versions that stay: `name` where each environment has its own registry."),
  files: z
    .array(z.string().min(1))
    .default([])
    .describe(`Files that are copied whole: patterns in which ${placeholdersHint}.`),
  fields: z
    .array(
      z.strictObject({
        file: z.string().min(1).describe(`Pattern of files, in which ${placeholdersHint}.`),
        pointer: z.string().startsWith("/").describe("JSON Pointer of one value."),
      }),
    )
    .default([])
    .describe("Values that move besides those found by themselves."),
  gates: z
    .record(z.string(), Gates)
    .default({})
    .describe(
      "What must hold before a version enters an environment, by the environment's name; `*` for all.",
    ),
});

/** What must hold before a version enters an environment. Durations are milliseconds. */
export type GateSettings = z.output<typeof Gates>;
export type PromotionSettings = z.output<typeof PromotionFile>;

/** What holds where gitops.yaml says nothing. */
export function defaultPromotion(): PromotionSettings {
  return PromotionFile.parse({});
}

/** The gates of an environment: its own, those of all, or none but the order of versions. */
export function gatesOf(settings: PromotionSettings, environment: string): GateSettings {
  return settings.gates[environment] ?? settings.gates["*"] ?? Gates.parse({});
}

/** Milliseconds of `90s`, `30m`, `24h`, `7d`, `2w`. */
export function parseDuration(text: string): number {
  const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  return Number(text.slice(0, -1)) * (units[text.at(-1) ?? "s"] ?? 1) * 1000;
}

/** A gate's setting as gitops.yaml would say it, on one line; "none" for what it leaves out. */
export function formatSetting(gate: string, value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return "none";
  if ((gate === "soak" || gate === "drift") && typeof value === "number") return formatDuration(value);
  if (typeof value !== "object" || value === null) return String(value);
  const shown = (key: string, each: unknown) =>
    key === "lasts" && typeof each === "number" ? formatDuration(each) : each;
  return JSON.stringify(value, shown).replaceAll('"', "").replaceAll(":", ": ").replaceAll(",", ", ");
}

function formatDuration(milliseconds: number): string {
  const units: [string, number][] = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
  ];
  const [unit, size] = units.find(([, each]) => milliseconds > 0 && milliseconds % each === 0) ?? ["s", 1000];
  return `${milliseconds / size}${unit}`;
}

function isCron(text: string): boolean {
  try {
    return text.trim().split(/\s+/).length === 5 && new Cron(text, { paused: true }) !== undefined;
  } catch {
    return false;
  }
}

function isZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }) !== undefined;
  } catch {
    return false;
  }
}

function meantZone(text: unknown): string {
  const near = nearest(String(text), Intl.supportedValuesOf("timeZone"));
  return near === undefined ? "" : ` (did you mean ${near}?)`;
}

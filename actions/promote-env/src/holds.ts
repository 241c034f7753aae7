import { parseSource } from "@gitops-actions/manifest";
import { UsageError } from "@gitops-actions/report";
import * as z from "zod";
import type { Hold } from "./gates/index.ts";

/** Where holds stand, on the default branch. */
export const holdsPath = ".gitops/holds.yaml";

const HoldFile = z.strictObject({
  holds: z
    .array(
      z.strictObject({
        app: z.string().min(1),
        environment: z.string().min(1),
        reason: z.string(),
        owner: z.string(),
        until: z
          .string()
          .refine((text) => !Number.isNaN(Date.parse(text)), "must be a time such as 2026-12-24T18:00:00Z")
          .optional(),
      }),
    )
    .default([]),
});

/** Reads the holds. Throws UsageError for a file that cannot be read: then nobody knows what is held. */
export function parseHolds(text: string): Hold[] {
  const { documents, problems } = parseSource(text, holdsPath);
  const [problem] = problems;
  if (problem) throw new UsageError(`${holdsPath}:${problem.line}: ${problem.message}`);
  const parsed = HoldFile.safeParse(documents[0]?.value ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(`${holdsPath}: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  return parsed.data.holds.map(({ until, ...hold }) => ({
    ...hold,
    ...(until === undefined ? {} : { until: Date.parse(until) }),
  }));
}

/** The file that says these holds: sorted, so that the same holds are the same bytes. */
export function formatHolds(holds: readonly Hold[]): string {
  const key = (hold: Hold) => `${hold.environment}\0${hold.app}\0${hold.owner}\0${hold.reason}`;
  const lines = [...holds]
    .sort((a, b) => (key(a) < key(b) ? -1 : 1))
    .flatMap((hold) => [
      `  - app: ${JSON.stringify(hold.app)}`,
      `    environment: ${JSON.stringify(hold.environment)}`,
      `    reason: ${JSON.stringify(hold.reason)}`,
      `    owner: ${JSON.stringify(hold.owner)}`,
      ...(hold.until === undefined ? [] : [`    until: "${new Date(hold.until).toISOString()}"`]),
    ]);
  const head = "# What stays as it is. Written by promote-env (operation: hold, rollback, resume).\n";
  return lines.length === 0 ? `${head}holds: []\n` : `${head}holds:\n${lines.join("\n")}\n`;
}

/** Whether a hold has ended at a moment, in milliseconds since 1970. */
export function isOver({ until }: Hold, now: number): boolean {
  return until !== undefined && until <= now;
}

/** The holds with one more; one of the same app and environment is replaced. */
export function withHold(holds: readonly Hold[], hold: Hold): Hold[] {
  return [...withoutHold(holds, hold.app, hold.environment), hold];
}

/** The holds without those of an app in an environment. */
export function withoutHold(holds: readonly Hold[], app: string, environment: string): Hold[] {
  return holds.filter((each) => each.app !== app || each.environment !== environment);
}

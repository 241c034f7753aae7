import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import type { Host } from "@gitops-actions/action";
import { type RenderInputs, run as render } from "@gitops-actions/render-overlays";
import { gapKey, makeReport, type Report, type Unchecked } from "@gitops-actions/report";
import { type Arguments, text } from "../arguments.ts";
import type { Terminal } from "../command.ts";
import { sayWhole } from "./whole.ts";

/** What a command that checks manifests looks at. */
export interface Manifests {
  /** Absolute path of an index.json, or of a folder of YAML. */
  path: string;
  /** What could not be rendered, and is therefore not among them. */
  failed: readonly Unchecked[];
  /** What rendering said, where they were rendered for this. */
  rendering?: Report;
}

/** The manifests that `--manifests` names; without it the repository is rendered, with --base only what differs. */
export async function findManifests(
  args: Arguments,
  rendering: RenderInputs,
  host: Host,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Manifests> {
  const given = text(args, "manifests");
  if (given !== undefined) return { path: resolve(host.cwd, given), failed: [] };
  await sayWhole(args, host, terminal);
  const inputs = { ...rendering, compare: text(args, "base") !== undefined };
  const world = { host, progress: terminal.progress, signal, secretKey: randomBytes(32) };
  const { directory, report } = await render(inputs, world);
  return { path: join(directory, "index.json"), failed: report.failed, rendering: report };
}

/**
 * The report of a check with what rendering left out before it: what was skipped, and what it says of overlays that are no
 * longer looked at. Nobody sees the report of a rendering that a check made for itself.
 */
export function withGaps(report: Report, rendering: Report | undefined): Report {
  if (!rendering) return report;
  const isGap = ({ rule }: Report["findings"][number]): boolean =>
    rule.startsWith("render/no-longer-") || (rule.startsWith("fleet/") && !rule.startsWith("fleet/idle-"));
  const known = new Set(report.skipped.map(gapKey));
  return makeReport({
    ...report,
    skipped: [...report.skipped, ...rendering.skipped.filter((each) => !known.has(gapKey(each)))],
    findings: [...report.findings, ...rendering.findings.filter(isGap)],
  });
}

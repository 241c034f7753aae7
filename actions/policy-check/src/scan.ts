import { ensureTool } from "@gitops-actions/engine";
import type { Batch } from "@gitops-actions/fleet";
import type { Finding } from "@gitops-actions/report";
import { ToolError } from "@gitops-actions/report";
import { type EngineRun, emptyOutcome } from "./engines.ts";
import type { Evaluation } from "./evaluate.ts";
import { engineNames, type PolicyInputs } from "./inputs.ts";
import { evaluateLeaks, readValuesFiles, type ValuesFile } from "./leaks.ts";
import type { Rendered } from "./manifests.ts";
import { absentCodes, type Place } from "./policies/policies.ts";
import type { PolicyWorld } from "./run.ts";

/** What looking for secrets adds to an evaluation. */
export interface Scan {
  runs: EngineRun[];
  tools: Evaluation["tools"];
  skipped: Evaluation["skipped"];
  /** Found in files of values. */
  head: Finding[];
  base: Finding[];
  /** Must be redacted wherever they stand. */
  secrets: Buffer[];
}

const nothing: Scan = { runs: [], tools: [], skipped: [], head: [], base: [], secrets: [] };

/**
 * With the pack `secrets`, has gitleaks look at configuration. Where it cannot be had the pattern of credential-in-config
 * stands in for it, which is said; who asked for gitleaks by name gets a failure instead.
 */
export async function scan(
  batches: readonly Batch[],
  rendered: Rendered,
  place: Place,
  inputs: PolicyInputs,
  world: PolicyWorld,
): Promise<Scan> {
  const { host, progress, signal } = world;
  if (!inputs.packs.includes("secrets")) return nothing;
  const standIn = "so the pattern of credential-in-config stood in for the secret scanner";
  const skipped = (code: string, message: string): Scan => ({
    ...nothing,
    skipped: [{ kind: "engine", id: "gitleaks", code, message }],
  });
  if (!inputs.engines.includes("gitleaks"))
    return skipped("engine-not-asked", `gitleaks was not asked for (engines), ${standIn}`);
  progress("Looking for secrets with gitleaks");
  const limits = {
    deadlineMs: inputs.timeLimitSeconds * 1000,
    maxMemoryBytes: inputs.memoryLimitMebibytes * 1024 ** 2,
  };
  try {
    const tool = await ensureTool("gitleaks", inputs.tools, host, progress, { signal });
    const { name, version, source, sha256 } = tool;
    const files = await readBothSides(rendered, place);
    const leaks = await evaluateLeaks(batches, files, limits, tool, host, signal);
    const [head = [], base = []] = leaks.files;
    const tools = [{ name, version, source, sha256 }];
    return { runs: [leaks.run], tools, skipped: [], head, base, secrets: leaks.secrets };
  } catch (error) {
    if (!(error instanceof ToolError) || !absentCodes.includes(error.code)) throw error;
    if (inputs.engines.length === engineNames.length)
      return skipped("not-there", `gitleaks cannot be had (${error.message}), ${standIn}`);
    const failures = [{ id: "gitleaks", code: error.code, message: error.message }];
    const outcomes = batches.map(emptyOutcome);
    return { ...nothing, runs: [{ name: "gitleaks", outcomes, failures, skipped: [], notes: [] }] };
  }
}

/** Files of values at head and at base, each from the commit that was rendered. */
async function readBothSides({ index }: Rendered, { head, repository, at }: Place): Promise<ValuesFile[][]> {
  if (!index) return [];
  const { overlays, source } = index;
  const atHead = await readValuesFiles(
    overlays.filter((overlay) => overlay.head),
    head,
  );
  if (!source.base || !repository) return [atHead];
  const tree = await at(source.base.commit);
  return [
    atHead,
    await readValuesFiles(
      overlays.filter((overlay) => overlay.base),
      tree,
    ),
  ];
}

/** What both the pattern and gitleaks found in one field is said once, by gitleaks. */
export function withoutPatterns(runs: readonly EngineRun[], leaks: readonly EngineRun[]): EngineRun[] {
  const [run] = leaks;
  if (!run) return [...runs];
  const found = run.outcomes.map(
    ({ statements }) => new Set(statements.map(({ document, field }) => `${document} ${field}`)),
  );
  return runs.map((each) => ({
    ...each,
    outcomes: each.outcomes.map((outcome, batch) => ({
      ...outcome,
      statements: outcome.statements.filter(
        ({ rule, document, field }) =>
          rule !== "gitops.secrets/credential-in-config" || !found[batch]?.has(`${document} ${field}`),
      ),
    })),
  }));
}

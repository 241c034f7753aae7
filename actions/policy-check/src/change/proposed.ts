import { type Batch, makeBatches, type Tree } from "@gitops-actions/fleet";
import { formatIdentity, parseManifests, type Redactor } from "@gitops-actions/manifest";
import type { Finding } from "@gitops-actions/report";
import type { EngineRun } from "../engines.ts";
import type { Said } from "../findings.ts";
import type { PolicyInputs } from "../inputs.ts";
import type { Judges } from "../policies/policies.ts";
import type { PolicyWorld } from "../run.ts";
import { withoutPatterns } from "../scan.ts";
import { evaluate } from "../sets.ts";
import { type Waived, waive } from "../waive.ts";
import { type Defects, defectsOf } from "./defects.ts";
import { findNarrowed } from "./narrowed.ts";
import { narrowerMatches } from "./narrowermatch.ts";

const shown = 10;

/** What a change's own policies come to. */
export interface Proposed {
  /** What they would say of resources, for people: it decides nothing. */
  notes: string[];
  /** What keeps them from being evaluated: that is the change's own fault. */
  defects: Defects;
  /** Policies that would look at fewer resources. */
  narrowed: Finding[];
}

/** Has the policies of the change itself look at its head, beside those that count and what these said. */
export async function compareProposed(
  judges: Judges,
  counting: { judges: Judges; runs: readonly EngineRun[]; tree: Tree },
  /** What is the same whatever the policies are. */
  alike: { runs: readonly EngineRun[]; findings: readonly Finding[] },
  head: readonly Batch[],
  counted: Waived,
  said: (runs: EngineRun[], batches: readonly Batch[]) => Promise<Said>,
  redactor: Redactor,
  inputs: PolicyInputs,
  world: PolicyWorld,
): Promise<Proposed> {
  if (head.every(({ items }) => items.length === 0))
    return {
      ...{ notes: [], narrowed: [] },
      defects: await compileProposed(judges, counting, redactor, inputs, world),
    };
  const evaluation = await evaluate(judges, head, inputs, world);
  const runs = [...withoutPatterns(evaluation.runs, alike.runs), ...alike.runs];
  const { findings } = await said(runs, head);
  const after = active(waive([...findings, ...alike.findings], judges.exceptions, world.host.now(), false));
  const before = active(counted);
  const more = [...after.values()].filter(({ fingerprint }) => !before.has(fingerprint));
  const fewer = [...before.values()].filter(({ fingerprint }) => !after.has(fingerprint));
  const left = evaluation.skipped.filter(({ code }) => code === "engine-not-asked").map(({ id }) => id);
  const aside = left.length > 0 ? `; of ${left.join(", ")} nothing is known: not asked for` : "";
  const notes = [
    `with your policies: ${more.length} findings more, ${fewer.length} fewer${aside}`,
    ...list("more", more),
    ...list("fewer", fewer),
  ];
  return {
    notes,
    defects: defectsOf(evaluation.runs, counting.runs, head.length, redactor, counting.tree),
    narrowed: findNarrowed(
      counting.runs,
      evaluation.runs,
      head.length,
      narrowerMatches(counting.judges.policies, judges.policies),
      redactor,
    ),
  };
}

/** Engines compile nothing where nothing is rendered, so both sides' policies are given one object of ours. */
async function compileProposed(
  judges: Judges,
  counting: { judges: Judges; tree: Tree },
  redactor: Redactor,
  inputs: PolicyInputs,
  world: PolicyWorld,
): Promise<Defects> {
  const { resources } = parseManifests(
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stand-in}\n",
    "stand-in",
  );
  const compile = async (side: Judges): Promise<EngineRun[]> => {
    const { runs } = await evaluate(side, makeBatches([{ overlay: "", resources }]), inputs, world);
    // What comes of evaluating it is about our object.
    const isOurs = (code: string) => code === "builtin" || code === "evaluation";
    return runs.map((run) => ({ ...run, failures: run.failures.filter(({ code }) => !isOurs(code)) }));
  };
  return defectsOf(await compile(judges), await compile(counting.judges), 0, redactor, counting.tree);
}

function active({ findings, waived }: Waived): Map<string, Finding> {
  const excused = new Set(waived.map(({ fingerprint }) => fingerprint));
  return new Map(
    findings.filter(({ fingerprint }) => !excused.has(fingerprint)).map((each) => [each.fingerprint, each]),
  );
}

function list(what: string, findings: readonly Finding[]): string[] {
  const lines = findings
    .map(
      ({ rule, message, resource }) => `${rule}${resource ? ` ${formatIdentity(resource)}` : ""}: ${message}`,
    )
    .sort()
    .slice(0, shown)
    .map((line) => `with your policies, ${what}: ${line}`);
  return findings.length > shown
    ? [...lines, `with your policies, ${what}: ${findings.length - shown} others`]
    : lines;
}

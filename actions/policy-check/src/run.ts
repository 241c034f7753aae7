import { resolve } from "node:path";
import { type Host, workspaceOf } from "@gitops-actions/action";
import { type Progress, readBundles } from "@gitops-actions/engine";
import { type Batch, describeNamespaces, makeBatches } from "@gitops-actions/fleet";
import { createRedactor, type Redactor } from "@gitops-actions/manifest";
import { makeReport, markAgainstBase, type Report } from "@gitops-actions/report";
import { createLocator } from "@gitops-actions/validate-schema";
import { findLaxer } from "./change/laxer.ts";
import { compareProposed } from "./change/proposed.ts";
import type { Evaluation } from "./evaluate.ts";
import { findingsOf, type Locate } from "./findings.ts";
import { checkSettings, type PolicyInputs } from "./inputs.ts";
import { type Rendered, readRendered } from "./manifests.ts";
import { namespacesOfValues } from "./namespaces.ts";
import { addBundles } from "./policies/bundles.ts";
import { openPlace, type Place, readTrusted } from "./policies/policies.ts";
import { reportParts } from "./reporting.ts";
import { type Scan, scan, withoutPatterns } from "./scan.ts";
import { evaluate } from "./sets.ts";
import { excuserOf, waive } from "./waive.ts";

/** What a run is given besides its inputs. */
export interface PolicyWorld {
  host: Host;
  progress: Progress;
  signal: AbortSignal;
  /** Random bytes with which Secret values are compared; never kept. */
  secretKey: Uint8Array;
}

export interface PolicyOutcome {
  report: Report;
  /** How many policies there are, evaluated or not. */
  policies: number;
}

/**
 * Has policy engines look at what overlays render, and says what they found, what is new, and what they did not do.
 * Throws UsageError for wrong inputs or exceptions, ToolError when Git or an engine itself fails; what is wrong with a
 * policy is in the report as failed.
 */
export async function run(inputs: PolicyInputs, world: PolicyWorld): Promise<PolicyOutcome> {
  const { host } = world;
  checkSettings(inputs);
  const workspace = workspaceOf(host);
  const rendered = readRendered(inputs.manifests, workspace);
  const { fetch, token } = inputs;
  const options = { fetch, signal: world.signal, ...(token && { token }) };
  const place = await openPlace(resolve(workspace, inputs.path), rendered, options, host);
  try {
    const hosts = new Set(inputs.allowPolicyHosts);
    const bundles = await readBundles(inputs.policyBundles, hosts, host, world.signal);
    const trusted = await readTrusted(inputs, rendered, place);
    const { notes } = trusted;
    const judges = await addBundles(trusted.judges, bundles);
    const proposed = trusted.proposed && (await addBundles(trusted.proposed, bundles));
    const head = makeBatches(rendered.head);
    const batches = [...head, ...makeBatches(rendered.base ?? [])];
    describeNamespaces(batches, { ...judges.namespaces, ...namespacesOfValues(judges.values) });
    const secrets = await scan(batches, rendered, place, inputs, world);
    const evaluation = join(await evaluate(judges, batches, inputs, world), secrets);

    const redactor = makeRedactor(rendered, world.secretKey, secrets.secrets);
    const locate = locatorOf(rendered, place, inputs, world);
    const { failOnWarn } = inputs;
    const isExcused = excuserOf(judges.exceptions, host.now());
    const said = (runs: Evaluation["runs"], side: readonly Batch[], from = 0) =>
      findingsOf(runs, side, from, { redactor, failOnWarn, locate, isExcused });
    const found = await said(evaluation.runs, head);
    const before = await said(evaluation.runs, batches.slice(head.length), head.length);
    const marked = rendered.base
      ? markAgainstBase([...found.findings, ...secrets.head], [...before.findings, ...secrets.base], rendered)
      : { findings: [...found.findings, ...secrets.head], fixed: [] };
    const all = rendered.index ? rendered.index.scope === "all" : true;
    const removed = trusted.proposed ? findLaxer(trusted.judges, trusted.proposed, rendered, redactor) : [];
    const waived = waive([...marked.findings, ...removed], judges.exceptions, host.now(), all);
    const alike = { runs: secrets.runs, findings: [...secrets.head, ...removed] };
    const counting = { judges, runs: evaluation.runs, tree: place.head };
    const after =
      proposed &&
      (await compareProposed(proposed, counting, alike, head, waived, said, redactor, inputs, world));
    const parts = reportParts({
      ...{ rendered, judges, evaluation, head, all, redactor },
      waivedByPolicy: found.waived,
      notes: [
        ...notes,
        ...waived.partly,
        ...bundles.map(({ address }) => `policies of ${address}`),
        ...(after?.notes ?? []),
      ],
    });
    const report = makeReport({
      ...parts,
      failed: [...(parts.failed ?? []), ...(after?.defects.failed ?? [])],
      action: "policy-check",
      // No exception excuses a defect: it excuses none of main's either.
      findings: [
        ...waived.findings,
        ...waived.problems,
        ...(after?.defects.findings ?? []),
        ...(after?.narrowed ?? []),
      ],
      waived: waived.waived,
      fixed: marked.fixed,
    });
    return { report, policies: evaluation.policies };
  } finally {
    await place.repository?.close();
  }
}

/** Finds the line of a field: where the index or a file tells, else by tracing the overlay. */
function locatorOf(rendered: Rendered, place: Place, { tools }: PolicyInputs, world: PolicyWorld): Locate {
  const { host, signal } = world;
  const trace =
    rendered.index && createLocator(place.head, { host, signal, tools: { ...tools, versions: {} } });
  const groups = new Map(rendered.head.map((group) => [group.overlay, group]));
  const ofHead = new Set(rendered.head.flatMap((group) => group.resources));
  return async (overlay, resource, pointer) => {
    const known = rendered.locate(overlay, resource);
    const group = groups.get(overlay);
    if (known || !trace || !group || !ofHead.has(resource)) return known;
    const resources = [...group.resources];
    return await trace(
      { ...group, resources, side: "head", problems: [], locate: () => undefined },
      resource,
      pointer,
    );
  };
}

/** What looking for secrets found, as one engine more. */
function join(evaluation: Evaluation, { runs, tools, skipped }: Scan): Evaluation {
  return {
    runs: [...withoutPatterns(evaluation.runs, runs), ...runs],
    tools: [...evaluation.tools, ...tools],
    skipped: [...evaluation.skipped, ...skipped],
    policies: evaluation.policies,
  };
}

function makeRedactor({ head, base = [] }: Rendered, key: Uint8Array, further: readonly Buffer[]): Redactor {
  const inputs = (["head", "base"] as const).flatMap((side) =>
    (side === "head" ? head : base).map(({ overlay, resources }) => ({ overlay, side, resources })),
  );
  return createRedactor(inputs, key, further);
}

import { ensureTool, type PolicyEngine, type Tool, type ToolName } from "@gitops-actions/engine";
import type { Batch, FoundPolicies } from "@gitops-actions/fleet";
import { ToolError, type ToolUse, type Unchecked } from "@gitops-actions/report";
import { evaluateAdmission } from "./admission/vap.ts";
import { type EngineRun, emptyOutcome } from "./engines.ts";
import { evaluateGatekeeper } from "./gatekeeper/gatekeeper.ts";
import type { PolicyInputs } from "./inputs.ts";
import { evaluateKyverno } from "./kyverno/kyverno.ts";
import { absentCodes, addPacks, type Judges } from "./policies/policies.ts";
import { evaluateRego } from "./rego/rego.ts";
import type { PolicyWorld } from "./run.ts";

export interface Evaluation {
  runs: EngineRun[];
  tools: ToolUse[];
  /** Policies whose engine was not asked for. */
  skipped: Unchecked[];
  /** How many policies there were: rules of Rego, objects of the other engines. */
  policies: number;
}

/** Those that evaluate policies; gitleaks has rules of its own. */
type EngineName = Exclude<PolicyEngine, "gitleaks">;

const toolOf = {
  conftest: "conftest",
  kyverno: "kyverno",
  gatekeeper: "gator",
  vap: "kyverno",
} as const satisfies Record<EngineName, ToolName>;

/** Has every engine for which there are policies evaluate all batches by one set of them, one engine after the other. */
export async function evaluateSet(
  judges: Judges,
  batches: readonly Batch[],
  inputs: PolicyInputs,
  world: PolicyWorld,
): Promise<Evaluation> {
  const policies = addPacks(judges.policies, inputs.packs);
  const evaluation: Evaluation = { runs: [], tools: [], skipped: [], policies: 0 };
  for (const name of Object.keys(toolOf) as EngineName[]) {
    const count = countOf(policies, name);
    evaluation.policies += count;
    if (count === 0) continue;
    if (!inputs.engines.includes(name)) {
      const message = `${count} ${count === 1 ? "policy" : "policies"} for ${name}, which was not asked for (engines; on a command line, --all-engines or --engines)`;
      evaluation.skipped.push({ kind: "engine", id: name, code: "engine-not-asked", message });
      continue;
    }
    world.progress(`Evaluating policies with ${toolOf[name]}`);
    const tool = await findTool(name, inputs, world);
    if ("code" in tool) {
      const message = `${count} ${count === 1 ? "policy was" : "policies were"} not evaluated: ${tool.message}`;
      const failures = [{ id: name, code: tool.code, message }];
      evaluation.runs.push({ name, outcomes: batches.map(emptyOutcome), failures, skipped: [], notes: [] });
      continue;
    }
    const { version, source, sha256 } = tool;
    if (!evaluation.tools.some((each) => each.name === tool.name))
      evaluation.tools.push({ name: tool.name, version, source, sha256 });
    evaluation.runs.push(await start(name, policies, judges, batches, tool, inputs, world));
  }
  return evaluation;
}

function countOf({ rego, kyverno, gatekeeper, admission }: FoundPolicies, name: EngineName): number {
  if (name === "conftest")
    return rego.reduce(
      (sum, { files }) => sum + files.reduce((rules, file) => rules + file.rules.length, 0),
      0,
    );
  if (name === "gatekeeper") return gatekeeper.length;
  return (name === "kyverno" ? kyverno : admission).length;
}

async function findTool(
  name: EngineName,
  inputs: PolicyInputs,
  { host, progress, signal }: PolicyWorld,
): Promise<Tool | ToolError> {
  try {
    return await ensureTool(toolOf[name], inputs.tools, host, progress, { signal });
  } catch (error) {
    // A tool that cannot be had leaves the other engines something to say. A wrong checksum does not.
    if (error instanceof ToolError && absentCodes.includes(error.code)) return error;
    throw error;
  }
}

function start(
  name: EngineName,
  policies: FoundPolicies,
  judges: Judges,
  batches: readonly Batch[],
  tool: Tool,
  inputs: PolicyInputs,
  { host, signal }: PolicyWorld,
): Promise<EngineRun> {
  const limits = {
    deadlineMs: inputs.timeLimitSeconds * 1000,
    maxMemoryBytes: inputs.memoryLimitMebibytes * 1024 ** 2,
  };
  switch (name) {
    case "conftest": {
      const { namespace, combine, allowNetwork } = inputs;
      const settings = { ...limits, namespaces: namespace, combine, allowNetwork, data: judges.data };
      return evaluateRego(policies.rego, batches, settings, tool, host, signal);
    }
    case "kyverno": {
      const settings = {
        ...limits,
        auditWarn: inputs.auditWarn,
        ...(judges.values !== undefined && { values: judges.values }),
      };
      return evaluateKyverno(policies.kyverno, batches, settings, tool, host, signal);
    }
    case "vap": {
      const settings = {
        ...limits,
        auditWarn: inputs.auditWarn,
        ...(judges.values !== undefined && { values: judges.values }),
      };
      return evaluateAdmission(policies.admission, policies.others, batches, settings, tool, host, signal);
    }
    case "gatekeeper": {
      const { auditWarn, allowNetwork } = inputs;
      const settings = { ...limits, auditWarn, allowNetwork };
      return evaluateGatekeeper(policies.gatekeeper, policies.others, batches, settings, tool, host, signal);
    }
  }
}

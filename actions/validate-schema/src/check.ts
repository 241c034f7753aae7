import {
  type CelRules,
  type Lifecycle,
  type Machine,
  runKubeconform,
  runKubectlValidate,
  type SchemaDocument,
  type SchemaLocations,
  type SchemaText,
  schemaFromLocations,
  type Tool,
  type Verdict,
} from "@gitops-actions/engine";
import {
  type RepeatedKey,
  type Resource,
  type ResourceId,
  repeatedKeys,
  writeJson,
} from "@gitops-actions/manifest";
import { type Availability, availabilityOf } from "./availability.ts";
import type { Group } from "./documents.ts";
import type { ValidateInputs } from "./inputs.ts";
import { isNamed } from "./kinds.ts";
import type { Force, Schemas } from "./schemas.ts";
import { withDefaults } from "./substitution.ts";

/** What one Kubernetes version makes of one resource of one group. */
export interface Check {
  group: Group;
  resource: Resource;
  /** As in `ValidateInputs.kubernetesVersions`. */
  version: string;
  /** `skip`: not looked at; `reject`: its kind is not wanted. */
  listed?: "skip" | "reject";
  availability?: Availability;
  /** Of the resource with the last value of each key that is given more than once. */
  verdict: Verdict;
  /** The same where every variable of Flux takes its default; undefined where none has one, or nothing is wrong. */
  filled?: Verdict;
  /** Keys that are given more than once, where that is refused. */
  repeated?: readonly RepeatedKey[];
  /** The schema it was held against. */
  schema?: SchemaText;
  /** The rules in CEL of its definition. */
  cel?: CelRules;
  /** What kubectl-validate makes of it; undefined where it was not asked. */
  ruled?: Verdict;
}

export interface CheckSettings {
  inputs: Pick<ValidateInputs, "kubernetesVersions" | "strict" | "skip" | "reject">;
  schemas: Schemas;
  lifecycles: readonly Lifecycle[];
  locations: SchemaLocations;
  tool: Tool;
  /** kubectl-validate, where it was asked for. */
  ruler?: Tool | undefined;
  machine: Machine;
  signal: AbortSignal;
}

/** Validates every resource of every group for every version; in the order of groups, resources, versions. */
export async function checkGroups(groups: readonly Group[], settings: CheckSettings): Promise<Check[]> {
  const ask = createAsker(settings);
  const checks: Check[] = [];
  const documents: SchemaDocument[] = [];
  const waiting: Check[] = [];
  for (const group of groups) {
    for (const resource of group.resources) {
      for (const version of settings.inputs.kubernetesVersions) {
        const check: Check = { group, resource, version, verdict: { status: "skipped" } };
        checks.push(check);
        const { skip, reject } = settings.inputs;
        if (skip.some((name) => isNamed(resource.id, name))) check.listed = "skip";
        else if (reject.some((name) => isNamed(resource.id, name))) check.listed = "reject";
        if (check.listed === "skip") continue;
        const force = settings.schemas.inForce(group, version);
        const { availability, schema } = await ask(force, resource.id);
        const { group: apiGroup, version: apiVersion, kind } = resource.id;
        const cel = force.set.kinds.get(`${apiGroup}/${apiVersion}/${kind}`)?.cel;
        if (availability) check.availability = availability;
        if (schema) check.schema = schema;
        if (cel) check.cel = cel;
        waiting.push(check);
        documents.push({ group: apiGroup, version: apiVersion, kind, text: resource.text, schema });
      }
    }
  }
  await judge(waiting, documents, settings);
  if (settings.ruler) await judgeRules(waiting, settings.ruler, settings);
  return checks;
}

async function judgeRules(
  waiting: readonly Check[],
  ruler: Tool,
  { machine, signal }: CheckSettings,
): Promise<void> {
  const ruled = waiting.flatMap((check) => (check.cel ? [{ check, cel: check.cel }] : []));
  if (ruled.length === 0) return;
  const documents = ruled.map(({ check: { resource }, cel }) => {
    const { group, kind } = resource.id;
    return { group, kind, value: resource.value, cel };
  });
  const verdicts = await runKubectlValidate(documents, ruler, machine, signal);
  for (const [index, { check }] of ruled.entries()) check.ruled = verdicts[index]!;
}

async function judge(
  waiting: readonly Check[],
  documents: readonly SchemaDocument[],
  { inputs, tool, machine, signal }: CheckSettings,
): Promise<void> {
  const ask = (some: readonly SchemaDocument[]): Promise<Verdict[]> =>
    runKubeconform(some, { strict: inputs.strict }, tool, machine, signal);
  const verdicts = await ask(documents);
  // The items of a typed list (a PodList) have the list's kind, and their own text does not say so. What is wrong with a
  // resource that has a key twice is not said before that is mended.
  const stopped = verdicts.flatMap((verdict, index) => (stops(verdict) ? [index] : []));
  const again = await ask(
    stopped.map((index) => ({ ...documents[index]!, text: writeJson(waiting[index]!.resource.value) })),
  );
  for (const [position, index] of stopped.entries()) {
    const check = waiting[index]!;
    if (says(verdicts[index]!, "duplicate-key")) {
      check.repeated = repeatedKeys(check.resource.text);
      // A key beside a merge key that brings it is none to an API server. Anything else we should have found as well.
      if (check.repeated.length === 0 && !/<<["']?\s*:/.test(check.resource.text)) continue;
    }
    verdicts[index] = again[position]!;
  }
  for (const [index, check] of waiting.entries()) check.verdict = verdicts[index]!;
  const open = waiting.flatMap((check, index) => {
    const isOpen = check.verdict.status === "invalid" && check.resource.text.includes("${");
    const value = isOpen ? withDefaults(check.resource.value) : undefined;
    return value ? [{ check, document: { ...documents[index]!, text: writeJson(value) } }] : [];
  });
  const filled = await ask(open.map(({ document }) => document));
  for (const [index, { check }] of open.entries()) check.filled = filled[index]!;
}

/** Whether kubeconform went no further than the text, of which we know the value. */
function stops(verdict: Verdict): boolean {
  return says(verdict, "missing-kind") || says(verdict, "duplicate-key");
}

function says(verdict: Verdict, what: "missing-kind" | "duplicate-key"): boolean {
  return verdict.status === "unreadable" && verdict.what === what;
}

interface Answer {
  availability?: Availability | undefined;
  schema?: SchemaText | undefined;
}

/** Asks once for each kind and set of schemas. */
function createAsker({ lifecycles, locations, machine, signal, inputs }: CheckSettings) {
  const answers = new Map<Force, Map<string, Promise<Answer>>>();
  const find = async (force: Force, id: ResourceId): Promise<Answer> => {
    const availability = availabilityOf(id, force.set, lifecycles);
    const schema = force.schemaOf(id);
    if (schema || availability?.what !== "missing-schema") return { availability, schema };
    const found = await schemaFromLocations(
      locations,
      id,
      force.set.kubernetes,
      inputs.strict,
      machine,
      signal,
    );
    return found ? { schema: found } : { availability };
  };
  return (force: Force, id: ResourceId): Promise<Answer> => {
    const known = answers.get(force) ?? new Map<string, Promise<Answer>>();
    answers.set(force, known);
    const key = `${id.group}/${id.version}/${id.kind}`;
    const answer = known.get(key) ?? find(force, id);
    known.set(key, answer);
    return answer;
  };
}

import type { SchemaPack, Tool } from "@gitops-actions/engine";
import type { Resource } from "@gitops-actions/manifest";
import {
  count,
  type Finding,
  markAgainstBase,
  mergeFindings,
  type ReportParts,
  type Unchecked,
} from "@gitops-actions/report";
import type { FluxUse } from "./aside.ts";
import { type Aside, asideNotes, skippedFields } from "./asides.ts";
import { borrowedDefinitions } from "./borrowed.ts";
import type { Check } from "./check.ts";
import type { Definition } from "./definitions.ts";
import type { Group, Rendered, SideName } from "./documents.ts";
import {
  conflictFindings,
  definitionDrafts,
  documentFindings,
  type FindingContext,
  judgeResource,
} from "./finding.ts";
import type { ValidateInputs } from "./inputs.ts";
import { isAllowedMissing, kindName } from "./kinds.ts";
import { type Draft, locateDrafts, placeDrafts } from "./locations.ts";
import type { ValidateWorld } from "./run.ts";
import type { Schemas } from "./schemas.ts";
import { unknownKinds } from "./unknownkinds.ts";

/** All that was learnt in a run. */
export interface Learnt {
  rendered: Rendered;
  checks: readonly Check[];
  definitions: readonly Definition[];
  schemas: Pick<Schemas, "conflicts" | "definitionOf">;
  kubernetes: ReadonlyMap<string, SchemaPack>;
  /** Of other projects than Kubernetes. */
  packs: readonly SchemaPack[];
  tool: Tool;
  /** kubectl-validate, where it was asked for. */
  ruler?: Tool | undefined;
  flux: FluxUse;
}

/** What validate-schema reports. Nothing in it is secret. */
export async function reportParts(
  learnt: Learnt,
  inputs: ValidateInputs,
  world: Pick<ValidateWorld, "secretKey" | "locate" | "progress"> & { cores: number },
): Promise<Omit<ReportParts, "action">> {
  const { rendered, checks, tool, ruler } = learnt;
  const context: FindingContext = {
    ...{ versions: inputs.kubernetesVersions, missingSchemas: inputs.missingSchemas, strict: inputs.strict },
    ...{ secretKey: world.secretKey, flux: learnt.flux },
  };
  const judged = judgeAll(checks, context);
  for (const draft of definitionDrafts(learnt.definitions)) judged.drafts[draft.group.side].push(draft);
  const base = placeDrafts(comparable(judged.drafts.base, checks));
  const locate = world.locate ?? (async () => undefined);
  if (judged.drafts.head.length > 0) world.progress("Finding the lines to edit");
  const found = { base, head: await locateDrafts(judged.drafts.head, base, locate, world.cores) };
  const atHead = new Map(rendered.groups.map((group) => [group.side === "head" ? group.overlay : "", group]));
  const headOf = (group: Group): Group | undefined => atHead.get(group.overlay);
  const of = (side: SideName): Finding[] => {
    const groups = rendered.groups.filter((group) => group.side === side);
    const conflicts = conflictFindings(learnt.schemas.conflicts.filter((each) => each.side === side));
    const unknown = side === "head" ? unknownKinds(learnt, inputs) : [];
    const borrowed = borrowedDefinitions(
      checks.filter(({ group }) => group.side === side),
      learnt.definitions.filter((definition) => definition.side === side),
      learnt.schemas,
      rendered.unchanged === 0,
    );
    return mergeFindings([
      ...found[side],
      ...groups.flatMap((group) => documentFindings(group, side === "base" ? headOf(group) : undefined)),
      ...conflicts,
      ...borrowed,
      ...unknown,
    ]);
  };
  const marked = rendered.source.base
    ? markAgainstBase(of("head"), of("base"))
    : { findings: of("head"), fixed: [] };
  const head = checks.filter(({ group }) => group.side === "head");
  const counts = countResources(head, inputs);
  const used = [tool, ...(ruler ? [ruler] : [])].map(({ name, version, source, sha256 }) => {
    return { name, version, source, sha256 };
  });
  return {
    source: rendered.source,
    tools: [...rendered.tools, ...used],
    checked: {
      overlays: new Set(
        rendered.groups
          .filter(({ side, isFile }) => side === "head" && !isFile)
          .map(({ overlay }) => overlay),
      ).size,
      resources: counts.validated,
      unique: new Set(head.map(({ resource }) => resource.text)).size,
    },
    unchanged: rendered.unchanged,
    notes: [
      ...notesOf(learnt, counts, inputs),
      ...asideNotes(judged.aside, learnt.flux),
      ...ruleNotes(head, ruler),
    ],
    skipped: [
      ...rendered.skipped,
      ...skippedKinds(head, inputs),
      ...skippedFields(judged.aside, learnt.flux),
    ],
    failed: rendered.failed,
    ...marked,
  };
}

interface AllJudged {
  drafts: Record<SideName, Draft[]>;
  /** Fields at head that were set aside. */
  aside: Aside[];
}

function judgeAll(checks: readonly Check[], context: FindingContext): AllJudged {
  const drafts: AllJudged["drafts"] = { head: [], base: [] };
  const aside: Aside[] = [];
  const each = context.versions.length;
  for (let start = 0; start < checks.length; start += each) {
    const group = checks.slice(start, start + each);
    if (group.every(isPlain)) continue;
    const judged = judgeResource(group, context);
    const { group: from, resource } = group[0]!;
    drafts[from.side].push(...judged.drafts);
    if (from.side === "head") aside.push(...judged.aside.map((each) => ({ ...each, group: from, resource })));
  }
  return { drafts, aside };
}

/** Rules that say that a resource was not validated at all. */
const unvalidated = [
  "kubeconform/missing-schema",
  "kubeconform/broken-schema",
  "kubeconform/not-yaml",
  "kubectl-validate/not-evaluated",
];

/**
 * What the base says too is no news, unless it says that a resource was not validated, and there is another one now: what is
 * wrong with that nobody has looked at.
 */
function comparable(base: readonly Draft[], checks: readonly Check[]): Draft[] {
  const isStopped = ({ finding }: Draft): boolean => unvalidated.includes(finding.rule);
  if (!base.some(isStopped)) return [...base];
  const key = (group: Group, { id }: Resource): string => JSON.stringify([group.overlay, Object.values(id)]);
  const head = checks.filter(({ group }) => group.side === "head");
  const texts = new Map(head.map(({ group, resource }) => [key(group, resource), resource.text]));
  return base.filter((draft) => {
    const text = texts.get(key(draft.group, draft.resource));
    return !isStopped(draft) || text === undefined || text === draft.resource.text;
  });
}

/** Most resources: nothing to say. */
function isPlain({ resource, verdict, ruled, availability, listed, repeated = [] }: Check): boolean {
  if (resource.id.name === "" || repeated.length > 0) return false;
  return verdict.status === "valid" && (!ruled || ruled.status === "valid") && !availability && !listed;
}

interface Counts {
  /** Resources at head that were held against a schema. */
  validated: number;
  skipped: number;
}

function countResources(checks: readonly Check[], inputs: ValidateInputs): Counts {
  const each = inputs.kubernetesVersions.length;
  let validated = 0;
  let skipped = 0;
  for (let start = 0; start < checks.length; start += each) {
    const isValidated = checks
      .slice(start, start + each)
      .some(({ schema, listed }) => schema && listed !== "skip");
    if (isValidated) validated += 1;
    else skipped += 1;
  }
  return { validated, skipped };
}

/** Kinds that were not validated, with how many resources of each and why. */
function skippedKinds(checks: readonly Check[], inputs: ValidateInputs): Unchecked[] {
  const found = new Map<string, { item: Unchecked; resources: Set<unknown> }>();
  for (const { resource, listed, availability } of checks) {
    const isAllowed =
      availability?.what === "missing-schema" && isAllowedMissing(resource.id, inputs.missingSchemas);
    const code = listed === "skip" ? "skip" : isAllowed ? "missing-schema" : undefined;
    if (!code) continue;
    const id = kindName(resource.id);
    const message =
      code === "skip" ? "is in the list of kinds to skip" : "has no schema, which missing-schemas allows";
    const entry = found.get(`${code} ${id}`) ?? {
      item: { kind: "resource", id, code, message },
      resources: new Set(),
    };
    entry.resources.add(resource);
    found.set(`${code} ${id}`, entry);
  }
  return [...found.values()].map(({ item, resources }) => ({
    ...item,
    message: `${count(resources.size, "resource")}: ${item.message}`,
  }));
}

function notesOf(learnt: Learnt, counts: Counts, inputs: ValidateInputs): string[] {
  const versions = [...learnt.kubernetes.values()].map(({ kubernetes }) => kubernetes).join(", ");
  const definitions = new Set(
    learnt.definitions.filter(({ side }) => side === "head").map(({ name }) => name),
  ).size;
  const strictness = inputs.strict ? "strict" : "not strict: unknown fields pass";
  const notes = [
    `held against Kubernetes ${versions} (${strictness}): ${count(counts.validated, "resource")}, ${counts.skipped} without a schema or skipped`,
  ];
  if (definitions > 0)
    notes.push(`${count(definitions, "definition")} of custom resources found in the fleet`);
  return notes;
}

/** Whether rules in CEL were looked at, which a schema does not say. */
function ruleNotes(checks: readonly Check[], ruler: Tool | undefined): string[] {
  const ruled = checks.filter(({ cel }) => cel);
  if (ruled.length === 0) return [];
  const byKind = new Map(ruled.map(({ resource, cel }) => [kindName(resource.id), cel!.rules]));
  const rules = count(
    [...byKind.values()].reduce((sum, each) => sum + each, 0),
    "rule",
  );
  const resources = count(new Set(ruled.map(({ resource }) => resource)).size, "resource");
  const kinds = [...byKind.keys()].sort().slice(0, 5).join(", ") + (byKind.size > 5 ? ", ..." : "");
  const what = `${rules} in CEL (x-kubernetes-validations) of ${kinds}`;
  return ruler
    ? [`${what} held against ${resources} by kubectl-validate ${ruler.version}`]
    : [`${what} NOT evaluated on ${resources}: engines: kubeconform, kubectl-validate does that`];
}

import type { SchemaPack, Tool } from "@gitops-actions/engine";
import { type Finding, markAgainstBase, mergeFindings, type ReportParts } from "@gitops-actions/report";
import type { FluxUse } from "./aside.ts";
import { type Aside, asideNotes, skippedFields } from "./asides.ts";
import { comparable } from "./base.ts";
import { borrowedDefinitions } from "./borrowed.ts";
import type { Check } from "./check.ts";
import type { Definition } from "./definitions.ts";
import type { Group, Rendered, SideName } from "./documents.ts";
import { conflictFindings, definitionDrafts, type FindingContext, judgeResource } from "./finding.ts";
import type { ValidateInputs } from "./inputs.ts";
import { type Draft, locateDrafts, placeDrafts } from "./locations.ts";
import type { ValidateWorld } from "./run.ts";
import type { Schemas } from "./schemas.ts";
import { countResources, notesOf, ruleNotes, skippedKinds } from "./tally.ts";
import { unknownKinds } from "./unknownkinds.ts";
import { documentFindings } from "./unread.ts";

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

/** Most resources: nothing to say. */
function isPlain({ resource, verdict, ruled, availability, listed, repeated = [] }: Check): boolean {
  if (resource.id.name === "" || repeated.length > 0) return false;
  return verdict.status === "valid" && (!ruled || ruled.status === "valid") && !availability && !listed;
}

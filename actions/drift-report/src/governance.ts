import { ensureTool, type Tool } from "@gitops-actions/engine";
import type { JsonObject, Resource } from "@gitops-actions/manifest";
import type { Controllers } from "./controllers.ts";
import { leftAlone } from "./exemption.ts";
import type { ResolvedRule } from "./ignore/coverage.ts";
import type { OwnRule } from "./ignore/own.ts";
import { resolveRules } from "./ignore/resolve.ts";
import { type IgnoreRule, subjectOf } from "./ignore/rule.ts";
import type { DriftInputs } from "./inputs.ts";
import type { Live } from "./live.ts";
import type { Placed } from "./revision.ts";
import type { DriftWorld } from "./run.ts";

/** All rules of a run: those of gitops.yaml, of Argo CD, and of Flux. */
export interface Rulebook {
  own: readonly OwnRule[];
  argo: readonly IgnoreRule[];
  releases: readonly IgnoreRule[];
}

export const noRules: Rulebook = { own: [], argo: [], releases: [] };

/** The rules that are known before anything is compared. */
export function makeRulebook(own: readonly OwnRule[], controllers: Controllers): Rulebook {
  return { own, argo: controllers.argoRules, releases: controllers.releaseRules };
}

/** What rules govern each object of Git, in the order of the overlays and their objects. */
export interface Governance {
  of(resource: Resource): ResolvedRule[] | { unread: string };
  /** gojq, where a rule needed it. */
  tool: Tool | undefined;
}

/** Finds the rules of each object and asks jq, once, for the places they name. */
export async function governObjects(
  placed: readonly Placed[],
  live: Live,
  heldAgainst: (resource: Resource) => JsonObject,
  rulebook: Rulebook,
  inputs: DriftInputs,
  { host, progress, signal }: DriftWorld,
): Promise<Governance> {
  const position = new Map<Resource, number>();
  const governed = placed
    .filter(({ unchecked }) => !unchecked)
    .flatMap((each) => each.resources.map((resource) => ({ each, resource })))
    .map(({ each, resource }, index) => {
      position.set(resource, index);
      const found = live.find(resource.id);
      const object = "object" in found ? found.object : undefined;
      const subject = subjectOf(resource, object);
      const selecting = rulesOf(each, rulebook).filter((rule) => rule.selects(subject));
      const rules = leftAlone(resource.value) ? [] : selecting;
      return { desired: heldAgainst(resource), live: object, rules };
    });
  const obtain = (): Promise<Tool> => {
    progress("Getting gojq for ignore rules");
    return ensureTool("gojq", inputs.tools, host, progress, { signal });
  };
  const { objects, tool } = await resolveRules(governed, obtain, host, signal);
  return {
    tool,
    of: (resource) => objects[position.get(resource) ?? -1] ?? [],
  };
}

function rulesOf({ deliverers, environment = "" }: Placed, { own, argo, releases }: Rulebook): IgnoreRule[] {
  return [
    ...own.filter((rule) => rule.isFor(environment)),
    ...deliverers.flatMap(({ ignores }) => ignores),
    ...(deliverers.some(({ kind }) => kind === "Application") ? argo : []),
    ...releases,
  ];
}

import type { OriginPart } from "@gitops-actions/fleet";
import type { Resource } from "@gitops-actions/manifest";
import type { Finding, Location } from "@gitops-actions/report";
import pMap from "p-map";
import type { Group } from "./documents.ts";

/** The line that a person would edit, where somebody knows it better than the group does. */
export type Locate = (
  group: Group,
  resource: Resource,
  pointer: string,
  part?: OriginPart,
) => Promise<Location | undefined>;

/** A finding before it is known where a person would mend it. */
export interface Draft {
  finding: Finding;
  group: Group;
  resource: Resource;
  /** JSON Pointer of what has to be edited. */
  pointer: string;
  /** Whether it is the field's value, its name, or what it holds as a mapping or list. */
  part: OriginPart;
}

/** Tracing costs one more render an overlay: so many say where else the same mistake is. */
const mostOverlays = 50;

/**
 * Findings with their locations, in the order of the drafts. What is said of several overlays is traced in one of them,
 * one that did not have it before if there is one, however many findings there are; and in others while they are few.
 * `existing` are the findings of the base, which are not shown.
 */
export async function locateDrafts(
  drafts: readonly Draft[],
  existing: readonly Finding[],
  locate: Locate,
  width: number,
): Promise<Finding[]> {
  const atBase = new Set(existing.flatMap(printsOf));
  const isNew = ({ finding }: Draft): boolean => printsOf(finding).some((print) => !atBase.has(print));
  const said = Map.groupBy(drafts, ({ finding }) => `${finding.fingerprint}\0${finding.message}`);
  const shown = new Set([...said.values()].map((some) => some.find(isNew) ?? some[0]!));
  const located = new Map<Draft, Location | undefined>();
  const trace = async (draft: Draft): Promise<void> => {
    const { group, resource, pointer, part } = draft;
    const location = await locate(group, resource, pointer, part);
    located.set(draft, location ?? group.locate(resource, pointer));
  };
  const concurrency = Math.max(1, width);
  await pMap(shown, trace, { concurrency });
  const traced = new Set([...shown].map(({ group }) => group.overlay));
  const others = drafts.filter((draft) => {
    if (shown.has(draft)) return false;
    const { overlay } = draft.group;
    if (traced.size < mostOverlays) traced.add(overlay);
    return traced.has(overlay);
  });
  await pMap(others, trace, { concurrency });
  return drafts.map((draft) => withLocation(draft, located.has(draft) ? located.get(draft) : ownFile(draft)));
}

/** Findings of the base, of which nobody asks more than what the index says. */
export function placeDrafts(drafts: readonly Draft[]): Finding[] {
  return drafts.map((draft) => withLocation(draft, draft.group.locate(draft.resource, draft.pointer)));
}

/** A line that costs nothing to know; what the index says of a resource would be beside the point. */
function ownFile({ group, resource, pointer }: Draft): Location | undefined {
  const location = group.locate(resource, pointer);
  return location?.path === group.overlay ? location : undefined;
}

function withLocation({ finding }: Draft, location: Location | undefined): Finding {
  return finding.location || !location ? finding : { ...finding, location };
}

function printsOf({ fingerprint, places }: Finding): string[] {
  return places.map(({ overlay }) => `${fingerprint} ${overlay}`);
}

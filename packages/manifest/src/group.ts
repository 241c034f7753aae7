import type { ResourceChange } from "./diff.ts";
import { canonicalId, compareIds, compareText } from "./identity.ts";
import { splitByReach, withoutHashes } from "./reach.ts";
import type { Json, ResourceId } from "./resource.ts";
import { writeJson } from "./values.ts";

/** The same change in several overlays. */
export interface ChangeGroup {
  /** The change as the first overlay has it. */
  change: ResourceChange;
  /** Sorted; each once. */
  overlays: string[];
  /** What the resource is called in each overlay, in the order of overlays. */
  places: { overlay: string; id: ResourceId; previousId?: ResourceId }[];
  /** Set when overlays differ in more than the namespace: a prefix or suffix of the name, the hash of a generated name. */
  varies?: true;
}

interface Place {
  overlay: string;
  change: ResourceChange;
}

/**
 * Puts together what is the same change in many overlays: the same kind of change to the same fields of a resource whose
 * name differs by no more than a prefix or a suffix. Sorted by the number of overlays (most first), then by identity.
 */
export function groupChanges(
  changesByOverlay: ReadonlyMap<string, readonly ResourceChange[]>,
): ChangeGroup[] {
  const places: Place[] = [];
  const parts = splitByReach(changesByOverlay);
  for (const overlay of [...parts.keys()].sort(compareText)) {
    for (const change of parts.get(overlay) ?? []) places.push({ overlay, change });
  }
  const groups: ChangeGroup[] = [];
  for (const alike of Map.groupBy(places, (place) => contentKey(place.change)).values()) {
    for (const cluster of clusterByName(alike)) groups.push(toGroup(cluster));
  }
  return groups.sort(
    (a, b) =>
      b.overlays.length - a.overlays.length ||
      compareIds(a.change.id, b.change.id) ||
      compareText(a.overlays.join(), b.overlays.join()) ||
      compareText(contentKey(a.change), contentKey(b.change)),
  );
}

/** Equal for changes that say the same of a kind: names, namespaces and generated hashes left out. */
function contentKey(change: ResourceChange): string {
  const { group, kind } = change.id;
  const fields = change.fields.map((field) => [
    field.path,
    field.order === true,
    "base" in field ? [withoutHashes(field.base as Json)] : [],
    "head" in field ? [withoutHashes(field.head as Json)] : [],
  ]);
  // An added or removed resource has no fields: then its name, and not its content, is what is the same.
  const name = change.fields.length === 0 ? canonicalId(change.id).name : "";
  const previous = change.kind === "renamed" ? (change.previousId?.name ?? "") : "";
  return writeJson([change.kind, group, kind, name, previous, change.duplicate === true, fields as Json]);
}

/** Splits changes that are alike into those of one resource: first by equal names, then names that share their middle. */
function clusterByName(places: Place[]): Place[][] {
  const byName = Map.groupBy(places, (place) => canonicalId(place.change.id).name);
  const clusters: Place[][] = [];
  for (const name of [...byName.keys()].sort(compareText)) {
    const own = byName.get(name) as Place[];
    const partner = clusters.find(
      (cluster) =>
        haveNoOverlayInCommon(cluster, own) &&
        cluster.every((place) => isSameButForAffix(canonicalId(place.change.id).name, name)),
    );
    if (partner) partner.push(...own);
    else clusters.push(own);
  }
  return clusters;
}

function haveNoOverlayInCommon(a: Place[], b: Place[]): boolean {
  const overlays = new Set(a.map((place) => place.overlay));
  return b.every((place) => !overlays.has(place.overlay));
}

/** `dev-web` and `prod-web`, `web` and `web-blue`: one or two words more or other, at one end. */
function isSameButForAffix(a: string, b: string): boolean {
  const [left, right] = [a.split("-"), b.split("-")];
  const shortest = Math.min(left.length, right.length);
  let head = 0;
  while (head < shortest && left[head] === right[head]) head++;
  let tail = 0;
  while (tail < shortest && left[left.length - 1 - tail] === right[right.length - 1 - tail]) tail++;
  const shared = Math.max(head, tail);
  return shared > 0 && left.length - shared <= 1 && right.length - shared <= 1;
}

function toGroup(cluster: Place[]): ChangeGroup {
  const sorted = cluster.sort(
    (a, b) => compareText(a.overlay, b.overlay) || compareIds(a.change.id, b.change.id),
  );
  const { change } = sorted[0] as Place;
  const places = sorted.map(({ overlay, change: own }) => ({
    overlay,
    id: own.id,
    ...(own.previousId ? { previousId: own.previousId } : {}),
  }));
  const varies = sorted.some((place) => told(place.change) !== told(change));
  const overlays = [...new Set(sorted.map((place) => place.overlay))];
  return { change, overlays, places, ...(varies ? { varies: true } : {}) };
}

/** What the summary of a change says, the namespace left out. */
function told(change: ResourceChange): string {
  const fields = change.fields.map((field) => [field.path, field.base ?? null, field.head ?? null]);
  return writeJson([change.id.name, change.previousId?.name ?? "", fields]);
}

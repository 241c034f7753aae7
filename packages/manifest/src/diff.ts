import { diffValues, type FieldChange } from "./fields.ts";
import { compareIds } from "./identity.ts";
import { pairGenerated, pairRenamed, type Rename } from "./rename.ts";
import { identityKey, type Resource, type ResourceId } from "./resource.ts";

/** What became of one resource between two renders. Holds Secret values: publish it only through a redactor. */
export interface ResourceChange {
  kind: "added" | "removed" | "changed" | "renamed";
  /** The head's identity; the base's when it was removed. */
  id: ResourceId;
  /** The base's identity where it is another: renamed, new hash of a generated name, other API version. */
  previousId?: ResourceId;
  /** Empty for what was added, removed or only renamed. */
  fields: FieldChange[];
  /** Set when the same identity occurs more than once on a side: occurrences are paired in order. */
  duplicate?: true;
  base?: Resource;
  head?: Resource;
}

interface Matching {
  removed: Resource[];
  added: Resource[];
  pairs: { base: Resource; head: Resource; duplicate: boolean }[];
  duplicates: Set<Resource>;
}

/** How the resources of a render differ from those of another, whatever their order; sorted by identity. */
export function diffResources(base: readonly Resource[], head: readonly Resource[]): ResourceChange[] {
  const matching = matchByIdentity(base, head);
  const changes: ResourceChange[] = [];
  for (const pair of matching.pairs) {
    const change = changeOf(pair.base, pair.head);
    if (change) changes.push(pair.duplicate ? { ...change, duplicate: true } : change);
  }
  const generated = pairGenerated(matching.removed, matching.added);
  take(matching, generated);
  const renamed = pairRenamed(matching.removed, matching.added, generated);
  take(matching, renamed);
  for (const pair of generated) changes.push(renameOf(pair, diffRenamed(pair)));
  for (const pair of renamed) changes.push(renameOf(pair, []));
  const mark = (resource: Resource) =>
    matching.duplicates.has(resource) ? { duplicate: true as const } : {};
  for (const resource of matching.removed) {
    changes.push({ kind: "removed", id: resource.id, fields: [], ...mark(resource), base: resource });
  }
  for (const resource of matching.added) {
    changes.push({ kind: "added", id: resource.id, fields: [], ...mark(resource), head: resource });
  }
  return changes.sort((a, b) => compareIds(a.id, b.id));
}

/** Identities that occur more than once in a stream, each with its resources: the API server would keep only one. */
export function findDuplicates(resources: readonly Resource[]): Resource[][] {
  const groups = Map.groupBy(resources, (resource) => identityKey(resource.id));
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .sort((a, b) => compareIds((a[0] as Resource).id, (b[0] as Resource).id));
}

function matchByIdentity(base: readonly Resource[], head: readonly Resource[]): Matching {
  const matching: Matching = { removed: [], added: [], pairs: [], duplicates: new Set() };
  const bases = Map.groupBy(base, (resource) => identityKey(resource.id));
  const heads = Map.groupBy(head, (resource) => identityKey(resource.id));
  for (const key of new Set([...bases.keys(), ...heads.keys()])) {
    const before = bases.get(key) ?? [];
    const after = heads.get(key) ?? [];
    const duplicate = before.length > 1 || after.length > 1;
    if (duplicate) for (const resource of [...before, ...after]) matching.duplicates.add(resource);
    const rest = duplicate ? withoutEqual(before, after) : { before, after };
    const count = Math.min(rest.before.length, rest.after.length);
    for (let i = 0; i < count; i++) {
      matching.pairs.push({ base: rest.before[i] as Resource, head: rest.after[i] as Resource, duplicate });
    }
    matching.removed.push(...rest.before.slice(count));
    matching.added.push(...rest.after.slice(count));
  }
  return matching;
}

/** Among several of one identity, those with equal text are each other's partners first. */
function withoutEqual(before: Resource[], after: Resource[]): { before: Resource[]; after: Resource[] } {
  const left = [...after];
  const unmatched = before.filter((resource) => {
    const index = left.findIndex((candidate) => candidate.text === resource.text);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
  return { before: unmatched, after: left };
}

function changeOf(base: Resource, head: Resource): ResourceChange | undefined {
  if (base.text === head.text) return undefined;
  const fields = diffValues(base.value, head.value);
  if (fields.length === 0) return undefined;
  const moved = base.id.version !== head.id.version;
  return { kind: "changed", id: head.id, ...(moved ? { previousId: base.id } : {}), fields, base, head };
}

/** The name itself is told by the two identities. */
function diffRenamed(pair: Rename): FieldChange[] {
  return diffValues(pair.base.value, pair.head.value).filter((field) => field.pointer !== "/metadata/name");
}

function renameOf(pair: Rename, fields: FieldChange[]): ResourceChange {
  const kind = fields.length > 0 ? "changed" : "renamed";
  return { kind, id: pair.head.id, previousId: pair.base.id, fields, base: pair.base, head: pair.head };
}

function take(matching: Matching, pairs: readonly Rename[]): void {
  const taken = new Set(pairs.flatMap((pair) => [pair.base, pair.head]));
  matching.removed = matching.removed.filter((resource) => !taken.has(resource));
  matching.added = matching.added.filter((resource) => !taken.has(resource));
}

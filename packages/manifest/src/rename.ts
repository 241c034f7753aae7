import { canonicalKey, compareIds, compareText, isGenerated, stripHash } from "./identity.ts";
import type { Json, Resource } from "./resource.ts";
import { isObject, setOwn, writeJson } from "./values.ts";

/** A resource that has another name on the other side. */
export interface Rename {
  base: Resource;
  head: Resource;
}

/** With more renames than this, references to others are no longer followed: the search would take too long. */
const maxNames = 200;

/** Pairs generated ConfigMaps and Secrets whose names differ in the hash only, whatever their content. */
export function pairGenerated(removed: Resource[], added: Resource[]): Rename[] {
  const wanted = (resource: Resource) =>
    isGenerated(resource.id) && stripHash(resource.id.name) !== resource.id.name;
  return pairBy(removed.filter(isGeneratedResource), added.filter(isGeneratedResource), (resource) =>
    canonicalKey(resource.id),
  ).filter((pair) => wanted(pair.base) || wanted(pair.head));
}

function isGeneratedResource(resource: Resource): boolean {
  return isGenerated(resource.id);
}

/**
 * Pairs resources of one kind and namespace with equal content under another name. A resource's own name inside its
 * content, and the names of others already found to be renamed, count as equal.
 */
export function pairRenamed(removed: Resource[], added: Resource[], known: readonly Rename[]): Rename[] {
  const found: Rename[] = [];
  let left = { base: removed, head: added };
  // Each round may find renames that explain the references of others: Service, then the Ingress that names it.
  for (let round = 0; round < 3 && left.base.length > 0 && left.head.length > 0; round++) {
    const renames = [...known, ...found];
    const oldNames = new Map(renames.map((rename, index) => [rename.base.id.name, index]));
    const newNames = new Map(renames.map((rename, index) => [rename.head.id.name, index]));
    const heads = new Map(left.head.map((resource) => [resource, content(resource, newNames)]));
    const pairs = pairBy(
      left.base,
      left.head,
      (resource) => heads.get(resource) ?? content(resource, oldNames),
    );
    if (pairs.length === 0) break;
    found.push(...pairs);
    const taken = new Set(pairs.flatMap((pair) => [pair.base, pair.head]));
    left = { base: left.base.filter((r) => !taken.has(r)), head: left.head.filter((r) => !taken.has(r)) };
  }
  return found;
}

/** Pairs by key, in the order of identities; a key that occurs more often on one side than on the other is left alone. */
function pairBy(base: Resource[], head: Resource[], keyOf: (resource: Resource) => string): Rename[] {
  const group = (resources: Resource[]) =>
    Map.groupBy(
      [...resources].sort((a, b) => compareIds(a.id, b.id)),
      keyOf,
    );
  const heads = group(head);
  const pairs: Rename[] = [];
  for (const [key, bases] of group(base)) {
    const partners = heads.get(key);
    if (partners?.length !== bases.length) continue;
    for (const [index, resource] of bases.entries())
      pairs.push({ base: resource, head: partners[index] as Resource });
  }
  return pairs;
}

/** The content of a resource as a text in which names that changed are replaced by what they stand for. */
function content(resource: Resource, renamed: ReadonlyMap<string, number>): string {
  const own = resource.id.name;
  const others = renamed.size > maxNames ? [] : [...renamed.keys()].filter((name) => name !== own);
  const names = [own, ...others].sort((a, b) => b.length - a.length || compareText(a, b)).map(escapePattern);
  const pattern = new RegExp(`(?<![A-Za-z0-9])(?:${names.join("|")})(?![A-Za-z0-9])`, "g");
  const mark = (text: string) =>
    text.replace(pattern, (name) => (name === own ? "\u0001" : `\u0001${renamed.get(name)}`));
  const replace = (value: Json): Json => {
    if (typeof value === "string") return mark(value);
    if (Array.isArray(value)) return value.map(replace);
    if (!isObject(value)) return value;
    const copy = {};
    for (const key of Object.keys(value)) setOwn(copy, mark(key), replace(value[key] as Json));
    return copy;
  };
  const { group, kind, namespace } = resource.id;
  return `${group}/${kind}/${namespace}\n${writeJson(replace(resource.value))}`;
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

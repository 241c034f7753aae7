import { type CrdSchemas, objectMeta } from "./crd.ts";
import type { JsonSchema, KindSchema, SchemaPack } from "./pack.ts";

/** All schemas in force for one Kubernetes version. */
export interface SchemaSet {
  /** Exact version, e.g. `1.36.3`. */
  kubernetes: string;
  kinds: ReadonlyMap<string, KindSchema>;
  definitions: Readonly<Record<string, JsonSchema>>;
  /** Groups of which every kind is known: a kind that is missing from them does not exist. */
  groups: ReadonlySet<string>;
  /** By group, the name of the pack of another project that knows its kinds. */
  projects: ReadonlyMap<string, string>;
  /** By `group/kind`, the definition of the fleet that decides about it. */
  own: ReadonlyMap<string, CrdSchemas>;
}

type KindId = Pick<KindSchema, "group" | "version" | "kind">;

/**
 * Puts a Kubernetes pack, packs of custom resources and the schemas of CRDs of the fleet together.
 * The fleet's own CRDs win over packs, and later ones over earlier ones: a cluster has one definition of a kind, with the
 * versions that are in it and no others.
 */
export function combineSchemas(
  kubernetes: SchemaPack,
  packs: readonly SchemaPack[],
  crds: readonly CrdSchemas[] = [],
): SchemaSet {
  const kinds = new Map<string, KindSchema>();
  const definitions: Record<string, JsonSchema> = { ...kubernetes.definitions };
  const groups = new Set(kubernetes.kinds.map((kind) => kind.group));
  const projects = new Map<string, string>();
  const own = new Map<string, CrdSchemas>();
  for (const crd of crds) for (const { group, kind } of crd.kinds) own.set(`${group}/${kind}`, crd);
  for (const pack of packs) {
    for (const kind of pack.kinds) {
      if (!own.has(`${kind.group}/${kind.kind}`)) kinds.set(kindKey(kind), kind);
      groups.add(kind.group);
      projects.set(kind.group, pack.name);
    }
    Object.assign(definitions, pack.definitions);
  }
  for (const kind of kubernetes.kinds) kinds.set(kindKey(kind), kind);
  for (const [name, crd] of own)
    for (const kind of crd.kinds) if (`${kind.group}/${kind.kind}` === name) kinds.set(kindKey(kind), kind);
  return { kubernetes: kubernetes.kubernetes ?? "", kinds, definitions, groups, projects, own };
}

/** The schema of a kind; of `XList` too, as a list of X the way `kubectl` reads it. */
export function findKind(set: SchemaSet, id: KindId): KindSchema | undefined {
  const found = set.kinds.get(kindKey(id));
  if (found || !id.kind.endsWith("List")) return found;
  const item = set.kinds.get(kindKey({ ...id, kind: id.kind.slice(0, -"List".length) }));
  return item && listOf(item, id.kind);
}

/** Versions of a kind that the set knows and the server serves, sorted. */
export function versionsOf(set: SchemaSet, id: Pick<KindId, "group" | "kind">): string[] {
  const all = [...set.kinds.values()].filter((kind) => kind.group === id.group && kind.kind === id.kind);
  return all.flatMap((kind) => (kind.served === false ? [] : [kind.version])).sort();
}

function listOf(item: KindSchema, kind: string): KindSchema {
  const { required = [], ...element } = item.schema as { required?: string[] };
  // kubectl fills in what an item of a typed list leaves out.
  const demanded = required.filter((field) => field !== "apiVersion" && field !== "kind");
  const properties = {
    apiVersion: (item.schema.properties as Record<string, JsonSchema>).apiVersion,
    kind: { type: "string", enum: [kind] },
    metadata: { $ref: `#/definitions/${objectMeta.replace("ObjectMeta", "ListMeta")}` },
    items: {
      type: ["array", "null"],
      items: { ...element, ...(demanded.length > 0 && { required: demanded }) },
    },
  };
  const schema = {
    type: "object",
    properties,
    required: ["apiVersion", "kind"],
    additionalProperties: false,
  };
  return { group: item.group, version: item.version, kind, schema };
}

function kindKey(id: KindId): string {
  return `${id.group}/${id.version}/${id.kind}`;
}

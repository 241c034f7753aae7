import {
  type CrdSchemas,
  combineSchemas,
  type KindSchema,
  type SchemaPack,
  type SchemaSet,
  type SchemaText,
  schemaSource,
} from "@gitops-actions/engine";
import { compareText } from "@gitops-actions/manifest";
import type { Definition } from "./definitions.ts";
import type { Group, SideName } from "./documents.ts";

/** The schemas in force for the resources of one group, for one Kubernetes version. */
export interface Force {
  set: SchemaSet;
  schemaOf(id: Pick<KindSchema, "group" | "version" | "kind">): SchemaText | undefined;
}

/** Two definitions of one name that disagree and apply to the same overlays. */
export interface Conflict {
  side: SideName;
  used: Definition;
  other: Definition;
}

export interface Schemas {
  /** What applies to a group. The same object for groups to which the same applies. */
  inForce(group: Group, version: string): Force;
  /** The definition that decides about a kind there; undefined where none does. */
  definitionOf(group: Group, id: Pick<KindSchema, "group" | "kind">): Ranked | undefined;
  conflicts: Conflict[];
}

/** How near a definition is to the resources of an overlay. From `file` down it is not what is deployed there. */
export const ranks = { own: 5, environment: 4, overlay: 3, file: 2, aside: 1, foreign: 0 } as const;

/** A definition, and how near it is to some overlay: one of `ranks`. */
export interface Ranked {
  definition: Definition;
  rank: number;
}

/**
 * Which definition of a custom resource applies where: one that the same overlay renders, else one of the same
 * environment, of an overlay without environment, of a file of the repository, of a file that nothing deploys, of any
 * other environment.
 * Work grows with the definitions and with the groups, not with their product: a thousand clusters may each bring theirs.
 */
export function createSchemas(
  kubernetes: ReadonlyMap<string, SchemaPack>,
  packs: readonly SchemaPack[],
  definitions: readonly Definition[],
  strict: boolean,
): Schemas {
  const conflicts: Conflict[] = [];
  const owned = Map.groupBy(definitions, ({ side, overlay }) => `${side} ${overlay ?? ""}`);
  const shared = new Map<string, Scope>();
  const scopes = new Map<string, Ranked[]>();
  const byKind = new Map<Ranked[], Map<string, Ranked>>();
  const forces = createForces(kubernetes, packs, strict);

  const sharedBy = (side: SideName, environment: string | undefined): Scope => {
    const key = `${side} ${environment ?? ""}`;
    const scope = shared.get(key) ?? rank(definitions, side, environment);
    shared.set(key, scope);
    return scope;
  };
  const choose = ({ side, environment }: Group, own: readonly Ranked[]): Ranked[] => {
    const scope = sharedBy(side, environment);
    const names = new Set(own.map(({ definition }) => definition.name));
    const ownConflicts = conflictsIn(own);
    for (const conflict of [...scope.conflicts.filter(({ used }) => !names.has(used.name)), ...ownConflicts])
      note(conflicts, conflict.used, conflict.other);
    return own.length > 0 ? lastOfEach([...scope.chosen, ...own]) : scope.chosen;
  };
  const scopeOf = (group: Group): Ranked[] => {
    const found = owned.get(`${group.side} ${group.overlay}`) ?? [];
    const own = found.map((definition) => ({ definition, rank: ranks.own }));
    const key = JSON.stringify([group.side, group.environment ?? "", own.length > 0 ? group.overlay : ""]);
    const inScope = scopes.get(key) ?? choose(group, own);
    scopes.set(key, inScope);
    return inScope;
  };
  return {
    conflicts,
    inForce: (group, version) => forces(scopeOf(group), version),
    definitionOf(group, id) {
      const inScope = scopeOf(group);
      const known =
        byKind.get(inScope) ??
        new Map(
          inScope.flatMap((ranked) =>
            ranked.definition.kinds.map((kind) => [`${kind.group}/${kind.kind}`, ranked]),
          ),
        );
      byKind.set(inScope, known);
      return known.get(`${id.group}/${id.kind}`);
    },
  };
}

/** One object for each set of definitions and version, whichever groups they apply to. */
function createForces(
  kubernetes: ReadonlyMap<string, SchemaPack>,
  packs: readonly SchemaPack[],
  strict: boolean,
): (inScope: Ranked[], version: string) => Force {
  const numbers = new Map<unknown, number>();
  const forces = new Map<string, Force>();
  const byScope = new Map<Ranked[], Map<string, Force>>();
  // What a schema refers to comes from the packs, so definitions do not change it.
  const made = new Map([...kubernetes.keys()].map((version) => [version, new Map<KindSchema, SchemaText>()]));
  const numberOf = (kinds: unknown): number => {
    const number = numbers.get(kinds) ?? numbers.size;
    numbers.set(kinds, number);
    return number;
  };
  const make = (inScope: Ranked[], version: string): Force => {
    const key = `${version} ${inScope.map(({ definition }) => numberOf(definition.kinds)).join(" ")}`;
    const known = forces.get(key);
    if (known) return known;
    const set = combineSchemas(
      kubernetes.get(version)!,
      packs,
      inScope.map(({ definition }) => definition),
    );
    const force = { set, schemaOf: schemaSource(set, strict, made.get(version)) };
    forces.set(key, force);
    return force;
  };
  return (inScope, version) => {
    const known = byScope.get(inScope) ?? new Map<string, Force>();
    byScope.set(inScope, known);
    const force = known.get(version) ?? make(inScope, version);
    known.set(version, force);
    return force;
  };
}

/** What applies to the overlays of one environment that bring no definitions of their own. */
interface Scope {
  /** From the weakest to the strongest, which is how `combineSchemas` lets later ones win. */
  chosen: Ranked[];
  conflicts: Pick<Conflict, "used" | "other">[];
}

function rank(definitions: readonly Definition[], side: SideName, environment: string | undefined): Scope {
  const rankOf = (definition: Definition): number => {
    if (definition.isAside) return ranks.aside;
    if (definition.environment !== undefined)
      return definition.environment === environment ? ranks.environment : ranks.foreign;
    return definition.overlay === undefined ? ranks.file : ranks.overlay;
  };
  const ranked = definitions
    .filter((definition) => definition.side === side)
    .map((definition): Ranked => ({ definition, rank: rankOf(definition) }));
  const sorted = ranked.sort(
    (a, b) => a.rank - b.rank || compareText(placeOf(a.definition), placeOf(b.definition)),
  );
  return { chosen: lastOfEach(sorted), conflicts: conflictsIn(sorted) };
}

/** Definitions of one name that disagree at the rank that counts; the later one is used. */
function conflictsIn(sorted: readonly Ranked[]): Scope["conflicts"] {
  const named = Map.groupBy(sorted, ({ definition }) => definition.name);
  return [...named.values()].flatMap((all) => {
    const top = all.at(-1)!.rank;
    const rivals = all.filter(({ rank }) => rank === top && rank > ranks.foreign);
    return rivals.slice(1).flatMap(({ definition: used }, index) => {
      const other = rivals[index]!.definition;
      return sameSchemas(used, other) ? [] : [{ used, other }];
    });
  });
}

/** Equal definitions (`createConverter` makes one object of them) once, where the last of them stands. */
function lastOfEach(all: readonly Ranked[]): Ranked[] {
  const last = new Map<unknown, Ranked>();
  for (const ranked of all) {
    last.delete(ranked.definition.kinds);
    last.set(ranked.definition.kinds, ranked);
  }
  return [...last.values()];
}

function note(conflicts: Conflict[], used: Definition, other: Definition): void {
  const isKnown = conflicts.some((each) => each.used === used && each.other === other);
  if (!isKnown) conflicts.push({ side: used.side, used, other });
}

function sameSchemas(a: CrdSchemas, b: CrdSchemas): boolean {
  return a.kinds === b.kinds || JSON.stringify(a.kinds) === JSON.stringify(b.kinds);
}

function placeOf({ overlay, location }: Definition): string {
  return `${overlay ?? ""}\0${location?.path ?? ""}\0${location?.line ?? 0}`;
}

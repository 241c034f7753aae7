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
  conflicts: Conflict[];
}

/**
 * Which definition of a custom resource applies where: one that the same overlay renders, else one of the same
 * environment, of an overlay without environment, of a file of the repository, of any other environment.
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
  const scopes = new Map<string, CrdSchemas[]>();
  const forces = createForces(kubernetes, packs, strict);

  const sharedBy = (side: SideName, environment: string | undefined): Scope => {
    const key = `${side} ${environment ?? ""}`;
    const scope = shared.get(key) ?? rank(definitions, side, environment);
    shared.set(key, scope);
    return scope;
  };
  const choose = ({ side, environment }: Group, own: readonly Definition[]): CrdSchemas[] => {
    const scope = sharedBy(side, environment);
    const names = new Set(own.map(({ name }) => name));
    const ownConflicts = conflictsIn(own.map((definition) => ({ definition, rank: 4 })));
    for (const conflict of [...scope.conflicts.filter(({ used }) => !names.has(used.name)), ...ownConflicts])
      note(conflicts, conflict.used, conflict.other);
    return own.length > 0 ? lastOfEach([...scope.chosen, ...own]) : scope.chosen;
  };
  return {
    conflicts,
    inForce(group, version) {
      const own = owned.get(`${group.side} ${group.overlay}`) ?? [];
      const key = JSON.stringify([group.side, group.environment ?? "", own.length > 0 ? group.overlay : ""]);
      const inScope = scopes.get(key) ?? choose(group, own);
      scopes.set(key, inScope);
      return forces(inScope, version);
    },
  };
}

/** One object for each set of definitions and version, whichever groups they apply to. */
function createForces(
  kubernetes: ReadonlyMap<string, SchemaPack>,
  packs: readonly SchemaPack[],
  strict: boolean,
): (inScope: CrdSchemas[], version: string) => Force {
  const numbers = new Map<unknown, number>();
  const forces = new Map<string, Force>();
  const byScope = new Map<CrdSchemas[], Map<string, Force>>();
  // What a schema refers to comes from the packs, so definitions do not change it.
  const made = new Map([...kubernetes.keys()].map((version) => [version, new Map<KindSchema, SchemaText>()]));
  const numberOf = (kinds: unknown): number => {
    const number = numbers.get(kinds) ?? numbers.size;
    numbers.set(kinds, number);
    return number;
  };
  const make = (inScope: CrdSchemas[], version: string): Force => {
    const key = `${version} ${inScope.map(({ kinds }) => numberOf(kinds)).join(" ")}`;
    const known = forces.get(key);
    if (known) return known;
    const set = combineSchemas(kubernetes.get(version)!, packs, inScope);
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
  chosen: CrdSchemas[];
  conflicts: Pick<Conflict, "used" | "other">[];
}

interface Ranked {
  definition: Definition;
  rank: number;
}

function rank(definitions: readonly Definition[], side: SideName, environment: string | undefined): Scope {
  const rankOf = (definition: Definition): number => {
    if (definition.overlay === undefined) return 1;
    if (definition.environment === undefined) return 2;
    return definition.environment === environment ? 3 : 0;
  };
  const ranked = definitions
    .filter((definition) => definition.side === side)
    .map((definition): Ranked => ({ definition, rank: rankOf(definition) }));
  const sorted = ranked.sort(
    (a, b) => a.rank - b.rank || compareText(placeOf(a.definition), placeOf(b.definition)),
  );
  return { chosen: lastOfEach(sorted.map(({ definition }) => definition)), conflicts: conflictsIn(sorted) };
}

/** Definitions of one name and rank that disagree; the later one is used. */
function conflictsIn(sorted: readonly Ranked[]): Scope["conflicts"] {
  const equals = Map.groupBy(
    sorted.filter(({ rank }) => rank > 0),
    ({ definition, rank }) => `${rank} ${definition.name}`,
  );
  return [...equals.values()].flatMap((rivals) =>
    rivals.slice(1).flatMap(({ definition: used }, index) => {
      const other = rivals[index]!.definition;
      return sameSchemas(used, other) ? [] : [{ used, other }];
    }),
  );
}

/** Equal definitions (`createConverter` makes one object of them) once, where the last of them stands. */
function lastOfEach(definitions: readonly CrdSchemas[]): CrdSchemas[] {
  const last = new Map<unknown, CrdSchemas>();
  for (const definition of definitions) {
    last.delete(definition.kinds);
    last.set(definition.kinds, definition);
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

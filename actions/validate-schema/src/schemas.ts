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
 */
export function createSchemas(
  kubernetes: ReadonlyMap<string, SchemaPack>,
  packs: readonly SchemaPack[],
  definitions: readonly Definition[],
  strict: boolean,
): Schemas {
  const conflicts: Conflict[] = [];
  const chosen = new Map<string, CrdSchemas[]>();
  const forces = new Map<string, Force>();
  const owners = new Set(definitions.map(({ side, overlay }) => `${side} ${overlay ?? ""}`));
  return {
    conflicts,
    inForce({ side, overlay, environment }, version) {
      const own = owners.has(`${side} ${overlay}`) ? overlay : "";
      const scope = JSON.stringify([side, environment ?? "", own]);
      const key = `${version} ${scope}`;
      const known = forces.get(key);
      if (known) return known;
      const inScope =
        chosen.get(scope) ??
        choose(
          definitions.filter((each) => each.side === side),
          own,
          environment,
          conflicts,
        );
      chosen.set(scope, inScope);
      const set = combineSchemas(kubernetes.get(version)!, packs, inScope);
      const force = { set, schemaOf: schemaSource(set, strict) };
      forces.set(key, force);
      return force;
    },
  };
}

/** From the weakest to the strongest, which is how `combineSchemas` lets later ones win. */
function choose(
  definitions: readonly Definition[],
  own: string,
  environment: string | undefined,
  conflicts: Conflict[],
): CrdSchemas[] {
  const rank = (definition: Definition): number => {
    if (own && definition.overlay === own) return 4;
    if (definition.overlay === undefined) return 1;
    if (definition.environment === undefined) return 2;
    return definition.environment === environment ? 3 : 0;
  };
  const ranked = definitions.map((definition) => ({ definition, rank: rank(definition) }));
  const sorted = ranked.sort(
    (a, b) => a.rank - b.rank || compareText(placeOf(a.definition), placeOf(b.definition)),
  );
  for (const [index, { definition, rank }] of sorted.entries()) {
    const rival = sorted
      .slice(index + 1)
      .find((other) => other.rank === rank && rank > 0 && other.definition.name === definition.name);
    if (rival && !sameSchemas(rival.definition, definition)) note(conflicts, rival.definition, definition);
  }
  return sorted.map(({ definition }) => definition);
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

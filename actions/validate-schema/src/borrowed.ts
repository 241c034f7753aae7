import { type Finding, makeFinding } from "@gitops-actions/report";
import type { Check } from "./check.ts";
import type { Definition } from "./definitions.ts";
import { kindName } from "./kinds.ts";
import { ranks, type Schemas } from "./schemas.ts";

/**
 * Says which definitions were taken from where nothing of an environment is deployed: from another environment, from a file
 * that only another one deploys, or from one that is hidden, ignored or of tests. Without one the kind would have no schema, so it is held against that; but whether the
 * cluster has it, and has this one, nobody knows.
 */
export function borrowedDefinitions(
  checks: readonly Check[],
  definitions: readonly Definition[],
  { definitionOf }: Pick<Schemas, "definitionOf">,
  isWhole: boolean,
): Finding[] {
  const found = new Map<
    string,
    { check: Check; definition: Definition; overlays: Set<string>; only?: string[] }
  >();
  const rendered = Map.groupBy(
    definitions.filter(({ overlay }) => overlay !== undefined),
    ({ name }) => name,
  );
  // Whose a file is shows only where every overlay was rendered.
  const deployersOf = ({ name, location }: Definition, environment: string | undefined): string[] => {
    if (!isWhole || environment === undefined || location?.path.includes(".gitops/")) return [];
    const all = new Set((rendered.get(name) ?? []).map((each) => each.environment));
    return all.has(undefined) || all.has(environment) ? [] : [...all].map(String).sort();
  };
  for (const check of checks) {
    if (!check.schema || check.listed === "skip") continue;
    const { group, resource } = check;
    const used = definitionOf(group, resource.id);
    if (!used || used.rank > ranks.file) continue;
    const only = used.rank === ranks.file ? deployersOf(used.definition, group.environment) : undefined;
    if (only?.length === 0) continue;
    // What is of no environment may well be meant for any.
    if (used.rank === ranks.foreign && group.environment === undefined) continue;
    const key = JSON.stringify([kindName(resource.id), group.environment, placeOf(used.definition)]);
    const one = found.get(key) ?? {
      check,
      definition: used.definition,
      overlays: new Set(),
      ...(only && { only }),
    };
    one.overlays.add(group.overlay);
    found.set(key, one);
  }
  return [...found].map(([key, { check, definition, overlays, only }]) => {
    const { environment } = check.group;
    const kind = kindName(check.resource.id);
    const message = only
      ? `${kind} of ${environment} is held against a definition in ${placeOf(definition)}, which only ${only.join(" and ")} ${only.length === 1 ? "deploys" : "deploy"}`
      : definition.isAside
        ? `${kind} is held against a definition in ${placeOf(definition)}, which nothing deploys`
        : `${kind} of ${environment} is held against a definition of ${definition.environment} (${placeOf(definition)}): nothing defines it in ${environment}`;
    return makeFinding({
      rule: "validate/borrowed-definition",
      severity: "warning",
      message,
      help: "If the cluster gets its definition from elsewhere, keep that one in .gitops/schemas (gitops schemas add); else deploy it there too.",
      overlays: [...overlays],
      ...(definition.location && { location: definition.location }),
      discriminator: key,
    });
  });
}

function placeOf({ overlay, location }: Definition): string {
  return overlay ?? location?.path ?? "the repository";
}

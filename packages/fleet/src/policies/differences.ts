import { diffValues, isObject, type JsonObject, writeJson } from "@gitops-actions/manifest";
import { affixBetween } from "./affix.ts";
import { bodyOf, bodyText, contentOf } from "./decision.ts";
import type { PolicyObject } from "./find.ts";
import type { PolicyPlace, PolicyVersions, RenderedPolicy } from "./rendered.ts";

/** An object that is asked otherwise than a file has it. */
export interface Difference {
  source: PolicyObject;
  overlays: string[];
  /** The fields that differ, for people. */
  fields: string[];
}

/** Where files are not what the cluster gets. A patch, which is a part of what is rendered, is no policy of its own. */
export function differencesOf(versions: readonly PolicyVersions[]): Difference[] {
  return versions.flatMap(({ sources, rendered }) => {
    const bodies = [...Map.groupBy(rendered, bodyText).values()];
    const [main, ...others] = sources.toSorted((a, b) => bodyText(b).length - bodyText(a).length);
    if (!main || bodies.length === 0) return [];
    const isRendered = (source: PolicyObject) =>
      bodies.some(([first]) => bodyText(first!) === bodyText(source));
    const strange = bodies.filter(
      ([first]) => !sources.some((source) => bodyText(source) === bodyText(first!)),
    );
    const unused = others.filter(
      (source) =>
        !isRendered(source) &&
        !rendered.some(({ resource }) => isPart(bodyOf(source.resource.value), bodyOf(resource.value))),
    );
    return [
      ...strange.map((some) => differenceOf(main, some)),
      // A second copy that nothing renders, beside one that something does.
      ...unused.map((source) => differenceOf(source, bodies[0]!)),
    ];
  });
}

function differenceOf(source: PolicyObject, rendered: readonly RenderedPolicy[]): Difference {
  const [own, other] = [bodyOf(source.resource.value), bodyOf(rendered[0]!.resource.value)];
  return {
    source,
    overlays: [...new Set(rendered.map(({ overlay }) => overlay))].sort(),
    fields: diffValues(own, other).map(({ path }) => path),
  };
}

function isPart(part: JsonObject[string], whole: JsonObject[string] | undefined): boolean {
  if (isObject(part))
    return isObject(whole) && Object.entries(part).every(([key, value]) => isPart(value, whole[key]));
  if (Array.isArray(part))
    return Array.isArray(whole) && part.every((item) => whole.some((other) => isPart(item, other)));
  return whole !== undefined && writeJson(part) === writeJson(whole);
}

/** Policies without those that stand among others with the same contents. */
export function withoutEqual(
  policies: readonly PolicyObject[],
  others: readonly PolicyObject[],
): PolicyObject[] {
  const known = new Set(others.map(contentOf));
  return policies.filter((policy) => !known.has(contentOf(policy)));
}

/**
 * What the base renders and the head does not any more, under its own name or with an affix: in the same overlay, or, where
 * that is gone (`overlays` are the head's), anywhere at the same place.
 */
export function lostPolicies(
  base: readonly RenderedPolicy[],
  head: readonly RenderedPolicy[],
  overlays: ReadonlySet<string>,
): RenderedPolicy[] {
  const placeOf = ({ cluster, environment }: PolicyPlace) => `${cluster}\0${environment}`;
  const there = Map.groupBy(head, placeOf);
  const inside = Map.groupBy(head, ({ overlay }) => overlay);
  return base.filter((policy) => {
    const others =
      (overlays.has(policy.overlay) ? inside.get(policy.overlay) : there.get(placeOf(policy))) ?? [];
    const { group, kind, name } = policy.resource.id;
    return !others.some((other) => {
      const { id } = other.resource;
      if (id.group !== group || id.kind !== kind) return false;
      return id.name === name || (affixBetween(policy, other) ?? affixBetween(other, policy)) !== undefined;
    });
  });
}

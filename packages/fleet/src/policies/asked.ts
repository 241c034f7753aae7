import { decisionOf } from "./decision.ts";
import type { FoundPolicies, PolicyObject } from "./find.ts";
import type { PolicyPlace, PolicyVersions, RenderedPolicy } from "./rendered.ts";

/**
 * The policies that are asked of what runs at a place: as overlays of that place render them, else as any overlay does, else
 * as their files have them. More than one set where overlays of one place differ: what any of them refuses is refused.
 */
export function policiesAt(
  found: FoundPolicies,
  versions: readonly PolicyVersions[],
  place: PolicyPlace,
): FoundPolicies[] {
  const choices = versions.map((each) => ({ engine: each.engine, options: optionsAt(each, place) }));
  const overlays = new Set(
    choices.flatMap(({ options }) =>
      options.length > 1 ? options.flatMap((option) => option.overlays) : [],
    ),
  );
  const sets = new Map<string, FoundPolicies>();
  for (const overlay of overlays.size > 0 ? [...overlays].sort() : [""]) {
    const set: FoundPolicies = { ...found, kyverno: [], gatekeeper: [], admission: [] };
    const picked: string[] = [];
    for (const { engine, options } of choices) {
      const own = options.filter((each) => each.overlays.includes(overlay));
      // An overlay may make two of one name; which of them counts is not for this to say.
      const some = own.length > 0 ? own : options.slice(0, 1);
      set[engine].push(...some.flatMap((option) => option.policies));
      picked.push(some.map((option) => options.indexOf(option)).join("+"));
    }
    sets.set(picked.join(), set);
  }
  return [...sets.values()];
}

interface Choice {
  overlays: string[];
  policies: PolicyObject[];
}

/** One choice for each content that an object has at a place. */
function optionsAt({ sources, rendered }: PolicyVersions, place: PolicyPlace): Choice[] {
  if (rendered.length === 0) return [{ overlays: [], policies: sources }];
  const near = rendered.filter((each) => isNear(each, place));
  const choices = new Map<string, Choice>();
  for (const each of near.length > 0 ? near : rendered) {
    const content = decisionOf(each);
    const known = choices.get(content);
    const overlays = known?.overlays ?? [];
    overlays.push(each.overlay);
    if (!known) choices.set(content, { overlays, policies: [asWritten(each, sources, overlays)] });
  }
  return [...choices.values()];
}

function isNear(policy: PolicyPlace, { cluster, environment }: PolicyPlace): boolean {
  const fits = (own: string, wanted: string): boolean => own === "" || wanted === "" || own === wanted;
  return fits(policy.environment, environment) && fits(policy.cluster, cluster);
}

/** The file's object where the render is the same; else what is rendered, with the place of the file. */
function asWritten(
  policy: RenderedPolicy,
  sources: readonly PolicyObject[],
  overlays: readonly string[],
): PolicyObject {
  const same = sources.find((source) => decisionOf(source) === decisionOf(policy));
  if (same) return same;
  const [source = policy] = sources;
  return {
    path: source.path,
    resource: { ...policy.resource, line: source.resource.line },
    rendered: { overlays, path: policy.path },
  };
}

/** Every version of every policy that is asked anywhere, for comparing two trees. */
export function everyVersion(found: FoundPolicies, versions: readonly PolicyVersions[]): FoundPolicies {
  const all: FoundPolicies = { ...found, kyverno: [], gatekeeper: [], admission: [] };
  for (const each of versions)
    all[each.engine].push(
      ...optionsAt(each, { cluster: "", environment: "" }).flatMap(({ policies }) => policies),
    );
  return all;
}

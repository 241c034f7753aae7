import type { PolicyFailure } from "@gitops-actions/engine";
import type { PolicyObject } from "@gitops-actions/fleet";
import { writeJson } from "@gitops-actions/manifest";
import { placeOf } from "../policies/names.ts";

/**
 * Objects of one kind and name, each once: a cluster has one of them. Those that say different things are failed and left
 * out, for nobody knows which one it has.
 */
export function singleObjects(objects: readonly PolicyObject[]): {
  objects: PolicyObject[];
  failures: PolicyFailure[];
  left: PolicyObject[];
} {
  const groups = Map.groupBy(objects, ({ resource: { id } }) => `${id.group}/${id.kind}/${id.name}`);
  const failures: PolicyFailure[] = [];
  const kept = new Set<PolicyObject>();
  for (const [first, ...others] of groups.values()) {
    const different = others.filter(
      ({ resource }) =>
        writeJson(resource.value.spec ?? null) !== writeJson(first!.resource.value.spec ?? null),
    );
    if (different.length === 0) {
      kept.add(first!);
      continue;
    }
    const { kind, name } = first!.resource.id;
    const places = different.map(placeOf).join(", ");
    const message = `${kind} ${name} is in ${placeOf(first!)} and otherwise in ${places}; a cluster has one of them, and which one is unknown. Remove one, or give it another name`;
    failures.push({ id: placeOf(first!), code: "duplicate", message });
  }
  return {
    objects: objects.filter((each) => kept.has(each)),
    failures,
    left: [...groups.values()].filter(([first]) => !kept.has(first!)).flat(),
  };
}

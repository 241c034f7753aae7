import { identityKey, isObject, writeJson } from "@gitops-actions/manifest";
import { affixOf, withoutAffix } from "./affix.ts";
import type { BatchGroup } from "./batches.ts";
import { contentOf, isNamespaced } from "./decision.ts";
import type { FoundPolicies, PolicyObject } from "./find.ts";
import { policyEngineOf, policyEngines } from "./kinds.ts";

type EngineList = (typeof policyEngines)[number];

/** Where something runs; "" where that is not known. */
export interface PolicyPlace {
  cluster: string;
  environment: string;
}

/** A policy object as an overlay renders it: what the cluster gets. */
export interface RenderedPolicy extends PolicyPlace, PolicyObject {
  overlay: string;
}

/** One policy object with all that is known of it: the files that hold it, and what overlays make of them. */
export interface PolicyVersions {
  engine: EngineList;
  sources: PolicyObject[];
  /** Empty where no overlay renders it. */
  rendered: RenderedPolicy[];
}

/** The policy objects that overlays render, in their order. `placeOf` finds the file and line to name for one. */
export function renderedPolicies(
  groups: readonly BatchGroup[],
  placeOf: (overlay: string, resource: PolicyObject["resource"]) => { path: string; line: number },
): RenderedPolicy[] {
  return groups.flatMap(({ overlay, cluster = "", environment = "", resources }) =>
    resources
      .filter(({ id }) => policyEngineOf(id) !== undefined)
      .map((resource) => {
        const { path, line } = placeOf(overlay, resource);
        return { overlay, cluster, environment, path, resource: { ...withoutNamespace(resource), line } };
      }),
  );
}

/**
 * Brings files and renders together. Objects go by their identity; kustomize may give one a namespace, and, where all
 * else is the same, another prefix or suffix of its name. Objects of bundles stand for themselves.
 */
export function versionsOf(found: FoundPolicies, rendered: readonly RenderedPolicy[]): PolicyVersions[] {
  const all: PolicyVersions[] = [];
  const byIdentity = new Map<string, PolicyVersions>();
  const byName = new Map<string, PolicyVersions[]>();
  for (const engine of policyEngines) {
    for (const policy of found[engine]) {
      const key = identityKey(policy.resource.id);
      const known = policy.foreign ? undefined : byIdentity.get(key);
      if (known) known.sources.push(policy);
      else {
        const versions: PolicyVersions = { engine, sources: [policy], rendered: [] };
        all.push(versions);
        if (policy.foreign) continue;
        byIdentity.set(key, versions);
        const name = nameKey(policy);
        byName.set(name, [...(byName.get(name) ?? []), versions]);
      }
    }
  }
  const left: RenderedPolicy[] = [];
  for (const each of rendered) {
    const same = byName.get(nameKey(each)) ?? [];
    const versions =
      byIdentity.get(identityKey(each.resource.id)) ?? (same.length === 1 ? same[0] : undefined);
    if (versions) versions.rendered.push(each);
    else left.push(each);
  }
  const sources = all.flatMap((versions) => versions.sources);
  const bundled = new Set(sources.flatMap((source) => (source.foreign ? contentOf(source) : [])));
  for (const some of Map.groupBy(left, ({ overlay }) => overlay).values()) {
    const affixes = some.flatMap((each) => affixOf(each, sources) ?? []);
    for (const each of some) {
      const names = [each, ...affixes.map((affix) => withoutAffix(each, affix))];
      const own = names.find((name) => byIdentity.has(identityKey(name.resource.id)));
      if (own) byIdentity.get(identityKey(own.resource.id))!.rendered.push(own);
      else if (!bundled.has(contentOf(each))) {
        const versions = { engine: policyEngineOf(each.resource.id)!, sources: [], rendered: [each] };
        all.push(versions);
        byIdentity.set(identityKey(each.resource.id), versions);
      }
    }
  }
  return all;
}

function nameKey({ resource: { id } }: PolicyObject): string {
  return `${id.group}/${id.kind}/${id.name}`;
}

/** kustomize gives a namespace to all that it does not know to be a cluster's; clusters drop it, and engines refuse it. */
function withoutNamespace(resource: PolicyObject["resource"]): PolicyObject["resource"] {
  const { id, value } = resource;
  if (id.namespace === "" || isNamespaced(id.kind) || !isObject(value.metadata)) return resource;
  const { namespace: _, ...metadata } = value.metadata;
  const plain = { ...value, metadata };
  return { ...resource, id: { ...id, namespace: "" }, value: plain, text: writeJson(plain) };
}

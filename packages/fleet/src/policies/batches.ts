import { identityKey, type Resource } from "@gitops-actions/manifest";
import type { DescribedNamespaces } from "../config.ts";

/** What one overlay renders, and where that runs. */
export interface BatchGroup {
  overlay: string;
  environment?: string;
  cluster?: string;
  resources: readonly Resource[];
}

/** A resource with every overlay of the batch that renders exactly it. */
export interface BatchItem {
  resource: Resource;
  overlays: string[];
}

/** Resources that an engine may see together: of one cluster and environment, no identity twice. */
export interface Batch {
  cluster: string;
  environment: string;
  items: BatchItem[];
  /** Labels of namespaces that gitops.yaml describes, of this environment. */
  namespaces?: ReadonlyMap<string, Record<string, string>>;
}

/**
 * Batches in the order of their clusters and environments. An identity that occurs again with other contents goes to a
 * further batch of the same place; so there are as many as the most frequent identity has versions, and no more.
 */
export function makeBatches(groups: readonly BatchGroup[]): Batch[] {
  const places = new Map<string, Batch[]>();
  for (const group of groups) {
    const { cluster = "", environment = "" } = group;
    const key = JSON.stringify([cluster, environment]);
    const batches = places.get(key) ?? [];
    places.set(key, batches);
    addGroup(batches, group, cluster, environment);
  }
  return [...places.keys()].sort().flatMap((key) => places.get(key)!);
}

/** Tells batches the labels of namespaces that a configuration describes. */
export function describeNamespaces(
  batches: readonly Batch[],
  described: DescribedNamespaces | undefined,
): void {
  if (!described) return;
  for (const batch of batches)
    batch.namespaces = new Map(
      Object.entries(described).map(([name, { labels, environments }]) => [
        name,
        { ...labels, ...environments[batch.environment] },
      ]),
    );
}

/** The items of each batch, by identity. Kept beside the batches: they are made once and then only read. */
const known = new WeakMap<Batch, Map<string, BatchItem>>();

function addGroup(
  batches: Batch[],
  { overlay, resources }: BatchGroup,
  cluster: string,
  environment: string,
): void {
  for (const resource of resources) {
    const key = identityKey(resource.id);
    for (let index = 0; ; index++) {
      batches[index] ??= start(cluster, environment);
      const batch = batches[index]!;
      const items = known.get(batch)!;
      const item = items.get(key);
      if (!item) {
        const fresh = { resource, overlays: [overlay] };
        items.set(key, fresh);
        batch.items.push(fresh);
        break;
      }
      if (item.resource.text !== resource.text) continue;
      if (!item.overlays.includes(overlay)) item.overlays.push(overlay);
      break;
    }
  }
}

function start(cluster: string, environment: string): Batch {
  const batch: Batch = { cluster, environment, items: [] };
  known.set(batch, new Map());
  return batch;
}

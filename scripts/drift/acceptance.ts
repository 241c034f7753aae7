import { parse } from "node:path";
import {
  identityKey,
  isObject,
  type JsonObject,
  parseManifests,
  type Resource,
  writeJson,
} from "@gitops-actions/manifest";
import { startControlPlane } from "../servers/control-plane.ts";
import { createClient } from "./cluster.ts";

/** Objects that one controller brings into the cluster together. */
export interface Group {
  /** The source of rendered manifests, `definitions` or `last`. */
  name: string;
  resources: Resource[];
}

/** Argo CD's hooks and waves: it would wait for what nobody here makes healthy. */
const ordering = /^ +argocd\.argoproj\.io\/(?:hook|hook-delete-policy|sync-wave):.*\n/gm;

/** With these in place the server refuses or does not know other objects: services that nobody runs here, full quotas. */
const refusing = new Set([
  "ValidatingWebhookConfiguration",
  "MutatingWebhookConfiguration",
  "APIService",
  "ResourceQuota",
]);

/** Made by the cluster itself; what is done to them is done to everything. */
const clusterWide = new Set(["ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicyBinding"]);

/**
 * Tries the objects of some rendered files on a server of its own, and sorts those that it takes: definitions first,
 * then by source (what stands before the first `_` of a file's name), and last what stands in the way of others.
 * Of objects with the same identity the first is kept.
 */
export async function acceptedObjects(
  files: ReadonlyMap<string, string>,
): Promise<{ groups: Group[]; refused: { resource: Resource; why: string }[] }> {
  const seen = new Set<string>();
  const all = [...files].flatMap(([file, text]) => {
    const source = parse(file).name.split("_")[0]!;
    return parseManifests(text.replace(ordering, ""), file).resources.flatMap((resource) => {
      const key = identityKey(resource.id);
      if (seen.has(key) || resource.id.name.endsWith("*")) return [];
      seen.add(key);
      return [{ group: groupOf(resource, source), resource }];
    });
  });
  const plane = await startControlPlane({ controllers: true });
  try {
    const client = createClient(plane.send);
    const groups = new Map<string, Resource[]>();
    const refused: { resource: Resource; why: string }[] = [];
    for (const { group, resource } of all.toSorted((a, b) => rank(a) - rank(b))) {
      const applied = await client.apply(resource, "server-side apply");
      if ("refused" in applied) refused.push({ resource, why: applied.refused });
      else groups.set(group, [...(groups.get(group) ?? []), withNamespace(resource, applied.live)]);
    }
    for (const [group, resources] of groups) {
      const lasting = await Promise.all(
        resources.map(async (each) => (await client.get(each)) !== undefined),
      );
      groups.set(
        group,
        resources.filter((_, index) => lasting[index]),
      );
      const why = "the control plane deletes it: what it belongs to is not there";
      refused.push(...resources.filter((_, index) => !lasting[index]).map((resource) => ({ resource, why })));
    }
    return { groups: [...groups].map(([name, resources]) => ({ name, resources })), refused };
  } finally {
    plane.stop();
  }
}

/** Flux applies no object without a namespace whose kind has one. */
function withNamespace(resource: Resource, live: JsonObject): Resource {
  const namespace = isObject(live.metadata) ? live.metadata.namespace : undefined;
  if (resource.id.namespace !== "" || typeof namespace !== "string") return resource;
  const metadata = { ...(resource.value.metadata as JsonObject), namespace };
  return parseManifests(writeJson({ ...resource.value, metadata }), "").resources[0]!;
}

function groupOf({ id }: Resource, source: string): string {
  if (id.kind === "CustomResourceDefinition") return "definitions";
  return refusing.has(id.kind) || clusterWide.has(id.kind) ? "last" : source;
}

function rank({ group, resource }: { group: string; resource: Resource }): number {
  if (group === "definitions") return 0;
  if (group === "last") return 3;
  return resource.id.kind === "Namespace" ? 1 : 2;
}

/** A group as one manifest, in the words of the files it comes from. */
export function manifestOf({ resources }: Group): string {
  return resources.map(({ text }) => text.replace(/\n*$/, "\n")).join("---\n");
}

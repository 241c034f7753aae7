import * as z from "zod";

/** A kind that the server serves, and how it is asked for. */
export interface ServedKind {
  plural: string;
  namespaced: boolean;
  /** Whether it can be listed at all. */
  listable: boolean;
}

/** What the server serves, by `group/version/kind`; groups whose own server did not answer are stale. */
export interface Served {
  kinds: ReadonlyMap<string, ServedKind>;
  stale: ReadonlySet<string>;
}

/** Asks for all groups in one answer (KEP-3352). */
export const discoveryType = ["v2", "v2beta1"]
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .join(",");

const Discovery = z.object({
  kind: z.literal("APIGroupDiscoveryList"),
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string().optional() }).default({}),
      versions: z
        .array(
          z.object({
            version: z.string(),
            freshness: z.string().optional(),
            resources: z
              .array(
                z.object({
                  resource: z.string(),
                  responseKind: z.object({ kind: z.string() }).optional(),
                  scope: z.string(),
                  verbs: z.array(z.string()).default([]),
                }),
              )
              .default([]),
          }),
        )
        .default([]),
    }),
  ),
});

/** Reads the answers of /api and /apis; undefined when one is not an aggregated discovery document. */
export function parseDiscovery(...bodies: string[]): Served | undefined {
  const kinds = new Map<string, ServedKind>();
  const stale = new Set<string>();
  for (const body of bodies) {
    const parsed = parse(body);
    if (!parsed) return undefined;
    for (const { metadata, versions } of parsed.items) {
      const group = metadata.name ?? "";
      for (const { version, freshness, resources } of versions) {
        if (freshness === "Stale") stale.add(group);
        for (const { resource, responseKind, scope, verbs } of resources) {
          if (!responseKind) continue;
          const kind = {
            plural: resource,
            namespaced: scope === "Namespaced",
            listable: verbs.includes("list"),
          };
          kinds.set(`${group}/${version}/${responseKind.kind}`, kind);
        }
      }
    }
  }
  return { kinds, stale };
}

function parse(body: string): z.infer<typeof Discovery> | undefined {
  try {
    return Discovery.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}

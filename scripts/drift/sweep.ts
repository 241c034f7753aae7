import {
  compareObjects,
  type Difference,
  findExtras,
  readDefinitions,
  shapeOf,
} from "@gitops-actions/drift-report";
import type { SchemaSet } from "@gitops-actions/engine";
import { type JsonObject, parseManifests, type Resource } from "@gitops-actions/manifest";
import type { Send } from "../servers/request.ts";
import { createClient, type Way } from "./cluster.ts";

/** What was seen of one object of a corpus, brought into the cluster in one way. */
export interface Sight {
  file: string;
  way: Way;
  resource: Resource;
  /** Undefined when the server refused it. */
  live?: JsonObject;
  refused?: string;
  differences: Difference[];
  extras: number;
  compared: number;
  /** Values of fields that the type does not have. */
  unknown: number;
}

/** Applies every object of some rendered files, each in both ways, and compares it with what it became. */
export async function* sweep(
  files: Map<string, string>,
  schemas: SchemaSet,
  send: Send,
): AsyncGenerator<Sight> {
  const client = createClient(send);
  for (const [file, text] of files) {
    const resources = parseManifests(text, file).resources.toSorted((a, b) => rank(a) - rank(b));
    const definitions = readDefinitions(resources.map(({ value }) => value));
    for (const resource of resources) {
      const shape = shapeOf(resource.id, schemas, definitions);
      for (const way of ["create", "server-side apply"] as const) {
        // A namespace cannot be made anew without losing all in it.
        if (resource.id.name.endsWith("*") || (way === "create" && resource.id.kind === "Namespace"))
          continue;
        const applied = await client.apply(resource, way);
        const sight = { file, way, resource, differences: [], extras: 0, compared: 0, unknown: 0 };
        if ("refused" in applied) {
          yield { ...sight, refused: applied.refused };
          continue;
        }
        const { differences, compared, unknown } = compareObjects(resource.value, applied.live, shape);
        const extras = findExtras(resource.value, applied.live, shape);
        yield {
          ...sight,
          live: applied.live,
          differences,
          compared,
          unknown: unknown.length,
          extras:
            way === "create"
              ? extras.unmanaged.length
              : extras.unmanaged.length + extras.removedFromGit.length,
        };
      }
    }
  }
}

function rank({ id }: Resource): number {
  return id.kind === "CustomResourceDefinition" ? 0 : id.kind === "Namespace" ? 1 : 2;
}

import { readDefinitions, shapeOf } from "@gitops-actions/drift-report";
import { combineSchemas, findKubernetesPack, listPacks, readPack } from "@gitops-actions/engine";
import { parseManifests, type Resource } from "@gitops-actions/manifest";

const schemas = combineSchemas(readPack(findKubernetesPack("1.36", listPacks())), []);

export function readOne(text: string): Resource {
  return parseManifests(text, "test.yaml").resources[0]!;
}

/** The shape of a resource's kind, with the definitions of custom resources given. */
export function shapeFor(resource: Resource, ...definitions: Resource[]) {
  return shapeOf(resource.id, schemas, readDefinitions(definitions.map(({ value }) => value)));
}

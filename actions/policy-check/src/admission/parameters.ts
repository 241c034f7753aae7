import { type AdmissionParameter, parameterAlias } from "@gitops-actions/engine";
import type { Batch, PolicyObject } from "@gitops-actions/fleet";
import { identityKey, isObject, type JsonObject, type Resource, writeJson } from "@gitops-actions/manifest";

/** Objects of the kinds that policies take parameters of: what is rendered, and what stands with the policies. */
export function parametersOf(
  policies: readonly PolicyObject[],
  batch: Batch,
  others: readonly PolicyObject[],
): AdmissionParameter[] {
  const kinds = new Set(
    policies.flatMap(({ resource }) => {
      const { spec } = resource.value;
      const kind = isObject(spec) && isObject(spec.paramKind) ? spec.paramKind : undefined;
      return kind ? [`${kind.apiVersion} ${kind.kind}`] : [];
    }),
  );
  const isParameter = ({ resource: { value } }: { resource: Resource }): boolean =>
    kinds.has(`${value.apiVersion} ${value.kind}`);
  const rendered = batch.items.filter(isParameter).map(({ resource }) => resource);
  const keys = new Set(rendered.map(({ id }) => identityKey(id)));
  // What a fleet renders is what its cluster will have.
  const given = others.filter(isParameter).map(({ resource }) => resource);
  const all = [...rendered, ...given.filter(({ id }) => !keys.has(identityKey(id)))];
  const often = Map.groupBy(all, ({ id }) => id.name);
  return all.map(({ id, value }) => {
    const isAlone = !keys.has(identityKey(id)) && often.get(id.name)!.length === 1;
    return { value, alias: isAlone ? id.name : parameterAlias(id.name, id.namespace) };
  });
}

/** Parameters as the CLI is given them. */
export function writeParameters(parameters: readonly AdmissionParameter[]): string[] {
  return parameters.map(({ value, alias: name }) => {
    const metadata: JsonObject = isObject(value.metadata) ? value.metadata : {};
    return writeJson({ ...value, metadata: { ...metadata, name } });
  });
}

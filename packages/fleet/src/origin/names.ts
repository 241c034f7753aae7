import { isObject, type Json } from "@gitops-actions/manifest";
import { fieldsOf } from "./kustomization.ts";
import type { Found } from "./located.ts";
import { positionOf, type SourceText } from "./text.ts";
import type { TracedResource } from "./trace.ts";

/** The `namespace` that the last of a resource's kustomizations gave it; undefined where none did, or another value. */
export function namespaceOf(
  traced: Pick<TracedResource, "transformations">,
  namespace: Json,
  kustomizations: readonly SourceText[],
): Found | undefined {
  const last = traced.transformations.findLast(({ kind }) => kind === "NamespaceTransformer");
  const text = last && kustomizations.find((each) => each.path === last.path);
  const field = text && fieldsOf(text).find(({ key }) => key === "namespace");
  if (!text || field?.value !== namespace) return undefined;
  const position = positionOf(text, 0, `/${field.name}`);
  return position && { text, ...position };
}

/** A field of the entry of a generator that makes a resource: its name or namespace. */
export function generatorOf(
  origin: { path: string; generator?: string },
  name: string,
  field: "name" | "namespace",
  kustomizations: readonly SourceText[],
): Found | undefined {
  const text = kustomizations.find((each) => each.path === origin.path);
  const wanted = origin.generator === "SecretGenerator" ? "secretgenerator" : "configmapgenerator";
  const list = text && fieldsOf(text).find(({ key }) => key === wanted);
  if (!text || !list || !Array.isArray(list.value)) return undefined;
  // Prefixes, suffixes and the hash stand around the entry's name; the longest that fits is meant.
  const fitting = list.value
    .map((entry, index) => ({
      index,
      name: isObject(entry) && typeof entry.name === "string" ? entry.name : "",
    }))
    .filter((entry) => entry.name !== "" && name.includes(entry.name))
    .sort((a, b) => b.name.length - a.name.length);
  const [best, second] = fitting;
  if (!best || best.name === second?.name) return undefined;
  const position = positionOf(text, 0, `/${list.name}/${best.index}/${field}`);
  return position && { text, ...position };
}

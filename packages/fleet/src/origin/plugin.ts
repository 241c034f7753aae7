import { childOf, isObject, joinPointer, valueAt } from "@gitops-actions/manifest";
import { markLiterals } from "./generator.ts";
import type { Marks } from "./mark.ts";
import { markScalar } from "./resource.ts";
import { type Edit, type SourceText, scalarsOf } from "./text.ts";

/** The fields of builtin plugins whose values go into resources as they are. */
const values: Record<string, readonly string[][]> = {
  LabelTransformer: [["labels"]],
  AnnotationsTransformer: [["annotations"]],
  ImageTagTransformer: [
    ["imageTag", "newName"],
    ["imageTag", "newTag"],
    ["imageTag", "digest"],
  ],
  ReplicaCountTransformer: [["replica", "count"]],
  ConfigMapGenerator: [
    ["options", "labels"],
    ["options", "annotations"],
  ],
  SecretGenerator: [["type"], ["options", "labels"], ["options", "annotations"]],
};

/** Marks the values in the configurations of builtin generators and transformers. */
export function markPlugin(text: SourceText, marks: Marks): Edit[] {
  return text.source.documents.flatMap(({ value }, document) => {
    const kind = isObject(value) ? String(value.kind) : "";
    if (!isObject(value) || !Object.hasOwn(values, kind)) return [];
    const edits = values[kind]!.flatMap((path) => {
      const below = valueAt(value, joinPointer(path));
      if (below === undefined) return [];
      return [...scalarsOf(below)].flatMap(
        (scalar) => markScalar(text, document, [...path, ...scalar.tokens], scalar.value, marks) ?? [],
      );
    });
    return [...edits, ...markLiterals(text, document, ["literals"], childOf(value, "literals"), marks)];
  });
}

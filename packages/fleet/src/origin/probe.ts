import { isObject, type Json, parseSource, writeJson } from "@gitops-actions/manifest";
import type { Closure } from "../overlay.ts";
import { markEnvFile, markGenerators, markOptions, markWholeFile } from "./generator.ts";
import { guardOf, imageNames } from "./guard.ts";
import { markImages } from "./images.ts";
import { fieldsOf } from "./kustomization.ts";
import { markPairs } from "./labels.ts";
import { createMarks, type Marks } from "./mark.ts";
import { markPatch } from "./patch.ts";
import { markPlugin } from "./plugin.ts";
import { markReplicas } from "./replicas.ts";
import { type Guard, markResources } from "./resource.ts";
import { applyEdits, type Edit, replaceScalar, type SourceText } from "./text.ts";
import type { KustomizeTexts } from "./texts.ts";

/** What is rendered once more to learn where fields come from. */
export interface Probe {
  /** Texts that take the place of files of the closure, or stand beside them, by path. */
  files: Map<string, string>;
  /** Whether kustomize is asked to annotate resources with their origin: then a kustomization above the overlay does. */
  annotate: boolean;
}

/** What of an overlay is marked: with less, a tool that refuses the marks may still take the rest. */
export const markLevels = [
  ["resources", "patches", "kustomizations"],
  ["resources", "patches"],
  ["resources"],
  [],
] as const satisfies readonly ("resources" | "patches" | "kustomizations")[][];

/** The probe of an overlay that kustomize renders, and how to read what it yields. */
export function probeKustomize(
  texts: KustomizeTexts,
  closure: Closure,
  level: readonly string[],
): { probe: Probe; marks: Marks } {
  const images = imageNames(texts);
  const marks = createMarks(closure.digest, images);
  const guard = guardOf(texts);
  const files = new Map<string, string>();
  const edits = new Map<SourceText, Edit[]>();
  const edit = (text: SourceText, own: readonly Edit[]) =>
    edits.set(text, [...(edits.get(text) ?? []), ...own]);
  const put = (text: SourceText) => files.set(text.path, applyEdits(text.source.text, edits.get(text) ?? []));

  if (level.includes("resources")) {
    for (const text of texts.resources) {
      edit(text, markResources(text, marks, guard));
      put(text);
    }
  }
  if (level.includes("patches")) {
    for (const { text, inside } of texts.patches) {
      const marked = withoutTests(applyEdits(text.source.text, markPatch(text, marks, guard)));
      const outer = inside && replaceScalar(inside.text, inside.document, inside.tokens, marked);
      if (inside && outer) edit(inside.text, [outer]);
      else if (!inside) files.set(text.path, marked);
    }
  }
  const settings = level.includes("kustomizations");
  for (const { text, inside } of texts.plugins) {
    if (settings) edit(text, markPlugin(text, marks));
    const marked = applyEdits(text.source.text, edits.get(text) ?? []);
    const outer = inside && replaceScalar(inside.text, inside.document, inside.tokens, marked);
    if (inside && outer) edit(inside.text, [outer]);
    else if (!inside) put(text);
  }
  for (const text of texts.kustomizations) {
    if (settings) edit(text, markKustomization(text, images, guard, marks));
    if (edits.has(text)) put(text);
  }
  if (settings) for (const text of texts.env) files.set(text.path, markEnvFile(text, marks));
  if (settings) for (const text of texts.whole) files.set(text.path, markWholeFile(text, marks));
  return { probe: { files, annotate: true }, marks };
}

/** A patch without its `test` operations: they would compare marked values, and hold where the overlay renders. */
function withoutTests(patch: string): string {
  const { documents } = parseSource(patch);
  const isTest = (operation: unknown) => (operation as { op?: unknown } | null)?.op === "test";
  if (!documents.some(({ value }) => Array.isArray(value) && value.some(isTest))) return patch;
  const texts = documents.map(({ value, range }) => {
    const rest = Array.isArray(value) ? value.filter((operation) => !isTest(operation)) : [];
    return rest.length > 0 ? `${writeJson(rest)}\n` : patch.slice(...range);
  });
  return texts.join("---\n");
}

function markKustomization(
  text: SourceText,
  images: ReadonlySet<string>,
  guard: Guard,
  marks: Marks,
): Edit[] {
  const pairs = (tokens: string[], value: Json | undefined, decides: boolean) =>
    decides ? [] : markPairs(text, tokens, value, marks);
  return fieldsOf(text).flatMap(({ key, name, value }) => {
    switch (key) {
      case "images":
        return markImages(text, name, value, images, marks);
      case "replicas":
        return markReplicas(text, name, value, marks);
      case "configmapgenerator":
      case "secretgenerator":
        return markGenerators(text, name, value, marks);
      case "generatoroptions":
        return markOptions(text, [name], value, marks);
      case "commonlabels":
        return pairs([name], value, guard.labels);
      case "commonannotations":
        return pairs([name], value, guard.annotations);
      case "labels": {
        const list = Array.isArray(value) ? value : [];
        return list.flatMap((item, index) =>
          isObject(item) ? pairs([name, String(index), "pairs"], item.pairs, guard.labels) : [],
        );
      }
      default:
        return [];
    }
  });
}

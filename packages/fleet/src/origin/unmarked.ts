import { childOf, isObject, type Json, joinPointer, splitPointer, valueAt } from "@gitops-actions/manifest";
import { alignPath } from "./align.ts";
import { contains, isAlike } from "./alike.ts";
import { type Home, homeOf } from "./home.ts";
import type { Known } from "./known.ts";
import { type Found, near } from "./located.ts";
import { generatorOf, labelOf, namespaceOf } from "./names.ts";
import { positionOf, type SourceText } from "./text.ts";

/**
 * The place of a field that carried no mark, because kustomize decides something by it (kinds, names, namespaces, the
 * keys by which items are merged) or because it has no text (null, {}).
 */
export function findUnmarked(known: Known, tokens: readonly string[]): Found | undefined {
  const { resource, traced, texts } = known;
  const value = valueAt(resource.value, joinPointer(tokens)) as Json;
  const path = tokens.join("/");
  const settings = [...texts.kustomizations, ...texts.plugins.map(({ text }) => text)];
  // Of a Namespace it is the name that `namespace` sets.
  if (tokens.at(-1) === "namespace" || (path === "metadata/name" && resource.id.kind === "Namespace")) {
    const found = namespaceOf(traced, value, settings);
    if (found) return found;
  }
  const label = labelOf(traced, tokens.at(-1) ?? "", value, texts.kustomizations);
  if (label && /(?:^|\/)(?:labels|matchLabels|selector|annotations)$/.test(tokens.slice(0, -1).join("/")))
    return label;
  if (traced.origin?.generator === "HelmChartInflationGenerator")
    return known.inflated.find(traced, resource, tokens);
  if (traced.origin?.generator) {
    const field = path === "metadata/namespace" ? "namespace" : "name";
    const found = generatorOf(traced.origin, resource.id.name, field, texts.kustomizations);
    return found && (path === `metadata/${field}` ? found : near(found));
  }
  const operations = inOperations(known, tokens, value);
  if (operations.length > 0) return operations.length === 1 ? operations[0] : undefined;
  const home = homeOf(known);
  const places = [
    ...(home ? inHome(home, known, tokens, value) : []),
    ...besideSiblings(known, tokens, value),
    ...inPatches(known, tokens, value),
  ];
  const [first] = places;
  if (!first) return undefined;
  return places.every((place) => isSame(place, first)) ? first : near(first);
}

function isSame(a: Found, b: Found): boolean {
  return a.text.path === b.text.path && a.line === b.line && a.column === b.column;
}

function inHome(home: Home, { resource }: Known, tokens: readonly string[], value: Json): Found[] {
  const path = alignPath(resource.value, home.value, tokens);
  if (!path) return [];
  const there = valueAt(home.value, joinPointer(path));
  const isName = tokens.at(-1) === "name" || tokens.at(-1) === "namespace";
  if (!isAlike(there, value) && !(isName && contains(value, there))) return [];
  return at(home.text, home.document, [...home.base, ...path], value);
}

/** A field stands where its neighbours do, if there is one of the same name and value beside them. */
function besideSiblings({ unmarked }: Known, tokens: readonly string[], value: Json): Found[] {
  const parent = joinPointer(tokens.slice(0, -1));
  const found: Found[] = [];
  for (const [pointer, leaves] of unmarked.leaves) {
    if (!pointer.startsWith(`${parent}/`) || pointer.slice(parent.length + 1).includes("/")) continue;
    for (const { text, field } of leaves) {
      if (!field) continue;
      const path = [...splitPointer(field.pointer).slice(0, -1), tokens.at(-1) as string];
      const there = valueAt(text.source.documents[field.document]?.value, joinPointer(path));
      if (isAlike(there, value)) found.push(...at(text, field.document, path, value));
    }
  }
  return found;
}

function inPatches({ resource, texts }: Known, tokens: readonly string[], value: Json): Found[] {
  return texts.patches.flatMap(({ text }) =>
    text.source.documents.flatMap((document, index) => {
      if (!isObject(document.value) || document.value.kind !== resource.id.kind || tokens.length < 2)
        return [];
      if (tokens[0] === "metadata" && tokens.length === 2) return [];
      const name = childOf(document.value.metadata, "name");
      if (typeof name === "string" && !resource.id.name.includes(name) && isPlainTarget(text)) return [];
      const path = alignPath(resource.value, document.value, tokens);
      if (!path || !isAlike(valueAt(document.value, joinPointer(path)), value)) return [];
      return at(text, index, path, value);
    }),
  );
}

/** What JSON 6902 operations of the resource's kustomizations give to names, namespaces and kinds. */
function inOperations({ traced, texts }: Known, tokens: readonly string[], value: Json): Found[] {
  const ran = new Set(traced.transformations.map(({ path }) => path));
  const pointer = joinPointer(tokens);
  return texts.patches
    .filter(({ text }) => ran.has(text.owner))
    .flatMap(({ text }) =>
      text.source.documents.flatMap((document, index) => {
        const operations = Array.isArray(document.value) ? document.value : [];
        return operations.flatMap((operation, position) => {
          const sets = isObject(operation) && operation.op !== "test" && operation.path === pointer;
          return sets && isAlike(operation.value, value)
            ? at(text, index, [String(position), "value"], value)
            : [];
        });
      }),
    );
}

/** The null, the `$patch: delete` or the operation that takes a field away, or something it is in. */
export function findRemoval(
  { resource, traced, texts }: Known,
  tokens: readonly string[],
): Found | undefined {
  const ran = new Set(traced.transformations.map(({ path }) => path));
  const above = tokens.map((_token, index) => tokens.slice(0, index + 1));
  const pointers = above.map(joinPointer);
  for (const { text } of texts.patches.toReversed()) {
    if (!ran.has(text.owner)) continue;
    for (const [document, { value }] of text.source.documents.entries()) {
      for (const [index, operation] of Array.isArray(value) ? value.entries() : []) {
        const isRemoval = isObject(operation) && operation.op === "remove";
        if (isRemoval && typeof operation.path === "string" && pointers.includes(operation.path))
          return at(text, document, [String(index), "path"], operation.path)[0];
      }
      if (!isObject(value) || value.kind !== resource.id.kind) continue;
      const path = above.find((each) => {
        const there = valueAt(value, joinPointer(each));
        return there === null || childOf(there, "$patch") === "delete";
      });
      if (path) return at(text, document, path, {})[0];
    }
  }
  return undefined;
}

/** A patch file may be applied to other names than its own, by a target; then its name says nothing. */
function isPlainTarget(text: SourceText): boolean {
  return !/\btarget:/.test(text.source.text);
}

function at(text: SourceText, document: number, path: readonly string[], value: Json): Found[] {
  const key = typeof value === "object" && value !== null;
  const position = positionOf(text, document, joinPointer(path), key);
  return position ? [{ text, ...position }] : [];
}

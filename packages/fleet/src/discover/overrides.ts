import { compareText, isObject, type Json, parseSource, valueAt } from "@gitops-actions/manifest";
import type { ClosureContext } from "../closure/context.ts";
import type { Overlay } from "../overlay.ts";
import type { Tree } from "../tree.ts";
import { fluxSource, isDeliverer, overridesOf } from "./override.ts";

/** An object that sets something over what it deploys from Git, and where it does so. */
export interface ControllerOverride {
  path: string;
  /** 1-based line of the first part. */
  line: number;
  kind: string;
  name: string;
  /** Folders or charts over which something is set. */
  from: string[];
  /** `values`, `kustomize.patches`; sorted. */
  parts: { name: string; line: number }[];
}

interface Found {
  value: Json;
  lineOf: (pointer: string) => number;
}

/**
 * What Flux and Argo CD objects in some files, those of one overlay, set over folders in Git; sorted. A patch of such an
 * object, in a file of its own or in a kustomization, is taken for the object it is called like.
 */
export async function controllerOverrides(
  tree: Tree,
  paths: Iterable<string>,
  overlays: readonly Overlay[],
  context: ClosureContext,
): Promise<ControllerOverride[]> {
  const files = [...new Set(paths)].filter((path) => /\.ya?ml$/.test(path)).sort(compareText);
  const objects = await Promise.all(
    files.map(async (path) => {
      const entry = tree.get(path);
      if (entry?.kind !== "file") return [];
      const found = await context.parsed("overrides", tree, entry, deliverers, (): Found[] => []);
      return found.map((each) => ({ ...each, path }));
    }),
  );
  const named = Map.groupBy(objects.flat(), ({ value }) => `${kindOf(value)} ${nameOf(value)}`);
  return [...named.values()].flatMap((same) => {
    const from = same.map(({ value }) => sourceOf(value)).find(Boolean);
    return same.flatMap(({ value, path, lineOf }): ControllerOverride[] => {
      const found = overridesOf(value, overlays, from);
      const parts = found
        .flatMap((each) => each.parts)
        .map(({ name, pointer }) => ({ name, line: lineOf(pointer) }))
        .sort((a, b) => a.line - b.line || compareText(a.name, b.name));
      const [first] = parts;
      if (!first) return [];
      const { line } = first;
      return [
        {
          ...{ path, line, kind: kindOf(value), name: nameOf(value), parts },
          from: [...new Set(found.map((each) => each.from))],
        },
      ];
    });
  });
}

function sourceOf(value: Json): string | undefined {
  const argo = valueAt(value, "/spec/source/path");
  return typeof argo === "string" ? argo : fluxSource(value);
}

function deliverers(text: string): Found[] {
  // Most files hold none, large CustomResourceDefinitions of these groups neither: the parser is spared them.
  if (!/\bapiVersion["']?\s*:\s*["']?(?:(?:kustomize|helm)\.toolkit\.fluxcd|argoproj)\.io\//.test(text))
    return [];
  const source = parseSource(text);
  return source.documents.flatMap(({ value, line }, index): Found[] => {
    if (!isObject(value)) return [];
    const at = (pointer: string) => {
      const span = source.locate(index, pointer);
      return (span?.key ?? span)?.line ?? line;
    };
    if (isDeliverer(value)) return [{ value, lineOf: at }];
    return inlinePatches(value).flatMap(({ pointer, text }) =>
      deliverers(text).map((each) => ({ value: each.value, lineOf: () => at(pointer) })),
    );
  });
}

/** Patches that a kustomization holds as text. */
function inlinePatches(value: Json): { pointer: string; text: string }[] {
  const patches = valueAt(value, "/patches");
  if (kindOf(value) !== "Kustomization" && valueAt(value, "/kind") !== undefined) return [];
  return (Array.isArray(patches) ? patches : []).flatMap((patch, index) =>
    isObject(patch) && typeof patch.patch === "string"
      ? [{ pointer: `/patches/${index}/patch`, text: patch.patch }]
      : [],
  );
}

function kindOf(value: Json): string {
  return String(valueAt(value, "/kind") ?? "");
}

function nameOf(value: Json): string {
  return String(valueAt(value, "/metadata/name") ?? valueAt(value, "/metadata/generateName") ?? "");
}

import { decodeText, isObject, type Json, joinPointer } from "@gitops-actions/manifest";
import type { ClosureContext } from "../closure/context.ts";
import { readFolder } from "../closure/kustomize.ts";
import { type ChartUse, isInline } from "../closure/use.ts";
import { resolvePath } from "../resolve.ts";
import type { Tree } from "../tree.ts";
import { fieldsOf } from "./kustomization.ts";
import { fileText, innerText, type SourceText } from "./text.ts";

type Role = "resource" | "patch" | "plugin" | "env" | "whole" | "kustomization" | "other";

/** A text that kustomize reads for itself: a file, or a scalar inside another text. */
export interface Part {
  text: SourceText;
  inside?: { text: SourceText; document: number; tokens: string[] };
}

/** Every text of an overlay's kustomizations, by the use that is made of it. */
export interface KustomizeTexts {
  kustomizations: SourceText[];
  resources: SourceText[];
  patches: Part[];
  /** Configurations of builtin generators and transformers. */
  plugins: Part[];
  /** Env files of generators. */
  env: SourceText[];
  /** Files that become one value each. */
  whole: SourceText[];
  /** Charts that are inflated. */
  charts: ChartEntry[];
}

/** An entry of `helmCharts`. */
export interface ChartEntry {
  /** The kustomization. */
  path: string;
  /** Where the entry stands in it. */
  tokens: string[];
  /** The chart's real folder. */
  folder: string;
  /** Values files, relative to the repository: the first is the one that valuesInline is merged with. */
  values: string[];
}

/** Reads the texts of an overlay that kustomize renders; the folder is a real one of the tree. */
export async function readTexts(
  tree: Tree,
  folder: string,
  context: ClosureContext,
): Promise<KustomizeTexts> {
  const roles = new Map<string, { role: Role; owner: string }>();
  const assign = (path: string, role: Role, owner: string) => {
    const known = roles.get(path);
    roles.set(path, known && known.role !== role ? { role: "other", owner } : (known ?? { role, owner }));
  };
  const charts: ChartEntry[] = [];
  const seen = new Set([folder]);
  for (const at of seen) {
    const reads = await readFolder(tree, at, context);
    for (const { path, content } of reads.kustomizations) {
      assign(path, "kustomization", path);
      charts.push(...(await readCharts(tree, at, path, content.charts)));
      for (const use of content.uses) {
        const found = await resolvePath(tree, use.path, at);
        if (found.kind === "found" && found.entry.kind === "file")
          assign(found.path, roleOf(use.field), path);
      }
    }
    for (const { folder: next } of reads.enters) seen.add(next);
  }
  return { ...(await sortTexts(tree, roles)), charts };
}

/** Entries of the older helmChartInflationGenerator come behind those of helmCharts, and are not followed. */
async function readCharts(
  tree: Tree,
  folder: string,
  path: string,
  uses: readonly ChartUse[],
): Promise<ChartEntry[]> {
  const entries: ChartEntry[] = [];
  for (const [index, use] of uses.entries()) {
    const found = await resolvePath(tree, use.path, folder);
    if (found.kind !== "found" || found.entry.kind !== "directory") continue;
    const values: string[] = [];
    for (const each of use.values) {
      const file = await resolvePath(tree, each.path, folder);
      if (file.kind === "found") values.push(file.path);
    }
    entries.push({ path, tokens: ["helmCharts", String(index)], folder: found.path, values });
  }
  return entries;
}

/** What a file is, by the field that names it; the fields of builtin plugins are named as closures name them. */
function roleOf(field: string): Role {
  if (field === "resources" || field === "bases") return "resource";
  if (field === "transformers" || field === "generators") return "plugin";
  if (/^patches|^Patch/.test(field)) return "patch";
  if (/^(?:configMap|secret)Generator\.envs?$/i.test(field)) return "env";
  if (/^(?:configMap|secret)Generator\.files$/i.test(field)) return "whole";
  return "other";
}

async function sortTexts(
  tree: Tree,
  roles: Map<string, { role: Role; owner: string }>,
): Promise<Omit<KustomizeTexts, "charts">> {
  const texts: Omit<KustomizeTexts, "charts"> = {
    kustomizations: [],
    resources: [],
    patches: [],
    plugins: [],
    env: [],
    whole: [],
  };
  for (const [path, { role, owner }] of roles) {
    if (role === "other") continue;
    const content = decodeText(await tree.read(path));
    if (content === undefined) continue;
    const text = fileText(path, owner, content);
    if (role === "kustomization") {
      texts.kustomizations.push(text);
      texts.patches.push(...inlinePatches(text));
      texts.plugins.push(...inlinePlugins(text));
    } else if (role === "resource") texts.resources.push(text);
    else if (role === "patch" || role === "plugin")
      texts[role === "patch" ? "patches" : "plugins"].push({ text });
    else texts[role].push(text);
  }
  for (const { text } of texts.plugins) texts.patches.push(...pluginPatches(text));
  return texts;
}

/** Patches whose text stands in the kustomization. */
function inlinePatches(text: SourceText): Part[] {
  return fieldsOf(text).flatMap(({ key, name, value }) => {
    if (!Array.isArray(value)) return [];
    return value.flatMap((item, index) => {
      if (key === "patchesstrategicmerge")
        return typeof item === "string" && isInline(item) ? within(text, 0, [name, String(index)], item) : [];
      if (key !== "patches" && key !== "patchesjson6902") return [];
      return isObject(item) ? within(text, 0, [name, String(index), "patch"], item.patch) : [];
    });
  });
}

function inlinePlugins(text: SourceText): Part[] {
  return fieldsOf(text).flatMap(({ key, name, value }) => {
    if ((key !== "transformers" && key !== "generators") || !Array.isArray(value)) return [];
    return value.flatMap((item, index) =>
      typeof item === "string" && isInline(item) ? within(text, 0, [name, String(index)], item) : [],
    );
  });
}

/** Patches whose text stands in the configuration of a PatchTransformer and its like. */
function pluginPatches(text: SourceText): Part[] {
  return text.source.documents.flatMap(({ value }, document) => {
    if (!isObject(value) || !/^Patch.*Transformer$/.test(String(value.kind))) return [];
    return ["patch", "jsonOp", "patches"].flatMap((key) => within(text, document, [key], value[key]));
  });
}

function within(text: SourceText, document: number, tokens: string[], value: Json | undefined): Part[] {
  const inner = typeof value === "string" ? innerText(text, document, joinPointer(tokens), value) : undefined;
  return inner ? [{ text: inner, inside: { text, document, tokens } }] : [];
}

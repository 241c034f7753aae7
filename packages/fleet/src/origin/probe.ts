import type { Json } from "@gitops-actions/manifest";
import { isObject } from "@gitops-actions/manifest";
import type { ClosureContext } from "../closure/context.ts";
import { type KustomizationFolder, readFolder } from "../closure/kustomize.ts";
import { isInline } from "../closure/use.ts";
import type { Closure } from "../overlay.ts";
import { resolvePath } from "../resolve.ts";
import type { Tree } from "../tree.ts";
import { markEnvFile, markGenerators, markOptions, markWholeFile } from "./generator.ts";
import { markImages } from "./images.ts";
import { fieldsOf } from "./kustomization.ts";
import { markPairs } from "./labels.ts";
import { createMarks, type Marks } from "./mark.ts";
import { markPatch, patchedKinds } from "./patch.ts";
import { markReplicas } from "./replicas.ts";
import { type Guard, markResources } from "./resource.ts";
import { applyEdits, type Edit, fileText, innerText, replaceScalar, type SourceText } from "./text.ts";

/** What is rendered once more to learn where fields come from. */
export interface Probe {
  /** Texts that take the place of files of the closure, by path. */
  files: Map<string, string>;
  /** Whether kustomize is asked to annotate resources with their origin: then a kustomization above the overlay does. */
  annotate: boolean;
}

type Role = "resource" | "patch" | "env" | "whole" | "kustomization" | "other";

/** Every text of an overlay's kustomizations, by the use that is made of it. */
export interface KustomizeTexts {
  kustomizations: SourceText[];
  resources: SourceText[];
  /** Patch files, and patches written in kustomizations. */
  patches: { text: SourceText; inline?: string[] }[];
  env: SourceText[];
  whole: SourceText[];
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
  const seen = new Set([folder]);
  for (const at of seen) {
    const reads = await readFolder(tree, at, context);
    for (const { path, content } of reads.kustomizations) {
      assign(path, "kustomization", path);
      for (const use of content.uses) {
        const found = await resolvePath(tree, use.path, at);
        if (found.kind === "found" && found.entry.kind === "file")
          assign(found.path, roleOf(use.field), path);
      }
    }
    for (const next of enteredFolders(reads)) seen.add(next);
  }
  return await sortTexts(tree, roles);
}

function enteredFolders(reads: KustomizationFolder): string[] {
  return reads.enters.map((enter) => enter.folder);
}

function roleOf(field: string): Role {
  if (field === "resources" || field === "bases") return "resource";
  if (field.startsWith("patches")) return "patch";
  if (/^(?:configMap|secret)Generator\.envs?$/.test(field)) return "env";
  if (/^(?:configMap|secret)Generator\.files$/.test(field)) return "whole";
  return "other";
}

async function sortTexts(
  tree: Tree,
  roles: Map<string, { role: Role; owner: string }>,
): Promise<KustomizeTexts> {
  const texts: KustomizeTexts = { kustomizations: [], resources: [], patches: [], env: [], whole: [] };
  for (const [path, { role, owner }] of roles) {
    if (role === "other") continue;
    const content = decode(await tree.read(path));
    if (content === undefined) continue;
    const text = fileText(path, owner, content);
    if (role === "kustomization") {
      texts.kustomizations.push(text);
      texts.patches.push(...inlinePatches(text));
    } else if (role === "resource") texts.resources.push(text);
    else if (role === "patch") texts.patches.push({ text });
    else texts[role].push(text);
  }
  return texts;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Patches whose text stands in the kustomization. */
function inlinePatches(text: SourceText): KustomizeTexts["patches"] {
  const found: KustomizeTexts["patches"] = [];
  const add = (tokens: string[], value: Json | undefined) => {
    if (typeof value !== "string") return;
    const inner = innerText(text, 0, `/${tokens.join("/")}`, value);
    if (inner) found.push({ text: inner, inline: tokens });
  };
  for (const { key, name, value } of fieldsOf(text)) {
    if (!Array.isArray(value)) continue;
    for (const [index, item] of value.entries()) {
      if (key === "patchesstrategicmerge" && typeof item === "string" && isInline(item))
        add([name, String(index)], item);
      else if ((key === "patches" || key === "patchesjson6902") && isObject(item))
        add([name, String(index), "patch"], item.patch);
    }
  }
  return found;
}

/** The probe of an overlay that kustomize renders, and how to read what it yields. */
export function probeKustomize(texts: KustomizeTexts, closure: Closure): { probe: Probe; marks: Marks } {
  const marks = createMarks(closure.digest);
  const guard = guardOf(texts);
  const files = new Map<string, string>();
  const images = imageNames(texts);
  for (const text of texts.resources)
    files.set(text.path, applyEdits(text.source.text, markResources(text, marks, guard)));
  const inline = new Map<string, Edit[]>();
  for (const { text, inline: tokens } of texts.patches) {
    const marked = applyEdits(text.source.text, markPatch(text, marks, guard));
    if (!tokens) {
      files.set(text.path, marked);
      continue;
    }
    const outer = texts.kustomizations.find((each) => each.path === text.path);
    const edit = outer && replaceScalar(outer, 0, tokens, marked);
    if (edit) inline.set(text.path, [...(inline.get(text.path) ?? []), edit]);
  }
  for (const text of texts.kustomizations) {
    const edits = [...(inline.get(text.path) ?? []), ...markKustomization(text, images, marks)];
    files.set(text.path, applyEdits(text.source.text, edits));
  }
  for (const text of texts.env) files.set(text.path, markEnvFile(text, marks));
  for (const text of texts.whole) files.set(text.path, markWholeFile(text, marks));
  return { probe: { files, annotate: true }, marks };
}

function markKustomization(text: SourceText, images: ReadonlySet<string>, marks: Marks): Edit[] {
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
      case "commonannotations":
        return markPairs(text, [name], value, marks);
      case "labels":
        return Array.isArray(value)
          ? value.flatMap((item, index) =>
              isObject(item) ? markPairs(text, [name, String(index), "pairs"], item.pairs, marks) : [],
            )
          : [];
      default:
        return [];
    }
  });
}

function imageNames(texts: KustomizeTexts): Set<string> {
  const names = new Set<string>();
  for (const text of texts.kustomizations) {
    for (const { key, value } of fieldsOf(text)) {
      if (key !== "images" || !Array.isArray(value)) continue;
      for (const image of value) if (isObject(image) && typeof image.name === "string") names.add(image.name);
    }
  }
  return names;
}

function guardOf(texts: KustomizeTexts): Guard {
  const kinds = new Set<string>();
  let labels = false;
  let annotations = false;
  for (const { text } of texts.patches) {
    for (const { value } of text.source.documents)
      if (value !== undefined) for (const kind of patchedKinds(value)) kinds.add(kind);
  }
  for (const text of texts.kustomizations) {
    labels ||= /\blabelSelector\b/i.test(text.source.text);
    annotations ||= /\bannotationSelector\b/i.test(text.source.text);
    // A replacement may find an item by its key: `containers.[name=app]`.
    if (/^\s*(?:- )?replacements:/m.test(text.source.text)) kinds.add("");
    for (const { key, value } of fieldsOf(text)) {
      if (key !== "patches" || !Array.isArray(value)) continue;
      for (const item of value) {
        const target = isObject(item) && isObject(item.target) ? item.target : undefined;
        const kind = typeof target?.kind === "string" ? target.kind : "";
        if (target) kinds.add(/^\w+$/.test(kind) ? kind : "");
      }
    }
  }
  return { keys: (kind) => kinds.has(kind) || kinds.has(""), labels, annotations };
}

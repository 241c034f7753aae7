import { createHash } from "node:crypto";
import { configNames } from "./config.ts";
import type { Entry, Tree } from "./tree.ts";

/** What decides a check's result besides the manifests it looks at. */
export type CheckInput = "configuration" | "policies" | "schemas" | "exceptions";

/** One kind of input, where it differs between two trees. */
export interface ChangedInput {
  kind: CheckInput;
  /** Files that were added, removed or changed; sorted. */
  paths: string[];
  /** Where no file says so: overlays that render to another one. */
  overlays?: string[];
  /** sha256 over those paths and their contents' ids, on each side. */
  base: string;
  head: string;
}

/** Kinds whose objects are rules, by API group. CustomResourceDefinitions are schemas. */
const policyGroups: readonly string[] = [
  "kyverno.io",
  "policies.kyverno.io",
  "templates.gatekeeper.sh",
  "constraints.gatekeeper.sh",
  "mutations.gatekeeper.sh",
  "expansion.gatekeeper.sh",
];

/** What a rendered resource is an input of; undefined for most. */
export function definedBy({ group, kind }: { group: string; kind: string }): CheckInput | undefined {
  if (kind === "PolicyException") return "exceptions";
  if (kind === "CustomResourceDefinition" && group === "apiextensions.k8s.io") return "schemas";
  const isAdmission = /^(?:Validating|Mutating)AdmissionPolicy/.test(kind);
  return isAdmission || policyGroups.includes(group) ? "policies" : undefined;
}

/**
 * The inputs of checks that differ between two trees, sorted by kind. Where one differs, everything it applies to must
 * be looked at again, also overlays that are the same on both sides. Reads the files that differ, and no others.
 */
export async function changedInputs(base: Tree, head: Tree): Promise<ChangedInput[]> {
  const found = new Map<CheckInput, Set<string>>();
  for (const path of changedPaths(base, head)) {
    for (const tree of [base, head]) {
      for (const kind of await inputKinds(tree, path)) {
        const paths = found.get(kind) ?? new Set();
        found.set(kind, paths.add(path));
      }
    }
  }
  return [...found.keys()].sort().map((kind) => {
    const paths = [...found.get(kind)!].sort();
    return { kind, paths, base: digest(base, paths), head: digest(head, paths) };
  });
}

/** Files and links that differ, by Git object ids: folders that are the same are not entered. Sorted. */
export function changedPaths(base: Tree, head: Tree): string[] {
  const changed: string[] = [];
  compareFolders(base, head, "", changed);
  return changed.sort();
}

function compareFolders(base: Tree, head: Tree, folder: string, changed: string[]): void {
  const before = new Map(base.children(folder).map((entry) => [entry.path, entry]));
  const after = new Map(head.children(folder).map((entry) => [entry.path, entry]));
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(path), after.get(path)];
    if (old && now && sameEntry(old, now)) continue;
    if (old?.kind === "directory" || now?.kind === "directory") compareFolders(base, head, path, changed);
    if ((old && old.kind !== "directory") || (now && now.kind !== "directory")) changed.push(path);
  }
}

function sameEntry(a: Entry, b: Entry): boolean {
  return a.id === b.id && a.kind === b.kind && a.executable === b.executable;
}

/** What a file of a tree is an input of; nothing when it is not there. */
async function inputKinds(tree: Tree, path: string): Promise<CheckInput[]> {
  const entry = tree.get(path);
  if (entry?.kind !== "file") return [];
  if ((configNames as readonly string[]).includes(path)) return ["configuration"];
  if (/^\.?gitops\/exceptions\.ya?ml$/.test(path)) return ["exceptions"];
  if (/^\.?gitops\/schemas\//.test(path)) return ["schemas"];
  if (path.endsWith(".rego")) return ["policies"];
  const kinds = new Set<CheckInput>();
  // Data that Rego policies read stands beside them and has no shape by which it could be told.
  if (/(^|\/)polic(y|ies)\//.test(path) && /\.(ya?ml|json)$/.test(path)) kinds.add("policies");
  if (/\.(ya?ml|json)$/.test(path)) {
    for (const kind of mentionedKinds(new TextDecoder().decode(await tree.read(path)))) kinds.add(kind);
  }
  return [...kinds];
}

/**
 * What the text of a manifest says of itself, wherever it says so: in any document, in JSON, in a template. Too much
 * costs a render that was not needed; too little would leave an overlay unchecked.
 */
function mentionedKinds(text: string): CheckInput[] {
  const kinds = new Set<CheckInput>();
  if (says("kind", "CustomResourceDefinition\\b").test(text)) kinds.add("schemas");
  if (
    says("apiVersion", `(?:${policyGroups.map((group) => group.replaceAll(".", "\\.")).join("|")})/`).test(
      text,
    )
  )
    kinds.add("policies");
  if (says("kind", "(?:Validating|Mutating)AdmissionPolicy").test(text)) kinds.add("policies");
  if (says("kind", "PolicyException\\b").test(text)) kinds.add("exceptions");
  return [...kinds];
}

/** Whether a text may hold a policy, or a part of one: too much is told as soon as it is read. */
export function mentionsPolicies(text: string): boolean {
  return mentionedKinds(text).includes("policies");
}

function says(key: string, value: string): RegExp {
  return new RegExp(`\\b${key}["']?\\s*:\\s*["']?${value}`);
}

function digest(tree: Tree, paths: readonly string[]): string {
  const lines = paths.map((path) => `${path}\0${tree.get(path)?.id ?? "absent"}\n`);
  return createHash("sha256").update(lines.join("")).digest("hex");
}

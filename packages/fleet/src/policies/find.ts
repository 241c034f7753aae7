import { formatIdentity, parseManifests, type Resource } from "@gitops-actions/manifest";
import { type Unchecked, UsageError } from "@gitops-actions/report";
import { mentionsPolicies } from "../check-inputs.ts";
import { resolvePath } from "../resolve.ts";
import type { Tree } from "../tree.ts";
import { policyFiles } from "./files.ts";
import { isUnread, policyEngineOf } from "./kinds.ts";
import { type RegoFile, readRego } from "./rego.ts";

/** Rego that is compiled together, and the files whose values it reads as `data`. */
export interface RegoSet {
  /** The folder, relative to the repository; "" for its root. */
  root: string;
  files: RegoFile[];
  /** Files below `root` that are no objects, with paths relative to it. */
  data: { path: string; text: string }[];
}

/** One object that is a policy, or belongs to one. */
export interface PolicyObject {
  path: string;
  resource: Resource;
  /** It comes from a bundle, not from the repository: nothing that the repository renders stands in for it. */
  foreign?: true;
  /** It is asked as these overlays render it, which is not what the file says; `path` is where they begin. */
  rendered?: { overlays: readonly string[]; path: string };
}

/** Every policy of a repository, by the engine that reads it. All lists are sorted. */
export interface FoundPolicies {
  rego: RegoSet[];
  kyverno: PolicyObject[];
  gatekeeper: PolicyObject[];
  /** ValidatingAdmissionPolicies and their bindings. */
  admission: PolicyObject[];
  /** Other objects that stand with policies: parameters of bindings, data that constraints refer to. */
  others: PolicyObject[];
  /** What looks like a policy and is not one for any engine here, with the reason. */
  aside: Unchecked[];
  /** Templates of charts that may print policies: no YAML yet, so what counts is what is rendered of them. */
  templates?: PolicyTemplate[];
}

/** A template that names kinds of policies. */
export interface PolicyTemplate {
  path: string;
  chart: string;
  kinds: string[];
}

/** Places in which policies are looked for when nobody says where they are. */
const usual = /polic|kyverno|gatekeeper|constraint|conftest|rego|admission|(?:^|\/)opa\//i;

/**
 * Finds policies by what they are: Rego files, and objects of the kinds that engines read. `paths` are folders or files;
 * empty: all Rego, and all files whose path speaks of policies. Throws UsageError for a path that is not there.
 */
export async function findPolicies(tree: Tree, paths: readonly string[]): Promise<FoundPolicies> {
  const found: FoundPolicies = {
    rego: [],
    kyverno: [],
    gatekeeper: [],
    admission: [],
    others: [],
    aside: [],
  };
  const wanted = await selector(tree, paths);
  const rego: RegoFile[] = [];
  const loose: { path: string; text: string }[] = [];
  for (const { path, real } of await policyFiles(tree, wanted, found.aside)) {
    if (path.endsWith(".rego")) rego.push(readRego(path, await readText(tree, real)));
    else {
      const text = await readText(tree, real);
      const chart = chartOf(tree, real);
      if (chart !== undefined) noteTemplate(real, chart, text, found);
      else if (!sortObjects(real, text, found)) loose.push({ path, text });
    }
  }
  found.rego = regoSets(rego, loose, found.aside);
  return found;
}

/** Whether nothing at all was found. */
export function hasPolicies({ rego, kyverno, gatekeeper, admission }: FoundPolicies): boolean {
  return rego.length + kyverno.length + gatekeeper.length + admission.length > 0;
}

async function selector(tree: Tree, paths: readonly string[]): Promise<(path: string) => boolean> {
  if (paths.length === 0) return (path) => path.endsWith(".rego") || usual.test(path);
  const places: string[] = [];
  for (const path of paths) {
    const clean = path.replace(/^(?:\.\/)+/, "").replace(/\/+$/, "");
    const resolved = clean === "" || clean === "." ? undefined : await resolvePath(tree, clean);
    if (resolved && resolved.kind !== "found")
      throw new UsageError(
        `policy: ${path} does not exist in ${tree.name}. Name a folder or a file of the repository.`,
      );
    places.push(resolved?.path ?? "");
  }
  return (path) => places.some((place) => place === "" || path === place || path.startsWith(`${place}/`));
}

async function readText(tree: Tree, path: string): Promise<string> {
  return new TextDecoder().decode(await tree.read(path));
}

/** The chart that a file is a template of, which is no YAML yet: its folder. */
function chartOf(tree: Tree, path: string): string | undefined {
  for (const match of path.matchAll(/(^|\/)templates\//g)) {
    const folder = path.slice(0, match.index);
    if (tree.get(`${folder}${match[1] ? "/" : ""}Chart.yaml`)) return folder;
  }
  return undefined;
}

function noteTemplate(path: string, chart: string, text: string, found: FoundPolicies): void {
  if (!mentionsPolicies(text)) return;
  const kinds = [...text.matchAll(/^kind:\s*["']?(\w+)/gm)].map((match) => match[1]!);
  found.templates ??= [];
  found.templates.push({ path, chart, kinds: [...new Set(kinds)] });
}

/** Puts the objects of a file where they belong; false when it holds none, and so may be data of Rego. */
function sortObjects(path: string, text: string, found: FoundPolicies): boolean {
  if (!/apiVersion/.test(text)) return false;
  const { resources } = parseManifests(text, path);
  for (const resource of resources) {
    const engine = policyEngineOf(resource.id);
    if (engine) found[engine].push({ path, resource });
    else if (isUnread(resource.id)) {
      const message = `${formatIdentity(resource.id)} changes or generates resources, or rules over other things; nothing here evaluates it`;
      found.aside.push({ kind: "policy", id: path, code: "other-policy", message });
    } else found.others.push({ path, resource });
  }
  return resources.length > 0;
}

function regoSets(
  files: readonly RegoFile[],
  loose: readonly { path: string; text: string }[],
  aside: Unchecked[],
): RegoSet[] {
  const sets = new Map<string, RegoSet>();
  for (const file of files) {
    const root = rootOf(file.path);
    const set = sets.get(root) ?? { root, files: [], data: [] };
    sets.set(root, set);
    set.files.push(file);
  }
  for (const { path, text } of loose) {
    const root = [...sets.keys()].find((each) => each !== "" && path.startsWith(`${each}/`));
    if (root !== undefined) sets.get(root)!.data.push({ path: path.slice(root.length + 1), text });
  }
  return [...sets.values()].filter((set) => keep(set, aside)).sort((a, b) => (a.root < b.root ? -1 : 1));
}

/** The outermost folder of a name under which policies are kept; without one, the file's own. */
function rootOf(path: string): string {
  const folders = path.split("/").slice(0, -1);
  const named = folders.findIndex((folder) => /^(?:polic(?:y|ies)|rego|conftest)$/i.test(folder));
  return folders.slice(0, named < 0 ? folders.length : named + 1).join("/");
}

/** Rego without a rule that conftest asks for, and Rego for webhooks, is not conftest's. */
function keep(set: RegoSet, aside: Unchecked[]): boolean {
  const admission = set.files.filter((file) => file.forAdmission && !file.isTest);
  for (const file of admission) {
    const message =
      "it reads input.review or input.request, which only an admission webhook is given; conftest would pass everything";
    aside.push({ kind: "policy", id: file.path, code: "admission-rego", message });
  }
  set.files = set.files.filter((file) => !admission.includes(file));
  return set.files.some((file) => !file.isTest && file.rules.length > 0);
}

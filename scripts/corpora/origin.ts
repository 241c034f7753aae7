import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { openSandboxes, renderLimits, renderProvenance, type Tool } from "@gitops-actions/engine";
import {
  type Closure,
  closureOf,
  createClosureContext,
  createOrigins,
  discover,
  loadConfig,
  type Overlay,
  type Tree,
} from "@gitops-actions/fleet";
import {
  type Json,
  joinPointer,
  parseManifests,
  type Resource,
  type ResourceId,
} from "@gitops-actions/manifest";
import type { Location } from "@gitops-actions/report";
import type { Archive } from "./archives.ts";
import { folderTree } from "./folder-tree.ts";
import { editAt, placesIn, withoutBlock } from "./origin-edit.ts";
import { effectOf, isIdentity, pick, readStream, sameIdentity } from "./origin-judge.ts";
import { findProgram, inParallel, run } from "./tools.ts";

/** One field that was asked for, and what editing the answer did. */
export interface OriginVerdict {
  archive: string;
  row: Subject;
  id: ResourceId;
  pointer: string;
  location?: Location;
  /**
   * exact: the field changed and nothing else did. identity: the same of a kind, name or namespace, by which other things
   * (patches, references) find the resource, so that these changed as well. more: other things changed as well. line: the right file, another line.
   * near: the right file, said to be no more. file: a file that has nothing to do with it. refused: the tool takes no
   * edit of that line. unknown: no answer.
   */
  verdict: "exact" | "identity" | "more" | "line" | "near" | "file" | "refused" | "unknown";
  detail: string;
}

interface Subject {
  folder: string;
  kind: "kustomize" | "helm" | "plain";
  values?: string[];
}

export interface OriginOptions {
  /** Fields to ask for, of each kind of overlay. */
  fields: number;
  seed: number;
  width: number;
}

interface Work {
  archive: Archive;
  tree: Tree;
  row: Subject;
  fields: number;
  seed: number;
}

/** Asks for the origin of fields chosen by a seed, edits each answer, renders again, and looks what changed. */
export async function proveOrigins(
  archives: readonly Archive[],
  scratch: string,
  options: OriginOptions,
): Promise<OriginVerdict[]> {
  const work: Work[] = [];
  for (const archive of archives) {
    const tree = folderTree(archive.folder);
    const stable = archive.rows.filter((row) => row.status === "ok" && row.stable);
    const subjects: Subject[] = [...stable, ...(await plainFolders(tree))];
    for (const row of subjects) work.push({ archive, tree, row, fields: 0, seed: 0 });
  }
  const random = randomFrom(options.seed);
  for (const kind of ["kustomize", "helm", "plain"] as const) {
    const rows = shuffled(
      work.filter(({ row }) => row.kind === kind),
      random,
    );
    for (let index = 0; rows.length > 0 && index < options.fields; index++)
      rows[index % rows.length]!.fields++;
  }
  for (const each of work) each.seed = Math.floor(random() * 2 ** 31);
  const asked = work.filter(({ fields }) => fields > 0);
  mkdirSync(scratch, { recursive: true });
  const verdicts = await inParallel(asked, options.width, (each, index) =>
    judge(each, join(scratch, String(index))),
  );
  return verdicts.flat();
}

async function plainFolders(tree: Tree): Promise<Subject[]> {
  const fleet = await discover(tree, await loadConfig(tree), createClosureContext());
  return fleet.overlays.flatMap(({ path, kind }) => (kind === "plain" ? [{ folder: path, kind }] : []));
}

async function judge({ archive, tree, row, fields, seed }: Work, scratch: string): Promise<OriginVerdict[]> {
  const overlay = overlayOf(row);
  const context = createClosureContext();
  const closure = await closureOf(tree, overlay, context);
  const folder = join(scratch, "alone");
  mkdirSync(scratch, { recursive: true });
  layOut(tree, archive.folder, closure, folder);
  const render = () => renderRow(row, folder, closure, join(scratch, "home"));
  const output = await render();
  const verdicts: OriginVerdict[] = [];
  if (output !== undefined) {
    const { resources } = parseManifests(output, "");
    const origins = createOrigins({
      tree,
      overlay,
      closure,
      context,
      resources,
      render: probing(tree, overlay, closure, scratch),
    });
    const documents = readStream(output);
    for (const { resource, pointer } of chooseFields(resources, fields, randomFrom(seed))) {
      const alike = resources.filter((each) => isDocument(each.value, resource));
      const index =
        documents.flatMap((each, at) => (isDocument(each, resource) ? [at] : []))[alike.indexOf(resource)] ??
        -1;
      const location = await origins.originOf(resource, pointer);
      const asked = { archive: archive.name, row, id: resource.id, pointer, ...(location && { location }) };
      const told = location
        ? await tryEdits(location, { documents, index, pointer, tree, folder, render })
        : unknown;
      verdicts.push({ ...asked, ...told });
    }
  }
  rmSync(scratch, { recursive: true, force: true });
  return verdicts;
}

const unknown = { verdict: "unknown", detail: "" } as const;

interface Trial {
  documents: unknown[];
  index: number;
  pointer: string;
  tree: Tree;
  folder: string;
  render: () => Promise<string | undefined>;
}

/** Edits what a location names, and where that does nothing, whatever else is in the file. */
async function tryEdits(
  location: Location,
  trial: Trial,
): Promise<Pick<OriginVerdict, "verdict" | "detail">> {
  const { path, line, column = 1, precision } = location;
  if (trial.tree.get(path)?.kind !== "file") return { verdict: "file", detail: "no file of the repository" };
  const text = new TextDecoder().decode(await trial.tree.read(path));
  let refused = 0;
  const renderWith = async (edited: string) => {
    replaceFile(join(trial.folder, path), edited);
    const output = await trial.render();
    replaceFile(join(trial.folder, path), text);
    return output;
  };
  const attempt = async (at: { line: number; column: number }) => {
    for (const edit of editAt(text, at.line, at.column)) {
      const output = await renderWith(edit.text);
      if (output === undefined) {
        refused++;
        continue;
      }
      return effectOf(trial.documents, readStream(output), trial.index, trial.pointer, edit);
    }
    return undefined;
  };
  const first = precision === "exact" ? await attempt({ line, column }) : undefined;
  if (first?.changed && first.others.length === 0) return { verdict: "exact", detail: "" };
  if (first?.changed && isIdentity(trial.pointer))
    return { verdict: "identity", detail: first.others.slice(0, 3).join(", ") };
  if (first?.changed) return { verdict: "more", detail: first.others.slice(0, 3).join(", ") };
  if (precision === "exact" && !first && refused > 0) return { verdict: "refused", detail: "" };
  // What is there may be no field of the resource, but make it: a generator's entry.
  if (precision === "near") {
    const [renamed] = editAt(text, line, column);
    for (const edited of [withoutBlock(text, line), ...(renamed ? [renamed.text] : [])]) {
      const rest = await renderWith(edited);
      const own = trial.documents[trial.index];
      const count = (documents: unknown[]) => documents.filter((each) => sameIdentity(each, own)).length;
      const gone = rest !== undefined && count(readStream(rest)) < count(trial.documents);
      if (gone) return { verdict: "near", detail: "without it the resource is gone" };
    }
  }
  const wanted = String(pick(trial.documents[trial.index], trial.pointer) ?? "");
  for (const place of placesIn(text, wanted).slice(0, 25)) {
    if ((await attempt(place))?.changed)
      return { verdict: precision === "near" ? "near" : "line", detail: `line ${place.line} does it` };
  }
  return { verdict: "file", detail: "" };
}

function isDocument(document: unknown, { id, value }: Resource): boolean {
  const at = (pointer: string) => pick(document, pointer);
  const apiVersion = id.group ? `${id.group}/${id.version}` : id.version;
  return (
    at("/apiVersion") === apiVersion &&
    at("/kind") === id.kind &&
    at("/metadata/name") === (value.metadata as { name?: unknown }).name &&
    (at("/metadata/namespace") ?? "") === id.namespace
  );
}

/** Scalars of rendered resources, no two of one path: first a kind, then a resource of it, then a field. */
function chooseFields(
  resources: readonly Resource[],
  count: number,
  random: () => number,
): { resource: Resource; pointer: string }[] {
  const kinds = [...Map.groupBy(resources, (resource) => resource.id.kind).values()];
  const chosen = new Map<string, { resource: Resource; pointer: string }>();
  for (let tries = 0; chosen.size < count && tries < count * 10 && kinds.length > 0; tries++) {
    const group = kinds[Math.floor(random() * kinds.length)]!;
    const resource = group[Math.floor(random() * group.length)]!;
    const pointers = [...scalarPointers(resource.value, [])];
    const pointer = pointers[Math.floor(random() * pointers.length)];
    if (pointer !== undefined) chosen.set(`${JSON.stringify(resource.id)} ${pointer}`, { resource, pointer });
  }
  return [...chosen.values()];
}

function* scalarPointers(value: Json, tokens: readonly string[]): Generator<string> {
  if (typeof value !== "object") yield joinPointer(tokens);
  else if (value !== null)
    for (const [key, child] of Object.entries(value)) yield* scalarPointers(child, [...tokens, key]);
}

function probing(tree: Tree, overlay: Overlay, closure: Closure, scratch: string) {
  const temporary = join(scratch, "probe");
  mkdirSync(temporary, { recursive: true });
  const machine = { env: process.env, cwd: temporary, cacheDir: temporary, tempDir: temporary, cores: 1 };
  const sandboxes = openSandboxes(machine);
  const tool = (name: Tool["name"]) => ({ name, path: findProgram(name) }) as Tool;
  const settings = {
    ...renderLimits,
    kustomizeBuildArgs: [],
    kustomize: tool("kustomize"),
    helm: tool("helm"),
  };
  let count = 0;
  return async (probe: Parameters<Parameters<typeof createOrigins>[0]["render"]>[0]) => {
    const directory = join(temporary, `sandbox-${count++}`);
    const needsHelm = overlay.kind === "kustomize" && closure.directories.length > 0;
    return renderProvenance(
      { tree, overlay, closure, probe, directory, needsHelm },
      settings,
      sandboxes,
      machine,
    );
  };
}

function overlayOf(row: Subject): Overlay {
  const options = {
    values: row.values ?? [],
    apiVersions: [],
    ...(row.kind === "helm" && { releaseName: "r", kubeVersion: "1.35.0" }),
  };
  return { id: row.folder, path: row.folder, kind: row.kind, options };
}

/** As the README of the corpora says; plain manifests are their files, in order. */
async function renderRow(
  row: Subject,
  folder: string,
  closure: Closure,
  home: string,
): Promise<string | undefined> {
  if (row.kind === "plain") return readPlain(folder, closure);
  const helm = findProgram("helm");
  const values = (row.values ?? []).flatMap((path) => ["-f", path]);
  const args =
    row.kind === "helm"
      ? ["template", "r", row.folder, ...values, "--kube-version", "1.35.0"]
      : [
          "build",
          ...(closure.directories.length > 0 ? ["--enable-helm", "--helm-command", helm] : []),
          row.folder,
        ];
  const ended = await run(findProgram(row.kind), args, folder, home);
  return ended.status === 0 ? ended.stdout.toString("utf8") : undefined;
}

function readPlain(folder: string, closure: Closure): string {
  const tree = folderTree(folder);
  const texts: string[] = [];
  for (const path of closure.files)
    if (tree.get(path)?.kind === "file") texts.push(readText(join(folder, path)));
  return texts.map((text) => `${text.trimEnd()}\n`).join("---\n");
}

function layOut(tree: Tree, from: string, closure: Closure, to: string): void {
  const done = new Set<string>();
  const put = (path: string) => {
    const entry = tree.get(path);
    if (done.has(path)) return;
    done.add(path);
    if (entry?.kind === "directory") for (const child of tree.children(path)) put(child.path);
    if (entry?.kind !== "file" && entry?.kind !== "symlink") return;
    mkdirSync(dirname(join(to, path)), { recursive: true });
    if (entry.kind === "symlink") symlinkSync(readlinkSync(join(from, path)), join(to, path));
    else copyFileSync(join(from, path), join(to, path));
  };
  mkdirSync(to, { recursive: true });
  for (const path of new Set([...closure.directories, ...closure.files])) put(path);
}

function readText(path: string): string {
  return readFileSync(path, "utf8");
}

export function replaceFile(path: string, text: string): void {
  rmSync(path, { force: true });
  writeFileSync(path, text);
}

/** The same numbers in [0, 1) for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const keyed = items.map((item) => ({ item, key: random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

const columns = ["exact", "identity", "more", "line", "near", "file", "refused", "unknown"] as const;

/** The table of the proof, one line for each kind and archive. */
export function describeOrigins(verdicts: readonly OriginVerdict[]): { markdown: string; ok: boolean } {
  const lines = [
    "| kind | archive | fields | exact | of these, identity | exact, and more changed | wrong line | near | wrong file | edit refused | unknown |",
    "| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
  ];
  const line = (kind: string, name: string, some: readonly OriginVerdict[]) => {
    const counts = columns.map((column) => some.filter((each) => each.verdict === column).length);
    const exact = counts[0]! + counts[1]!;
    const share = some.length > 0 ? ` (${((100 * exact) / some.length).toFixed(1)} %)` : "";
    lines.push(`| ${kind} | ${name} | ${some.length} | ${exact}${share} | ${counts.slice(1).join(" | ")} |`);
  };
  for (const [kind, some] of Map.groupBy(verdicts, ({ row }) => row.kind)) {
    const archives = Map.groupBy(some, (each) => each.archive);
    if (archives.size > 1) for (const [name, own] of archives) line(kind, name, own);
    line(kind, "all", some);
  }
  return { markdown: lines.join("\n"), ok: !verdicts.some(({ verdict }) => verdict === "file") };
}

/** Puts the table into docs/origin.md, between its marks. */
export function writeOrigins(markdown: string): void {
  const path = join(import.meta.dirname, "../../docs/origin.md");
  const [before, after] = [/^[\s\S]*<!-- proof -->\n/, /<!-- \/proof -->[\s\S]*$/].map(
    (part) => part.exec(readText(path))?.[0],
  );
  if (before === undefined || after === undefined)
    throw new Error("docs/origin.md lacks the marks of the proof");
  writeFileSync(path, `${before}${markdown}\n${after}`);
}

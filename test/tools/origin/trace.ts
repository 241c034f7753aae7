import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Machine,
  openSandboxes,
  renderAll,
  renderLimits,
  renderProvenance,
  type Tool,
} from "@gitops-actions/engine";
import {
  closureOf,
  createClosureContext,
  createOrigins,
  type OriginPart,
  type Overlay,
  type OverlayOptions,
  type Probe,
  toPointer,
} from "@gitops-actions/fleet";
import { parseManifests, type Resource, valueAt, writeJson } from "@gitops-actions/manifest";
import type { Location } from "@gitops-actions/report";
import { afterAll } from "vitest";
import { editAt } from "../../../scripts/corpora/origin-edit.ts";
import { type Files, memoryTree } from "../../pure/fleet/memory-tree.ts";
import { findTool } from "../../setup/tools.ts";

/** An overlay of a small repository, rendered by the real tools, whose fields can be asked for their origin. */
export interface Traced {
  resources: readonly Resource[];
  /** How often the overlay was rendered to find origins. */
  probes: Probe[];
  location(resource: string, field: string): Promise<Location | undefined>;
  /** `path:line precision | the line`, with the column marked by `^` in it. */
  at(resource: string, field: string): Promise<string>;
  /** The same of the field's key, or of the key it has to be put below. */
  keyAt(resource: string, field: string): Promise<string>;
  /** The same of what a mapping or list is made from. */
  bodyAt(resource: string, field: string): Promise<string>;
  /** The field's value before, and after what `at` names is edited and everything rendered anew. */
  edited(resource: string, field: string): Promise<{ before: string; after: string | undefined }>;
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function ownMachine(): Machine {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "gitops-origin-")));
  folders.push(folder);
  const tempDir = join(folder, "temp");
  mkdirSync(tempDir, { mode: 0o700 });
  return {
    env: { PATH: process.env.PATH ?? "", HOME: folder },
    cwd: folder,
    cacheDir: folder,
    tempDir,
    cores: 2,
  };
}

/** Renders `path` of these files and prepares to ask for origins; call it inside a test or a hook. */
export async function traceOf(
  files: Files,
  overlay: Pick<Overlay, "path" | "kind"> & Partial<Omit<Overlay, "options">>,
  options: Partial<OverlayOptions> = {},
  /** How many probes fail as if the tool had refused them. */
  refused = 0,
): Promise<Traced> {
  const machine = ownMachine();
  const sandboxes = openSandboxes(machine);
  const tool = async (name: "kustomize" | "helm") => ({ name, path: await findTool(name) }) as Tool;
  const settings = {
    ...renderLimits,
    kustomizeBuildArgs: [],
    kustomize: await tool("kustomize"),
    helm: await tool("helm"),
  };
  const whole: Overlay = {
    id: overlay.path,
    ...overlay,
    options: { values: [], apiVersions: [], ...options },
  };
  let count = 0;
  const folder = () => join(machine.tempDir, String(count++));

  async function render(texts: Files) {
    const tree = memoryTree(texts);
    const context = createClosureContext();
    const closure = await closureOf(tree, whole, context);
    const directory = folder();
    const needsHelm = whole.kind === "kustomize" && closure.directories.length > 0;
    const laid = await sandboxes.materialise(tree, closure, directory);
    if (!laid.ok) throw new Error(JSON.stringify(laid.reasons));
    const job = { overlay: whole, directory, needsHelm };
    for await (const result of renderAll([job], settings, machine)) {
      if (result.status !== "rendered") throw new Error(result.message);
      const text = new TextDecoder().decode(result.output);
      return { tree, context, closure, needsHelm, resources: parseManifests(text, "").resources };
    }
    throw new Error("nothing was rendered");
  }

  const { tree, context, closure, needsHelm, resources } = await render(files);
  const probes: Probe[] = [];
  const origins = createOrigins({
    tree,
    overlay: whole,
    closure,
    context,
    resources,
    render: (probe) => {
      probes.push(probe);
      if (probes.length <= refused) return Promise.resolve(undefined);
      const job = { tree, overlay: whole, closure, probe, directory: folder(), needsHelm };
      return renderProvenance(job, settings, sandboxes, machine);
    },
  });
  const find = (some: readonly Resource[], name: string) =>
    some.find(({ id }) => `${id.kind}/${id.name.replace(/-[2456789bcdfghkmt]{10}$/, "")}` === name);
  const ask = async (name: string, field: string, part: OriginPart = "value") => {
    const resource = find(resources, name);
    if (!resource)
      throw new Error(`${name} is not among ${resources.map(({ id }) => `${id.kind}/${id.name}`)}`);
    const pointer = toPointer(resource.value, field);
    return { resource, pointer, location: await origins.originOf(resource.id, pointer, part) };
  };
  const show = (location: Location | undefined): string => {
    if (!location) return "unknown";
    const { path, line, column = 1, precision } = location;
    const text = String(files[path]).split("\n")[line - 1] ?? "";
    return `${path}:${line} ${precision} | ${`${text.slice(0, column - 1)}^${text.slice(column - 1)}`.trim()}`;
  };
  return {
    resources,
    probes,
    location: async (name, field) => (await ask(name, field)).location,
    at: async (name, field) => show((await ask(name, field)).location),
    keyAt: async (name, field) => show((await ask(name, field, "key")).location),
    bodyAt: async (name, field) => show((await ask(name, field, "body")).location),
    async edited(name, field) {
      const { resource, pointer, location } = await ask(name, field);
      const before = writeJson(valueAt(resource.value, pointer));
      if (!location) return { before, after: undefined };
      const { path, line, column = 1 } = location;
      for (const edit of editAt(String(files[path]), line, column)) {
        const again = await render({ ...files, [path]: edit.text }).catch(() => undefined);
        if (!again) continue;
        const index = resources.indexOf(resource);
        const now = find(again.resources, name) ?? again.resources[index];
        return { before, after: writeJson(valueAt(now?.value, pointer)) };
      }
      return { before, after: "refused" };
    },
  };
}

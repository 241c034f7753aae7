import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Closure, Overlay, Probe, Tree } from "@gitops-actions/fleet";
import type { Sandboxes } from "./folder/sandbox.ts";
import type { Machine } from "./machine.ts";
import { type RenderSettings, renderAll } from "./render.ts";

/** One overlay that is rendered once more to learn where its fields come from. */
export interface ProvenanceJob {
  tree: Tree;
  overlay: Overlay;
  closure: Closure;
  probe: Probe;
  /** Absolute path of a folder that does not exist yet; it is removed afterwards. */
  directory: string;
  /** Whether a kustomization of the closure inflates charts. */
  needsHelm?: boolean;
}

/**
 * Renders an overlay with a probe's files in place of its own, in a sandbox of its own; of a kustomization, one beside
 * the closure that asks for origin and transformer annotations. Undefined when the files cannot be laid out or the tool
 * refuses them. The output holds Secret values: never publish it.
 */
export async function renderProvenance(
  job: ProvenanceJob,
  settings: RenderSettings,
  sandboxes: Sandboxes,
  machine: Machine,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { overlay, directory, probe } = job;
  const tree = join(directory, "tree");
  try {
    const laid = await sandboxes.materialise(job.tree, job.closure, tree);
    if (!laid.ok) return undefined;
    for (const [path, text] of probe.files) {
      // A repository may have a folder, or a link to a file, where a file of the probe belongs.
      if (!(await replaceFile(join(tree, path), text))) return undefined;
    }
    const inTree = { overlay, directory: tree };
    const task = probe.annotate ? { overlay: await addWrapper(directory, overlay), directory } : inTree;
    const needsHelm = job.needsHelm === undefined ? {} : { needsHelm: job.needsHelm };
    for await (const result of renderAll([{ ...task, ...needsHelm }], settings, machine, signal)) {
      if (result.status === "rendered") return new TextDecoder().decode(result.output);
    }
    return undefined;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The files of a sandbox are shared with others: they are put in the place of the old, never written into them. */
async function replaceFile(path: string, text: string): Promise<boolean> {
  try {
    await rm(path, { force: true });
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, text, { mode: 0o600, flag: "wx" });
    return true;
  } catch {
    return false;
  }
}

async function addWrapper(directory: string, overlay: Overlay): Promise<Overlay> {
  const path = "origins";
  const resources = [`../tree/${overlay.path === "." ? "" : overlay.path}`];
  const buildMetadata = ["originAnnotations", "transformerAnnotations"];
  await mkdir(join(directory, path), { mode: 0o700 });
  await writeFile(join(directory, path, "kustomization.yaml"), JSON.stringify({ resources, buildMetadata }));
  return { ...overlay, path };
}

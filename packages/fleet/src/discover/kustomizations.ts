import type { KustomizationFolder } from "../closure/kustomize.ts";
import type { Noticed } from "../overlay.ts";

/** A kustomization that can be built by itself. `leaf`: no other one refers to it. */
export interface Candidate {
  folder: string;
  leaf: boolean;
  namespace?: string;
}

/** Sorts kustomizations into what is built, what others are built from, and what is neither. */
export function analyseKustomizations(folders: ReadonlyMap<string, KustomizationFolder>): {
  candidates: Candidate[];
  noticed: Noticed[];
} {
  const referred = new Set<string>();
  for (const [folder, reads] of folders) {
    for (const next of reads.enters) if (next.folder !== folder) referred.add(next.folder);
  }
  const candidates: Candidate[] = [];
  const components: string[] = [];
  const noticed: Noticed[] = [];
  for (const [folder, reads] of folders) {
    const path = folder === "" ? "." : folder;
    const content = reads.kustomizations[0]?.content;
    if (path.includes("{{") || content?.templated) {
      noticed.push({ path, code: "template", message: "a template of a kustomization is not rendered" });
    } else if (content?.kind === "Component") components.push(folder);
    else if (content?.apiVersion && !content.apiVersion.startsWith("kustomize.config.k8s.io/")) {
      const what = `${content.apiVersion} ${content.kind}`.trim();
      const message = `its kustomization file holds ${what}, which kustomize does not build`;
      noticed.push({ path, code: "not-kustomize", message });
    } else {
      const namespace = content?.namespace;
      candidates.push({ folder, leaf: !referred.has(folder), ...(namespace ? { namespace } : {}) });
    }
  }
  const reached = reach(folders, candidates);
  for (const folder of components) {
    if (reached.has(folder)) continue;
    noticed.push({
      path: folder || ".",
      code: "unused-component",
      message: "a component that no overlay uses",
    });
  }
  for (const { folder, leaf } of candidates) {
    if (leaf || reached.has(folder)) continue;
    const message = "only kustomizations that are not rendered themselves, or a circle of them, refer to it";
    noticed.push({ path: folder || ".", code: "unreached", message });
  }
  return { candidates, noticed };
}

function reach(folders: ReadonlyMap<string, KustomizationFolder>, candidates: Candidate[]): Set<string> {
  const reached = new Set(candidates.filter((each) => each.leaf).map((each) => each.folder));
  for (const folder of reached)
    for (const next of folders.get(folder)?.enters ?? []) reached.add(next.folder);
  return reached;
}

import { pins } from "@gitops-actions/engine";
import type { Tree } from "@gitops-actions/fleet";
import { decodeText, parseManifests } from "@gitops-actions/manifest";
import type { Unchecked } from "@gitops-actions/report";
import {
  allOf,
  fileLocator,
  type Group,
  type OverlayEntry,
  type Rendered,
  type SideName,
} from "./documents.ts";

/**
 * What lies in the `crds/` of charts that were rendered, and of the charts in them: files that Helm, Argo CD and Flux apply as
 * they are, and `helm template` leaves out unless it is told otherwise. Each file once, however many overlays a chart makes.
 */
export async function crdFiles(
  { overlays }: Rendered,
  trees: Partial<Record<SideName, Tree>>,
): Promise<Group[]> {
  const groups: Group[] = [];
  for (const side of ["head", "base"] as const) {
    const tree = trees[side];
    const charts = foldersOf(overlays.filter((each) => each[side] && !each.includeCrds));
    if (!tree || charts.length === 0) continue;
    for (const path of filesOf(tree, charts, /^(?:charts\/[^/]+\/)*crds\/.*\.(?:ya?ml|json)$/)) {
      const text = decodeText(await tree.read(path)) ?? "\0";
      const manifests = parseManifests(text, path);
      const resources = allOf(manifests);
      const { problems } = manifests;
      const locate = fileLocator(path, text, resources);
      groups.push({ side, overlay: path, isFile: true, resources, problems, locate });
    }
  }
  return groups;
}

/**
 * Charts that look at the Kubernetes version and were rendered for another than one that is validated: what they make for
 * that one nobody has seen.
 */
export async function unrenderedVersions(
  { overlays, tools }: Rendered,
  tree: Tree | undefined,
  versions: readonly string[],
): Promise<Unchecked[]> {
  const helm = tools.find(({ name }) => name === "helm")?.version;
  const isPinned = minorOf(helm) === minorOf(pins.helm.version);
  const found = new Map<string, Unchecked>();
  const looks = new Map<string, boolean>();
  for (const overlay of overlays) {
    if (!tree || overlay.kind !== "helm" || !overlay.head) continue;
    const rendered = minorOf(overlay.kubeVersion) ?? (isPinned ? standardVersion : undefined);
    const left = versions.map((each) => minorOf(each)!).filter((each) => each !== rendered);
    if (left.length === 0) continue;
    const isSensitive = looks.get(overlay.path) ?? (await looksAtVersion(tree, overlay.path));
    looks.set(overlay.path, isSensitive);
    if (!isSensitive) continue;
    const what = rendered ?? `the version that Helm ${helm ?? ""} takes for granted`;
    const message = `rendered for Kubernetes ${what}: its branches for ${left.join(", ")} were not looked at; kube-version: ${left[0]} renders them`;
    found.set(`${overlay.path} ${message}`, {
      kind: "chart",
      id: overlay.path,
      code: "kube-version",
      message,
    });
  }
  return [...found.values()];
}

/** What the pinned Helm says of `.Capabilities.KubeVersion` where it is not told. */
const standardVersion = "1.37";

async function looksAtVersion(tree: Tree, chart: string): Promise<boolean> {
  const files = filesOf(tree, [chart], /^(?:charts\/[^/]+\/)*(?:Chart\.yaml|templates\/.*)$/);
  for (const path of files) {
    const text = new TextDecoder().decode(await tree.read(path));
    if (
      path.endsWith("/Chart.yaml") || path === "Chart.yaml"
        ? /^kubeVersion:/m.test(text)
        : text.includes("KubeVersion")
    )
      return true;
  }
  return false;
}

function foldersOf(overlays: readonly OverlayEntry[]): string[] {
  return [...new Set(overlays.flatMap(({ kind, path }) => (kind === "helm" ? [path] : [])))].sort();
}

/** Files below folders whose paths from there fit, sorted. */
function filesOf(tree: Tree, folders: readonly string[], pattern: RegExp): string[] {
  const files: string[] = [];
  const visit = (folder: string, root: string): void => {
    for (const { path, kind } of tree.children(folder)) {
      if (kind === "directory") visit(path, root);
      else if (kind === "file" && pattern.test(root === "" ? path : path.slice(root.length + 1)))
        files.push(path);
    }
  };
  for (const folder of folders) {
    const root = folder === "." ? "" : folder;
    visit(root, root);
  }
  return [...new Set(files)].sort();
}

function minorOf(version: string | undefined): string | undefined {
  return version === undefined ? undefined : /^v?(\d+\.\d+)/.exec(version)?.[1];
}

import {
  type FoundPolicies,
  kustomizationNames,
  type PolicyObject,
  type RenderedPolicy,
  renderedPolicies,
  type Tree,
  versionsOf,
} from "@gitops-actions/fleet";
import { formatIdentity } from "@gitops-actions/manifest";
import type { Unchecked } from "@gitops-actions/report";
import type { PolicyInputs } from "../inputs.ts";
import type { Rendered } from "../manifests.ts";

/**
 * The policy objects of one side's renders that count, and those that do not. Where paths are named, others are not
 * asked; files that nobody rendered are as likely patches as policies, so only their files are looked at.
 */
export function readRenderedPolicies(
  rendered: Rendered,
  side: "base" | "head",
  found: FoundPolicies,
  tree: Tree,
  { policy }: Pick<PolicyInputs, "policy">,
): { rendered: RenderedPolicy[]; unasked: Unchecked[] } {
  const groups = (side === "head" ? rendered.head : rendered.base) ?? [];
  const all = renderedPolicies(groups, placesOf(rendered, side, tree));
  const silent = silentTemplates(found, all, rendered);
  if (rendered.index && policy.length === 0) return { rendered: all, unasked: silent };
  const versions = versionsOf(found, all);
  const others = versions.filter(({ sources }) => sources.length === 0);
  return {
    rendered: rendered.index
      ? versions.flatMap(({ sources, rendered: own }) => (sources.length > 0 ? own : []))
      : [],
    unasked: [...silent, ...others.map(({ rendered: [first] }) => unaskedOf(first!))],
  };
}

/** Templates of charts that no overlay renders: nobody knows what they print. */
function silentTemplates(
  { templates = [] }: FoundPolicies,
  all: readonly RenderedPolicy[],
  { index }: Rendered,
): Unchecked[] {
  const overlays = new Set(index?.overlays.map(({ path }) => path));
  const kinds = new Set(all.map(({ resource }) => resource.id.kind));
  return templates
    .filter(
      (template) => !overlays.has(template.chart || ".") && !template.kinds.some((kind) => kinds.has(kind)),
    )
    .map(({ path, kinds: named }) => {
      const message = `a chart's template${named.length > 0 ? ` with ${named.join(", ")}` : ""} that nothing here renders, so it was not asked; list the chart as an overlay in gitops.yaml, or name a file that is no template`;
      return { kind: "policy", id: path, code: "not-rendered", message };
    });
}

function unaskedOf({ path, overlay, resource }: RenderedPolicy): Unchecked {
  const where = path === overlay ? path : `${overlay} (${path})`;
  const message = `${formatIdentity(resource.id)} is rendered and was not asked; name its file, or the folder, with \`policy\``;
  return { kind: "policy", id: where, code: "not-named", message };
}

/** The file that holds an object, where the manifests are files as they are; else the one that the overlay begins with. */
function placesOf({ index }: Rendered, side: "base" | "head", tree: Tree) {
  const overlays = new Map((index?.overlays ?? []).map((each) => [each.id, each]));
  return (overlay: string, { line }: PolicyObject["resource"]): { path: string; line: number } => {
    const entry = overlays.get(overlay);
    if (!entry) return { path: overlay, line };
    const source = entry[side]?.sources?.findLast((each) => each.line <= line);
    if (source) return { path: source.path, line: line - source.line + 1 };
    const names = [...kustomizationNames, "Chart.yaml"];
    const files = names.map((name) => (entry.path === "." ? name : `${entry.path}/${name}`));
    return { path: files.find((file) => tree.get(file)) ?? entry.path, line: 1 };
  };
}

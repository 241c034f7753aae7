import { ignoreMatcher, kustomizationNames, type Overlay } from "@gitops-actions/fleet";
import { type Finding, listSome, makeFinding } from "@gitops-actions/report";
import type { Pair } from "./compare.ts";
import type { Side } from "./side.ts";

/** So many are named. */
const most = 20;

/**
 * Says of overlays that a change names in `ignore` of gitops.yaml, while their files are still there, that nothing of them
 * is checked any more. What the base ignores already is listed as skipped, and was told when that was changed.
 */
export function findIgnored({ head, base }: { head: Side; base?: Side }, pairs: readonly Pair[]): Finding[] {
  const { ignore, lines, path = "gitops.yaml" } = head.config;
  if (!base || ignore.length === 0) return [];
  const ignored = ignoreMatcher(ignore);
  const left = pairs.flatMap(({ base: before, head: after }) =>
    before && !after && ignored(before.overlay.path) && isThere(before.overlay, head) ? before.overlay : [],
  );
  const [first] = left;
  if (!first) return [];
  const ids = left.map(({ id }) => id);
  const rule = ignore.findIndex((glob) => ignoreMatcher([glob])(first.path));
  return [
    makeFinding({
      rule: "render/no-longer-checked",
      severity: "warning",
      message: `this change takes ${ids.length === 1 ? "1 overlay" : `${ids.length} overlays`} out of what is checked: ${listSome(ids, most)}`,
      help: `Once it is merged, nothing of what they deploy is rendered, validated or held against policies. See that who answers for them agrees, or take them out of ignore in ${path}.`,
      location: { path, line: lines?.ignore[rule] ?? 1, precision: "exact", via: [] },
      overlays: ids,
      discriminator: ids.join(" "),
    }),
  ];
}

/** Whether the files of an overlay of the base are still there to be deployed. */
function isThere({ path, kind, options }: Overlay, { tree }: Side): boolean {
  const inFolder = (name: string): string => (path === "." ? name : `${path}/${name}`);
  if (options.values.some((file) => !tree.get(file))) return false;
  if (kind === "helm") return tree.get(inFolder("Chart.yaml")) !== undefined;
  if (kind === "kustomize") return kustomizationNames.some((name) => tree.get(inFolder(name)));
  return tree.children(path === "." ? "" : path).some((entry) => /\.(?:ya?ml|json)$/.test(entry.path));
}

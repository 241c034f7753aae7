import { compilePattern, kustomizationNames, type Overlay } from "@gitops-actions/fleet";
import { type Finding, makeFinding } from "@gitops-actions/report";
import type { Pair } from "./compare.ts";
import type { Side } from "./side.ts";

/** So many are named one by one. */
const most = 10;

/**
 * Says of overlays that gitops.yaml lists no longer while their files are still there: they look removed, and nothing of
 * them is checked. One that an overlay which is looked at is built from is checked with it, and one that `ignore` names
 * is listed as skipped.
 */
export function findUnlisted({ head, base }: { head: Side; base?: Side }, pairs: readonly Pair[]): Finding[] {
  if (!base || !head.config.overlays) return [];
  const left = pairs.flatMap(({ base: before, head: after }) =>
    before && !after && isLeft(before.overlay, head) ? before.overlay.id : [],
  );
  if (left.length <= most) return left.map((id) => finding(head, [id], `${id} is`, "its", "it"));
  const several = finding(head, left, `${left.length} overlays are`, "their", "them");
  return [{ ...several, message: `${several.message}: ${left.join(", ")}` }];
}

/** Whether an overlay of the base could still be rendered, and no pattern names it. */
function isLeft({ path, kind, options }: Overlay, { tree, config, fleet, sightings }: Side): boolean {
  const codes = fleet.noticed.filter((each) => each.path === path).map(({ code }) => code);
  if (codes.includes("ignored")) return false;
  if (options.values.some((file) => !tree.get(file))) return false;
  if (codes.includes("not-listed")) return true;
  // What other kustomizations refer to is no overlay by itself, and nothing is noticed of it.
  if (kind !== "kustomize" || config.overlays?.some((rule) => compilePattern(rule.path).match(path)))
    return false;
  const names = kustomizationNames.map((name) => (path === "." ? name : `${path}/${name}`));
  const own = new Set(names.filter((file) => tree.get(file)));
  const isRead = [...sightings.values()].some(({ closure }) => closure.files.some((file) => own.has(file)));
  return own.size > 0 && !isRead;
}

function finding({ config }: Side, overlays: string[], what: string, whose: string, whom: string): Finding {
  const path = config.path ?? "gitops.yaml";
  const [first] = config.lines?.overlays ?? [];
  return makeFinding({
    rule: "render/no-longer-listed",
    severity: "error",
    message: `${what} no longer looked at, but ${whose} files are still there: ${path} lists overlays, and none of its patterns matches ${whom}`,
    help: `Add a pattern that matches ${whom} to overlays in ${path}, or remove ${whose} files. What nobody deploys can be named in \`ignore\`: it is then listed as skipped.`,
    location: { path, line: first ?? 1, precision: "near", via: [] },
    overlays,
    discriminator: overlays.join(" "),
  });
}

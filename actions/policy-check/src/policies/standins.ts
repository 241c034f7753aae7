import { changedPaths, type Index, type RenderedPolicy, type Tree, versionsOf } from "@gitops-actions/fleet";
import type { Rendered } from "../manifests.ts";
import type { Judges, Place } from "./policies.ts";

/** Which side's renders are the nearest to the tree whose policies count. */
export function trustedSide({ source, trusted, overlays }: Index): "base" | "head" {
  const isHead = trusted?.commit === source.head.commit || !source.base;
  return isHead || !overlays.some(({ base }) => base) ? "head" : "base";
}

/**
 * What was rendered may be of another commit than the one whose policies count: an older state of the base branch, or,
 * where nothing is compared, the head. An overlay that may be rendered otherwise there is judged by, at the base, together
 * with what the files say now, which can only be stricter; at the head, a proposal, it is not judged by at all.
 */
export async function settleRenders(
  judges: Judges,
  tip: Tree,
  { index }: Rendered,
  place: Place,
): Promise<{ judges: Judges; notes: string[] }> {
  const same = { judges, notes: [] };
  if (!index?.trusted || judges.rendered.length === 0) return same;
  const { source, trusted } = index;
  const side = trustedSide(index);
  const commit = (side === "base" ? source.base! : source.head).commit;
  if (commit === trusted.commit) return same;
  const then = side === "head" ? place.head : await place.at(source.base!.commit);
  const doubtful = doubtfulOverlays(index, changedPaths(then, tip), judges.rendered);
  if (doubtful.size === 0) return same;
  const names = [...doubtful].sort().join(", ");
  const short = trusted.commit.slice(0, 7);
  const { rendered } = judges;
  if (side === "head") {
    const message = `how the base branch (${short}) renders its policies is not known, because nothing was compared with it; they are asked as their files have them (--base, or base-ref of render-overlays)`;
    return {
      judges: {
        ...judges,
        rendered: rendered.filter(({ overlay }) => !doubtful.has(overlay)),
        unasked: [...judges.unasked, { kind: "policy", id: names, code: "not-compared", message }],
        unknown: doubtful,
      },
      notes: [],
    };
  }
  const files = versionsOf(judges.policies, rendered)
    .filter((versions) => versions.rendered.some(({ overlay }) => doubtful.has(overlay)))
    .flatMap(({ sources }) => sources.filter(({ foreign }) => !foreign))
    .map((policy): RenderedPolicy => ({ ...policy, overlay: "", cluster: "", environment: "" }));
  return {
    judges: { ...judges, rendered: [...rendered, ...files] },
    notes: [
      `policies of ${names} count as rendered at ${commit!.slice(0, 7)}, and as their files are at the base branch's tip ${short}`,
    ],
  };
}

/** Overlays with policies that a file which differs may reach: any that does not lie in another overlay's own folder. */
function doubtfulOverlays(
  { overlays }: Index,
  changed: readonly string[],
  rendered: readonly RenderedPolicy[],
): Set<string> {
  const holders = new Set(rendered.map(({ overlay }) => overlay));
  const folders = (own: boolean) =>
    overlays.filter(({ id, path }) => path !== "." && holders.has(id) === own).map(({ path }) => path);
  const isIn = (path: string, folder: string) => path.startsWith(`${folder}/`);
  const others = folders(false);
  const near = changed.filter(
    (path) =>
      /\.(?:ya?ml|json|tpl|tgz|env|properties)$/i.test(path) && !others.some((folder) => isIn(path, folder)),
  );
  const own = folders(true);
  return new Set(
    overlays
      .filter(({ id, path }) => {
        const foreign = own.filter((folder) => folder !== path && !isIn(path, folder));
        return holders.has(id) && near.some((each) => !foreign.some((folder) => isIn(each, folder)));
      })
      .map(({ id }) => id),
  );
}

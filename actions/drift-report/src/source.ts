import { repositoryName } from "@gitops-actions/fleet";
import type { Unchecked } from "@gitops-actions/report";
import { type Deliverer, nameOf } from "./delivery.ts";
import type { Desired } from "./desired.ts";
import type { Placed } from "./revision.ts";

/** Whether a deliverer takes its path from this repository, known by `ours`, names of `repositoryName`; undefined where nobody knows. */
export function isFromHere({ source }: Deliverer, ours: ReadonlySet<string>): boolean | undefined {
  return source === undefined || ours.size === 0 ? undefined : ours.has(repositoryName(source));
}

/**
 * Those that bring a path of this repository. One that takes the same path from a repository of another name counts only
 * where none is known to be ours: a cluster may read a mirror.
 */
export function deliverersOf(
  path: string,
  deliverers: readonly Deliverer[],
  ours: ReadonlySet<string>,
): Deliverer[] {
  const same = deliverers.filter((each) => each.path === path);
  return same.some((each) => isFromHere(each, ours) === true)
    ? same.filter((each) => isFromHere(each, ours) !== false)
    : same;
}

/** Says of which overlays it was taken for granted that another address is this repository. */
export function describeMirrors(placed: readonly Placed[], ours: ReadonlySet<string>): string[] {
  return placed.flatMap(({ overlay, deliverers }) =>
    deliverers
      .filter((each) => isFromHere(each, ours) === false)
      .map(
        (each) =>
          `${nameOf(each)} takes ${overlay} from a repository of another name, which is taken for a mirror of this one: ${repositoryName(each.source!)}`,
      ),
  );
}

/** What controllers bring from this repository and no overlay holds: nothing was compared with it. */
export function findUnseen(
  deliverers: readonly Deliverer[],
  { index }: Desired,
  ours: ReadonlySet<string>,
): Unchecked[] {
  const paths = new Set(index.overlays.map(({ path }) => path));
  return deliverers
    .filter((each) => !paths.has(each.path) && isFromHere(each, ours) === true)
    .map((each) => ({
      kind: "controller",
      id: nameOf(each),
      code: "no-overlay",
      message: `it brings ${each.path}, which is no overlay here: its objects were not looked at. Add the folder to overlays in gitops.yaml, or see what \`gitops render\` skips`,
    }));
}

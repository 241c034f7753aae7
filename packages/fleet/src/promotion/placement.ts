import type { ClosureContext } from "../closure/context.ts";
import type { Config } from "../config.ts";
import { discover } from "../discover.ts";
import type { Overlay } from "../overlay.ts";
import type { Tree } from "../tree.ts";

/** Whose versions a file holds. */
export interface Owner {
  environment: string;
  /** Undefined where an overlay deploys several apps: then the objects in it are the apps. */
  app?: string;
  cluster?: string;
  /** Folder of the overlay, "." for the root. */
  folder: string;
}

/** Which environment and app each file of a tree belongs to, by the overlay in whose folder it lies. */
export interface Placement {
  overlays: readonly Overlay[];
  /** Undefined for a file that several environments share, or that none has as its own. */
  ownerOf(path: string): Owner | undefined;
}

/**
 * Places the files of a tree. On a branch that holds one environment, `environment` is that one, and overlays that
 * another environment claims are no part of it.
 */
export async function placeFiles(
  tree: Tree,
  config: Config,
  context: ClosureContext,
  environment?: string,
): Promise<Placement> {
  const { overlays } = await discover(tree, config, context);
  return placementOf(overlays, config, environment);
}

/** Places files by overlays that are known already. */
export function placementOf(overlays: readonly Overlay[], config: Config, environment?: string): Placement {
  const known = new Set(config.environments.map((each) => each.name));
  const folders = new Map<string, (Owner | undefined)[]>();
  const values = new Map<string, (Owner | undefined)[]>();
  const put = (map: Map<string, (Owner | undefined)[]>, key: string, owner: Owner | undefined) => {
    const owners = map.get(key);
    if (owners) owners.push(owner);
    else map.set(key, [owner]);
  };
  for (const overlay of overlays) {
    const owner = ownerOfOverlay(overlay, known, environment);
    put(folders, overlay.path === "." ? "" : overlay.path, owner);
    for (const file of overlay.options.values) put(values, file, owner);
  }
  return {
    overlays,
    ownerOf(path) {
      const named = values.get(path);
      if (named) return onlyOwner(named);
      for (let folder = parentOf(path); ; folder = parentOf(folder)) {
        const owners = folders.get(folder);
        if (owners) return onlyOwner(owners);
        if (folder === "") return undefined;
      }
    },
  };
}

/** Whose an overlay is. `known`: the environments there are; `branch`: the one that the branch holds. Undefined: nobody's. */
export function ownerOfOverlay(
  overlay: Overlay,
  known: ReadonlySet<string>,
  branch: string | undefined,
): Owner | undefined {
  const named =
    overlay.environment !== undefined && known.has(overlay.environment) ? overlay.environment : undefined;
  const environment = named ?? branch;
  if (environment === undefined || (branch !== undefined && environment !== branch)) return undefined;
  return {
    environment,
    folder: overlay.path,
    ...(overlay.app === undefined ? {} : { app: overlay.app }),
    ...(overlay.cluster === undefined ? {} : { cluster: overlay.cluster }),
  };
}

function onlyOwner(owners: readonly (Owner | undefined)[]): Owner | undefined {
  const [first] = owners;
  const same = owners.every(
    (each) =>
      each?.environment === first?.environment &&
      each?.app === first?.app &&
      each?.cluster === first?.cluster,
  );
  return same ? first : undefined;
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

import type { Overlay } from "@gitops-actions/fleet";
import { nearestFew, UsageError } from "@gitops-actions/report";
import picomatch from "picomatch";
import type { RenderInputs } from "./inputs.ts";

/** Overlays named by the globs: of their folder, or of the kustomization file in it. `!` excludes. */
export function selectOverlays(globs: readonly string[]): (overlay: Overlay) => boolean {
  const include = globs.filter((glob) => !glob.startsWith("!")).map(clean);
  const exclude = globs.filter((glob) => glob.startsWith("!")).map((glob) => clean(glob.slice(1)));
  const included = include.length > 0 ? picomatch(include, { dot: true }) : () => true;
  const excluded = exclude.length > 0 ? picomatch(exclude, { dot: true }) : () => false;
  return (overlay) => {
    const names = namesOf(overlay);
    return names.some((name) => included(name)) && !names.some((name) => excluded(name));
  };
}

/**
 * Throws UsageError for a glob that names overlays and matches none, of all that there are on any side: a misspelt one must
 * not leave out what was meant. Where there are no overlays at all, that is told otherwise.
 */
export function requireMatches(
  { kustomization, mayMatchNothing }: RenderInputs,
  sides: readonly (readonly Overlay[])[],
): void {
  const overlays = sides.flat();
  if (mayMatchNothing || overlays.length === 0) return;
  for (const glob of kustomization) {
    if (glob.startsWith("!")) continue;
    const matches = picomatch(clean(glob), { dot: true });
    if (overlays.some((overlay) => namesOf(overlay).some((name) => matches(name)))) continue;
    const ids = [...new Set(overlays.map(({ id }) => id))];
    throw new UsageError(
      `input 'kustomization': ${glob} matches no overlay. Nearest: ${nearestFew(clean(glob), ids).join(", ")}. ` +
        `\`gitops overlays\` lists all ${ids.length}.`,
    );
  }
}

function clean(glob: string): string {
  return glob.replace(/^\.\//, "").replace(/\/+$/, "") || ".";
}

function namesOf({ id, path, kind }: Overlay): string[] {
  const files = kind === "kustomize" ? ["kustomization.yaml", "kustomization.yml", "Kustomization"] : [];
  return [path, id, ...files.map((name) => `${path}/${name}`)];
}

import picomatch from "picomatch";
import type { Config } from "../config.ts";
import type { Noticed, Overlay, OverlayKind } from "../overlay.ts";
import { createPlacer } from "./place.ts";

/** A folder that can be rendered. */
export interface Found {
  kind: OverlayKind;
  /** "" is the root. */
  folder: string;
  /** Whether it is an overlay where the configuration lists none. */
  usual: boolean;
  /** Whether a rule for charts names it: then it is one also where `overlays` lists others. */
  named?: boolean;
  /** What stands behind `@` in its id. */
  variant?: string;
  /** Holds where neither a pattern nor the layout says otherwise. */
  namespace?: string;
  /** Holds whatever patterns and the layout say. */
  own?: Partial<Overlay>;
}

/** Turns folders that were found into overlays, or into something noticed, as the configuration has it. */
export interface Collector {
  overlays: Overlay[];
  noticed: Noticed[];
  /** Everything that was offered. */
  seen: { path: string; kind: OverlayKind }[];
  ignored(path: string): boolean;
  add(found: Found): void;
}

/** An empty collector. */
export function createCollector(config: Config): Collector {
  const placer = createPlacer(config);
  const collector: Collector = {
    overlays: [],
    noticed: [],
    seen: [],
    ignored: config.ignore.length > 0 ? ignoreMatcher(config.ignore) : () => false,
    add({ kind, folder, usual, named = false, variant, namespace, own = {} }) {
      const path = folder === "" ? "." : folder;
      collector.seen.push({ path, kind });
      const rule = placer.byRule(path, kind);
      const wanted = rule !== undefined || named || (usual && !placer.listed);
      if (collector.ignored(path)) {
        if (usual) collector.noticed.push({ path, code: "ignored", message: "ignored by the configuration" });
      } else if (wanted) {
        const place = { ...(namespace ? { namespace } : {}), ...(rule ?? placer.byLayout(path)) };
        const id = variant === undefined ? path : `${path}@${variant}`;
        collector.overlays.push({
          id,
          path,
          kind,
          options: { values: [], apiVersions: [] },
          ...place,
          ...own,
        });
      } else if (usual) {
        const message = "no pattern of the configuration's `overlays` matches it";
        collector.noticed.push({ path, code: "not-listed", message });
      }
    },
  };
  return collector;
}

/** Matches a path when a glob of `ignore` matches it or a folder above it. */
export function ignoreMatcher(globs: readonly string[]): (path: string) => boolean {
  const matches = picomatch([...globs], { dot: true, noextglob: true });
  return (path) => {
    const parts = path.split("/");
    return parts.some((_, index) => {
      const prefix = parts.slice(0, index + 1).join("/");
      return matches(prefix) || matches(`${prefix}/`);
    });
  };
}

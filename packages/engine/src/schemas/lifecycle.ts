import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packFolder } from "./catalog.ts";

type KindId = { group: string; version: string; kind: string };

/** The life of one API version of a kind. Versions of Kubernetes are written `1.22`. */
export interface Lifecycle extends KindId {
  introduced?: string;
  deprecated?: string;
  /** The first version that no longer serves it, where it is removed or its removal is announced. */
  removed?: string;
  replacement?: KindId;
}

/** What one Kubernetes version makes of an API version. */
export type ApiState =
  | { state: "removed"; since: string; replacement?: KindId }
  | { state: "deprecated"; since: string; removed?: string; replacement?: KindId }
  /** A version that a cluster serves only when its administrator switches it on. */
  | { state: "off-by-default" }
  | { state: "not-yet"; introduced: string };

/** Every built-in API version that is deprecated, removed, alpha or beta. */
export function readLifecycles(folder: string = packFolder()): Lifecycle[] {
  return JSON.parse(readFileSync(join(folder, "lifecycle.json"), "utf8")) as Lifecycle[];
}

/** The state of an API version in Kubernetes `version` (`1.36` or `1.36.3`); undefined when there is nothing to say. */
export function apiState(
  id: KindId,
  version: string,
  lifecycles: readonly Lifecycle[],
): ApiState | undefined {
  const kind = lifecycles.find(
    (entry) => entry.group === id.group && entry.version === id.version && entry.kind === id.kind,
  );
  if (!kind) return undefined;
  const { introduced, deprecated, removed } = kind;
  const replacement = lasting(kind.replacement, version, lifecycles);
  const instead = replacement && { replacement };
  if (removed && isAtLeast(version, removed)) return { state: "removed", since: removed, ...instead };
  if (introduced && !isAtLeast(version, introduced)) return { state: "not-yet", introduced };
  if (deprecated && isAtLeast(version, deprecated)) {
    return { state: "deprecated", since: deprecated, ...(removed && { removed }), ...instead };
  }
  // Alpha versions always were; beta versions that came with 1.24 or later are.
  const isOff =
    /alpha/.test(id.version) ||
    (/beta/.test(id.version) && introduced !== undefined && isAtLeast(introduced, "1.24"));
  return isOff ? { state: "off-by-default" } : undefined;
}

/** The replacement, or what replaced that, when it is gone too. */
function lasting(
  replacement: KindId | undefined,
  version: string,
  lifecycles: readonly Lifecycle[],
): KindId | undefined {
  const state = replacement && apiState(replacement, version, lifecycles);
  return state?.state === "removed" ? state.replacement : replacement;
}

function isAtLeast(version: string, limit: string): boolean {
  const minor = (text: string): number => Number(/^v?1\.(\d+)/.exec(text)?.[1] ?? Number.NaN);
  return minor(version) >= minor(limit);
}

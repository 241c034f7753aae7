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
  /** `off`: a version that a cluster serves only when its administrator switches it on. */
  | { state: "deprecated"; since: string; removed?: string; replacement?: KindId; off?: true }
  | { state: "off-by-default" }
  | { state: "not-yet"; introduced: string }
  /** What is asked of another resource (`pods/eviction`): there is no such resource to apply. */
  | { state: "subresource" };

const subresources: ReadonlySet<string> = new Set([
  "authentication.k8s.io/v1/TokenRequest",
  "autoscaling/v1/Scale",
  "policy/v1/Eviction",
]);

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
  if (subresources.has(`${id.group}/${id.version}/${id.kind}`)) return { state: "subresource" };
  const kind = lifecycles.find(
    (entry) => entry.group === id.group && entry.version === id.version && entry.kind === id.kind,
  );
  if (!kind) return isNewAlpha(id, lifecycles) ? { state: "off-by-default" } : undefined;
  const { introduced, deprecated, removed } = kind;
  const replacement = lasting(kind.replacement, version, lifecycles);
  const instead = replacement && { replacement };
  if (removed && isAtLeast(version, removed)) return { state: "removed", since: removed, ...instead };
  if (introduced && !isAtLeast(version, introduced)) return { state: "not-yet", introduced };
  // Alpha versions always were; beta versions that came with 1.24 or later are.
  const isOff =
    /alpha/.test(id.version) ||
    (/beta/.test(id.version) && introduced !== undefined && isAtLeast(introduced, "1.24"));
  if (deprecated && isAtLeast(version, deprecated)) {
    const off = isOff && ({ off: true } as const);
    return { state: "deprecated", since: deprecated, ...(removed && { removed }), ...instead, ...off };
  }
  return isOff ? { state: "off-by-default" } : undefined;
}

/** Some alpha versions of Kubernetes' own groups say nothing of their life. */
function isNewAlpha({ group, version }: KindId, lifecycles: readonly Lifecycle[]): boolean {
  const isOwn = group === "internal.apiserver.k8s.io" || lifecycles.some((entry) => entry.group === group);
  return isOwn && /alpha/.test(version);
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

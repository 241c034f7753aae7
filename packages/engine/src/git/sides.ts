import { mergeBase } from "./ancestry.ts";
import type { FetchOptions } from "./remote.ts";
import type { Repository } from "./repository.ts";

export type BaseReason = "merge-parent" | "merge-base" | "merge-group" | "push-before" | "given";

/** The commits of a comparison, by full id, before anything of them is read. */
export interface Sides {
  /** Undefined before the first commit. */
  head: string | undefined;
  base?: { commit: string; how: BaseReason };
  trusted?: { commit: string };
  why: string;
}

/** `head` against where it parted from `tip`, which is trusted and which people know as `name`; undefined when it never was one. */
export async function sinceParting(
  repository: Repository,
  head: string,
  tip: string,
  name: string,
  options: FetchOptions,
): Promise<(Sides & { base: { commit: string } }) | undefined> {
  const base = await mergeBase(repository, head, tip, options);
  if (base === undefined) return undefined;
  const one =
    base.candidates > 1 ? `; ${base.candidates} merge bases are equally good, the first is taken` : "";
  return {
    head,
    base: { commit: base.commit, how: "merge-base" },
    trusted: { commit: tip },
    why: `${short(head)} is compared with ${short(base.commit)}, where it parted from ${name} (${short(tip)})${one}`,
  };
}

/** `sinceParting`, or, without common history, `head` against `tip` itself. */
export async function sinceBranch(
  repository: Repository,
  head: string,
  tip: string,
  name: string,
  options: FetchOptions,
): Promise<Sides & { base: { commit: string } }> {
  const why = `${short(head)} is compared with ${name} (${short(tip)}), with which it has no common history`;
  const apart = { head, base: { commit: tip, how: "given" as const }, trusted: { commit: tip }, why };
  return (await sinceParting(repository, head, tip, name, options)) ?? apart;
}

/** A commit id as people read it. */
export function short(commit: string): string {
  return commit.slice(0, 7);
}

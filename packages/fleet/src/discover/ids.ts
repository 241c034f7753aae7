import { compareText } from "@gitops-actions/manifest";
import type { Noticed, Overlay } from "../overlay.ts";

/** Ids that stay apart where upper and lower case do not count. */
export function withUniqueIds(overlays: Overlay[]): Overlay[] {
  const taken = new Set<string>();
  const kinds = { kustomize: 0, helm: 1, plain: 2 };
  const sorted = overlays.toSorted((a, b) => compareText(a.id, b.id) || kinds[a.kind] - kinds[b.kind]);
  const named = sorted.map((overlay) => {
    let id = overlay.id;
    if (taken.has(id.toLowerCase())) id = `${overlay.id}~${overlay.kind}`;
    for (let count = 2; taken.has(id.toLowerCase()); count++) id = `${overlay.id}~${count}`;
    taken.add(id.toLowerCase());
    return id === overlay.id ? overlay : { ...overlay, id };
  });
  return named.sort((a, b) => compareText(a.id, b.id));
}

/** Each thing once, sorted by path. */
export function uniqueNoticed(noticed: Noticed[]): Noticed[] {
  const unique = new Map(noticed.map((each) => [`${each.path}\0${each.code}\0${each.message}`, each]));
  return [...unique.entries()].sort(([a], [b]) => compareText(a, b)).map(([, each]) => each);
}

import {
  diffResources,
  formatIdentity,
  identityKey,
  type Resource,
  type ResourceChange,
} from "@gitops-actions/manifest";

/** What of a render differs each time, though nothing was changed: what random and time functions of templates make. */
export interface Unstable {
  /** JSON Pointers by resource (`identityKey`). */
  fields: ReadonlyMap<string, ReadonlySet<string>>;
  /** For people, sorted: `Secret shop/db: /data/password`. */
  named: string[];
}

/** Compares two renders of the same input with each other. */
export function findUnstable(first: readonly Resource[], second: readonly Resource[]): Unstable {
  const fields = new Map<string, Set<string>>();
  const named: string[] = [];
  for (const change of diffResources(first, second)) {
    const pointers = change.fields.map((field) => field.pointer);
    if (change.kind === "changed" && !change.previousId) {
      fields.set(identityKey(change.id), new Set(pointers));
      named.push(...pointers.map((pointer) => `${formatIdentity(change.id)}: ${pointer}`));
    } else if (change.kind !== "removed") {
      named.push(`${formatIdentity(change.id)}: its name`);
    }
  }
  return { fields, named: [...new Set(named)].sort() };
}

/** The changes without what is unstable. A name that is made up each time stays: nothing tells which resource it was. */
export function withoutUnstable(changes: readonly ResourceChange[], { fields }: Unstable): ResourceChange[] {
  return changes.flatMap((change) => {
    const pointers = fields.get(identityKey(change.id));
    if (!pointers || change.kind !== "changed") return [change];
    const kept = change.fields.filter(({ pointer }) => !isWithin(pointer, pointers));
    return kept.length > 0 ? [{ ...change, fields: kept }] : [];
  });
}

function isWithin(pointer: string, pointers: ReadonlySet<string>): boolean {
  for (let at = pointer; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) if (pointers.has(at)) return true;
  return false;
}

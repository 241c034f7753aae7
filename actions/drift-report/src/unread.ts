import { count, listSome, type Unchecked } from "@gitops-actions/report";

/** Something of a cluster that was not read: an object of an overlay, or a kind. */
export interface UnreadItem {
  item: Unchecked;
  /** What the cluster is called. */
  cluster: string;
  overlay?: string;
}

/** Reasons that are the cluster's and not those of what was asked for. */
const reasons = new Set([
  "unreachable",
  "certificate",
  "unauthorised",
  "timeout",
  "incomplete",
  "throttled",
  "server-error",
]);
/** So many overlays are named. */
const most = 10;

/** What was not read, in its order; of a cluster that gives one answer to everything that is said once, with the count. */
export function gatherUnread(items: readonly UnreadItem[]): Unchecked[] {
  const groups = Map.groupBy(items, ({ cluster, item }) =>
    [cluster, item.code, item.message, reasons.has(item.code) ? "" : `${item.kind} ${item.id}`].join("\0"),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first || group.length === 1 || !reasons.has(first.item.code)) return group.map(({ item }) => item);
    const { code, message } = first.item;
    const what = describe(group);
    return [{ kind: "cluster", id: first.cluster, code, message: `${message}; not read: ${what}` }];
  });
}

function describe(group: readonly UnreadItem[]): string {
  const overlays = [...new Set(group.flatMap(({ overlay }) => overlay ?? []))].sort();
  const objects = group.filter(({ overlay }) => overlay !== undefined).length;
  const kinds = group.length - objects;
  return [
    ...(objects > 0 ? [`${count(objects, "object")} of ${listSome(overlays, most)}`] : []),
    ...(kinds > 0 ? [`${count(kinds, "kind")} of other objects`] : []),
  ].join(", and ");
}

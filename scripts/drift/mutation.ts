import { isObject, type Json, type JsonObject, valueAt } from "@gitops-actions/manifest";

// Its own reading of which live field is which of Git's: what it judges must not be asked.

/** Pointers into the live object of the texts, numbers and switches that Git sets, with what Git says. */
export function gitSetLeaves(desired: Json, live: Json | undefined, at = ""): string[] {
  if (Array.isArray(desired) && Array.isArray(live)) {
    return desired.flatMap((item, index) => {
      const partner = partnerOf(item, desired, live, index);
      return partner === undefined ? [] : gitSetLeaves(item, live[partner], `${at}/${partner}`);
    });
  }
  if (isObject(desired) && isObject(live)) {
    return Object.keys(desired).flatMap((name) => {
      const pointer = `${at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      // What a controller gathers it soon undoes: nobody's change of it lasts.
      const isGathered = pointer === "/rules" && isObject(desired.aggregationRule);
      return isServers(pointer) || isGathered ? [] : gitSetLeaves(desired[name]!, live[name], pointer);
    });
  }
  return typeof desired === "object" || typeof live === "object" || live === undefined ? [] : [at];
}

/** Identity is not compared but matched, and status and the like are the server's. */
function isServers(pointer: string): boolean {
  return /^\/(?:apiVersion|kind|status|stringData)$|^\/metadata\/(?:name|namespace|creationTimestamp|generation|resourceVersion|uid)$/.test(
    pointer,
  );
}

function partnerOf(
  item: Json,
  desired: readonly Json[],
  live: readonly Json[],
  index: number,
): number | undefined {
  if (!isObject(item)) return desired.length === live.length ? index : undefined;
  for (const keys of [["name"], ["mountPath"], ["containerPort", "protocol"], ["port", "protocol"]]) {
    if (item[keys[0]!] === undefined) continue;
    const same = live.findIndex(
      (each) => isObject(each) && keys.every((key) => (each[key] ?? "TCP") === (item[key] ?? "TCP")),
    );
    if (
      same >= 0 &&
      desired.filter(
        (each) => isObject(each) && keys.every((key) => (each[key] ?? "TCP") === (item[key] ?? "TCP")),
      ).length === 1
    )
      return same;
  }
  return desired.length === live.length ? index : undefined;
}

/** A copy of a live object with one value made another, or taken away. */
export function mutateAt(
  live: JsonObject,
  pointer: string,
  random: () => number,
): { value: JsonObject; what: string } {
  const value = structuredClone(live);
  const cut = pointer.lastIndexOf("/");
  const parent = valueAt(value, pointer.slice(0, cut)) as JsonObject;
  const name = pointer
    .slice(cut + 1)
    .replaceAll("~1", "/")
    .replaceAll("~0", "~");
  const before = parent[name];
  if (random() < 0.25 && !Array.isArray(parent) && before !== "" && before !== 0 && before !== false) {
    delete parent[name];
    return { value, what: "removed" };
  }
  parent[name] = other(before);
  return { value, what: "changed" };
}

function other(before: Json | undefined): Json {
  if (typeof before === "boolean") return !before;
  if (typeof before === "number" || typeof before === "bigint") return Number(before) + 1;
  // A quantity stays one, and means something else.
  return /^[0-9.]+(?:m|[KMGT]i?)?$/.test(String(before)) ? `1${before}` : `${before}x`;
}

/** Numbers between 0 and 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

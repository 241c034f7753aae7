// Blind mutations: they know YAML, and nothing of Kubernetes or its schemas.
import type { Json, JsonObject } from "@gitops-actions/manifest";

export interface Mutation {
  /** What was done, for people. */
  what: string;
  value: JsonObject;
}

type Path = (string | number)[];
type Random = () => number;

/** A small seeded generator (mulberry32): the same seed gives the same documents everywhere. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const strangers: Json[] = [
  ...["", "a", "A_B", "with space", "-x", "x".repeat(300), "é", "true", "12", "1.5", "null", "1Gi", "10%"],
  ...[0, 1, -1, 1.5, 70000, 2147483648, 9007199254740992, true, false, null],
  ...[[], {}, [null], ["a"], [1], [{}], { a: "b" }, { a: 1 }, { a: null }],
];

/** One random change somewhere below the top level of a manifest. */
export function mutate(manifest: JsonObject, others: readonly JsonObject[], random: Random): Mutation {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const value = structuredClone(manifest);
  const path = pick(pathsOf(value).filter((each) => !["apiVersion", "kind"].includes(String(each[0]))));
  const parent = at(value, path.slice(0, -1)) as Record<string | number, Json>;
  const key = path.at(-1)!;
  const place = `/${path.join("/")}`;
  const set = (what: string, next: Json): Mutation => {
    parent[key] = next;
    return { what: `${what} ${place}`, value };
  };
  const old = parent[key] as Json;
  switch (Math.floor(random() * 9)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
      return { what: `removed ${place}`, value };
    case 1: {
      if (typeof key === "number") return set("duplicated", [old, old]);
      const renamed = pick([
        `${key}s`,
        key.slice(0, -1) || "x",
        key[0]!.toUpperCase() + key.slice(1),
        key.toLowerCase(),
        `${key}x`,
      ]);
      if (renamed === key) return set("emptied", null);
      delete parent[key];
      parent[renamed] = old;
      return { what: `renamed ${place} to ${renamed}`, value };
    }
    case 2:
      if (isMap(old)) {
        old[pick(["extra", "name", "Name", "spec", "value", "items"])] = pick(strangers);
        return { what: `added a field to ${place}`, value };
      }
      return set("wrapped", [old]);
    case 3:
      if (typeof old === "string")
        return set(
          "retyped",
          pick([
            Number(old) || 5,
            old.length > 3,
            [old],
            old.toUpperCase(),
            `${old} `,
            `${old}x`,
            old.slice(1),
          ]),
        );
      if (typeof old === "number")
        return set("retyped", pick([String(old), old + 0.5, -old - 1, old * 1e9, true]));
      if (typeof old === "boolean") return set("retyped", pick([String(old), Number(old), "yes"]));
      return set("retyped", Array.isArray(old) ? { ...(old as unknown as JsonObject) } : [old]);
    case 4:
      return set("emptied", pick([null, null, "", [], {}, 0]));
    case 5:
      if (Array.isArray(old) && old.length > 0)
        return set("repeated an item of", [...old, structuredClone(old[0]!)]);
      return set("replaced", pick(strangers));
    case 6: {
      const other = pick(others);
      return set("transplanted", structuredClone(at(other, pick(pathsOf(other)))));
    }
    default:
      return set("replaced", pick(strangers));
  }
}

/** Paths of everything in a document, without the document itself. */
function pathsOf(value: Json, path: Path = []): Path[] {
  if (value === null || typeof value !== "object") return [];
  const entries: [string | number, Json][] = Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : Object.entries(value);
  return entries.flatMap(([key, item]) => [[...path, key], ...pathsOf(item, [...path, key])]);
}

function at(value: Json, path: Path): Json {
  return path.reduce<Json>((inner, key) => (inner as Record<string | number, Json>)[key]!, value);
}

function isMap(value: Json): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

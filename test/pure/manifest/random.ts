import type { Json, JsonObject } from "@gitops-actions/manifest";
import fc from "fast-check";

const name = fc.constantFrom("app", "web", "side", "a", "b", "x-y", "a.b/c", "0", "__proto__", "we ird[1]");

/** Any JSON value, small, with lists whose items often have names, as manifests have. */
export const anyJson: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<Json>(null, true, 0, 1, "1", "a", "b", "", 9007199254740993n, "x\ny\n", {}, []),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.array(fc.record({ name, value: tie("value") }, { requiredKeys: ["name"] }), { maxLength: 5 }),
    fc.uniqueArray(fc.record({ mountPath: name, v: fc.constantFrom(1, 2) }), {
      selector: (m) => m.mountPath,
      maxLength: 5,
    }),
    anyObject(tie("value")),
  ),
})).value;

function anyObject(value: fc.Arbitrary<Json>): fc.Arbitrary<JsonObject> {
  const key = fc.oneof(name, fc.constantFrom("containers", "env", "volumeMounts", "args"));
  return fc
    .array(fc.tuple(key, value), { maxLength: 5 })
    .map((entries) => Object.fromEntries(entries) as JsonObject);
}

/** A value and another that differs from it here and there. */
export const anyPair: fc.Arbitrary<[Json, Json]> = fc
  .tuple(
    anyJson,
    fc.array(fc.tuple(fc.nat(), fc.constantFrom("drop", "swap", "set", "add"), anyJson), { maxLength: 4 }),
  )
  .map(([base, edits]) => [
    base,
    edits.reduce<Json>((value, [at, how, other]) => mutate(value, at, how, other), base),
  ]);

function mutate(value: Json, at: number, how: string, other: Json): Json {
  if (Array.isArray(value)) {
    const index = value.length === 0 ? 0 : at % value.length;
    if (how === "drop") return value.toSpliced(index, 1);
    if (how === "add") return value.toSpliced(index, 0, other);
    if (how === "swap") return value.toSpliced(index, 1).concat(value.slice(index, index + 1));
    return value.length === 0 ? value : value.with(index, mutate(value[index] as Json, at >> 3, how, other));
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0 || how === "add") return Object.fromEntries([...entries, ["added", other]]);
    const index = at % entries.length;
    if (how === "drop") return Object.fromEntries(entries.toSpliced(index, 1));
    const [key, child] = entries[index] as [string, Json];
    return Object.fromEntries(entries.with(index, [key, mutate(child, at >> 3, how, other)]));
  }
  return how === "set" ? other : value;
}

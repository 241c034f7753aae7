import { toPointer } from "@gitops-actions/fleet";
import { splitPointer, valueAt } from "@gitops-actions/manifest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const value = {
  metadata: { name: "web", labels: { "app.kubernetes.io/name": "web", "a~b": "x" } },
  spec: { containers: [{ name: "app", args: ["a", "b"] }, { name: "side-car" }], ports: [{ port: 80 }] },
};

describe("a field as people write it", () => {
  test.each([
    ["spec.containers[name=side-car].name", "/spec/containers/1/name"],
    ["spec.containers[0].args[1]", "/spec/containers/0/args/1"],
    ["spec.ports[port=80].port", "/spec/ports/0/port"],
    ['metadata.labels["app.kubernetes.io/name"]', "/metadata/labels/app.kubernetes.io~1name"],
    ["metadata.labels['a~b']", "/metadata/labels/a~0b"],
    ["/metadata/labels/app.kubernetes.io~1name", "/metadata/labels/app.kubernetes.io~1name"],
    ["spec.replicas", "/spec/replicas"],
    ["", ""],
  ])("%s", (field, pointer) => {
    expect(toPointer(value, field)).toBe(pointer);
  });

  test.each([
    ["spec.container[name=app]", /no container in \/spec; did you mean `containers`/],
    ["spec.containers[name=ap].image", /no item has name=ap; did you mean `app`.*app, side-car/],
    ["spec..x", /cannot be read/],
    ["spec.containers[name=app", /cannot be read/],
    ["/spec/containers/7/name", /no 7 in \/spec\/containers/],
    ["metadata.name.first", /no first in \/metadata\/name/],
  ])("%s is refused", (field, message) => {
    expect(() => toPointer(value, field)).toThrow(message);
  });

  test("every pointer of a value is a field of it", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (json) => {
        for (const pointer of pointersOf(json, "")) expect(toPointer(json as never, pointer)).toBe(pointer);
      }),
    );
  });
});

function pointersOf(json: unknown, base: string): string[] {
  if (typeof json !== "object" || json === null) return [base];
  return Object.entries(json).flatMap(([key, child]) =>
    pointersOf(child, `${base}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`),
  );
}

test("a pointer and its tokens agree", () => {
  expect(splitPointer(toPointer(value, "spec.containers[name=app].args[0]"))).toEqual([
    "spec",
    "containers",
    "0",
    "args",
    "0",
  ]);
  expect(valueAt(value, toPointer(value, "spec.containers[name=app].args[0]"))).toBe("a");
});

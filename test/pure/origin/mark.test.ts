import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMarks, type Leaf } from "../../../packages/fleet/src/origin/mark.ts";
import { fileText } from "../../../packages/fleet/src/origin/text.ts";

const salt = "0a1b2c3d4e5f";
const images = new Set(["busybox", "mirror.example.com/busybox", "nginx", "registry:5000/a/b"]);
const text = fileText("a.yaml", "a.yaml", "a: b\n");
const leafOf = (value: Leaf["value"]): Leaf => ({ text, line: 1, column: 4, precision: "exact", value });

const values = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("nginx", "registry:5000/a/b", "nginx:1.2", "", "a b", "0", "true"),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt(),
);

describe("marks", () => {
  test("are taken off again, and say which value it was", () => {
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 20 }), (list) => {
        const marks = createMarks(salt, images);
        const leaves = list.map(leafOf);
        const marked = leaves.map((leaf) => marks.replace(leaf));
        for (const [index, value] of marked.entries()) {
          const read = marks.read(value);
          expect(read.value).toEqual(list[index]);
          expect(read.leaves).toEqual([leaves[index]]);
        }
      }),
    );
  });

  test("whole numbers stay whole numbers", () => {
    fc.assert(
      fc.property(fc.integer(), (value) => Number.isSafeInteger(createMarks(salt).replace(leafOf(value)))),
    );
  });

  test("several in one text are told apart, in order", () => {
    const marks = createMarks(salt);
    const [host, port] = [leafOf("db"), leafOf(5432)];
    const read = marks.read(`${marks.replace(host)}:${marks.replace(port)}/x`);
    expect(read.value).toBe("db:5432/x");
    expect(read.leaves).toEqual([host, port]);
    expect(marks.read(`${marks.replace(leafOf("v1"))}-suffix`).value).toBe("v1-suffix");
  });

  test("an image whose name was replaced owes nothing to the one it had", () => {
    const marks = createMarks(salt, images);
    const [old, now] = [leafOf("busybox"), leafOf("mirror.example.com/busybox")];
    const tag = String(marks.replace(old)).slice("busybox".length);
    const read = marks.read(`${marks.replace(now)}${tag}`);
    expect(read).toEqual({ value: "mirror.example.com/busybox", leaves: [now] });
  });

  test("what no mark is in stays as it is", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(createMarks(salt).read(value)).toEqual({ value, leaves: [] });
      }),
    );
  });

  test("those of another render are no marks of this one", () => {
    const other = createMarks("ffffffffffff");
    const marked = other.replace(leafOf("x"));
    expect(createMarks(salt).read(marked)).toEqual({ value: marked, leaves: [] });
  });
});

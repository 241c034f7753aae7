import { applyEdits, editsOf, rawOf, readVersions, type Version } from "@gitops-actions/fleet";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const path = "kustomization.yaml";
const digest = `sha256:${"1".repeat(64)}`;
const other = `sha256:${"2".repeat(64)}`;

function move(text: string, version: Version, index = 0) {
  const slot = readVersions(path, text).slots[index]!;
  const { edits, missing, stale } = editsOf(slot, version);
  return { text: applyEdits(text, edits), missing, stale };
}

describe("an edit", () => {
  test("changes the bytes of the value and nothing else", () => {
    const text = "# head\r\nimages:\r\n- {name: web, newTag: '1.0'} # keep me\r\n\r\n";
    expect(move(text, { tag: "1.1" }).text).toBe(text.replace("1.0", "1.1"));
  });
  test("moves tag and digest together, and says which has no place", () => {
    const both = `images:\n  - name: web\n    newTag: "1"\n    digest: ${digest}\n`;
    expect(move(both, { tag: "2", digest: other })).toEqual({
      text: both.replace('"1"', '"2"').replace(digest, other),
      missing: [],
      stale: [],
    });
    expect(move(both, { tag: "2" }).stale).toEqual(["digest"]);
    expect(move("images:\n  - name: web\n    newTag: a1\n", { tag: "a2", digest }).missing).toEqual([
      "digest",
    ]);
  });
  test("writes an image of one text whole", () => {
    expect(move("image: web:1\n", { name: "web", tag: "2", digest }).text).toBe(`image: web:2@${digest}\n`);
  });
  test("leaves what stands around a ref of a remote base", () => {
    const text = "resources:\n  - github.com/org/repo//deploy?ref=v1&timeout=9s # why\n";
    expect(move(text, { version: "v2" }).text).toBe(text.replace("v1", "v2"));
  });
  test("leaves a number a number, unless it would then be read as another", () => {
    const text = "image: {repository: web, tag: 5}\n";
    expect(move(text, { name: "web", tag: "6" }).text).toBe(text.replace("5", "6"));
    expect(move(text, { name: "web", tag: "1.10" }).text).toBe(text.replace("5", '"1.10"'));
    expect(move(text, { name: "web", tag: "12345678901234567890" }).text).toContain('"12345678901234567890"');
  });
  test("of an anchor's value changes what repeats it too, and only that", () => {
    const text = "a:\n  image: {repository: web, tag: &tag v1}\nb:\n  image: {repository: job, tag: *tag}\n";
    expect(move(text, { name: "web", tag: "v2" }).text).toBe(text.replace("&tag v1", '&tag "v2"'));
  });
});

describe("there and back", () => {
  const scalar = fc.constantFrom(
    "1.10",
    '"1.10"',
    "'1.10'",
    "v1",
    "1e3",
    "0x1f",
    "!!str 7",
    '"\\u0031"',
    ">-\n      v1",
    "|\n      v1",
  );
  const form = fc.constantFrom("\n", "\r\n");
  test("is byte for byte the same file, however the value is written", () => {
    fc.assert(
      fc.property(
        scalar,
        form,
        fc.constantFrom("2.0", "v2", "1.20", "true", "a: b"),
        (written, lineEnd, tag) => {
          const text =
            `images:\n  - name: web\n    newTag: ${written}\n    # behind\n  - name: b\n    newTag: x\n`.replaceAll(
              "\n",
              lineEnd,
            );
          const slot = readVersions(path, text).slots[0]!;
          const there = applyEdits(text, editsOf(slot, { tag }).edits);
          const now = readVersions(path, there).slots[0]!;
          expect(now.version.tag).toBe(tag);
          expect(applyEdits(there, editsOf(now, slot.version, rawOf(slot)).edits)).toBe(text);
        },
      ),
    );
  });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  fieldsOf,
  itemsOf,
  readDocuments,
  readPlainDocuments,
  readThoroughly,
  textOf,
} from "../../../packages/fleet/src/document.ts";
import { readQuickly } from "../../../packages/fleet/src/quick.ts";

/** What the quick reader reads must be what the parser says, or nothing. */
function compare(text: string): boolean {
  const quick = readQuickly(text);
  if (quick === undefined) return false;
  expect({ text, documents: [{ root: quick }] }).toEqual({ text, documents: readThoroughly(text) });
  return true;
}

test("an ordinary kustomization is read quickly", () => {
  const text = `# comment
---
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization

namespace: shop # where
resources:
- ../../base
- "quoted.yaml"
# between
-   spaced.yaml   # why
patches:
  - path: replicas.yaml
    target:
      kind: Deployment
  - target: {}
    patch: |-
      - op: replace
        path: /spec

        value: "x"
  - patch: |
      a: b
    target:
configMapGenerator:
- name: settings
  files:
  - key=a.txt
  literals: []
images:
- name: example/web
  newTag: "1.0"
replicas: ~
`;
  expect(compare(text)).toBe(true);
  const fields = fieldsOf(readDocuments(text)[0]?.root);
  expect(fields.map(({ key, line }) => [key, line])).toEqual([
    ["apiVersion", 3],
    ["kind", 4],
    ["namespace", 6],
    ["resources", 7],
    ["patches", 12],
    ["configMapGenerator", 25],
    ["images", 30],
    ["replicas", 33],
  ]);
  expect(itemsOf(fields[3]?.value).map((item) => [textOf(item), item?.line])).toEqual([
    ["../../base", 8],
    ["quoted.yaml", 9],
    ["spaced.yaml", 11],
  ]);
});

// Pieces that lie near the edge of what the quick reader understands.
const indent = fc.constantFrom("", "", "", " ", "  ", "  ", "    ", "   ");
const start = fc.constantFrom(
  "key:",
  "a: b",
  "a: b",
  "- x",
  "- x",
  "-",
  "- a: b",
  "- a:",
  "- - x",
  "a:  |",
  "a: |-",
  "- |",
  "a: >",
  "a: |+",
  "a: |2",
  "# c",
  "",
  "---",
  "...",
  "%YAML 1.2",
  "a: 'it''s'",
  "a: 'x'",
  'a: "x"',
  'a: "x\\n"',
  'a: "x" y',
  "a: []",
  "a: {}",
  "a: [b, c]",
  "a: {b: c}",
  "? x",
  "a: &x b",
  "a: *x",
  "*x",
  "a: !t b",
  "a: b # c",
  "a: b#c",
  "a: #c",
  "a : b",
  "a:b",
  "a: b: c",
  "a: b:",
  "a: -",
  "a: - b",
  "a: -b",
  "a: ?",
  "a: ~",
  "a: null",
  "null: x",
  "~: x",
  "<<: x",
  "1: x",
  "true: x",
  "a: 0x1F",
  "a: 1.50",
  "a: yes",
  '"q": x',
  "text",
  "a: ,",
  "a: `",
  "a: @",
  "a: %",
  "a: https://x/y?z",
  "a: x ",
  "a:   x",
  "a: 'x' # c",
  "a: 'x'# c",
  "a: ''",
  "x.y/z-w: v",
  "a: \tb",
  "a: {{ x }}",
  "a: x{{ y }}",
  "-a",
  "-  b",
  "- # c",
  "a: |  # c",
  "a: é",
  "a: ",
);
const line = fc.tuple(indent, start).map(([space, text]) => space + text);

test("what it reads is what the parser says", () => {
  let read = 0;
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
      if (compare(lines.join("\n"))) read++;
    }),
    { numRuns: 8000 },
  );
  expect(read).toBeGreaterThan(200);
});

test("so it is for texts of well-formed pieces, which it nearly always reads", () => {
  const scalar = fc.constantFrom(
    "x",
    "../base",
    "'q'",
    '"q"',
    "1",
    "a b",
    "x#y",
    "~",
    "http://x",
    "[]",
    "{}",
  );
  const node = fc.letrec<{ value: string[]; map: string[]; list: string[] }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      scalar.map((text) => [` ${text}`]),
      fc.constant<string[]>(["", "# nothing"]),
      fc
        .array(fc.constantFrom("text", "  more", "", "# not a comment"), { minLength: 1, maxLength: 3 })
        .map((lines) => [" |-", "  first", ...lines.map((each) => `  ${each}`.trimEnd())]),
      tie("map").map((lines) => ["", ...lines.map((each) => `  ${each}`)]),
      tie("list").map((lines) => ["", ...lines]),
      tie("list").map((lines) => [" # comment", ...lines.map((each) => `  ${each}`)]),
    ),
    map: fc
      .array(fc.tuple(fc.constantFrom("a", "b", "path", "Kind"), tie("value")), {
        minLength: 1,
        maxLength: 3,
      })
      .map((pairs) => pairs.flatMap(([key, [first = "", ...rest]]) => [`${key}:${first}`, ...rest])),
    list: fc
      .array(
        fc.oneof(
          scalar.map((text) => [text]),
          tie("map"),
        ),
        { minLength: 1, maxLength: 3 },
      )
      .map((items) =>
        items.flatMap(([first = "", ...rest]) => [`- ${first}`, ...rest.map((each) => `  ${each}`)]),
      ),
  }));
  let read = 0;
  fc.assert(
    fc.property(node.map, (lines) => {
      if (compare(`${lines.join("\n")}\n`)) read++;
    }),
    { numRuns: 1500 },
  );
  expect(read).toBeGreaterThan(1200);
});

test("aliases, merges and duplicate keys", () => {
  const [document] = readDocuments(
    "a: &x {p: 1, q: 2}\nb: *x\nc: {<<: *x, q: 3}\nd: {<<: [*x, {r: 4}]}\na: again\n",
  );
  const [a, b, c, d, again] = fieldsOf(document?.root);
  expect(b?.value).toBe(a?.value);
  const plain = (field: typeof a) => fieldsOf(field?.value).map(({ key, value }) => [key, textOf(value)]);
  expect(plain(c)).toEqual([
    ["q", "3"],
    ["p", "1"],
    ["q", "2"],
  ]);
  expect(plain(d)).toEqual([
    ["p", "1"],
    ["q", "2"],
    ["r", "4"],
  ]);
  expect(textOf(again?.value)).toBe("again");
});

test("what cannot be read is an error, never an exception", () => {
  const deep = Array.from({ length: 1000 }, (_, index) => `${" ".repeat(index)}a:`).join("\n");
  expect(() => readThoroughly(deep)).not.toThrow();
  expect(() => readThoroughly(`a: ${"[".repeat(100_000)}${"]".repeat(100_000)}`)).not.toThrow();
  expect(readDocuments(`a: ${"x".repeat(600_000)}`)[0]?.error?.message).toBe("is larger than 512 KiB");
});

test("hostile texts cost no more than long ones", () => {
  const before = performance.now();
  readDocuments(`a: b${" ".repeat(300_000)}c`);
  readDocuments(Array.from({ length: 40_000 }, (_, index) => `k${index}: v`).join("\n"));
  readPlainDocuments(Array.from({ length: 20_000 }, (_, index) => `k${index}: v`).join("\n"));
  const bomb = ["a0: &a0 {x: 1, y: 2}"];
  for (let index = 1; index < 40; index++)
    bomb.push(`a${index}: &a${index} {<<: [*a${index - 1}, *a${index - 1}]}`);
  readDocuments(bomb.join("\n"));
  readDocuments("a: &a [*a]\nb: &b {<<: *b}\n");
  expect(performance.now() - before).toBeLessThan(10_000);
});

test("a bomb of aliases is read in no time", () => {
  const lines = ["a0: &a0 [x, x]"];
  for (let index = 1; index < 60; index++)
    lines.push(`a${index}: &a${index} [*a${index - 1}, *a${index - 1}]`);
  const before = performance.now();
  readDocuments(lines.join("\n"));
  expect(performance.now() - before).toBeLessThan(2000);
});

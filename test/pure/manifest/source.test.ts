import { type Json, joinPointer, parseSource, valueAt } from "@gitops-actions/manifest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, stringify } from "yaml";
import { anyJson } from "./random.ts";

const text = `# first
a: &anchor
  b: 1   # one
  c:
d: *anchor
e:
  <<: *anchor
  f: [1, {g: "x y"}, ]
  h: |
    block

  i: >-  # folded
    folded
  "quoted key": 'it''s'
l:
- plain over
  two lines
-
- - nested
---
second: true
`;

describe("where a field stands", () => {
  const source = parseSource(text, "f.yaml");
  const at = (pointer: string, document = 0) => {
    const found = source.locate(document, pointer);
    return (
      found && [found.line, found.column, text.slice(...found.range), found.key?.line, found.alias?.line]
    );
  };

  test.each([
    ["/a/b", [3, 6, "1", 3, undefined]],
    ["/a/c", [4, 5, "", 4, undefined]],
    ["/d/b", [3, 6, "1", 3, 5]],
    ["/e/b", [3, 6, "1", 3, 7]],
    ["/e/f", [8, 6, '[1, {g: "x y"}, ]', 8, undefined]],
    ["/e/f/0", [8, 7, "1", undefined, undefined]],
    ["/e/f/1", [8, 10, '{g: "x y"}', undefined, undefined]],
    ["/e/f/1/g", [8, 14, '"x y"', 8, undefined]],
    ["/e/h", [9, 6, "|\n    block\n\n", 9, undefined]],
    ["/e/i", [12, 6, ">-  # folded\n    folded\n", 12, undefined]],
    ["/e/quoted key", [14, 17, "'it''s'", 14, undefined]],
    ["/l/0", [16, 3, "plain over\n  two lines", undefined, undefined]],
    ["/l/1", [18, 2, "", undefined, undefined]],
    ["/l/2/0", [19, 5, "nested", undefined, undefined]],
  ])("%s", (pointer, expected) => {
    expect(at(pointer)).toEqual(expected);
  });

  test("other documents, and fields that are not there", () => {
    expect(at("/second", 1)).toEqual([21, 9, "true", 21, undefined]);
    for (const pointer of ["/x", "/a/b/c", "/l/9", "/l/-", "/l/00", "/e/<<"])
      expect(at(pointer)).toBeUndefined();
    expect(source.locate(2, "")).toBeUndefined();
    expect(source.documents.map((d) => d.line)).toEqual([1, 21]);
  });

  test("a value inside an anchor that is itself an alias", () => {
    const twice = parseSource("a: &x 1\nb: &y {c: *x}\nd: *y\n");
    const found = twice.locate(0, "/d/c");
    expect([found?.line, found?.alias?.line]).toEqual([1, 2]);
  });

  test("problems carry the name that was given", () => {
    expect(parseSource("a: 1\na: 2\n", "x.yaml").problems).toMatchObject([
      { source: "x.yaml", line: 2, column: 1, code: "duplicate-key" },
    ]);
  });
});

test("property: positions agree with those of the yaml package, for every field", () => {
  const layouts = fc.record({
    collectionStyle: fc.constantFrom("any" as const, "flow" as const),
    defaultStringType: fc.constantFrom(
      "PLAIN" as const,
      "QUOTE_SINGLE" as const,
      "QUOTE_DOUBLE" as const,
      "BLOCK_LITERAL" as const,
    ),
    indent: fc.constantFrom(2, 4),
    indentSeq: fc.boolean(),
  });
  fc.assert(
    fc.property(anyJson, layouts, fc.constantFrom("\n", "\r\n"), (value, layout, end) => {
      const own =
        `# head\n---\n${stringify(value, { ...layout, defaultKeyType: "QUOTE_DOUBLE", aliasDuplicateObjects: false })}`.replaceAll(
          "\n",
          end,
        );
      const lines = new LineCounter();
      const [document] = parseAllDocuments(own, { lineCounter: lines, uniqueKeys: false, intAsBigInt: true });
      const source = parseSource(own);
      expect(source.problems).toEqual([]);
      const visit = (node: Node | null, tokens: (string | number)[]): void => {
        if (!node?.range || isAlias(node)) return;
        const found = source.locate(0, joinPointer(tokens));
        if (isScalar(node) && node.source !== "") {
          expect(found?.range[0]).toBe(node.range[0]);
          expect(found?.range[1]).toBe(node.range[1]);
          const { line, col } = lines.linePos(node.range[0]);
          if (end === "\n") expect([found?.line, found?.column]).toEqual([line, col]);
        } else if (isMap(node)) {
          for (const pair of node.items)
            visit(pair.value as Node | null, [...tokens, String((pair.key as { value: unknown }).value)]);
        } else if (isSeq(node))
          for (const [i, item] of node.items.entries()) visit(item as Node, [...tokens, i]);
      };
      if (document && "contents" in document) visit(document.contents as Node | null, []);
    }),
    { numRuns: 1_000 },
  );
});

test("property: every field of a value is found, and its text reads as its value", () => {
  fc.assert(
    fc.property(anyJson, (value) => {
      const own = stringify(value, {
        defaultStringType: "QUOTE_DOUBLE",
        defaultKeyType: "QUOTE_DOUBLE",
        aliasDuplicateObjects: false,
      });
      const source = parseSource(own);
      const visit = (item: Json, tokens: (string | number)[]): void => {
        const found = source.locate(0, joinPointer(tokens));
        expect(found).toBeDefined();
        expect(valueAt(source.documents[0]?.value, joinPointer(tokens))).toEqual(item);
        if (Array.isArray(item)) for (const [i, child] of item.entries()) visit(child, [...tokens, i]);
        else if (typeof item === "object" && item !== null)
          for (const [k, child] of Object.entries(item)) visit(child, [...tokens, k]);
        else expect(parseSource(own.slice(...(found?.range ?? [0, 0]))).documents[0]?.value).toEqual(item);
      };
      visit(value, []);
    }),
    { numRuns: 500 },
  );
});

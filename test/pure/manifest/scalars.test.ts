import { equalJson, type Json, parseManifests, parseSource, writeJson } from "@gitops-actions/manifest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMap, parseDocument, stringify } from "yaml";
import recordedJson from "./recorded/sigs-yaml-1.6.0.json" with { type: "json" };

const recorded = recordedJson as { text: string; json?: string; error?: string }[];

const read = (text: string) => {
  const { documents, problems } = parseSource(text);
  if (problems.length > 0) throw new Error(problems[0]?.message);
  return documents[0]?.value;
};

// Recorded from sigs.k8s.io/yaml v1.6.0 (YAMLToJSON), what kubectl and Helm read with.
describe("values are read as sigs.k8s.io/yaml reads them", () => {
  test.each([
    ["yes", true],
    ["Off", false],
    ["y", true],
    ["N", false],
    ["yES", "yES"],
    ["~", null],
    ["Null", null],
    ["0777", 511],
    ["0o17", 15],
    ["08", 8],
    ["0x1F", 31],
    ["0b101", 5],
    ["-0x10", -16],
    ["1_000", 1000],
    ["1_0.5", 10.5],
    ["+5", 5],
    ["1e3", 1000],
    ["1.0", 1],
    [".5", 0.5],
    ["+.5", 0.5],
    ["1.", 1],
    [".", "."],
    ["1e999", "1e999"],
    ["12:30:45", "12:30:45"],
    ["1.2.3", "1.2.3"],
    ["2001-12-14", "2001-12-14"],
    ["2001-12-14T21:59:43Z", "2001-12-14T21:59:43Z"],
    ["=", "="],
    ["9007199254740993", 9007199254740993n],
    ["-9223372036854775808", -9223372036854775808n],
    ["18446744073709551615", 18446744073709551615n],
    ['"yes"', "yes"],
    ["'0777'", "0777"],
    ["!!str 0777", "0777"],
    ['!!int "7"', 7],
    ["!!float 7", 7],
    ["!custom 7", "7"],
    ["! 7", "7"],
  ])("%s", (text, value) => {
    expect(read(`- ${text}\n`)).toEqual([value]);
  });

  test("keys become texts", () => {
    expect(read("1: a\n0777: b\nyes: c\n1.5: d\n'null': e\n")).toEqual({
      1: "a",
      511: "b",
      true: "c",
      1.5: "d",
      null: "e",
    });
  });

  test("merge keys: the later of field and merge wins, of a list the earlier source", () => {
    const text =
      "a: &a {x: 1, v: 1}\nb: &b {v: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\nd: {x: 4, <<: *a}\ne: {'<<': 5}\n";
    expect(read(text)).toMatchObject({ c: { x: 3, v: 1, z: 2 }, d: { x: 1, v: 1 }, e: { "<<": 5 } });
    const source = parseSource(text);
    expect(["/c/x", "/c/v", "/c/z", "/d/x"].map((pointer) => source.locate(0, pointer)?.line)).toEqual([
      5, 1, 2, 1,
    ]);
    expect(() => read("<<: 5\n")).toThrow("merge key");
  });

  test("brackets and quotes may end where their key begins, as in Go", () => {
    const text = 'a: [\n  1, # c\n]\nb:\n  c: {\n"d": [\n2\n]\n}\n  e: "x\n\ny"\nf:\n- {\n}\ng: z\ng: z\n';
    const source = parseSource(text);
    expect(source.documents[0]?.value).toEqual({ a: [1], b: { c: { d: [2] }, e: "x\ny" }, f: [{}], g: "z" });
    const at = (pointer: string) => text.slice(...(source.locate(0, pointer)?.range ?? [0, 0]));
    expect(["/a", "/b/c/d", "/b/c/d/0", "/b/e", "/f/0", "/g"].map(at)).toEqual([
      "[\n  1, # c\n]",
      "[\n2\n]",
      "2",
      '"x\n\ny"',
      "{\n}",
      "z",
    ]);
    expect(source.problems).toMatchObject([
      { code: "duplicate-key", line: 17, message: 'duplicate key "g" (first on line 16)' },
    ]);
    expect(parseSource("a: [\n1\nb: 2\n").problems).toMatchObject([{ code: "syntax" }]);
  });

  test("a block that ends with the file has the line break that is there", () => {
    expect(read("a: |\n  x")).toEqual({ a: "x" });
    expect(read("a: |\n  x\n")).toEqual({ a: "x\n" });
    expect(read("a: >\n  x\n  y")).toEqual({ a: "x y" });
  });

  test("a field called __proto__ is a field", () => {
    const value = read("__proto__: {a: 1}\nconstructor: 2\n") as object;
    expect(Object.keys(value)).toEqual(["__proto__", "constructor"]);
    expect(({} as { a?: number }).a).toBeUndefined();
  });
});

describe("recorded: what sigs.k8s.io/yaml 1.6.0 (YAMLToJSON) makes of odd texts", () => {
  /** Where we differ on purpose. */
  const other: Record<string, string> = {
    "a: b\n\n\t\nc: d\n": "a line of white space only is no error",
    'a: "\\x41\\u00e9\\U0001F600\\/\\e\\N"\n': "YAML 1.2 knows the escape \\/",
    "a: +.inf\n": "JSON has no infinity, we need none",
    "&a a: 1\n*a : 2\n": "a duplicate key is a problem",
    "true: a\nyes: b\n": "a duplicate key is a problem",
    '1: a\n"1": b\n': "a duplicate key is a problem",
  };
  test.each(recorded.map((one) => [JSON.stringify(one.text), one] as const))(
    "%s",
    (_, { text, json: theirs }) => {
      const { documents, problems } = parseSource(text);
      const value = documents[0]?.value ?? null;
      const agrees =
        theirs === undefined
          ? problems.length > 0
          : problems.length === 0 && equalJson(JSON.parse(theirs), JSON.parse(writeJson(value)));
      expect(agrees).toBe(!Object.hasOwn(other, text));
    },
  );
});

/** Values that every YAML reader agrees on: what the yaml package writes for them leaves no room for 1.1 or 1.2. */
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.integer(),
    // Whole numbers past 2^53 are read as bigint, which is tested below.
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map((n) => (Object.is(n, -0) || /^-?\d{16,}$/.test(String(n)) ? 0 : n)),
    fc.string(),
    fc.constantFrom(
      "",
      " ",
      "a: b",
      "- a",
      "# c",
      "yes",
      "0777",
      "1_000",
      "1e3",
      "---",
      "x\n---\ny\n",
      "\ttab",
      "a\r\nb",
      "null",
      "~",
      "é\u{1F600}",
      "|",
      "'",
      '"',
    ),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("yes", "1", "0777", "a b")), tie("value"), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
})).value;

test("what yaml writes, we read: every value comes back", () => {
  fc.assert(
    fc.property(json, fc.constantFrom("QUOTE_DOUBLE", "QUOTE_SINGLE", "PLAIN"), (value, style) => {
      const text = stringify(value, {
        version: "1.1",
        defaultStringType: style as "QUOTE_DOUBLE",
        defaultKeyType: "QUOTE_DOUBLE",
        aliasDuplicateObjects: false,
      });
      expect(read(text) ?? null).toEqual(value);
    }),
    { numRuns: 1_000 },
  );
});

test("block scalars come back line by line", () => {
  const line = fc.stringMatching(/^[ -~]{0,12}$/);
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 6 }),
      fc.constantFrom("BLOCK_LITERAL", "BLOCK_FOLDED"),
      (lines, style) => {
        const text = `first\n${lines.join("\n")}\nlast\n`;
        expect(
          read(
            stringify(
              { data: { text } },
              { defaultStringType: style as "BLOCK_LITERAL", defaultKeyType: "PLAIN", lineWidth: 0 },
            ),
          ),
        ).toEqual({
          data: { text },
        });
      },
    ),
  );
});

test("JSON is read as JSON", () => {
  fc.assert(
    fc.property(json, fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent).replace(
        /[\x7f-\x9f\ufffe\uffff]/g,
        (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
      );
      expect(read(text) ?? null).toEqual(value);
    }),
    { numRuns: 500 },
  );
});

test("the yaml package and we agree on which random texts are mappings, and on their keys", () => {
  const line = fc.constantFrom(
    "a: 1",
    "b:",
    "  c: 2",
    "  - d",
    "- e",
    "f: |",
    "  text",
    "g: 'x",
    "  y'",
    "# c",
    "",
    "h: {i: 1}",
    "j: [k, l]",
    "m: &n o",
    "p: *n",
    "? q",
    ": r",
    '"s": "t"',
    "u: v # w",
    "\tx: 1",
    "y: z: 1",
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 7 }), (lines) => {
      const text = `${lines.join("\n")}\n`;
      const theirs = parseDocument(text, { uniqueKeys: false, strict: true });
      const ours = parseSource(text);
      const bad = ours.problems.some((p) => p.code !== "duplicate-key");
      if (theirs.errors.length > 0 || bad || !isMap(theirs.contents)) return;
      expect(Object.keys(ours.documents[0]?.value as object).sort()).toEqual(
        [...new Set(Object.keys(theirs.toJS()))].map((k) => (k === "y" ? "true" : k)).sort(),
      );
    }),
    { numRuns: 1_000 },
  );
});

test("big numbers keep their digits from text to value", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (number) => {
      const [resource] = parseManifests(
        `apiVersion: v1\nkind: A\nmetadata: {name: a}\nsize: ${number}\n`,
        "",
      ).resources;
      expect(String(resource?.value.size)).toBe(String(number));
    }),
  );
});

test("JavaScript's own writer, where it is used, writes what ours writes", () => {
  const unsorted = fc.tuple(fc.jsonValue(), fc.constantFrom(0, 1, 2));
  fc.assert(
    fc.property(unsorted, ([value, indent]) => {
      // A big integer is what only ours can write.
      const [own, native] = [10n, 10].map((last) => writeJson([value as Json, last], indent, false));
      expect(native).toBe(own);
    }),
  );
  expect(writeJson([Number.NaN, Number.POSITIVE_INFINITY], 0, false)).toBe("[.nan,.inf]");
});

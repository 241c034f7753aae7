import {
  EditError,
  type Json,
  joinPointer,
  parseSource,
  replaceValue,
  type Scalar,
  valueAt,
} from "@gitops-actions/manifest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { anyJson } from "./random.ts";

const refusal = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return error instanceof EditError ? error.code : error;
  }
  return "no error";
};

describe("one value is replaced", () => {
  test.each<[string, string, Scalar, string]>([
    ["plain text", "a: 1.2.0 # c\r\nb: x", "1.3.0", "a: 1.3.0 # c\r\nb: x"],
    ["single quotes stay", "a: '1.2.0'\n", "it's", "a: 'it''s'\n"],
    ["double quotes stay", 'a: "1.2.0"', "1.3.0", 'a: "1.3.0"'],
    ["a number", "a:  2   # two\n", 3, "a:  3   # two\n"],
    ["a text that looks like a number gets quotes", "a: v1\n", "1.10", 'a: "1.10"\n'],
    ["a text that looks like a switch gets quotes", "a: v1\n", "no", 'a: "no"\n'],
    ["a text with a comment sign gets quotes", "a: v1\n", "x #y", 'a: "x #y"\n'],
    ["a quoted text becomes a number", "a: '1'\n", 2, "a: 2\n"],
    ["nothing becomes something", "a:\nb: 1\n", "x", "a: x\nb: 1\n"],
    ["nothing with a comment", "a: # c\nb: 1\n", 5, "a: 5 # c\nb: 1\n"],
    ["a block", "a: |\n  one\n  two\nb: 1\n", "three\n\nfour\n", "a: |\n  three\n\n  four\nb: 1\n"],
    [
      "a block with CRLF and comment",
      "a: |- # c\r\n    one\r\nb: 1\r\n",
      "two\nthree",
      "a: |- # c\r\n    two\r\n    three\r\nb: 1\r\n",
    ],
    ["a block becomes one line", "a: >\n  one\nb: 1\n", "two", 'a: "two"\nb: 1\n'],
    ["an anchor stays", "a: &x v1\nb: 1\n", "v2", "a: &x v2\nb: 1\n"],
    ["in braces", "x: {a: v1, b: 2}\n", "p,q", 'x: {a: "p,q", b: 2}\n'],
  ])("%s", (_, before, value, after) => {
    const pointer = before.startsWith("x") ? "/x/a" : "/a";
    expect(replaceValue(before, pointer, value)).toBe(after);
  });

  test("in another document, and in a list", () => {
    const text = "a: 1\n---\n# two\n- x\n- {b: old} # c\n---\na: 1\n";
    expect(replaceValue(text, "/1/b", "new", 1)).toBe("a: 1\n---\n# two\n- x\n- {b: new} # c\n---\na: 1\n");
  });

  test("the same value again changes no byte", () => {
    for (const text of ["a: 0x10\n", 'a: "\\x41"\n', "a: yes\n"]) {
      const { documents } = parseSource(text);
      expect(replaceValue(text, "/a", valueAt(documents[0]?.value, "/a") as Scalar)).toBe(text);
    }
  });

  test("what would change more is refused", () => {
    expect(refusal(() => replaceValue("a: &x 1\nb: *x\n", "/a", 2))).toBe("changes-more");
    expect(refusal(() => replaceValue("a: &x 1\nb: *x\n", "/b", 2))).toBe("changes-more");
    expect(refusal(() => replaceValue("a: !!str 1\n", "/a", 2))).toBe("changes-more");
    expect(refusal(() => replaceValue("a: 1\n", "/b", 2))).toBe("no-field");
    expect(refusal(() => replaceValue("a: {b: 1}\n", "/a", 2))).toBe("not-a-scalar");
    expect(refusal(() => replaceValue("a: [1\n", "/a", 2))).toBe("unreadable");
    expect(refusal(() => replaceValue("a: 1\n", "/a", 2, 1))).toBe("no-document");
  });
});

/** Every scalar of a value with its pointer. */
function scalars(value: Json, tokens: (string | number)[] = []): string[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => scalars(item, [...tokens, i]));
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([k, v]) => scalars(v, [...tokens, k]));
  return [joinPointer(tokens)];
}

const scalar = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }).filter((s) => s.isWellFormed()),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom<Scalar>(
    null,
    "1.10",
    "yes",
    "a\nb",
    "a\n\n",
    "- a",
    "a: b",
    "---",
    "\n---\n",
    " x ",
    "x #y",
    "'",
    '"',
    "0777",
    "«x»",
    "<<",
  ),
);
const layouts = fc.record({
  collectionStyle: fc.constantFrom("any" as const, "flow" as const),
  defaultStringType: fc.constantFrom(
    "PLAIN" as const,
    "QUOTE_SINGLE" as const,
    "QUOTE_DOUBLE" as const,
    "BLOCK_LITERAL" as const,
  ),
});

test("property: the field has the new value, every byte around it is the old one", () => {
  fc.assert(
    fc.property(
      anyJson,
      layouts,
      scalar,
      fc.nat(),
      fc.constantFrom("\n", "\r\n"),
      (value, layout, wanted, at, end) => {
        const text =
          `# c\n---\n${stringify(value, { ...layout, defaultKeyType: "QUOTE_DOUBLE", aliasDuplicateObjects: false })}# end\n---\nother: 1\n`.replaceAll(
            "\n",
            end,
          );
        const pointers = scalars(value);
        const pointer = pointers[at % pointers.length];
        if (pointer === undefined) return;
        const range = parseSource(text).locate(0, pointer)?.range ?? [0, 0];
        const edited = replaceValue(text, pointer, wanted);
        expect(edited.startsWith(text.slice(0, range[0]))).toBe(true);
        expect(edited.endsWith(text.slice(range[1]))).toBe(true);
        expect(valueAt(parseSource(edited).documents[0]?.value, pointer)).toEqual(wanted);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("property: there and back again is the same file", () => {
  const version = fc.stringMatching(/^v[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{1,2}(-[a-z]+)?$/);
  const quote = fc.constantFrom(
    (s: string) => s,
    (s: string) => `'${s}'`,
    (s: string) => `"${s}"`,
    (s: string) => `|-\n    ${s}`,
  );
  fc.assert(
    fc.property(
      version,
      version,
      quote,
      fc.constantFrom("\n", "\r\n"),
      fc.constantFrom("", "  # note"),
      (from, to, quoted, end, comment) => {
        const line = quoted(from);
        const text =
          `a: &x 1\nimages:\n- name: x\n  newTag: ${line}${line.startsWith("|") ? "" : comment}\nz: *x`.replaceAll(
            "\n",
            end,
          );
        const there = replaceValue(text, "/images/0/newTag", to);
        expect(there).toBe(text.replace(from, to));
        expect(replaceValue(there, "/images/0/newTag", from)).toBe(text);
      },
    ),
  );
});

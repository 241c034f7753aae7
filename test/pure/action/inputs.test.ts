import {
  readBoolean,
  readChoice,
  readInput,
  readInteger,
  readList,
  readRef,
  readRequired,
  readString,
} from "@gitops-actions/action";
import { UsageError } from "@gitops-actions/report";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const host = (inputs: Record<string, string> = {}) => ({
  env: Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
  ),
});

/** The message of the UsageError that a reader throws. */
function complaint(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}

describe("an input", () => {
  test("is found by the name the runner gives it, dashes kept, and trimmed", () => {
    expect(readInput(host({ "fail-on-severity": "  error \n" }), "fail-on-severity")).toBe("error");
    expect(readInput({ env: { INPUT_TWO_WORDS: "x" } }, "two words")).toBe("x");
  });

  test("that is empty or blank is not set", () => {
    expect(readString(host({ a: " " }), "a", "default")).toBe("default");
    expect(readBoolean(host(), "a", true)).toBe(true);
    expect(readInteger(host({ a: "" }), "a", { default: 7, min: 0, max: 9, unit: "seconds" })).toBe(7);
    expect(readChoice(host(), "a", ["x", "y"], "y")).toBe("y");
    expect(readList(host(), "a")).toEqual([]);
    expect(complaint(() => readRequired(host(), "policy"))).toBe(
      "input 'policy' is required and is not set. Set it under 'with:' of the step.",
    );
  });
});

describe("a single line", () => {
  test.each(["a\nb", "a\rb", "a\0b", "\u001b[31m"])("refuses %j, and shows it harmlessly", (value) => {
    const message = complaint(() => readString(host({ name: value }), "name"));
    expect(message).toMatch(/^input 'name' is '.*'; expected a single line of text\.$/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none must be left
    expect(message).not.toMatch(/[\x00-\x1f]/);
  });

  test("does not repeat a value without end", () => {
    expect(complaint(() => readBoolean(host({ a: "x".repeat(100_000) }), "a", true)).length).toBeLessThan(
      300,
    );
  });
});

describe("a list", () => {
  test("has an item a line, whatever ends the lines", () => {
    expect(readList(host({ a: " x\r\n\n y z\n\t\nw" }), "a")).toEqual(["x", "y z", "w"]);
  });

  test("refuses control characters", () => {
    expect(complaint(() => readList(host({ a: "x\n\0" }), "a"))).toContain("one item a line");
  });
});

describe("a switch", () => {
  test("is true or false", () => {
    expect(readBoolean(host({ a: "true" }), "a", false)).toBe(true);
    expect(readBoolean(host({ a: "false" }), "a", true)).toBe(false);
  });

  test.each(["yes", "True", "TRUE", "1", "on", "tru"])("is never %j", (value) => {
    expect(complaint(() => readBoolean(host({ fetch: value }), "fetch", true))).toBe(
      `input 'fetch' is '${value}'; expected true or false.`,
    );
  });
});

describe("a number", () => {
  const options = { default: 60, min: 1, max: 3600, unit: "seconds", suffixes: { s: 1, m: 60, h: 3600 } };
  test.each([
    ["90", 90],
    ["90s", 90],
    ["5 m", 300],
    ["1h", 3600],
  ])("reads %j", (text, number) => {
    expect(readInteger(host({ limit: text }), "limit", options)).toBe(number);
  });

  test.each([
    "0",
    "3601",
    "2h",
    "-5",
    "1.5",
    "1e3",
    "0x10",
    "five",
    "5d",
    "5toString",
    "9".repeat(400),
    "١",
    "5 constructor",
  ])("refuses %j", (text) => {
    expect(complaint(() => readInteger(host({ limit: text }), "limit", options))).toContain(
      "expected a whole number of seconds between 1 and 3600 (or with a suffix: s, m, h).",
    );
  });

  test("has no suffix where none is named", () => {
    expect(
      complaint(() => readInteger(host({ a: "5m" }), "a", { default: 1, min: 0, max: 9, unit: "MiB" })),
    ).toBe("input 'a' is '5m'; expected a whole number of MiB between 0 and 9.");
  });
});

describe("a choice", () => {
  test("is one of the words, and a near miss gets a suggestion", () => {
    expect(readChoice(host({ a: "new" }), "a", ["new", "all"], "all")).toBe("new");
    expect(complaint(() => readChoice(host({ a: "warnign" }), "a", ["error", "warning"], "error"))).toBe(
      "input 'a' is 'warnign'; expected one of error, warning. Did you mean warning?",
    );
    expect(
      complaint(() => readChoice(host({ a: "constructor" }), "a", ["error", "warning"], "error")),
    ).not.toContain("mean");
  });
});

describe("a ref", () => {
  test.each(["main", "refs/heads/feature/x", "v1.2.3", "0".repeat(40), "team's-branch", "größe", "a@b"])(
    "may be %j",
    (ref) => {
      expect(readRef(host({ ref }), "ref")).toBe(ref);
    },
  );

  test.each([
    "-x",
    "--upload-pack=evil",
    "a..b",
    "a b",
    "a\nb",
    "a~1",
    "a^",
    "a:b",
    "a?",
    "a*",
    "a[",
    "a\\b",
    "a@{1}",
    "/a",
    "a/",
    "a//b",
    "a.",
    "a.lock",
    "\u007f",
  ])("may not be %j", (ref) => {
    expect(complaint(() => readRef(host({ ref }), "ref"))).toContain("expected a branch, tag or commit");
  });

  test("never is an option, a range or several words, whatever it holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        let ref: string;
        try {
          ref = readRef(host({ ref: value }), "ref");
        } catch {
          return;
        }
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none must be left
        expect(ref).not.toMatch(/^-|\.\.|[\x00-\x20\x7f]/);
      }),
    );
  });
});

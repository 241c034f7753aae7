import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { divide, isPrintedAs } from "../../../packages/fleet/src/origin/printed.ts";

describe("what was printed of a value", () => {
  test.each([
    ["blue", "blue", true],
    ["blue", "green", false],
    [true, "true", true],
    [80, "80", true],
    [80, 80, true],
    ["hunter2", "aHVudGVyMg==", true],
    ["", "", true],
    [null, "", false],
    ["{{ .Release.Name }}-extra", "r-extra", true],
    ["{{ .Release.Name }}-extra", "r-other", false],
    ["x/{{`{{name}}`}}", "x/{{name}}", true],
    ["a {{ .b }} c {{ .d }}", "a x c y c z", true],
  ])("%j as %j: %j", (value, printed, answer) => {
    expect(isPrintedAs(value, printed)).toBe(answer);
  });
});

describe("a text that was put together", () => {
  test.each([
    [[undefined, ":", undefined], "registry:5000/web:1.0", ["registry:5000/web", "1.0"]],
    [["--port=", undefined], "--port=80", ["80"]],
    [[undefined, "-web"], "r-web", ["r"]],
    [[undefined, "-web"], "web", undefined],
    [["a"], "ab", undefined],
    [[undefined, undefined], "ab", undefined],
    [[undefined, "aa"], "a", undefined],
  ])("%j of %j", (pattern, text, parts) => {
    expect(divide(pattern as (string | undefined)[], text)).toEqual(parts);
  });

  test("its parts and what is fixed give the text again", () => {
    const pattern = fc.array(fc.option(fc.stringMatching(/^[ab-]{0,3}$/), { nil: undefined }), {
      maxLength: 7,
    });
    fc.assert(
      fc.property(pattern, fc.stringMatching(/^[ab-]{0,20}$/), (parts, text) => {
        const found = divide(parts, text);
        if (!found) return;
        let next = 0;
        expect(parts.map((part) => part ?? found[next++]).join("")).toBe(text);
        expect(next).toBe(found.length);
      }),
    );
  });

  test("takes no time over a text made to take it", () => {
    const pattern = Array.from({ length: 40 }, (_, index) => (index % 2 ? "a" : undefined));
    expect(divide([...pattern, "b"], "a".repeat(100_000))).toBeUndefined();
  });
});

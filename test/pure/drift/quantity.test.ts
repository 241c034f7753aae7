import { equalQuantity } from "@gitops-actions/drift-report";
import fc from "fast-check";
import { expect, test } from "vitest";

test.each([
  ["1", "1000m"],
  ["0.5", "500m"],
  ["1Gi", "1024Mi"],
  ["1e3", "1k"],
  ["1.5Gi", "1536Mi"],
  ["+1", "1"],
  ["-500m", "-0.5"],
  [".5", "0.5"],
  ["1E", "1000P"],
  ["0.0000000001", "1n"],
  ["12E2", "1200"],
])("%s is %s", (a, b) => expect(equalQuantity(a, b)).toBe(true));

test.each([
  ["1", "1001m"],
  ["1G", "1Gi"],
  ["1M", "1m"],
  ["", ""],
  ["one", "one"],
])("%s is not %s", (a, b) => expect(equalQuantity(a, b)).toBe(false));

test("scaling by a suffix is multiplying", () => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(["k", 3], ["M", 6], ["G", 9]), (amount, [suffix, zeros]) => {
      expect(equalQuantity(`${amount}${suffix}`, `${amount}${"0".repeat(zeros as number)}`)).toBe(true);
    }),
  );
});

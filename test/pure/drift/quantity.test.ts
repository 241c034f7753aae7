import {
  equalQuantity,
  formatGoDuration,
  isStoredDuration,
  parseGoDuration,
} from "@gitops-actions/drift-report";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

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

describe("durations, as Go stores them", () => {
  test.each([
    ["60m", "1h0m0s"],
    ["90s", "1m30s"],
    ["1.5h", "1h30m0s"],
    ["2160h", "2160h0m0s"],
    ["1500ms", "1.5s"],
    ["0", "0s"],
    ["-1h", "-1h0m0s"],
    ["100us", "100µs"],
  ])("%s is %s", (written, stored) => {
    expect(isStoredDuration(written, stored)).toBe(true);
    expect(isStoredDuration(stored, stored)).toBe(true);
  });

  test.each([
    ["60m", "60m0s"],
    ["60m", "1h0m1s"],
    ["1h", "1h"],
    ["60", "1m0s"],
    ["", "0s"],
    ["1d", "24h0m0s"],
    ["an hour", "1h0m0s"],
  ])("%s is not %s", (written, stored) => {
    expect(isStoredDuration(written, stored) && written !== stored).toBe(false);
  });

  test("writing and reading a duration gives the same", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }), (amount) => {
        expect(parseGoDuration(formatGoDuration(amount))).toBe(amount);
      }),
    );
  });
});

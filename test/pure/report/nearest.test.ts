import { nearest } from "@gitops-actions/report";
import { expect, test } from "vitest";

test("takes the nearest word, whatever its case", () => {
  expect(nearest("Error", ["errors", "error"])).toBe("error");
  expect(nearest("stagign", ["dev", "staging", "prod"])).toBe("staging");
});

test("suggests nothing far away, and does not labour over long words", () => {
  expect(nearest("zebra", ["error", "warning"])).toBeUndefined();
  expect(nearest("x".repeat(1_000_000), ["error"])).toBeUndefined();
  expect(nearest("dev", [])).toBeUndefined();
});

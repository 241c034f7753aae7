import { join } from "node:path";
import { expect, test } from "vitest";
import { readFixtures } from "../../../scripts/schemas/judge/corpora.ts";
import { injected, judge } from "../../../scripts/schemas/judge/judge.ts";

const fixtures = readFixtures(join(import.meta.dirname, "kubeconform-fixtures"));

// Plain kubeconform is the judge: the test starts it itself, one document a file, and reads its output itself.
test("every document of kubeconform's fixtures, and mutations of them, get kubeconform's verdict", async () => {
  const samples = [...fixtures, ...injected(fixtures, 1)];
  const differences = await judge(samples);
  expect(differences).toHaveLength(samples.length);
  expect(samples.length).toBeGreaterThan(90);
  expect(differences.filter(({ verdict }) => verdict !== "same")).toEqual([]);
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./source.ts";

test("promote/action.yml is actions/promote-env/action.yml under a shorter path", () => {
  const read = (path: string) => readFileSync(join(root, path), "utf8");
  const own = read("actions/promote-env/action.yml");
  expect(read("promote/action.yml")).toBe(own.replace("../../dist/", "../dist/"));
});

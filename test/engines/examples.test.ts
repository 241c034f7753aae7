import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../contract/source.ts";
import { findTool } from "../setup/tools.ts";

const policies = join(root, "examples/fleet/policies");

describe("the policies of the example fleet pass their own tests", () => {
  test.each([
    ["conftest", ["verify", "--policy", "."], ".", /3 tests, 3 passed/],
    ["kyverno", ["test", "."], "kyverno", /2 tests passed and 0 tests failed/],
    ["gator", ["verify", "."], "gatekeeper", /PASS/],
  ] as const)("%s", async (name, args, folder, passed) => {
    const cwd = join(policies, folder);
    expect(execFileSync(await findTool(name), args, { cwd, encoding: "utf8" })).toMatch(passed);
  });
});

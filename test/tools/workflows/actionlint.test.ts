import { execFileSync } from "node:child_process";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findTool } from "../../setup/tools.ts";

const root = join(import.meta.dirname, "../../..");

test("actionlint finds nothing in our workflows and in those of the examples", async () => {
  const files = await Array.fromAsync(glob("{.,examples/**}/.github/workflows/*.yml", { cwd: root }));
  expect(files.length).toBeGreaterThan(2);
  const args = ["-no-color", "-oneline", ...files.sort()];
  // Whether shellcheck and pyflakes are installed must not decide the result.
  const options = [...["-shellcheck", ""], ...["-pyflakes", ""]];
  expect(run(await findTool("actionlint"), [...options, ...args])).toBe("");
});

function run(program: string, args: string[]): string {
  try {
    return execFileSync(program, args, { cwd: root, encoding: "utf8" });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

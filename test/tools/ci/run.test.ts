// .ci/run with an npm that only sleeps: what it does when a stage fails, hangs, or comes too late.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { root } from "../../contract/source.ts";

/** Runs a copy of .ci/run, its limits in seconds, in a clean repository; `npm` is a shell script that sees its arguments. */
function ci(npm: string, lastStart: number, lastEnd: number): { status: number | null; said: string } {
  const folder = mkdtempSync(join(tmpdir(), "ci-run-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const script = readFileSync(join(root, ".ci/run"), "utf8");
  const limited = script
    .replace(/^last_start=.*$/m, `last_start=${lastStart}`)
    .replace(/^last_long_start=.*$/m, `last_long_start=${lastStart}`)
    .replace(/^last_end=.*$/m, `last_end=${lastEnd}`);
  expect(limited.match(/^last_(start|long_start|end)=\d+$/gm)).toHaveLength(3);
  for (const [path, text] of [
    [".ci/run", limited],
    ["bin/npm", `#!/bin/bash\n${npm}\n`],
  ] as const) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
    chmodSync(join(folder, path), 0o755);
  }
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], { cwd: folder });
  git("init", "-q");
  git("add", "-A");
  git("commit", "-q", "-m", "first");
  const env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env.PATH}` };
  const { status, stdout, stderr } = spawnSync(join(folder, ".ci/run"), { env, encoding: "utf8" });
  return { status, said: stdout + stderr };
}

test("every stage runs, with its duration, and passes", () => {
  const { status, said } = ci("exit 0", 60, 90);
  expect(said).toMatch(/^ {3}npm run test:cluster: passed, 0 min \d\d s$/m);
  expect(said.match(/: passed, /g)).toHaveLength(10);
  expect({ status, said }).toMatchObject({ status: 0 });
});

test("a stage that fails does not keep the others from running", () => {
  const { status, said } = ci('[ "$*" != "run check" ]', 60, 90);
  expect(status).toBe(1);
  expect(said).toContain("npm run check: failed");
  expect(said).toContain("npm run test:cluster: passed");
});

test("a stage that would begin too late is named with the reason, and is no failure", () => {
  const { status, said } = ci('[ "$*" != "run test:engines" ] || sleep 2', 1, 60);
  expect(said).toMatch(/npm run test:cluster: NOT RUN, because 0 min \d\d s had passed and CI allows 90/);
  expect(status).toBe(0);
});

test("a stage that hangs is stopped before CI would stop everything", () => {
  const { status, said } = ci('[ "$*" != "run test:cluster" ] || sleep 60', 60, 4);
  expect(said).toContain("npm run test:cluster: stopped, because CI allows 90 minutes");
  expect(status).toBe(1);
});

test("what was generated and not committed fails", () => {
  const { status, said } = ci('[ "$*" != "run check" ] || echo new > generated.txt', 60, 90);
  expect(said).toContain("generated.txt");
  expect(said).toContain("everything generated is committed: failed");
  expect(status).toBe(1);
});

// A gitops.yaml that is wrong on the base branch: the pull request that mends it must get through, and allow itself nothing.
import { userCacheDir } from "@gitops-actions/engine";
import { defaults, run } from "@gitops-actions/render-overlays";
import { expect, test } from "vitest";
import { scratch } from "../git/scratch.ts";
import { fleet, gitops } from "../promotion/world.ts";

async function render(base: string, head: string) {
  const space = scratch();
  const folder = space.repository("fleet", { ...fleet(), "gitops.yaml": base });
  space.git(folder, "checkout", "-q", "-b", "change");
  space.write(folder, { "gitops.yaml": head });
  space.commit(folder, {});
  const cacheDir = userCacheDir(process.env);
  const host = { ...space.machine, cacheDir, cwd: folder, now: () => new Date(0), isTerminal: false };
  return await run(
    { ...defaults, baseRef: "main", fetch: false },
    { host, progress: () => {}, signal: new AbortController().signal, secretKey: new Uint8Array(32) },
  );
}

test("a change that mends gitops.yaml is compared, and told that it allows itself nothing", async () => {
  const { report, index } = await render(`${gitops}nonsense: 1\n`, gitops);
  expect(report.notes.join("\n")).toMatch(
    /gitops\.yaml of the base branch .* is wrong, so it allows nothing.*nonsense/,
  );
  expect(index.overlays.length).toBeGreaterThan(0);
  expect(index.overlays.every(({ change }) => change === "unchanged")).toBe(true);
  expect(report.findings).toEqual([]);
});

test("one that breaks it is refused with the line", async () => {
  await expect(render(gitops, `${gitops}nonsense: 1\n`)).rejects.toThrow(/gitops\.yaml:\d+: .*nonsense/);
});

test("a pattern that matches nothing is an error: what it meant is not looked at", async () => {
  const wrong = gitops.replace(/overlays: .*/, 'overlays: ["apps/{app}/overlays/{environment}", "infra/*"]');
  const { report } = await render(gitops, wrong);
  expect(report.findings).toMatchObject([{ rule: "fleet/unmatched-pattern", severity: "error" }]);
});

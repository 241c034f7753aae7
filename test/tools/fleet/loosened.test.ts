// A pull request that opens gates of promotion wider changes nothing that is rendered: it must be said all the same.
import { userCacheDir } from "@gitops-actions/engine";
import { defaults, run } from "@gitops-actions/render-overlays";
import { expect, test } from "vitest";
import { scratch } from "../git/scratch.ts";
import { fleet, gitops } from "../promotion/world.ts";

const gated = gitops.replace(
  '    "*": {times: committed}\n',
  `    prod:
      soak: 24h
      checks: [argocd/web, smoke]
      windows: [{cron: "0 9 * * 1-5", lasts: 8h}]
      freezes: [{from: 2026-12-20, until: 2026-12-31, reason: quiet}]
      approval: {team: org/sre}
`,
);

/** What a pull request is told that changes gitops.yaml so. */
async function told(after: string | undefined, before = gated) {
  const space = scratch();
  const folder = space.repository("fleet", fleet(before));
  space.git(folder, "checkout", "-q", "-b", "change");
  if (after === undefined) space.git(folder, "rm", "-q", "gitops.yaml");
  else space.write(folder, { "gitops.yaml": after });
  space.commit(folder, {});
  const cacheDir = userCacheDir(process.env);
  const host = { ...space.machine, cacheDir, cwd: folder, now: () => new Date(0), isTerminal: false };
  const { report } = await run(
    { ...defaults, baseRef: "main", fetch: false },
    { host, progress: () => {}, signal: new AbortController().signal, secretKey: new Uint8Array(32) },
  );
  return report.findings
    .filter(({ rule }) => rule === "promotion/loosened-gate")
    .map(({ severity, message, location }) => [
      severity,
      message.replace(/^this change loosens a gate of /, ""),
      location?.line,
    ]);
}

test.each([
  ["a soak that is gone", "      soak: 24h\n", "", "soak was 1d, and is none", 10],
  ["a shorter soak", "24h", "1m", "soak was 1d, and is 1m", 11],
  [
    "approval that is gone",
    "      approval: {team: org/sre}\n",
    "",
    "approval was {team: org/sre}, and is none",
    10,
  ],
  ["another team", "org/sre", "org/all", "approval was {team: org/sre}, and is {team: org/all}", 15],
  ["a check less", ", smoke", "", "checks was [argocd/web, smoke], and is [argocd/web]", 12],
  [
    "windows that are gone",
    / {6}windows.*\n/,
    "",
    "windows was [{cron: 0 9 * * 1-5, lasts: 8h, zone: UTC}], and is none",
    10,
  ],
  [
    "a freeze that ends sooner",
    "12-31",
    "12-21",
    "freezes was [{from: 2026-12-20, until: 2026-12-31, reason: quiet}], and is [{from: 2026-12-20, until: 2026-12-21, reason: quiet}]",
    14,
  ],
  ["a downgrade", "      soak", "      downgrade: true\n      soak", "downgrade was false, and is true", 11],
  [
    "a merge without people",
    "      soak",
    "      merge: gates\n      soak",
    "merge was manual, and is gates",
    11,
  ],
  ["an environment that is left out", "from: staging", "from: dev", "from was staging, and is dev", 5],
] as const)("%s is a warning with environment, gate, before and after", async (_, from, to, what, line) => {
  const after = gated.replace(from, to);
  expect(after).not.toBe(gated);
  expect(await told(after)).toEqual([["warning", `promotion to prod: ${what}`, line]]);
});

test("gates of all environments are told of each; what holds for all is told once", async () => {
  const all = gated.replace("    prod:", '    "*":').replace("strategy: direct", "strategy: pull-request");
  expect(
    await told(all.replace("24h", "1h").replace("strategy: pull-request", "strategy: direct"), all),
  ).toEqual([
    ["warning", "promotion: strategy was pull-request, and is direct", 8],
    ["warning", "promotion to dev: soak was 1d, and is 1h", 11],
    ["warning", "promotion to prod: soak was 1d, and is 1h", 11],
    ["warning", "promotion to staging: soak was 1d, and is 1h", 11],
  ]);
});

test("nothing is said of what is tightened, written otherwise or new", async () => {
  const tighter = gated
    .replace("24h", "48h")
    .replace(", smoke]", ", smoke, more]")
    .replace(/ {6}approval.*\n/, "      approval: {team: org/sre, label: go}\n");
  expect(await told(tighter)).toEqual([]);
  expect(await told(gated.replace("24h", "1d"))).toEqual([]);
  expect(await told(gated.replace("  - dev\n", "  - dev\n  - {name: qa, from: dev}\n"))).toEqual([]);
});

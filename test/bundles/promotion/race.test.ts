// Two to eight bundles at once on the same remote: nothing is lost, and nothing is there twice.
// `npm test` runs three seeds; fifty: GITOPS_TEST_RACES=50 npm test -- bundles race
import { describe, expect, test } from "vitest";
import { hub } from "../../tools/promotion/hub.ts";
import { fleet, gitops } from "../../tools/promotion/world.ts";
import { startBundle } from "./bundle.ts";

const seeds = Number(process.env.GITOPS_TEST_RACES ?? 3);
const soaked = gitops.replace("{times: committed}", "{soak: 1h}");
const kinds = {
  "pull requests": soaked.replace("  strategy: direct\n", ""),
  "signed commits": soaked,
  "commits with Git": soaked.replace("promotion:", "promotion:\n  sign: false"),
};

/** Apps a, b and c, each with one version to promote. */
function files(settings: string): Record<string, string> {
  const all: Record<string, string> = { "gitops.yaml": settings };
  for (const app of ["a", "b", "c"])
    for (const [path, text] of Object.entries(fleet(settings)))
      if (path.startsWith("apps/web/")) all[path.replace("/web/", `/${app}/`)] = text;
  return all;
}

/** Numbers between 0 and 1 that follow from a seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe("bundles that race", () => {
  const cases = Array.from({ length: seeds }, (_, index) => {
    const next = numbers(index + 1);
    const names = Object.keys(kinds) as (keyof typeof kinds)[];
    return {
      seed: index + 1,
      kind: names[index % names.length]!,
      count: 2 + Math.floor(next() * (seeds > 3 ? 7 : 3)),
      next,
    };
  });

  test.each(cases)(
    "$count with $kind, seed $seed",
    async ({ kind, count, next }) => {
      const where = await hub(kinds[kind], true, files(kinds[kind]));
      const runs = Array.from({ length: count }, async (_, index) => {
        const clone = `${where.where.space.folder}/clone-${index}`;
        where.where.space.git(where.where.space.folder, "clone", "-q", where.where.remote, clone);
        const delay = Math.floor(next() * 400);
        await new Promise((resolve) => setTimeout(resolve, delay));
        return startBundle(where, {}, undefined, clone);
      });
      for (const { status, said } of await Promise.all(runs)) expect(status, said).toBe(0);
      const { git } = where.where.space;
      const apps = ["a", "b", "c"];
      if (kind === "pull requests") {
        const open = where.github.pulls.map(({ head, state }) => `${head} ${state}`).sort();
        expect(open).toEqual(apps.map((app) => `gitops/promote/staging/${app} open`));
        for (const app of apps) {
          const branch = `gitops/promote/staging/${app}`;
          expect(where.where.show(`apps/${app}/overlays/staging/kustomization.yaml`, branch)).toContain(
            '"1.2.0"',
          );
          expect(git(where.where.remote, "rev-list", "--count", `main..${branch}`)).toBe("1");
        }
        expect(git(where.where.remote, "for-each-ref", "refs/heads/gitops/signing")).toBe("");
      } else {
        const subjects = where.where
          .log()
          .filter((subject) => subject.startsWith("Promote"))
          .sort();
        expect(subjects).toEqual(apps.map((app) => `Promote ${app} to staging: 1.1.0 to 1.2.0`));
        for (const app of apps)
          expect(where.where.show(`apps/${app}/overlays/staging/kustomization.yaml`)).toContain('"1.2.0"');
      }
      expect(where.github.problems).toEqual([]);
    },
    300_000,
  );
});

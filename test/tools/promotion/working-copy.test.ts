// status and plan answer for gitops.yaml as the default branch has it. Somebody who has just edited the file is told so,
// and is told of mistakes in it before they are pushed.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { gitops, overlay, place } from "./world.ts";

test.each(["status", "plan"] as const)(
  "%s says that gitops.yaml of the default branch is used where the copy on disk says something else",
  async (operation) => {
    const where = place();
    const tip = where.space.git(where.clone, "rev-parse", "--short=7", "HEAD");
    expect((await where.run({ operation })).report.notes.join("\n")).not.toContain("gitops.yaml");

    where.space.write(where.clone, { "gitops.yaml": `# the shop\n${gitops}` });
    expect((await where.run({ operation })).report.notes.join("\n")).not.toContain("gitops.yaml");

    where.space.write(where.clone, { "gitops.yaml": gitops.replace("strategy: direct", "strategy: merge") });
    const { report } = await where.run({ operation });
    expect(report.notes).toEqual([
      `gitops.yaml of main (${tip}) is used; the one in the working tree differs: promotion`,
    ]);
    expect(report.verdict).toBe("passed");
  },
);

test("mistakes of the copy on disk are told, each at its line, though it is not used", async () => {
  const where = place();
  const wrong = gitops.replace('"*"', "production").replace("strategy: direct", "strategi: direct");
  where.space.write(where.clone, { "gitops.yaml": wrong });
  const { report, board } = await where.run({ operation: "plan" });
  expect(report.notes).toEqual([
    expect.stringMatching(
      /^gitops\.yaml of main \([0-9a-f]{7}\) is used; the one in the working tree is wrong/,
    ),
  ]);
  expect(report.findings).toMatchObject([
    {
      rule: "promotion/working-copy",
      severity: "warning",
      message: expect.stringContaining("did you mean `strategy`?"),
      location: { path: "gitops.yaml", line: 8 },
    },
  ]);
  expect(board).toHaveLength(3);

  where.space.write(where.clone, { "gitops.yaml": gitops.replace('"apps/', '"aps/') });
  expect((await where.run({ operation: "plan" })).report.findings).toMatchObject([
    { rule: "promotion/working-copy", message: expect.stringContaining("aps/"), location: { line: 6 } },
  ]);
});

test("a copy on disk that is not there, or not committed yet, is told too", async () => {
  const where = place();
  rmSync(join(where.clone, "gitops.yaml"));
  expect((await where.run({ operation: "status" })).report.notes).toEqual([
    expect.stringMatching(/^gitops\.yaml of main \(.*\) is used; the working tree has none$/),
  ]);
});

test("versions that are committed or written here and not pushed are told, and not counted", async () => {
  const where = place();
  const file = (environment: string) => `apps/web/overlays/${environment}/kustomization.yaml`;
  const tip = where.space.git(where.remote, "rev-parse", "--short=7", "main");
  const notes = async () => (await where.run({ operation: "status" })).report.notes;
  const told = (apps: string) => [
    `what counts is main (${tip}): this checkout has other versions of ${apps}, which are not on it`,
  ];
  where.space.write(where.clone, { "README.md": "mine\n" });
  expect(await notes()).toEqual([]);
  where.space.write(where.clone, { [file("dev")]: overlay("1.5.0") });
  expect(await notes()).toEqual(told("web in dev"));
  where.space.commit(where.clone, {}, "not pushed");
  where.space.write(where.clone, { [file("staging")]: overlay("1.4.0") });
  expect(await notes()).toEqual(told("web in dev, web in staging"));
  where.space.git(where.clone, "reset", "-q", "--hard", "origin/main");
  // A clone that is merely behind has nothing to tell.
  where.commit({ [file("dev")]: overlay("1.6.0") });
  expect(await notes()).toEqual([]);
});

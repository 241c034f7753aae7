// The example fleet of each layout, promoted from its first environment to its last.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../contract/source.ts";
import { fleet, gitops, overlay, type Place, place } from "./world.ts";

/** The files of a folder of examples/, by their paths in it. */
function example(name: string): Record<string, string> {
  const folder = join(root, "examples", name);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name: file }) => {
      const path = join(parentPath, file);
      return [path.slice(folder.length + 1), readFileSync(path, "utf8")];
    }),
  );
}

const day = (days: number) => new Date(Date.UTC(2026, 1, days)).toISOString();
/** Commits' own dates are all there is without a forge. */
const trusting = (text: string) =>
  text.replace(/ *#.*\n *times: committed\n/, "").replaceAll(/soak: \w+/g, "$&\n      times: committed");

function exampleAt(name: string): Record<string, string> {
  const files = example(name);
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, path === "gitops.yaml" ? trusting(text) : text]),
  );
}

const kinds = ({ delivered }: Awaited<ReturnType<Place["run"]>>) =>
  delivered.map(({ apps, environment, delivery }) => [apps.join(), environment, delivery.kind]);

describe("a folder for each environment", () => {
  test("goes on to both clusters of production in one commit", async () => {
    const files = exampleAt("folders");
    files["gitops.yaml"] = files["gitops.yaml"]!.replace("      checks: [argocd/shop]\n", "");
    const where = place(files);
    const run = (at: string) => where.run({ strategy: "direct", prove: true }, at);
    const file = (environment: string) => `environments/${environment}/shop/kustomization.yaml`;
    const dev = where.show(file("dev"));
    // shop is newer in dev than in staging, and there than in production; so is cache.
    expect(kinds(await run(day(1)))).toEqual([
      ["shop", "staging", "pushed"],
      ["cache", "prod", "pushed"],
      ["shop", "prod", "pushed"],
    ]);
    expect(where.show("environments/prod/us/shop/kustomization.yaml")).toContain("newTag: 2.3.1");
    expect(kinds(await run(day(1)))).toEqual([]);
    expect(kinds(await run(day(3)))).toEqual([["shop", "prod", "pushed"]]);
    const versions = /newTag: .*\n.*digest: .*/.exec(dev)![0];
    for (const cluster of ["eu", "us"]) expect(where.show(file(`prod/${cluster}`))).toContain(versions);
    expect(where.show("environments/prod/us/cache/release.yaml")).toContain("version: 0.7.2");
    expect(where.show("environments/prod/us/cache/release.yaml")).toContain("replicas: 3");
  });

  test("goes no further from production than all of its clusters have come", async () => {
    const files = example("folders");
    files["gitops.yaml"] = files["gitops.yaml"]!.replace(
      "overlays:",
      "  - {name: archive, from: prod}\noverlays:",
    ).replace("  gates:\n", "  gates:\n    archive: {times: committed}\n");
    files["environments/archive/shop/kustomization.yaml"] = files[
      "environments/dev/shop/kustomization.yaml"
    ]!.replace("2.4.0", "2.0.0");
    const eu = "environments/prod/eu/shop/kustomization.yaml";
    files[eu] = files[eu]!.replace("2.3.0", "2.3.9");
    const where = place(files);
    const { board } = await where.run({ operation: "plan", apps: ["shop"], environments: ["archive"] });
    expect(board[0]?.next).toMatchObject({
      open: false,
      because: expect.stringContaining("several versions"),
    });
  });
});

test("environments that are a folder and a branch move by versions, each on its own branch", async () => {
  const settings = gitops
    .replace("  - dev\n", "  - {name: dev, branch: env/dev}\n")
    .replace("{name: staging, ", "{name: staging, branch: env/staging, ")
    .replace("{name: prod, ", "{name: prod, branch: env/prod, ");
  const where = place(fleet(settings));
  for (const name of ["dev", "staging", "prod"])
    where.space.git(where.remote, "branch", `env/${name}`, "main");
  expect(kinds(await where.run({ prove: true }))).toEqual([
    ["web", "staging", "pushed"],
    ["web", "prod", "pushed"],
  ]);
  const file = (name: string) => `apps/web/overlays/${name}/kustomization.yaml`;
  expect(where.show(file("staging"), "env/staging")).toBe(overlay("1.2.0"));
  // What another environment's folder holds on this branch is none of its business.
  expect(where.show(file("staging"), "env/prod")).toBe(overlay("1.1.0"));
  expect(where.show(file("prod"), "env/prod")).toBe(overlay("1.1.0"));
  expect(where.log()).toEqual(["first"]);
});

/** The branches of examples/branches, each made from the one before. */
function branches(settings: (text: string) => string = trusting): Place {
  const files = example("branches");
  const part = (folder: string) =>
    Object.fromEntries(
      Object.entries(files)
        .filter(([path]) => path.startsWith(`${folder}/`))
        .map(([path, text]) => [path.slice(folder.length + 1), text]),
    );
  const main = part("main");
  const where = place({ ...main, "gitops.yaml": settings(main["gitops.yaml"]!) });
  let from = "main";
  for (const name of ["dev", "staging", "prod"]) {
    where.space.git(where.remote, "branch", `env/${name}`, from);
    where.commit({ ...(name === "dev" ? part("shared") : {}), ...part(name) }, `Make ${name}`, `env/${name}`);
    from = `env/${name}`;
  }
  return where;
}

const shopFile = "apps/shop/kustomization.yaml";

describe("a branch for each environment, merged", () => {
  const change = (where: Place, tag: string, files: Record<string, string> = {}, branch = "env/dev") =>
    where.commit(
      { [shopFile]: where.show(shopFile, branch).replace(/newTag: .*/, `newTag: ${tag}`), ...files },
      `shop ${tag}`,
      branch,
    );
  const promote = (where: Place, at: string) => where.run({ strategy: "direct", prove: true }, at);

  test("brings everything but what an environment has for itself, after its soak", async () => {
    const where = branches();
    change(where, "2.4.0", {
      "apps/shop/service.yaml": where
        .show("apps/shop/service.yaml", "env/dev")
        .replace("port: 80", "port: 8081"),
      "environment/kustomization.yaml": where
        .show("environment/kustomization.yaml", "env/dev")
        .replace("count: 1", "count: 3"),
    });
    expect(kinds(await promote(where, "2026-01-01T00:30:00Z"))).toEqual([]);
    const result = await promote(where, day(1));
    expect(kinds(result)).toEqual([["shop", "staging", "pushed"]]);
    expect(result.delivered[0]!.delivery).toMatchObject({ proof: { changed: ["apps/shop"], others: [] } });
    expect(where.show(shopFile, "env/staging")).toContain("newTag: 2.4.0");
    expect(where.show("apps/shop/service.yaml", "env/staging")).toContain("port: 8081");
    expect(where.show("environment/kustomization.yaml", "env/staging")).toContain("count: 2");
    expect(where.space.git(where.remote, "log", "-1", "--format=%P", "env/staging").split(" ")).toHaveLength(
      2,
    );
    // Production has waited for a day after that.
    expect(kinds(await promote(where, day(1)))).toEqual([]);
    expect(kinds(await promote(where, day(3)))).toEqual([["shop", "prod", "pushed"]]);
    expect(where.show("apps/shop/service.yaml", "env/prod")).toContain("port: 8081");
    expect(where.show("environment/kustomization.yaml", "env/prod")).toContain("count: 6");
    expect(kinds(await promote(where, day(9)))).toEqual([]);
  });

  test("brings what is no version as well, and says what it waits for", async () => {
    const where = branches();
    const service = where.show("apps/shop/service.yaml", "env/dev").replace("port: 80", "port: 8081");
    where.commit({ "apps/shop/service.yaml": service }, "port", "env/dev");
    const early = await promote(where, "2026-01-01T00:30:00Z");
    expect(early.report.notes[0]).toMatch(/staging: \w{7} of dev waits: soak: it runs in dev for/);
    const planned = await where.run({ operation: "plan" }, day(1));
    expect(planned.report.notes[0]).toMatch(/staging: \w{7} of dev may go on, and brings no version/);
    expect(kinds(await promote(where, day(1)))).toEqual([["everything", "staging", "pushed"]]);
    expect(where.show("apps/shop/service.yaml", "env/staging")).toContain("port: 8081");
    await where.run({ operation: "hold", apps: ["shop"], environments: ["prod"], reason: "quiet days" });
    expect((await promote(where, day(9))).report.notes[0]).toContain("quiet days");
    expect(where.show("apps/shop/service.yaml", "env/prod")).toContain("port: 80\n");
  });

  test("does not bring what the environment before has taken back", async () => {
    const where = branches();
    const before = where.show("apps/shop/service.yaml", "env/dev");
    where.commit({ "apps/shop/service.yaml": before.replace("port: 80", "port: 1") }, "bad", "env/dev");
    // An hour later by scratch's clock, which counts a second for each call of Git.
    const after = change(where, "2.4.0", { "apps/shop/service.yaml": before });
    const committed = Number(where.space.git(where.remote, "log", "-1", "--format=%ct", after)) * 1000;
    const result = await promote(where, new Date(committed + 3_599_000).toISOString());
    expect(kinds(result)).toEqual([]);
    expect(kinds(await promote(where, new Date(committed + 3_601_000).toISOString()))).toEqual([
      ["shop", "staging", "pushed"],
    ]);
    expect(where.show("apps/shop/service.yaml", "env/staging")).toBe(before);
  });

  test("merges a version whose line has changed in more than the version", async () => {
    const where = branches();
    const text = where.show(shopFile, "env/dev").replace(/newTag: .*\n/, 'newTag: "2.4.0" # pinned');
    where.commit({ [shopFile]: text }, "shop 2.4.0", "env/dev");
    expect(kinds(await promote(where, day(1)))).toEqual([["shop", "staging", "pushed"]]);
    expect(where.space.git(where.remote, "show", `env/staging:${shopFile}`)).toBe(text);
  });

  test("refuses what does not merge, and names the files", async () => {
    const where = branches();
    const port = (branch: string, number: string) =>
      where.commit(
        {
          "apps/shop/service.yaml": where
            .show("apps/shop/service.yaml", branch)
            .replace("port: 80", `port: ${number}`),
        },
        "port",
        branch,
      );
    port("env/dev", "81");
    port("env/staging", "82");
    const { delivered, report } = await promote(where, day(1));
    expect(delivered[0]!.delivery).toMatchObject({
      kind: "refused",
      because: expect.stringMatching(
        /does not merge into env\/staging: both sides have changed apps\/shop\/service\.yaml.*promotion\.own/,
      ),
    });
    expect(report.verdict).toBe("findings");
    expect(where.show("apps/shop/service.yaml", "env/staging")).toContain("port: 82");
  });

  test("lets a version on that follows one which was taken back", async () => {
    const where = branches();
    change(where, "2.4.0");
    await promote(where, day(1));
    await where.run({
      operation: "rollback",
      apps: ["shop"],
      environments: ["staging"],
      strategy: "direct",
      reason: "500s",
    });
    expect(where.show(shopFile, "env/staging")).toContain("newTag: 2.3.0");
    change(where, "2.4.1");
    expect(kinds(await promote(where, day(4)))).toEqual([]);
    await where.run({ operation: "resume", apps: ["shop"], environments: ["staging"] });
    expect(kinds(await promote(where, day(4)))).toEqual([["shop", "staging", "pushed"]]);
    expect(where.show(shopFile, "env/staging")).toContain("newTag: 2.4.1");
  });

  test("says so where the branches have no history in common", async () => {
    const where = branches();
    const tree = where.space.git(where.remote, "rev-parse", "env/staging^{tree}");
    const orphan = where.space.git(
      where.space.folder,
      "--git-dir",
      where.remote,
      "-c",
      "user.name=T",
      "-c",
      "user.email=t@example.com",
      "commit-tree",
      tree,
      "-m",
      "orphan",
    );
    where.space.git(where.remote, "update-ref", "refs/heads/env/staging", orphan);
    change(where, "2.4.0");
    expect((await promote(where, day(1))).delivered[0]!.delivery).toMatchObject({
      because: expect.stringContaining("have no history in common"),
    });
  });
});

describe("a tag that marks what runs", () => {
  function tags(): Place {
    const where = place(exampleAt("tags"));
    for (const name of ["env/staging", "env/prod"]) where.space.git(where.remote, "tag", name, "main");
    return where;
  }
  const file = "apps/shop/kustomization.yaml";
  const set = (where: Place, tag: string) =>
    where.commit({ [file]: where.show(file).replace(/newTag: .*/, `newTag: ${tag}`) }, tag);
  const at = (where: Place, ref: string) => where.space.git(where.remote, "rev-parse", `${ref}^{commit}`);
  const run = (where: Place, when: string, prove = true) => where.run({ prove }, when);

  test("moves to the commit that has soaked, and remembers where it was", async () => {
    const where = tags();
    const first = at(where, "main");
    const second = set(where, "2.4.0");
    expect(kinds(await run(where, "2026-01-01T00:30:00Z"))).toEqual([]);
    expect(kinds(await run(where, day(1)))).toEqual([["shop", "staging", "pushed"]]);
    expect([at(where, "env/staging"), at(where, "env/prod")]).toEqual([second, first]);
    expect(kinds(await run(where, new Date(Date.UTC(2026, 1, 1, 12)).toISOString()))).toEqual([]);
    const { board } = await where.run({ operation: "status" }, day(1));
    expect(board.map(({ environment, versions }) => [environment, versions[0]!.version])).toEqual([
      ["dev", "2.4.0"],
      ["staging", "2.4.0"],
      ["prod", "2.3.0"],
    ]);
    expect(kinds(await run(where, day(3)))).toEqual([["shop", "prod", "pushed"]]);
    expect(at(where, "env/prod")).toBe(second);
    set(where, "2.5.0");
    await run(where, day(5));
    const message = where.space.git(where.remote, "tag", "-l", "--format=%(contents)", "env/staging");
    expect(message).toContain(`Gitops-Ran: ${second} 2026-02-01T00:00:00.000Z`);
    // A rollback goes to the commit that ran before, and holds.
    await where.run(
      { operation: "rollback", apps: ["shop"], environments: ["staging"], reason: "500s" },
      day(6),
    );
    expect(at(where, "env/staging")).toBe(second);
    expect(where.show(".gitops/holds.yaml")).toContain("500s");
    expect(kinds(await run(where, day(7), false))).toEqual([]);
  });

  test("is moved only from where it was read", async () => {
    const where = tags();
    const second = set(where, "2.4.0");
    let once = true;
    const progress = (message: string) => {
      if (!once || !message.startsWith("Promote")) return;
      once = false;
      where.space.git(where.remote, "tag", "-f", "env/staging", second);
    };
    await where.run({ prove: false }, day(1), { progress });
    expect(where.space.git(where.remote, "cat-file", "-t", "env/staging")).toBe("commit");
    expect(at(where, "env/staging")).toBe(second);
  });

  test("stays where somebody must approve, and nobody can", async () => {
    const files = exampleAt("tags");
    const asked = files["gitops.yaml"]!.replaceAll(/soak: 1h\n/g, "soak: 1h\n      approval: {label: go}\n");
    const where = place({ ...files, "gitops.yaml": asked });
    for (const name of ["env/staging", "env/prod"]) where.space.git(where.remote, "tag", name, "main");
    const first = at(where, "env/staging");
    set(where, "2.4.0");
    const { board } = await run(where, day(1), false);
    expect(board.find((row) => row.environment === "staging")?.next).toMatchObject({
      open: false,
      because: expect.stringContaining("approval"),
    });
    expect(at(where, "env/staging")).toBe(first);
  });

  test("that is a mere name for a commit says nothing of when, and opens no soak behind it", async () => {
    const where = tags();
    where.space.git(where.remote, "tag", "-f", "env/staging", set(where, "2.4.0"));
    const { board } = await run(where, day(9), false);
    expect(board.find((row) => row.environment === "prod")?.next).toMatchObject({
      open: false,
      because: expect.stringContaining("an unknown time"),
    });
  });

  test("takes no version that is set there, and must be there", async () => {
    const where = tags();
    await expect(
      where.run({ operation: "set", apps: ["shop"], environments: ["prod"], tag: "9" }),
    ).rejects.toThrow("runs the commit that the tag env/prod marks");
    where.space.git(where.remote, "tag", "-d", "env/prod");
    await expect(where.run({ operation: "status" })).rejects.toThrow("there is no tag env/prod");
  });
});

test("apps/{app}/overlays/{environment} goes through all environments", async () => {
  const where = place(fleet(gitops));
  for (let step = 0; step < 2; step++) await where.run({ prove: true });
  expect(where.show("apps/web/overlays/prod/kustomization.yaml")).toBe(overlay("1.2.0"));
});

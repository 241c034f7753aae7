import { gitHistory, openRepository, treeAt } from "@gitops-actions/engine";
import {
  cellKey,
  loadConfig,
  readCells,
  signatureOf,
  type Transition,
  type Transitions,
  walkHistory,
} from "@gitops-actions/fleet";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Scratch, scratch } from "../git/scratch.ts";

const gitops =
  "version: 1\nenvironments: [dev, {name: prod, from: dev}]\noverlays: ['apps/{app}/overlays/{environment}']\n";
const base = "resources: [deployment.yaml]\n";
const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n";
const overlay = (tag: string, more = "") =>
  `resources: [../../base]\nimages:\n  - name: web\n    newTag: ${tag}\n${more}`;

function start(space: Scratch): string {
  return space.repository("fleet", {
    "gitops.yaml": gitops,
    "apps/web/base/kustomization.yaml": base,
    "apps/web/base/deployment.yaml": deployment,
    "apps/web/overlays/dev/kustomization.yaml": overlay("v1"),
    "apps/web/overlays/prod/kustomization.yaml": overlay("v0"),
  });
}

const dev = "apps/web/overlays/dev/kustomization.yaml";
const prod = "apps/web/overlays/prod/kustomization.yaml";

/** The states as a check-out of every tip shows them: each tip's tree is read whole, by itself, oldest first. */
async function bruteForce(repository: Awaited<ReturnType<typeof openRepository>>, tips: readonly string[]) {
  const config = await loadConfig(await treeAt(repository, tips.at(-1)!));
  const states = new Map<string, { commit: string; signature: string }[]>();
  for (const commit of tips) {
    const cells = new Map(
      (await readCells(await treeAt(repository, commit), { config })).map((cell) => [cellKey(cell), cell]),
    );
    for (const key of new Set([...cells.keys(), ...states.keys()])) {
      const known = states.get(key) ?? [];
      const signature = signatureOf(cells.get(key));
      if ((known.at(-1)?.signature ?? "") !== signature) known.push({ commit, signature });
      states.set(key, known);
    }
  }
  return Object.fromEntries([...states].filter(([, list]) => list.length > 0).sort());
}

function described(found: Transitions) {
  const list = (transitions: Transition[]) =>
    transitions.map(({ commit, cell }) => ({ commit: commit.id, signature: signatureOf(cell) })).reverse();
  return Object.fromEntries([...found].map(([key, each]): [string, object[]] => [key, list(each)]).sort());
}

async function walk(space: Scratch, folder: string, tips?: readonly string[]) {
  const repository = await openRepository(folder, space.machine);
  try {
    const tip = space.git(folder, "rev-parse", "main");
    const config = await loadConfig(await treeAt(repository, tip));
    const all = tips ?? space.git(folder, "rev-list", "--first-parent", "--reverse", "main").split("\n");
    const known = new Set(all);
    const found = await walkHistory(gitHistory(repository), tip, {
      config,
      wasTip: (commit) => known.has(commit),
    });
    return { found: described(found), expected: await bruteForce(repository, all) };
  } finally {
    await repository.close();
  }
}

test("tells when each app's versions changed, as check-outs of every tip show it", async () => {
  const space = scratch();
  const folder = start(space);
  const git = (...args: string[]) => space.git(folder, ...args);
  space.commit(folder, { [dev]: overlay("v2") });
  space.commit(folder, { [dev]: overlay("v2", "# by hand\n"), "README.md": "hello\n" });
  // A merge whose branch goes through a state that never ran.
  git("checkout", "-q", "-b", "topic");
  space.commit(folder, { [dev]: overlay("v3") });
  space.commit(folder, { [dev]: overlay("v4") });
  git("checkout", "-q", "main");
  space.commit(folder, { [prod]: overlay("v1") });
  git("merge", "-q", "--no-ff", "-m", "merge", "topic");
  // A squash, a revert, a cherry-pick, a fast-forward.
  git("checkout", "-q", "-b", "squashed");
  space.commit(folder, { [dev]: overlay("v5") });
  const picked = space.commit(folder, { [prod]: overlay("v4") });
  git("checkout", "-q", "main");
  git("merge", "-q", "--squash", "squashed");
  git("commit", "-q", "-m", "squash");
  git("revert", "--no-edit", "HEAD");
  git("cherry-pick", picked);
  git("checkout", "-q", "-b", "fast");
  space.commit(folder, { [dev]: overlay("v6") });
  git("checkout", "-q", "main");
  git("merge", "-q", "--ff-only", "fast");
  // A folder is renamed, an app comes and goes, the configuration is moved about.
  git("mv", "apps/web", "apps/site");
  git("commit", "-q", "-m", "rename");
  space.commit(folder, {
    "apps/job/overlays/dev/kustomization.yaml": "images: [{name: job, newTag: '1'}]\nresources: []\n",
  });
  git("rm", "-rq", "apps/job");
  git("commit", "-q", "-m", "gone");
  space.commit(folder, {
    "gitops.yaml": gitops.replace("overlays: [", "overlays: ['teams/{app}/{environment}', "),
  });
  git("mv", "apps/site/overlays/dev", "apps/site/overlays/test");
  git("commit", "-q", "-m", "renamed environment");
  git("revert", "--no-edit", "HEAD");
  const { found, expected } = await walk(space, folder);
  expect(found).toEqual(expected);
  expect(found["web\0dev"]!.length).toBeGreaterThan(5);
});

test("takes what one push brought as one change", async () => {
  const space = scratch();
  const folder = start(space);
  const tips = [space.git(folder, "rev-parse", "HEAD")];
  for (const push of [["v2", "v3"], ["v4"], ["v5", "v3", "v3"]]) {
    for (const tag of push) space.commit(folder, { [dev]: overlay(tag) });
    tips.push(space.git(folder, "rev-parse", "HEAD"));
  }
  const { found, expected } = await walk(space, folder, tips);
  expect(found).toEqual(expected);
  expect(found["web\0dev"]).toHaveLength(4);
});

test("says where a shallow clone cuts the history off", async () => {
  const space = scratch();
  const folder = start(space);
  for (const tag of ["v2", "v3", "v4"]) space.commit(folder, { [dev]: overlay(tag) });
  space.git(space.folder, "clone", "-q", "--depth=2", `file://${folder}`, "shallow");
  const repository = await openRepository("shallow", space.machine);
  const tip = space.git(folder, "rev-parse", "main");
  const config = await loadConfig(await treeAt(repository, tip));
  const found = await walkHistory(gitHistory(repository), tip, { config });
  await repository.close();
  expect(found.get("web\0dev")!.map((each) => each.cut)).toEqual([undefined, true]);
  expect(found.get("web\0prod")!.map((each) => each.cut)).toEqual([true]);
});

test("is what check-outs show, whatever commits do to the files", { timeout: 120_000 }, async () => {
  const names = ["web", "job"];
  const step = fc.record({
    app: fc.constantFrom(...names),
    environment: fc.constantFrom("dev", "prod", "test"),
    action: fc.constantFrom("tag", "tag", "tag", "comment", "replicas", "remove", "move", "plain", "broken"),
    tag: fc.constantFrom("v1", "v2", "v3"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 14 }), async (steps) => {
      const space = scratch();
      const folder = start(space);
      for (const { app, environment, action, tag } of steps) {
        const path = `apps/${app}/overlays/${environment}`;
        const file = `${path}/kustomization.yaml`;
        const write = (text: string) => space.commit(folder, { [file]: text });
        if (action === "tag") write(overlay(tag).replace("../../base", "../../../web/base"));
        else if (action === "comment") write(overlay(tag, "# note\nnamePrefix: a-\n"));
        else if (action === "replicas")
          space.commit(folder, { [`${path}/patch.yaml`]: `${deployment}# ${tag}\n` });
        else if (action === "plain")
          space.commit(folder, {
            [`${path}/app.yaml`]: `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: p, image: "p:${tag}"}]}\n`,
          });
        else if (action === "broken") write("images: [\n");
        else if (action === "remove") {
          space.git(folder, "rm", "-rqf", "--ignore-unmatch", path);
          space.git(folder, "commit", "-q", "--allow-empty", "-m", "remove");
        } else {
          space.git(folder, "rm", "-rqf", "--ignore-unmatch", "apps/moved");
          try {
            space.git(folder, "mv", path, "apps/moved");
          } catch {
            // It is not there.
          }
          space.git(folder, "commit", "-q", "--allow-empty", "-m", "move");
        }
      }
      const { found, expected } = await walk(space, folder);
      expect(found).toEqual(expected);
    }),
    { numRuns: 6, seed: 7 },
  );
});

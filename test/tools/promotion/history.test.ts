import { execFileSync } from "node:child_process";
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

/** A branch whose every tip is written down as it is pushed, the way a forge does. */
function recorder(space: Scratch, folder: string) {
  const tips = [space.git(folder, "rev-parse", "main")];
  return {
    tips,
    push() {
      const tip = space.git(folder, "rev-parse", "main");
      if (tip !== tips.at(-1)) tips.push(tip);
    },
    /** Newest first. */
    moves: () => tips.map((after, index) => ({ before: tips[index - 1] ?? "0".repeat(40), after })).reverse(),
  };
}

async function walk(
  space: Scratch,
  folder: string,
  tips?: readonly string[],
  moves?: { before: string; after: string }[],
) {
  const repository = await openRepository(folder, space.machine);
  try {
    const tip = space.git(folder, "rev-parse", "main");
    const config = await loadConfig(await treeAt(repository, tip));
    const all = tips ?? space.git(folder, "rev-list", "--first-parent", "--reverse", "main").split("\n");
    const known = new Set(all);
    const found = await walkHistory(gitHistory(repository), tip, {
      config,
      wasTip: (commit) => known.has(commit),
      ...(moves ? { moves } : {}),
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

test("knows what was pushed over: rebases, resets, and merges from the other side", async () => {
  const space = scratch();
  const folder = start(space);
  const git = (...args: string[]) => space.git(folder, ...args);
  const { tips, push, moves } = recorder(space, folder);
  space.commit(folder, { [dev]: overlay("v2") });
  push();
  space.commit(folder, { [dev]: overlay("v3"), "README.md": "three\n" });
  space.commit(folder, { [prod]: overlay("v2") });
  push();
  // A rebase drops v3 and what prod had, and brings another dev.
  git("reset", "-q", "--hard", "HEAD~2");
  space.commit(folder, { "notes.md": "rebased\n" });
  space.commit(folder, { [dev]: overlay("v4") });
  push();
  space.commit(folder, { [dev]: overlay("v5") });
  push();
  // Back to an older commit by force, and on from there.
  git("reset", "-q", "--hard", tips[1]!);
  push();
  space.commit(folder, { [prod]: overlay("v1") });
  push();
  // A merge of main into a topic to which main then goes forward: its first parent is the topic.
  git("checkout", "-q", "-b", "topic", "HEAD~1");
  space.commit(folder, { [dev]: overlay("v6") });
  git("merge", "-q", "--no-ff", "-m", "other side", "main");
  git("checkout", "-q", "main");
  git("merge", "-q", "--ff-only", "topic");
  push();
  space.commit(folder, { [dev]: overlay("v7") });
  push();
  const { found, expected } = await walk(space, folder, tips, moves());
  expect(found).toEqual(expected);
  expect(
    found["web\0dev"]!.map(({ signature }: { signature?: string }) => /tag=(\w+)/.exec(signature!)?.[1]),
  ).toEqual(["v1", "v2", "v3", "v4", "v5", "v2", "v6", "v7"]);
});

test("goes by what is behind what, and not by dates, which anybody can write", async () => {
  const space = scratch();
  const folder = start(space);
  const dated = (tag: string, date: string) => {
    space.write(folder, { [dev]: overlay(tag) });
    space.git(folder, "add", "-A");
    const stamp = ["-c", "user.name=T", "-c", "user.email=t@example.com"];
    // `git commit --date` sets the author's date only; the committer's comes from the environment.
    execFileSync("git", [...stamp, "commit", "-q", "-m", tag], {
      cwd: folder,
      env: { ...space.machine.env, GIT_COMMITTER_DATE: date, GIT_AUTHOR_DATE: date } as Record<
        string,
        string
      >,
    });
  };
  dated("v2", "2031-01-01T00:00:00Z");
  dated("v3", "2001-01-01T00:00:00Z");
  dated("v4", "2026-01-01T00:00:00Z");
  dated("v5", "1971-01-01T00:00:00Z");
  const { found, expected } = await walk(space, folder);
  expect(found).toEqual(expected);
  expect(found["web\0dev"]).toHaveLength(5);
});

test("says where nobody has any more what was pushed over", async () => {
  const space = scratch();
  const folder = start(space);
  space.commit(folder, { [dev]: overlay("v2") });
  const tip = space.git(folder, "rev-parse", "main");
  const repository = await openRepository(folder, space.machine);
  const config = await loadConfig(await treeAt(repository, tip));
  const moves = [{ before: "1".repeat(40), after: tip }];
  const found = await walkHistory(gitHistory(repository), tip, { config, moves });
  await repository.close();
  expect(found.get("web\0dev")!.map((each) => each.cut)).toEqual([true]);
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
    action: fc.constantFrom(
      ...["tag", "tag", "tag", "comment", "replicas", "remove", "move", "plain", "broken", "rebase", "reset"],
    ),
    pushed: fc.boolean(),
    tag: fc.constantFrom("v1", "v2", "v3"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 14 }), async (steps) => {
      const space = scratch();
      const folder = start(space);
      const { tips, push, moves } = recorder(space, folder);
      for (const { app, environment, action, tag, pushed } of steps) {
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
        else if (action === "rebase" || action === "reset") {
          const [only] = space.git(folder, "rev-list", "--count", "main").split("\n");
          if (Number(only) > 2) space.git(folder, "reset", "-q", "--hard", "HEAD~2");
          if (action === "rebase") write(overlay(tag).replace("../../base", "../../../web/base"));
        } else if (action === "remove") {
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
        if (pushed) push();
      }
      push();
      const { found, expected } = await walk(space, folder, tips, moves());
      expect(found).toEqual(expected);
    }),
    { numRuns: 6, seed: 7 },
  );
});

// What `kustomization` (on a command line --overlay) names must be there: a misspelt glob leaves out what was meant.
import { mkdirSync } from "node:fs";
import { userCacheDir } from "@gitops-actions/engine";
import { defaults, run } from "@gitops-actions/render-overlays";
import { expect, test } from "vitest";
import { cli } from "../../../packages/cli/src/cli.ts";
import { scratch } from "../git/scratch.ts";
import { fleet } from "../promotion/world.ts";

function setting() {
  const space = scratch();
  const cwd = space.repository("fleet", fleet());
  const cacheDir = userCacheDir(process.env);
  return { ...space.machine, cacheDir, cwd, now: () => new Date(0), isTerminal: false };
}

const world = (host: ReturnType<typeof setting>) => ({
  host,
  progress: () => {},
  signal: new AbortController().signal,
  secretKey: new Uint8Array(32),
});

async function gitops(...args: string[]) {
  const host = setting();
  mkdirSync(host.tempDir, { recursive: true });
  const said = { out: "", err: "" };
  const streams = {
    stdout: { write: (text: string) => (said.out += text) },
    stderr: { write: (text: string) => (said.err += text) },
  };
  return { status: await cli(args, host, streams, new AbortController().signal), ...said };
}

test.each([
  [["apps/web/overlay/prod"], "apps/web/overlay/prod"],
  [["apps/*/overlays/prod", "aps/**"], "aps/**"],
])("a glob that matches no overlay is refused, with the nearest: %j", async (kustomization, wrong) => {
  await expect(
    run({ ...defaults, compare: false, allowEmpty: true, kustomization }, world(setting())),
  ).rejects.toThrow(
    new RegExp(
      `input 'kustomization': ${wrong.replaceAll("*", "\\*")} matches no overlay\\. Nearest: apps/web/overlays/.*\`gitops overlays\` lists all 3\\.`,
    ),
  );
});

test("on a command line it is called by its option", async () => {
  await expect(gitops("render", "--out", "there", "--overlay", "nothing/here")).rejects.toThrow(
    /^--overlay: nothing\/here matches no overlay/,
  );
});

test.each(["policy", "data", "values-file", "exceptions"])(
  "--%s that is not there is refused before anything is rendered",
  async (option) => {
    for (const command of ["pr", "policy"])
      await expect(gitops(command, `--${option}`, "no/such")).rejects.toThrow(
        new RegExp(`^--${option} no/such: it is not in the repository\\. Name it relative to /`),
      );
  },
);

test("one that excludes may match nothing, and so may any where there is no overlay", async () => {
  const { index } = await run(
    { ...defaults, compare: false, kustomization: ["./apps/web/overlays/dev/", "!apps/old/**"] },
    world(setting()),
  );
  expect(index.overlays.map(({ id }) => id)).toEqual(["apps/web/overlays/dev"]);
  const host = setting();
  const empty = scratch().repository("empty", { "README.md": "nothing\n" });
  const { report } = await run(
    { ...defaults, compare: false, path: empty, kustomization: ["apps/*"] },
    world({ ...host, cwd: empty }),
  );
  expect(report.verdict).toBe("nothing-found");
});

test("gitops overlays lists them", async () => {
  const { status, out } = await gitops("overlays");
  expect(status).toBe(0);
  expect(out.split("\n").map((line) => line.split(/ +/))).toEqual([
    ["apps/web/overlays/dev", "kustomize", "dev", "web"],
    ["apps/web/overlays/prod", "kustomize", "prod", "web"],
    ["apps/web/overlays/staging", "kustomize", "staging", "web"],
    [""],
  ]);
  const { out: json } = await gitops("overlays", "--json");
  expect(JSON.parse(json)[0]).toMatchObject({ id: "apps/web/overlays/dev", environment: "dev" });
});

test("a path inside the repository is no selection: that all is looked at is said, and how to narrow it", async () => {
  const inside = "apps/web/overlays/prod";
  const note = new RegExp(
    `^${inside} is inside the repository .*/fleet, all of which is looked at: --overlay '${inside}/\\*\\*' narrows it\\.\n`,
  );
  for (const command of ["validate", "policy", "pr"])
    expect((await gitops(command, inside, "--base", "HEAD")).err).toMatch(note);
  expect((await gitops("render", inside, "--out", "../out")).err).toMatch(note);
  expect((await gitops("overlays", inside)).err).toMatch(
    /^\S+prod is inside the repository .*, all of which is listed\.\n/,
  );
  for (const args of [["."], [], [inside, "--overlay", `${inside}/**`]]) {
    const { status, err, out } = await gitops("validate", ...args);
    expect(err).not.toContain("is inside");
    if (args.length === 3)
      expect({ status, out }).toMatchObject({ status: 0, out: expect.stringMatching(/1 overlay looked at/) });
  }
});

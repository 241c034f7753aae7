// What people get wrong about promotion, told by the bundle as the runner starts it: what, where, and what to do next;
// and nothing is half done.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { root } from "../../contract/source.ts";
import { token } from "../../github/server.ts";
import { type RunResult, runBundle } from "../../runner/index.ts";
import { serveGit } from "../../tools/git/http-backend.ts";
import { type Hub, hub, settings } from "../../tools/promotion/hub.ts";
import { fleet, gitops, overlay } from "../../tools/promotion/world.ts";

const bundle = join(root, "build/dist/promote-env/index.js");
const file = (environment: string) => `apps/web/overlays/${environment}/kustomization.yaml`;
const runs: RunResult[] = [];

afterEach(async () => {
  for (const run of runs.splice(0)) {
    expect([run.leaks, run.problems]).toEqual([[], []]);
    await run.cleanUp();
  }
});

interface Given {
  inputs?: Record<string, string>;
  env?: Record<string, string | undefined>;
  workspace?: string;
  event?: unknown;
  eventName?: string;
}

async function start({ where, github }: Hub, given: Given = {}): Promise<RunResult> {
  const { inputs, env, workspace = where.clone, ...more } = given;
  const run = await runBundle({
    bundle,
    workspace,
    inputs: { operation: "promote", prove: "false", token, ...inputs },
    env: { GITHUB_REPOSITORY: "org/fleet", GITHUB_API_URL: github.url, NO_PROXY: "127.0.0.1", ...env },
    ...more,
  });
  runs.push(run);
  return run;
}

const said = (run: RunResult) => run.annotations.map(({ data }) => data).join("\n");

/** A wrong use: exit status 2, one annotation that says it all, no outputs, and the remote as it was. */
function expectRefusal(run: RunResult, { where, github }: Hub, ...words: RegExp[]): void {
  expect(run.exitCode, run.stdout + run.stderr).toBe(2);
  expect(run.annotations).toHaveLength(1);
  for (const word of words) expect(said(run)).toMatch(word);
  expect(said(run)).not.toMatch(/bug in gitops-actions|at .*index\.js/);
  expect(run.outputs).toEqual({});
  expectUntouched(where, github);
}

function expectUntouched(where: Hub["where"], github: Hub["github"]): void {
  expect(where.space.git(where.remote, "for-each-ref", "--format=%(refname)")).toBe("refs/heads/main");
  expect(github.pulls).toEqual([]);
}

/** The hub over HTTP, as a job reaches it. */
async function overHttp({ where }: Hub, accepted = token): Promise<{ env: Record<string, string> }> {
  mkdirSync(join(where.space.folder, "hub/org"), { recursive: true });
  symlinkSync(where.remote, join(where.space.folder, "hub/org/fleet.git"));
  const server = await serveGit(join(where.space.folder, "hub"), { token: accepted });
  where.space.git(where.clone, "remote", "set-url", "origin", `${server.origin}/org/fleet.git`);
  return { env: { GITHUB_SERVER_URL: server.origin } };
}

describe("gitops.yaml", () => {
  test.each([
    [
      "environments in a circle",
      "environments: [{name: a, from: c}, {name: b, from: a}, {name: c, from: b}]\n",
      /gitops\.yaml:1: environments: a comes from itself/,
    ],
    [
      "an environment that comes from nowhere",
      "environments: [dev, {name: prod, from: stage}]\n",
      /prod comes from stage, which is not one/,
    ],
    ["no environments", "version: 1\n", /names no environments/],
    ["a strategy that is none", `${gitops.replace("direct", "rebase")}`, /gitops\.yaml:8.*strategy/],
    [
      "a branch that is not there",
      "environments: [{name: dev, branch: env/dev}]\n",
      /no branch env\/dev.*Create it/,
    ],
    ["a tag that is not there", "environments: [{name: dev, tag: env/dev}]\n", /no tag env\/dev.*Create it/],
    [
      "a branch and a tag",
      "environments: [{name: dev, tag: a1, branch: main}]\n",
      /dev has a branch and a tag/,
    ],
  ])("with %s", async (_, text, ...words) => {
    const made = await hub(settings, true, { ...fleet(settings), "gitops.yaml": text });
    expectRefusal(await start(made), made, ...words);
  });
});

describe("what is asked for", () => {
  test.each<[Record<string, string>, RegExp]>([
    [{ app: "wob" }, /there is no app wob\. There are web/],
    [{ environment: "production" }, /there is no environment production: .*dev, staging, prod/],
    [{ operation: "deploy" }, /operation.*deploy.*promote/],
    [{ operation: "set", app: "web", environment: "dev" }, /set needs a tag, a digest or a version/],
    [{ operation: "rollback", app: "web" }, /rollback needs one app and one environment/],
    [
      { operation: "rollback", app: "web", environment: "prod" },
      /has run nothing else in prod.*nothing to go back to/,
    ],
    [
      { operation: "rollback", app: "web", environment: "prod", to: "9.9.9" },
      /never run 9\.9\.9 in prod\. It has run .*1\.0\.0/,
    ],
    [{ operation: "hold", app: "web", environment: "prod" }, /hold needs a reason/],
    [{ repository: "fleet" }, /repository.*fleet.*owner\/name/],
  ])("%j", async (inputs, words) => {
    const made = await hub();
    expectRefusal(await start(made, { inputs }), made, words);
  });
});

test("an environment without any history or version is named", async () => {
  const more = settings.replace(
    "{name: prod, from: staging}",
    "{name: prod, from: staging}\n  - {name: qa, from: dev}",
  );
  const made = await hub(more);
  const run = await start(made, { inputs: { operation: "status" } });
  expect(run.exitCode).toBe(0);
  expect(said(run)).toMatch(/qa holds no version that is known/);
});

describe("a checkout", () => {
  test("of no branch is good enough, where there is a remote to ask", async () => {
    const made = await hub();
    made.where.space.git(made.where.clone, "checkout", "-q", "--detach");
    const run = await start(made, { inputs: { operation: "status" } });
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toContain("1.2.0");
    const alone = await start(made, {
      inputs: { fetch: "false", token: "" },
      env: { GITHUB_REPOSITORY: undefined },
    });
    expectRefusal(alone, made, /default branch is not known.*Name it with 'branch'/);
  });

  test("that is shallow deepens itself, and says how much of the past it lacks where it may not", async () => {
    const made = await hub(gitops);
    const { space, remote } = made.where;
    made.where.commit({ [file("dev")]: overlay("1.3.0") });
    space.git(space.folder, "clone", "-q", "--depth=1", `file://${remote}`, "shallow");
    const workspace = join(space.folder, "shallow");
    const back = { operation: "rollback", app: "web", environment: "dev", strategy: "direct", token: "" };
    const env = { GITHUB_REPOSITORY: undefined };
    const flat = await start(made, { workspace, inputs: { ...back, fetch: "false", branch: "main" }, env });
    expectRefusal(flat, made, /in the history that is here; check out more of it \(fetch-depth: 0\)/);
    expect((await start(made, { workspace, inputs: back, env })).exitCode).toBe(0);
    expect(made.where.show(file("dev"))).toBe(overlay("1.2.0"));
    expect(space.git(workspace, "rev-parse", "--is-shallow-repository")).toBe("true");
  });

  test("of nothing", async () => {
    const made = await hub();
    const workspace = join(made.where.space.folder, "empty");
    mkdirSync(workspace);
    expectRefusal(await start(made, { workspace }), made, /not inside a Git repository.*actions\/checkout/s);
  });
});

describe("a token that", () => {
  test("is missing: what needs one is refused, with what to do", async () => {
    const made = await hub(gitops.replace("  strategy: direct\n", ""));
    const run = await start(made, { inputs: { token: "" } });
    expect(run.exitCode, run.stdout).toBe(1);
    expect(said(run)).toMatch(/a pull request needs a token: set the input 'token', or `strategy: direct`/);
    expectUntouched(made.where, made.github);
  });

  test("nobody accepts", async () => {
    const made = await hub();
    const { env } = await overHttp(made, "another");
    expectRefusal(
      await start(made, { env }),
      made,
      /org\/fleet: this token may not do that there.*contents: write/s,
    );
  });

  test("may only read, as that of a fork's pull request", async () => {
    const made = await hub(gitops);
    const { env } = await overHttp(made);
    made.where.space.git(made.where.remote, "config", "http.receivepack", "false");
    made.github.writes = false;
    const repo = (name: string) => ({ full_name: name, fork: name !== "org/fleet" });
    const side = (ref: string, name: string) => ({ ref, sha: "1".repeat(40), repo: repo(name) });
    const event = {
      action: "closed",
      number: 7,
      repository: { full_name: "org/fleet", default_branch: "main" },
      pull_request: {
        number: 7,
        merged: true,
        head: side("topic", "mallory/fleet"),
        base: side("main", "org/fleet"),
      },
    };
    const run = await start(made, { env, event, eventName: "pull_request" });
    expectRefusal(
      run,
      made,
      /org\/fleet: this token may not do that there.*403/s,
      /contents: write and pull-requests: write/,
      /fork gets a token that may only read: start promotions by push/,
    );
    expect(made.where.log()).toEqual(["first"]);
  });
});

test("a protected branch says what protects it, and what to do", async () => {
  const made = await hub(gitops);
  const { where, github } = made;
  github.locked = ["main"];
  const hook = join(where.remote, "hooks/pre-receive");
  writeFileSync(
    hook,
    "#!/bin/sh\necho 'error: GH006: Protected branch update failed for refs/heads/main.' >&2\necho 'error: Changes must be made through a pull request.' >&2\nexit 1\n",
  );
  chmodSync(hook, 0o755);
  where.space.git(where.remote, "config", "core.hooksPath", join(where.remote, "hooks"));
  const run = await start(made);
  expect(run.exitCode, run.stdout).toBe(1);
  expect(said(run)).toMatch(/main does not take the push: .*GH006.*use strategy: pull-request/s);
  expectUntouched(where, github);
  expect(where.log()).toEqual(["first"]);
});

// Each trigger of the table in docs/promotion.md, by the workflow that examples/triggers has for it: act runs it, and a
// GitHub on loopback (Git over HTTP and the API, which keeps state) gets what comes of it.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../contract/source.ts";
import { token } from "../github/server.ts";
import { unpackRelease } from "../setup/release.ts";
import { type Run, type RunOptions, runWorkflow } from "./act.ts";
import { git } from "./fleet.ts";
import { type Hub, hourAgo, serveHub } from "./hub.ts";

const work = mkdtempSync(join(tmpdir(), "gitops-e2e-"));
const release = join(work, "release");
let runs = 0;

beforeAll(() => unpackRelease(release));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Stands in for the action that makes a GitHub App's token: it answers with the one that the hub accepts. */
function appToken(): Record<string, string> {
  const folder = join(work, "app-token");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "action.yml"),
    `name: token
description: makes a token
inputs:
  client-id: { required: true, description: id }
  private-key: { required: true, description: key }
  owner: { description: owner }
  repositories: { description: repositories }
outputs:
  token: { description: token, value: "\${{ steps.make.outputs.token }}" }
runs:
  using: composite
  steps:
    - id: make
      shell: bash
      env: { ID: "\${{ inputs.client-id }}", KEY: "\${{ inputs.private-key }}", FOR: "\${{ inputs.owner }}/\${{ inputs.repositories }}" }
      run: |
        test "$ID $KEY $FOR" = "Iv1.fleet key org/fleet"
        echo "token=${token}" >> "$GITHUB_OUTPUT"
`,
  );
  return { "actions/create-github-app-token@bcd2ba49218906704ab6c1aa796996da409d3eb1": folder };
}

function readFiles(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]));
}

async function run(hub: Hub, trigger: string, options: Partial<RunOptions>): Promise<Run> {
  return await runWorkflow({
    repository: options.repository ?? hub.checkOut("main"),
    workflow: join(root, `examples/triggers/.github/workflows/${trigger}.yml`),
    event: "push",
    payload: {},
    release,
    work: join(work, `run-${++runs}`),
    env: hub.env,
    secrets: { GITOPS_PRIVATE_KEY: "key" },
    variables: { GITOPS_CLIENT_ID: "Iv1.fleet", IMAGE_DIGEST: digest("5") },
    standIns: appToken(),
    ...options,
  });
}

const repository = { full_name: "org/fleet", default_branch: "main" };
const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const shop = (environment: string) => `environments/${environment}/shop/kustomization.yaml`;
const open = ({ github }: Hub) =>
  github.pulls.filter(({ state }) => state === "open").map(({ head, title }) => [head, title]);

/** The version that dev has had for long enough is what staging should get: one pull request, with the digest. */
function expectStaging(hub: Hub, result: Run, others: string[][] = []): void {
  expect(result.jobs, result.log).toEqual({ promote: "success" });
  const staging = [
    "gitops/promote/staging/shop",
    expect.stringMatching(/^Promote shop to staging: 2.3.1@.* to 2.4.0@/),
  ];
  expect(open(hub)).toEqual([staging, ...others]);
  const before = hub.show(shop("staging")).split("\n");
  const after = hub.show(shop("staging"), "gitops/promote/staging/shop").split("\n");
  expect(after.filter((line, index) => line !== before[index])).toEqual([
    expect.stringContaining("newTag: 2.4.0"),
    expect.stringContaining("digest: sha256:"),
  ]);
  expect(JSON.parse(result.outputs.promote!["pull-requests"]!)).toHaveLength(1 + others.length);
  expect(result.summary.promote).toContain("Board");
  expect(hub.github.problems).toEqual([]);
}

/** The payload of a pull request that is closed. */
function closed(merged: boolean): object {
  const side = (ref: string) => ({ ref, sha: "1".repeat(40), repo: repository });
  return {
    action: "closed",
    number: 3,
    repository,
    pull_request: { number: 3, merged, base: side("main"), head: side("topic") },
  };
}

describe("a promotion is started by", () => {
  test("a push to the branch of an environment", async () => {
    const hub = await serveHub("branches/main");
    const shared = (name: string) => readFiles(join(root, "examples/branches", name));
    let from = "main";
    for (const name of ["dev", "staging", "prod"]) {
      hub.push(`env/${name}`, { ...(name === "dev" ? shared("shared") : {}), ...shared(name) }, from);
      from = `env/${name}`;
    }
    const file = "apps/shop/kustomization.yaml";
    const after = hub.push("env/dev", {
      [file]: `${hub.show(file, "env/dev").replace("2.3.0", "2.4.0")}\n`,
    });
    const result = await run(hub, "environment-branch", {
      repository: hub.checkOut("env/dev"),
      payload: { ref: "refs/heads/env/dev", repository, before: "1".repeat(40), after },
    });
    expect(result.jobs, result.log).toEqual({ promote: "success" });
    expect(open(hub)).toEqual([
      ["gitops/promote/staging/all", `Promote dev to staging: merge ${after.slice(0, 7)}`],
    ]);
    expect(hub.github.pulls[0]).toMatchObject({ base: "env/staging" });
    expect(hub.show(file, "gitops/promote/staging/all")).toContain("newTag: 2.4.0");
    expect(git(hub.remote, "log", "-1", "--format=%P", "gitops/promote/staging/all").split(" ")).toEqual([
      git(hub.remote, "rev-parse", "env/staging"),
      after,
    ]);
    expect(hub.github.problems).toEqual([]);
  });

  test("a tag that is pushed in an application's repository", async () => {
    const hub = await serveHub("folders");
    const app = join(hub.folder, "app");
    git(hub.folder, "init", "-q", "-b", "main", app);
    writeFileSync(join(app, "Dockerfile"), "FROM scratch\n");
    git(app, "add", "-A");
    git(app, "commit", "-q", "-m", "shop");
    git(app, "tag", "2.5.0");
    const result = await run(hub, "tag-push", {
      repository: app,
      payload: {
        ref: "refs/tags/2.5.0",
        before: "0".repeat(40),
        after: git(app, "rev-parse", "HEAD"),
        repository: { full_name: "org/shop", default_branch: "main" },
      },
      env: { ...hub.env, GITHUB_REPOSITORY: "org/shop" },
    });
    expect(result.jobs, result.log).toEqual({ promote: "success" });
    expect(hub.subjects()).toEqual(["Set shop in dev", "Start the fleet"]);
    expect(hub.show(shop("dev"))).toContain(`newTag: 2.5.0\n    digest: ${digest("5")}`);
    expect(hub.github.problems).toEqual([]);
  });

  test("a pull request that was merged", async () => {
    const hub = await serveHub("folders");
    expectStaging(
      hub,
      await run(hub, "merged-pull-request", { event: "pull_request", payload: closed(true) }),
    );
  });

  test("nothing, where the pull request was only closed", async () => {
    const hub = await serveHub("folders");
    await run(hub, "merged-pull-request", { event: "pull_request", payload: closed(false) });
    expect(open(hub)).toEqual([]);
  });

  test("the clock, when a soak has ended", async () => {
    const hub = await serveHub("folders");
    hub.github.pushes[0]!.at = hourAgo(0.5);
    const early = await run(hub, "schedule", { event: "schedule", payload: { repository } });
    expect(early.jobs, early.log).toEqual({ promote: "success" });
    expect(open(hub)).toEqual([]);
    expect(JSON.parse(early.outputs.promote!.waiting!)).toContainEqual({
      app: "shop",
      environment: "staging",
      because: expect.stringContaining("it runs in dev for 30 min"),
    });
    hub.github.pushes[0]!.at = hourAgo(1.5);
    const again = { event: "schedule", payload: { repository }, repository: hub.checkOut("main", "again") };
    expectStaging(hub, await run(hub, "schedule", again));
  });

  test("another system's dispatch", async () => {
    const hub = await serveHub("folders");
    const result = await run(hub, "repository-dispatch", {
      event: "repository_dispatch",
      payload: {
        action: "version",
        repository,
        client_payload: { app: "shop", environment: "dev", tag: "2.6.0", digest: digest("6") },
      },
    });
    expect(result.jobs, result.log).toEqual({ promote: "success" });
    expect(hub.subjects()).toEqual(["Set shop in dev", "Start the fleet"]);
    expect(hub.show(shop("dev"))).toContain(`newTag: 2.6.0\n    digest: ${digest("6")}`);
  });

  test("a person", async () => {
    const hub = await serveHub("folders");
    const before = hub.show(shop("staging"));
    hub.push("main", { [shop("staging")]: `${before.replace("2.3.1", "2.3.2")}\n` });
    const result = await run(hub, "workflow-dispatch", {
      event: "workflow_dispatch",
      payload: {
        repository,
        inputs: { operation: "rollback", app: "shop", environment: "staging", reason: "it burns" },
      },
    });
    expect(result.jobs, result.log).toEqual({ promote: "success" });
    expect(open(hub)).toEqual([["gitops/rollback/staging/shop", "Roll back shop in staging"]]);
    expect(hub.show(shop("staging"), "gitops/rollback/staging/shop")).toBe(before);
    expect(hub.show(".gitops/holds.yaml", "gitops/rollback/staging/shop")).toContain("it burns");
  });

  test("a deployment that reports to be healthy", async () => {
    const hub = await serveHub("folders");
    const sha = git(hub.remote, "rev-parse", "main");
    hub.github.statuses.push({ sha, context: "argocd/shop", state: "success", at: hourAgo() });
    const payload = {
      action: "created",
      repository,
      deployment: { sha, ref: "main" },
      deployment_status: { state: "success" },
    };
    expectStaging(hub, await run(hub, "deployment-status", { event: "deployment_status", payload }), [
      ["gitops/promote/prod/cache", "Promote cache to prod: 0.7.1 to 0.7.2"],
      ["gitops/promote/prod/shop", expect.stringMatching(/^Promote shop to prod: 2.3.0@.* to 2.3.1@/)],
    ]);
  });
});

describe("the example fleet's own workflow, with the job's token, runs for", () => {
  test.each([
    ["push", (sha: string) => ({ ref: "refs/heads/main", before: "0".repeat(40), after: sha })],
    ["status", (sha: string) => ({ sha, context: "argocd/shop", state: "success" })],
  ] as const)("%s", async (event, payload) => {
    const hub = await serveHub("folders");
    const result = await run(hub, "", {
      workflow: ".github/workflows/promote.yml",
      event,
      payload: { repository, ...payload(git(hub.remote, "rev-parse", "main")) },
      variables: {},
      token,
    });
    expectStaging(hub, result);
  });
});

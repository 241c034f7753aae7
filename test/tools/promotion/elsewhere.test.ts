// Letting a version into a GitOps repository from another one's workflow: nothing is checked out there.
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { connect, type PromoteInputs } from "@gitops-actions/promote-env";
import { UsageError } from "@gitops-actions/report";
import { expect, test } from "vitest";
import { serveGitHub, token } from "../../github/server.ts";
import { serveGit } from "../git/http-backend.ts";
import { fleet, gitops, overlay, place } from "./world.ts";

const dev = "apps/web/overlays/dev/kustomization.yaml";
const wanted = { operation: "set", apps: ["web"], environments: ["dev"], tag: "2.0.0" } as const;

async function hub(settings = gitops) {
  const where = place(fleet(settings));
  mkdirSync(join(where.space.folder, "hub/org"), { recursive: true });
  symlinkSync(where.remote, join(where.space.folder, "hub/org/fleet.git"));
  where.space.git(where.remote, "config", "http.receivepack", "true");
  const server = await serveGit(join(where.space.folder, "hub"), { token });
  const github = await serveGitHub((branch) => {
    try {
      return where.space.git(where.remote, "rev-parse", "--verify", "-q", `refs/heads/${branch}`);
    } catch {
      return undefined;
    }
  });
  // A job of an application's repository: a workspace that is no GitOps repository, and an event of its own.
  const workspace = join(where.space.folder, "app");
  mkdirSync(workspace);
  const env = {
    ...where.space.machine.env,
    GITHUB_SERVER_URL: server.origin,
    GITHUB_API_URL: github.url,
    GITHUB_REPOSITORY: "org/app",
    NO_PROXY: "127.0.0.1",
  };
  const run = async (inputs: Partial<PromoteInputs> = {}, progress: (message: string) => void = () => {}) => {
    const given = { ...wanted, repository: "org/fleet", token, ...inputs } as PromoteInputs;
    const host = {
      ...where.space.machine,
      env,
      cwd: workspace,
      now: () => new Date("2026-02-01T12:00:00Z"),
      isTerminal: false,
    };
    const forge = connect(given.token, host, new AbortController().signal, given.repository);
    const event = {
      name: "push",
      before: "0".repeat(40),
      after: "1".repeat(40),
      ref: "refs/tags/2.0.0",
      defaultBranch: "trunk",
    } as const;
    return await where.run(given, undefined, { host, event, progress, ...(forge ? { forge } : {}) });
  };
  return { where, github, server, run };
}

test("sets a version by a commit that is taken only where nothing has moved", async () => {
  const { where, run } = await hub();
  let once = true;
  const result = await run({ prove: true }, (message) => {
    // Somebody else pushes between reading and writing.
    if (message.startsWith("Reading") && once) {
      once = false;
      where.commit({ "README.md": "meanwhile\n" }, "meanwhile");
    }
  });
  expect(result.delivered[0]?.delivery).toMatchObject({ kind: "pushed", proof: { others: [] } });
  expect(where.show(dev)).toBe(overlay("2.0.0"));
  expect(where.log()).toEqual(["Set web in dev", "meanwhile", "first"]);
  expect(result.report.source).toMatchObject({ repository: "org/fleet" });
  // Nothing of it is left behind.
  expect(readdirSync(where.space.machine.tempDir).filter((name) => name.startsWith("elsewhere"))).toEqual([]);
});

test("opens a pull request there where gitops.yaml wants one, and sets nothing twice", async () => {
  const { where, github, run } = await hub(gitops.replace("  strategy: direct\n", ""));
  await run();
  await run();
  expect(github.pulls).toMatchObject([{ head: "gitops/set/dev/web", base: "main", state: "open" }]);
  expect(where.show(dev, "gitops/set/dev/web")).toBe(overlay("2.0.0"));
  const others = github.requests.filter((request) => !request.includes("/repos/org/fleet"));
  expect(others.filter((request) => request !== "POST /graphql")).toEqual([]);
  expect(github.problems).toEqual([]);
});

test.each([
  ["a token that reaches only its own repository", { token: "ghs_other" }],
  ["no token", { token: undefined }],
])("refuses %s, and says what to give", async (_, inputs) => {
  const { where, run } = await hub();
  const failed = await run({ ...inputs, branch: "main" } as Partial<PromoteInputs>).catch(
    (error: unknown) => error,
  );
  expect(failed).toBeInstanceOf(UsageError);
  expect((failed as Error).message).toMatch(/^org\/fleet: .*GitHub App that is installed on org\/fleet/s);
  expect((failed as Error).message).not.toContain("ghs_other");
  expect(where.log()).toEqual(["first"]);
});

test("says so where the token may read and not write", async () => {
  const { where, run } = await hub();
  where.space.git(where.remote, "config", "http.receivepack", "false");
  await expect(run()).rejects.toThrow(/org\/fleet: this token may not do that there .*403.*contents: write/);
  expect(where.log()).toEqual(["first"]);
});

test.each([
  ["fleet", "expected owner/name"],
  ["org/fleet/../other", "expected owner/name"],
  ["--upload-pack=id/x", "expected owner/name"],
])("refuses a repository called %s", async (repository, message) => {
  const { run } = await hub();
  await expect(run({ repository })).rejects.toThrow(message);
});

test("names the app that is not there", async () => {
  const { run } = await hub();
  await expect(run({ apps: ["wob"] })).rejects.toThrow(/no app wob.*web/);
  await expect(run({ repository: "org/gone" })).rejects.toThrow("org/gone");
});

// The reusable workflow in act, with the bundle, against a real API server.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildBundles } from "../../scripts/build.ts";
import { type Run, runWorkflow } from "../e2e/act.ts";
import { unpackRelease } from "../setup/release.ts";
import { findCanaries } from "./canaries.ts";
import { type ControlPlane, kubectlPath, startControlPlane } from "./control-plane.ts";

const folder = mkdtempSync(join(tmpdir(), "drift-workflow-"));
const repository = join(folder, "fleet");
const secret = "correct-horse-battery-staple";
let plane: ControlPlane;
let commit: string;

function write(path: string, text: string): void {
  mkdirSync(dirname(join(repository, path)), { recursive: true });
  writeFileSync(join(repository, path), text);
}

function git(...args: string[]): string {
  const env = { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: "1" };
  const who = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
  return execFileSync("git", [...who, ...args], { cwd: repository, env, encoding: "utf8" }).trim();
}

const manifests = `apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: default}
data: {mode: fast}
---
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: default}
stringData: {password: ${secret}}
`;

function caller(kubeconfig: string, failOn: string): string {
  return `on: push
jobs:
  drift:
    permissions: { contents: read, issues: write, statuses: write }
    uses: org/gitops-actions/.github/workflows/drift-report.yml@v1
    with: { environment: prod, fail-on: ${failOn}, issue: true, status: true, orphans: true }
    secrets:
      kubeconfig: '${kubeconfig}'
  after:
    needs: drift
    if: always()
    runs-on: ubuntu-latest
    steps:
      - env: { DRIFTED: "\${{ needs.drift.outputs.drifted }}" }
        run: echo "drifted is $DRIFTED"
`;
}

interface Sent {
  method: string;
  path: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the action sends.
  body: any;
}

/** A GitHub on loopback with one private repository; it keeps what it is sent. */
function startGithub(): Promise<Server> {
  const github = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    // act names the repository itself, where a checkout has no remote.
    const path = request.url!.split("?")[0]!.replace(/^\/repos\/[^/]+\/[^/]+/, "");
    const body = text ? JSON.parse(text) : {};
    const method = request.method!;
    const send = (status: number, value: unknown): void =>
      void response.writeHead(status).end(JSON.stringify(value));
    if (method !== "GET") sent.push({ method, path, body });
    if (path === "") return send(200, { has_issues: true, private: true });
    const known = issue ? [issue] : [];
    if (path === "/issues" && method === "GET") return send(200, known);
    if (path === "/issues") issue = { number: 1, state: "open", ...body };
    else if (path === "/issues/1" && issue) Object.assign(issue, body);
    else if (path !== `/statuses/${commit}`) return send(404, { message: "Not Found" });
    send(method === "POST" ? 201 : 200, path.includes("issues") ? issue : body);
  });
  return new Promise((resolve) => github.listen(0, "127.0.0.1", () => resolve(github)));
}

let github: Server;
let sent: Sent[] = [];
let issue: { number: number; state: string; body: string | null; title?: string } | undefined;

beforeAll(async () => {
  github = await startGithub();
  await buildBundles(() => {});
  unpackRelease(join(folder, "release"));
  plane = await startControlPlane();
  const file = join(folder, "manifests.yaml");
  writeFileSync(file, manifests);
  const kubectl = kubectlPath();
  execFileSync(kubectl, ["--kubeconfig", plane.kubeconfig(), "apply", "--server-side", "-f", file]);
  const kubeconfig = readFileSync(plane.kubeconfig(), "utf8");
  write("apps/web/overlays/prod/web.yaml", manifests);
  write(".github/workflows/strict.yml", caller(kubeconfig, "drift"));
  write(".github/workflows/lenient.yml", caller(kubeconfig, "none"));
  git("init", "-q", "-b", "main");
  git("add", "-A");
  git("commit", "-q", "-m", "first");
  commit = git("rev-parse", "HEAD");
}, 900_000);

afterAll(() => {
  github?.closeAllConnections();
  github?.close();
  plane?.stop();
  rmSync(folder, { recursive: true, force: true });
});

let runs = 0;
async function runIt(workflow: string): Promise<Run> {
  const work = join(folder, `work-${++runs}`);
  mkdirSync(join(work, "bin"), { recursive: true });
  symlinkSync(kubectlPath(), join(work, "bin/kubectl"));
  const payload = {
    before: "0".repeat(40),
    after: commit,
    ref: "refs/heads/main",
    repository: { full_name: "shop/fleet", default_branch: "main" },
  };
  sent = [];
  return runWorkflow({
    env: { GITHUB_API_URL: `http://127.0.0.1:${(github.address() as AddressInfo).port}` },
    repository,
    workflow: `.github/workflows/${workflow}.yml`,
    event: "push",
    payload,
    release: join(folder, "release"),
    work,
  });
}

test("passes and says so while nothing differs", async () => {
  const run = await runIt("strict");
  expect(run.jobs, run.log).toEqual({ drift: "success", after: "success" });
  expect(run.outputs.drift).toMatchObject({ drifted: "false" });
  expect(JSON.parse(run.outputs.drift!.counts!)).toMatchObject({ clean: 2, notChecked: 0 });
  expect(run.log).toContain("drifted is false");
  expect(sent).toMatchObject([
    {
      path: `/statuses/${commit}`,
      body: { context: "gitops/drift/prod", state: "success" },
    },
  ]);
});

test("fails, and names field and manager, when something does", async () => {
  const change = { data: { mode: "slow" } };
  await plane.send(
    "PATCH",
    "/api/v1/namespaces/default/configmaps/settings?fieldManager=by-hand",
    change,
    "application/merge-patch+json",
  );
  await plane.send(
    "PATCH",
    "/api/v1/namespaces/default/secrets/keys?fieldManager=by-hand",
    { stringData: { password: "another-canary-value" } },
    "application/merge-patch+json",
  );
  const run = await runIt("strict");
  expect(run.jobs, run.log).toMatchObject({ drift: "failure" });
  expect(run.outputs.drift).toMatchObject({ drifted: "true" });
  expect(run.summary.drift).toContain("by-hand");
  expect(run.summary.drift).toContain("key password differs");
  expect(sent.find(({ path }) => path.includes("/statuses/"))?.body).toMatchObject({
    context: "gitops/drift/prod",
    state: "failure",
  });
  expect(issue).toMatchObject({ state: "open", title: "Drift: prod" });
  expect(issue?.body).toContain("by-hand");
  const all = JSON.stringify([run, sent]);
  expect(findCanaries(all, [secret, "another-canary-value"])).toEqual([]);
});

test("only reports with fail-on: none", async () => {
  const run = await runIt("lenient");
  expect(run.jobs, run.log).toEqual({ drift: "success", after: "success" });
  expect(run.outputs.drift).toMatchObject({ drifted: "true" });
});

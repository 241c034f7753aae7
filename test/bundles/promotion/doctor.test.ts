import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Report } from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { root } from "../../contract/source.ts";
import { token } from "../../github/server.ts";
import { type Hub, hub, settings } from "../../tools/promotion/hub.ts";
import { fleet } from "../../tools/promotion/world.ts";

const workflow = `on: {pull_request: , merge_group: }
permissions: {}
jobs:
  gitops:
    uses: org/gitops-actions/.github/workflows/pr-validation.yml@0123456789012345678901234567890123456789
`;
const careful = {
  ...fleet(settings),
  ".github/CODEOWNERS": "* @org/platform\n",
  ".github/workflows/validation.yml": workflow,
};

/** Starts `gitops doctor` of the bundle. */
function doctor(
  { where, github }: Hub,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [join(root, "build/dist/gitops/index.js"), "doctor", ...args], {
    cwd: where.clone,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...(where.space.machine.env as Record<string, string>),
      GITHUB_API_URL: github.url,
      GITHUB_REPOSITORY: "org/fleet",
      GITHUB_TOKEN: token,
      ...env,
    },
  });
  const text = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text.out += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    text.err += chunk;
  });
  return new Promise((resolve) => child.once("close", (status) => resolve({ status, ...text })));
}

const source = { ruleset_source_type: "Repository", ruleset_source: "org/fleet", ruleset_id: 7 };
const rules = (approvals: number) => [
  {
    ...source,
    type: "pull_request",
    parameters: {
      required_approving_review_count: approvals,
      dismiss_stale_reviews_on_push: true,
      require_code_owner_review: true,
      require_last_push_approval: false,
      required_review_thread_resolution: false,
    },
  },
  { ...source, type: "non_fast_forward" },
  { ...source, type: "deletion" },
  {
    ...source,
    type: "required_status_checks",
    parameters: {
      required_status_checks: [{ context: "gitops / Render, validate and check policies" }],
      strict_required_status_checks_policy: true,
    },
  },
];

/** A GitHub that tells everything, and to which nothing is to be said. */
function guard({ github }: Hub, approvals = 1): void {
  github.answers["GET /rules/branches/{branch}"] = () => rules(approvals);
  github.answers["GET /rulesets/{ruleset_id}"] = () => ({
    id: 7,
    name: "main",
    source: "org/fleet",
    enforcement: "active",
    bypass_actors: [],
  });
  github.answers["GET /codeowners/errors"] = () => ({ errors: [] });
  github.answers["GET /actions/permissions/workflow"] = () => ({
    default_workflow_permissions: "read",
    can_approve_pull_request_reviews: false,
  });
}

describe("gitops doctor", () => {
  test("finds nothing where all is as it should be, and says what it could not see", async () => {
    const where = await hub(settings, true, careful);
    guard(where);
    const { status, out, err } = await doctor(where);
    expect(err).toBe("");
    expect(out).toContain("each of 4 paths that production follows from has an owner");
    expect(out).toMatch(/token-permissions of token/);
    expect(out).not.toMatch(/^(?:error|warning)/m);
    expect(status).toBe(0);
    expect(where.github.problems).toEqual([]);
    expect(where.github.requests.filter((request) => !request.startsWith("GET"))).toEqual([]);
  });

  test("names what is missing, as text and as JSON, with status 1", async () => {
    const where = await hub(settings, true, {
      ...careful,
      ".github/CODEOWNERS": "/apps/web/overlays/dev/ @dev\n",
    });
    guard(where, 0);
    where.github.answers["GET /codeowners/errors"] = () => ({
      errors: [{ line: 1, column: 1, kind: "Unknown owner", message: "m", path: ".github/CODEOWNERS" }],
    });
    const { status, out } = await doctor(where);
    expect(status).toBe(1);
    expect(out).toContain("can be merged without anybody's approval");
    expect(out).toContain("apps/web/overlays/prod/kustomization.yaml");
    const json = await doctor(where, ["--json"]);
    expect(json.status).toBe(1);
    const report = JSON.parse(json.out) as Report;
    expect(report.findings.map(({ rule, severity }) => `${rule} ${severity}`).sort()).toEqual([
      "doctor/approval-required error",
      "doctor/code-owners error",
      "doctor/code-owners-errors error",
    ]);
    expect(where.github.problems).toEqual([]);
  });

  test("says of each thing that it may not ask that it does not know, and never that it is fine", async () => {
    const where = await hub(settings, true, careful);
    where.github.denied.push(/^GET \/(?:rules|branches|codeowners|actions|commits|pulls)/);
    const report = JSON.parse((await doctor(where, ["--json"])).out) as Report;
    expect(report.findings).toEqual([]);
    expect(report.skipped.map(({ id }) => id)).toEqual([
      "branch-rules of main",
      "code-owners-asked of .github/CODEOWNERS",
      "code-owners-errors of .github/CODEOWNERS",
      "required-checks of main",
      "token-permissions of token",
      "workflow-defaults of settings",
    ]);
    expect(where.github.problems).toEqual([]);
  });

  test("without a token looks at the files, and says so; wrong use is status 2, a GitHub that fails 3", async () => {
    const where = await hub(settings, true, careful);
    const files = await doctor(where, [], { GITHUB_TOKEN: "" });
    expect(files.status).toBe(0);
    expect(files.out).toContain("could not be looked at: set GITHUB_TOKEN");
    expect((await doctor(where, ["--repository", "fleet"])).status).toBe(2);
    where.github.faults.push({ when: /^GET /, kind: "422", left: 1 });
    const failed = await doctor(where);
    expect(failed.status).toBe(3);
    expect(failed.err).toContain("GET /repos/org/fleet");
  });
});

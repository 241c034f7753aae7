import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../contract/source.ts";
import { unpackRelease } from "../setup/release.ts";
import { type Run, runWorkflow } from "./act.ts";
import { checkOutMerge, cloneShallow, commitEdit, makeFleet } from "./fleet.ts";

const work = mkdtempSync(join(tmpdir(), "gitops-e2e-"));
const release = join(work, "release");
const workflow = join(work, "pr-validation.yml");
let runs = 0;

beforeAll(() => {
  unpackRelease(release);
  // The example's own workflow, but for the engines that take minutes to build.
  const own = readFileSync(join(root, "examples/fleet/.github/workflows/pr-validation.yml"), "utf8");
  writeFileSync(workflow, `${own.trimEnd()}\n    with:\n      policy-engines: conftest\n`);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

interface Options {
  event: "pull_request" | "merge_group" | "push";
  payload: object;
  workflow?: string;
}

/** A workflow as somebody would write it who does more with the result than look at it. */
const following = `
on: pull_request
jobs:
  validate:
    permissions: { contents: read }
    uses: org/gitops-actions/.github/workflows/pr-validation.yml@v1
    with: { kustomization: "apps/storefront/**", policy-engines: conftest }
  deploy:
    needs: validate
    if: needs.validate.outputs.has-changes == 'true'
    strategy: { matrix: { overlay: "\${{ fromJSON(needs.validate.outputs.changed) }}" } }
    runs-on: ubuntu-latest
    steps:
      - env: { OVERLAY: "\${{ matrix.overlay }}", REPORT: "\${{ needs.validate.outputs.report }}" }
        run: echo "would deploy $OVERLAY, see $REPORT"
`;

async function run(repository: string, options: Options): Promise<Run & { uploads: string }> {
  const folder = join(work, `run-${++runs}`);
  const result = await runWorkflow({ repository, workflow, release, work: folder, ...options });
  return { ...result, uploads: join(folder, "uploads") };
}

function pullRequest(number: number, base: string, head: string) {
  const repository = { full_name: "shop/fleet", default_branch: "main" };
  return {
    number,
    repository,
    pull_request: {
      number,
      head: { ref: "change", sha: head, repo: repository },
      base: { ref: "main", sha: base, repo: repository },
    },
  };
}

const storefrontDev = "apps/storefront/overlays/dev";

describe("the example repository's workflow in act", () => {
  test("shows a good pull request and passes", async () => {
    const fleet = await makeFleet(join(work, "good"));
    const path = `${storefrontDev}/kustomization.yaml`;
    const head = commitEdit(fleet.folder, "main", "change", path, "newTag: 2.8.0-rc.1", "newTag: 2.9.0");
    checkOutMerge(fleet.folder, fleet.main, head);
    const result = await run(fleet.folder, {
      event: "pull_request",
      payload: pullRequest(7, fleet.main, head),
    });
    expect(result.jobs, result.log).toEqual({ render: "success" });
    expect(JSON.parse(result.outputs.render!.changed!)).toEqual([storefrontDev]);
    expect(result.outputs.render!["has-changes"]).toBe("true");
    expect(result.summary.render).toContain(storefrontDev);
    expect(result.summary.render).toContain("2.9.0");
    expect(result.summary.validate).toMatch(/validate-schema: Passed/);
    expect(result.summary.policy).toMatch(/policy-check: Passed/);
    // What was not run is said, with the reason.
    for (const engine of ["kyverno", "gatekeeper", "vap"])
      expect(result.summary.policy).toMatch(
        new RegExp(`polic(y|ies) for ${engine}, which was not asked for`),
      );
  });

  test("hands its outputs to the jobs that follow", async () => {
    const fleet = await makeFleet(join(work, "following"));
    const path = "bases/web-service/deployment.yaml";
    const head = commitEdit(fleet.folder, "main", "change", path, "periodSeconds: 10", "periodSeconds: 20");
    checkOutMerge(fleet.folder, fleet.main, head);
    const file = join(work, "following.yml");
    writeFileSync(file, following);
    const payload = pullRequest(11, fleet.main, head);
    const result = await run(fleet.folder, { event: "pull_request", payload, workflow: file });
    expect(result.jobs, result.log).toEqual({ render: "success", deploy: "success" });
    for (const environment of ["dev", "staging", "prod"]) {
      expect(result.log).toContain(`would deploy apps/storefront/overlays/${environment}, see gitops-report`);
    }
    expect(result.log).not.toContain("would deploy apps/notifications");
  });

  test("fetches the base's commit into the depth-1 checkout that actions/checkout makes", async () => {
    const fleet = await makeFleet(join(work, "upstream"));
    const path = "apps/payments/values-prod.yaml";
    const head = commitEdit(fleet.folder, "main", "change", path, "maxReplicas: 12", "maxReplicas: 15");
    checkOutMerge(fleet.folder, fleet.main, head);
    const shallow = cloneShallow(fleet.folder, join(work, "shallow"));
    const result = await run(shallow, { event: "pull_request", payload: pullRequest(10, fleet.main, head) });
    expect(result.jobs, result.log).toEqual({ render: "success" });
    expect(JSON.parse(result.outputs.render!.changed!)).toEqual(["apps/payments@prod"]);
  });

  test("names the mistakes of the example pull request and fails", async () => {
    const fleet = await makeFleet(join(work, "example"));
    checkOutMerge(fleet.folder, fleet.main, fleet.head);
    const result = await run(fleet.folder, {
      event: "pull_request",
      payload: pullRequest(8, fleet.main, fleet.head),
    });
    expect(result.jobs, result.log).toEqual({ render: "failure" });
    const changed = JSON.parse(result.outputs.render!.changed!) as string[];
    expect(changed).toContain("apps/notifications/overlays/prod");
    for (const broken of [
      "apps/storefront/overlays/staging",
      "apps/storefront/overlays/preview",
      "platform/trust-bundle",
    ]) {
      expect(result.summary.render).toContain(broken);
    }
    const report = JSON.parse(
      readFileSync(join(result.uploads, "gitops-report/render-overlays.json"), "utf8"),
    ) as {
      verdict: string;
      failed: { id: string }[];
      source: { base: object };
    };
    expect(report.verdict).toBe("incomplete");
    const validated = JSON.parse(
      readFileSync(join(result.uploads, "gitops-report/validate-schema.json"), "utf8"),
    ) as { findings: { rule: string; location: { path: string; line: number; precision: string } }[] };
    const found = validated.findings.map(
      ({ rule, location }) => `${rule} ${location.path} ${location.precision}`,
    );
    expect(found).toContain("kubeconform/unknown-field apps/storefront/overlays/prod/resources.yaml exact");
    expect(found).toContain("kubeconform/wrong-type apps/payments/values-staging.yaml exact");
    expect(found).toContain("kubeconform/wrong-type apps/notifications/overlays/staging/queues.yaml exact");
    expect(result.summary.validate).toContain("imagePullPolicy");
    const policy = JSON.parse(
      readFileSync(join(result.uploads, "gitops-report/policy-check.json"), "utf8"),
    ) as {
      findings: { rule: string; location: { path: string }; places: { overlay: string; state: string }[] }[];
      engines: { name: string; evaluated: number }[];
    };
    expect(policy.findings.map(({ rule, places }) => [rule, places])).toContainEqual([
      "conftest/main/deny_hidden_messages",
      [{ overlay: "apps/notifications/overlays/prod", state: "new" }],
    ]);
    expect(policy.engines.map(({ name }) => name)).toEqual(["conftest"]);
    expect(report.failed.map(({ id }) => id)).toContain("apps/storefront/overlays/staging");
    expect(report.source.base).toEqual({ commit: fleet.main, how: "merge-parent" });
  });

  test("proves a pull request that touches no manifest unchanged, for a merge group", async () => {
    const fleet = await makeFleet(join(work, "group"));
    const head = commitEdit(
      fleet.folder,
      "main",
      "gh-readonly-queue/main/pr-9",
      "README.md",
      "# fleet",
      "# The fleet",
    );
    const payload = {
      action: "checks_requested",
      merge_group: {
        head_sha: head,
        base_sha: fleet.main,
        head_ref: "refs/heads/gh-readonly-queue/main/pr-9",
        base_ref: "refs/heads/main",
      },
      repository: { full_name: "shop/fleet", default_branch: "main" },
    };
    const result = await run(fleet.folder, { event: "merge_group", payload });
    expect(result.jobs, result.log).toEqual({ render: "success" });
    expect(result.outputs.render).toMatchObject({ changed: "[]", "has-changes": "false" });
    expect(result.summary.render).toMatch(/\d+ .*unchanged/);
    expect(existsSync(join(result.uploads, "gitops-report/render-overlays.json"))).toBe(true);
  });

  test("compares a push with what was there before", async () => {
    const fleet = await makeFleet(join(work, "push"));
    const path = "apps/notifications/overlays/prod/replicas.yaml";
    const head = commitEdit(fleet.folder, "main", "main", path, "replicas: 3", "replicas: 4");
    const payload = {
      ref: "refs/heads/main",
      before: fleet.main,
      after: head,
      repository: { full_name: "shop/fleet", default_branch: "main" },
    };
    const result = await run(fleet.folder, { event: "push", payload });
    expect(result.jobs, result.log).toEqual({ render: "success" });
    expect(JSON.parse(result.outputs.render!.changed!)).toEqual(["apps/notifications/overlays/prod"]);
  });
});

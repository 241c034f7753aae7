import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type BranchFacts,
  judgeBranch,
  judgeChecks,
  judgeOwners,
  judgeRemote,
  ourJobs,
  ownersOf,
  parseOwners,
  readWorkflow,
  requiredChecks,
} from "@gitops-actions/promote-env";
import { describe, expect, test } from "vitest";

const names = (list: readonly { check: string; state: string; severity?: string }[]) =>
  list.map(({ check, state, severity }) => `${check} ${severity ?? state}`);

describe("the remote", () => {
  test.each([
    ["https://github.com/Org/Fleet.git", "remote fine"],
    ["git@github.com:org/fleet.git", "remote fine"],
    ["https://x:y@ghe.example.com/org/fleet", "remote fine"],
    ["https://github.com/me/fleet", "remote warning"],
    ["git@github.com:org/fleet-apps.git", "remote warning"],
  ])("%s, where org/fleet was asked for: %s", (remote, expected) => {
    expect(names(judgeRemote("org/fleet", remote))).toEqual([expected]);
  });

  test("names both repositories, and no user's name", () => {
    const [found] = judgeRemote("org/fleet", "https://me:secret@github.com/me/fleet");
    expect(found?.message).toMatch(/those of me\/fleet.*those of org\/fleet/);
    expect(JSON.stringify(found)).not.toContain("secret");
  });

  test("is nobody's business where there is none on a server, or no repository was named", () => {
    for (const remote of [undefined, "/srv/fleet.git", "../fleet"])
      expect(judgeRemote("org/fleet", remote)).toEqual([]);
    expect(judgeRemote(undefined, "https://github.com/me/fleet")).toEqual([]);
  });
});

describe("CODEOWNERS", () => {
  // Examples of docs.github.com, "About code owners".
  const lines = parseOwners(`
# a comment
*       @global   # for all
*.js    @js
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @logger
/apps/github
my\\ file.md @spaces
`);
  test.each([
    ["README.md", ["@global"]],
    ["src/a.js", ["@js"]],
    ["build/logs/a.txt", ["@logger"]],
    ["x/build/logs/deep/a.txt", ["@logger"]],
    ["docs/getting-started.md", ["@doctocat"]],
    ["x/docs/a.md", ["@global"]],
    ["x/apps/a.md", ["@octocat"]],
    ["apps/github", []],
    ["apps/github/b.yaml", []],
    ["apps/web/b.yaml", ["@octocat"]],
    ["scripts/a", ["@doctocat", "@octocat"]],
    ["my file.md", ["@spaces"]],
  ])("%s belongs to %j", (path, owners) => {
    expect(ownersOf(lines, path)).toEqual(owners);
  });
  test("docs/* is of the files in docs only", () => {
    const only = parseOwners("docs/* @docs\n");
    expect(ownersOf(only, "docs/a.md")).toEqual(["@docs"]);
    expect(ownersOf(only, "docs/build/a.md")).toEqual([]);
  });
  test("that leave a path of production out are wrong; what is not known is not fine", () => {
    const file = { path: "CODEOWNERS", text: "/prod/ @sre\n" };
    expect(names(judgeOwners(file, ["prod/a.yaml"], true, []))).toEqual([
      "code-owners fine",
      "code-owners-asked fine",
    ]);
    expect(names(judgeOwners(file, ["prod/a.yaml", "gitops.yaml"], undefined, undefined))).toEqual([
      "code-owners error",
      "code-owners-errors unknown",
      "code-owners-asked unknown",
    ]);
    expect(names(judgeOwners(file, ["prod/a.yaml"], false, [{ line: 1, kind: "Unknown owner" }]))).toEqual([
      "code-owners fine",
      "code-owners-errors error",
      "code-owners-asked warning",
    ]);
    expect(names(judgeOwners(undefined, [], true, []))).toEqual(["code-owners warning"]);
  });
});

describe("a branch", () => {
  const watched = { name: "main", environments: ["prod"], direct: false };
  const pull = (parameters: object) => ({ type: "pull_request", ruleset_id: 1, parameters });
  const kept = [
    { type: "non_fast_forward", ruleset_id: 1 },
    { type: "deletion", ruleset_id: 1 },
  ];
  const facts = (rules: BranchFacts["rules"], more: Partial<BranchFacts> = {}): BranchFacts => ({
    rules,
    rulesets: new Map([[1, { name: "main", bypass_actors: [] }]]),
    protection: { protected: true, checks: [] },
    ...more,
  });
  const open = { protection: { protected: false, checks: [] }, rulesets: new Map() };

  test.each<[string, BranchFacts, string[]]>([
    [
      "with a ruleset that asks for reviews",
      facts([pull({ required_approving_review_count: 1, dismiss_stale_reviews_on_push: true }), ...kept]),
      ["pull-request-required fine", "approval-required fine", "history-kept fine", "bypass fine"],
    ],
    [
      "where nobody must approve",
      facts([pull({ required_approving_review_count: 0 }), ...kept]),
      ["pull-request-required fine", "approval-required error", "history-kept fine", "bypass fine"],
    ],
    [
      "where approvals grow stale",
      facts([pull({ required_approving_review_count: 2 }), ...kept]),
      [
        "pull-request-required fine",
        "approval-required fine",
        "stale-approval warning",
        "history-kept fine",
        "bypass fine",
      ],
    ],
    ["without any rule", facts([], open), ["pull-request-required error", "history-kept error"]],
    [
      "with an older kind of protection",
      facts([], { rulesets: new Map() }),
      ["pull-request-required unknown", "history-kept unknown"],
    ],
    ["that may not be asked about", facts(undefined), ["branch-rules unknown"]],
  ])("%s", (_, given, expected) => {
    expect(names(judgeBranch(watched, given))).toEqual(expected);
  });

  test("past whose rules somebody may push, or nobody knows who", () => {
    const rules = [pull({ required_approving_review_count: 1, require_last_push_approval: true }), ...kept];
    const actors = {
      name: "main",
      bypass_actors: [{ actor_type: "OrganizationAdmin", actor_id: 1, bypass_mode: "always" }],
    };
    expect(judgeBranch(watched, facts(rules, { rulesets: new Map([[1, actors]]) })).at(-1)).toMatchObject({
      state: "wrong",
      message: expect.stringContaining("OrganizationAdmin 1"),
    });
    expect(
      names(judgeBranch(watched, facts(rules, { rulesets: new Map([[1, { name: "main" }]]) })).slice(-1)),
    ).toEqual(["bypass unknown"]);
  });

  test("that takes no commits, with strategy direct", () => {
    const rules = [pull({ required_approving_review_count: 1, require_last_push_approval: true }), ...kept];
    expect(names(judgeBranch({ ...watched, direct: true }, facts(rules)))).toContain(
      "direct-refused warning",
    );
  });

  test("requires the checks of its rulesets and of its older protection", () => {
    const rule = {
      type: "required_status_checks",
      parameters: { required_status_checks: [{ context: "b" }] },
    };
    expect(requiredChecks(facts([rule], { protection: { protected: true, checks: ["a"] } }))).toEqual([
      "a",
      "b",
    ]);
    expect(requiredChecks(facts(undefined))).toBeUndefined();
  });
});

const validation = `name: Validation
on:
  pull_request:
permissions: {}
jobs:
  gitops:
    uses: org/gitops-actions/.github/workflows/pr-validation.yml@0123456789012345678901234567890123456789
  lint:
    runs-on: ubuntu-latest
    steps: [{run: make}]
`;

describe("checks", () => {
  const { jobs } = readWorkflow(".github/workflows/v.yml", validation);
  const name = "gitops / Render, validate and check policies";
  const judge = (
    required: string[] | undefined,
    seen: string[] | undefined = [],
    queue = false,
    list = jobs,
  ) => names(judgeChecks("main", required, list, seen, queue));

  test("of our workflows must be required, by the name that GitHub gives them", () => {
    expect(jobs.map((job) => job.name)).toEqual([name, "lint"]);
    expect(judge([name])).toEqual(["required-checks fine"]);
    expect(judge(["gitops"], ["x"])).toEqual(["required-checks error", "check-that-never-comes error"]);
    expect(judge(undefined)).toEqual(["required-checks unknown"]);
  });
  test("that are required must come from somewhere", () => {
    expect(judge([name, "jenkins"], ["jenkins"])).toEqual(["required-checks fine"]);
    expect(judge([name, "jenkins"], ["other"])).toEqual(["check-that-never-comes error"]);
    expect(judge([name, "jenkins"], [])).toEqual(["check-that-never-comes unknown"]);
    expect(judge([name, "jenkins"], undefined)).toEqual(["check-that-never-comes unknown"]);
  });
  test("that are required must run for every pull request, and in the merge queue", () => {
    const narrowed = readWorkflow(
      "v.yml",
      validation.replace("pull_request:", "pull_request: {paths: [apps/**]}"),
    ).jobs;
    expect(judge([name], [], false, narrowed)).toEqual(["check-that-may-not-run warning"]);
    expect(judge([name], [], true)).toEqual(["merge-queue error"]);
  });
  test("inside our reusable workflows have the names that these have", () => {
    for (const [file, expected] of Object.entries(ourJobs)) {
      const text = readFileSync(join(import.meta.dirname, "../../../.github/workflows", file), "utf8");
      const real = readWorkflow(file, text).jobs.map((job) => job.name);
      expect(real, file).toEqual(expected);
    }
  });
});

describe("a workflow", () => {
  const of = (text: string) => names(readWorkflow("w.yml", text).diagnoses);
  const job = "jobs:\n  a:\n    runs-on: x\n    steps:\n";
  test("that is careful is fine", () => {
    expect(of(validation)).toEqual([]);
  });
  test("with actions that are not pinned, no permissions, or all", () => {
    expect(of(`on: push\n${job}      - uses: actions/checkout@v6\n`)).toEqual([
      "pinned-actions notice",
      "workflow-permissions warning",
    ]);
    expect(of(`on: push\npermissions: write-all\n${job}      - run: x\n`)).toEqual([
      "workflow-permissions error",
    ]);
    expect(
      of(`on: push\npermissions: {}\n${job}      - uses: ./local\n      - uses: docker://alpine@sha256:aa\n`),
    ).toEqual([]);
  });
  test("that runs what a fork brings, with this repository's token", () => {
    const text = `on: pull_request_target\npermissions: {}\n${job}      - run: git checkout \${{ github.event.pull_request.head.sha }}\n`;
    expect(of(text)).toEqual(["foreign-code error"]);
    expect(of(text.replace("pull_request_target", "pull_request"))).toEqual([]);
  });
  test("that cannot be read is not taken for fine", () => {
    expect(of("a: [")).toEqual(["workflow unknown"]);
  });
});

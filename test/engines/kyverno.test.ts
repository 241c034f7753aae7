import { describe, expect, test } from "vitest";
import { makeMachine, write } from "../tools/engine/machine.ts";
import { checkIn, counts, type Files, failures, lines, makeRepository } from "../tools/policy/stage.ts";

const pod = (name: string, labels: string, namespace = "shop") =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: ${namespace}, labels: {${labels}}}\nspec: {containers: [{name: a, image: a}]}\n---\n`;
const policy = (name: string, rule: string, kind = "ClusterPolicy", where = "") =>
  `apiVersion: kyverno.io/v1\nkind: ${kind}\nmetadata: {name: ${name}${where}}\nspec:\n  validationFailureAction: Enforce\n  rules:\n  - name: rule\n    match: {any: [{resources: {kinds: [Pod]}}]}\n${rule}---\n`;
const team = `    validate: {message: "team is required", pattern: {metadata: {labels: {team: "?*"}}}}\n`;

async function check(files: Files, manifests: string, values?: string) {
  const machine = makeMachine();
  write(machine.folder, { "manifests/all.yaml": manifests, ...(values && { "values.yaml": values }) });
  for (const [name, text] of Object.entries(files)) write(machine.folder, { [`policies/${name}`]: text });
  return await checkIn(machine, values ? { valuesFile: "values.yaml" } : {});
}

describe("what the Kyverno CLI prints is read whole", () => {
  test("namespaced policies, of which it prints a report each", async () => {
    const report = await check(
      {
        "cluster.yaml": policy("everywhere", team),
        "a.yaml": policy("team", team, "Policy", ", namespace: shop"),
        "b.yaml": policy("team", team, "Policy", ", namespace: lab"),
      },
      `${pod("good", "team: a")}${pod("bad", "x: y")}${pod("bad", "x: y", "lab")}`,
    );
    expect(failures(report)).toEqual([]);
    expect(
      lines(report)
        .filter((line) => line.includes("/team/rule"))
        .sort(),
    ).toEqual([
      "error kyverno/lab/team/rule Pod/bad /metadata/labels/team: team is required",
      "error kyverno/shop/team/rule Pod/bad /metadata/labels/team: team is required",
    ]);
    expect(counts(report, "kyverno/shop/team")).toBe("3 evaluated, 2 matched, 1 passed, 0 warned, 1 failed");
    expect(counts(report, "kyverno/everywhere")).toBe("3 evaluated, 3 matched, 1 passed, 0 warned, 2 failed");
  });

  test("a resource that the preconditions leave out is not counted as passed", async () => {
    const precondition = `    preconditions: {all: [{key: "{{ request.object.metadata.labels.tier || '' }}", operator: Equals, value: web}]}\n`;
    const report = await check(
      { "p.yaml": policy("team", precondition + team) },
      `${pod("web", "tier: web, team: a")}${pod("db", "tier: db")}`,
    );
    expect(counts(report, "kyverno/team")).toBe("2 evaluated, 1 matched, 1 passed, 0 warned, 0 failed");
  });
});

describe("what only a cluster can answer is no verdict", () => {
  const atMost = `    context: [{name: count, apiCall: {urlPath: /api/v1/pods, jmesPath: "items | length(@)"}}]
    validate: {message: "at most five", deny: {conditions: {any: [{key: "{{ count }}", operator: GreaterThan, value: 5}]}}}\n`;

  test("a list, which the CLI takes from what is rendered", async () => {
    const report = await check({ "p.yaml": policy("limit", atMost) }, pod("web", "a: b"));
    expect(failures(report)).toEqual([
      expect.stringMatching(
        /^limit\/rule needs-cluster: kyverno: Pod shop\/web: it asks for an API call \(count\)/,
      ),
    ]);
    expect(report.verdict).toBe("incomplete");
    expect(counts(report, "kyverno/limit")).toBe("1 evaluated, 0 matched, 0 passed, 0 warned, 0 failed");
  });

  test.each([
    ["{count: 9}", ["error kyverno/limit/rule Pod/web : at most five"]],
    ["{count: 2}", []],
  ])("unless values-file gives the answer: %s", async (value, expected) => {
    const values = `apiVersion: cli.kyverno.io/v1alpha1\nkind: Values\npolicies: [{name: limit, rules: [{name: rule, values: ${value}}]}]\n`;
    const report = await check({ "p.yaml": policy("limit", atMost) }, pod("web", "a: b"), values);
    expect(failures(report)).toEqual([]);
    expect(lines(report)).toEqual(expected);
  });

  test("a ValidatingPolicy that looks up an object", async () => {
    const looks = `apiVersion: policies.kyverno.io/v1beta1
kind: ValidatingPolicy
metadata: {name: looks}
spec:
  validationActions: [Deny]
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}
  variables: [{name: allowed, expression: 'resource.get("v1", "configmaps", "shop", "allowed")'}]
  validations: [{expression: "has(variables.allowed.data)", message: "not there"}]
`;
    const report = await check({ "p.yaml": looks }, pod("web", "a: b"));
    expect(lines(report)).toEqual([]);
    expect(failures(report)).toEqual([
      expect.stringContaining("looks needs-cluster: kyverno: Pod shop/web: it asks for resource.get()"),
    ]);
  });

  test("but values that make every request an update are taken", async () => {
    const onUpdate = `    preconditions: {all: [{key: "{{ request.operation }}", operator: Equals, value: UPDATE}]}\n${team}`;
    const values = "globalValues: {request.operation: UPDATE}\n";
    const report = await check({ "p.yaml": policy("update", onUpdate) }, pod("web", "a: b"), values);
    expect(failures(report)).toEqual([]);
    expect(lines(report)).toEqual([
      "error kyverno/update/rule Pod/web /metadata/labels/team: team is required",
    ]);
  });

  test("and values that are no mapping are a wrong input", async () => {
    await expect(check({ "p.yaml": policy("team", team) }, pod("web", "a: b"), "[1]")).rejects.toThrow(
      "values-file: this is not a `kind: Values`",
    );
  });
});

describe("whole numbers", () => {
  const port = (number: number) =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: [{name: a, image: a, ports: [{containerPort: ${number}}]}]}\n---\n`;
  const first = "object.spec.containers[0].ports[0].containerPort";
  const cel = (name: string, expression: string) =>
    policy(name, `    validate: {cel: {expressions: [{expression: "${expression}", message: odd}]}}\n`);
  const validating = (expression: string) => `apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata: {name: valid}
spec:
  validationActions: [Deny]
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}
  validations: [{expression: "${expression}", message: odd}]
---
`;
  const jmesPath = policy(
    "path",
    `    validate: {message: "sum", deny: {conditions: {any: [{key: "{{ sum([request.object.spec.containers[0].ports[0].containerPort, \`1\`]) }}", operator: Equals, value: 82}]}}}\n`,
  );
  const even = `${first} % 2 == 0 && type(${first}) == int`;

  test.each([
    ["rules in CEL", { "a.yaml": cel("cel", even) }, ["error kyverno/cel/rule Pod/web : odd"]],
    [
      "a ValidatingPolicy",
      { "a.yaml": validating(even) },
      [expect.stringMatching(/^error kyverno\/valid\S* Pod\/web : odd$/)],
    ],
    [
      "rules in CEL beside JMESPath, which wants doubles",
      { "a.yaml": cel("cel", even), "b.yaml": jmesPath },
      ["error kyverno/cel/rule Pod/web : odd", "error kyverno/path/rule Pod/web : sum"],
    ],
  ])("are integers to %s", async (_, policies, expected) => {
    const good = await check(policies, port(80));
    expect([lines(good), failures(good)]).toEqual([[], []]);
    const bad = await check(policies, port(81));
    expect([lines(bad), failures(bad)]).toEqual([expected, []]);
  });

  test("are integers to rules in CEL of a policy that has others too", async () => {
    const own = cel("both", even).replace("---\n", "");
    const path = jmesPath.slice(jmesPath.indexOf("  - name")).replace("name: rule", "name: path");
    const report = await check({ "a.yaml": own + path }, port(81));
    expect([lines(report), failures(report)]).toEqual([
      ["error kyverno/both/path Pod/web : sum", "error kyverno/both/rule Pod/web : odd"],
      [],
    ]);
  });
});

test("a rule in CEL that does not compile has failed, and is no violation of what it is about", async () => {
  const cel = `    validate: {cel: {expressions: [{expression: "nope(object)", message: m}]}}\n`;
  const report = await check({ "p.yaml": policy("cel", cel) }, pod("web", "a: b"));
  expect(lines(report)).toEqual([]);
  expect(failures(report)).toEqual([
    expect.stringMatching(/^cel\/rule compile: kyverno: compilation error: /),
  ]);
  expect(report.verdict).toBe("incomplete");
});

test("a policy of a change that the CLI refuses is an error of that change, and one that goes is named", async () => {
  const machine = makeMachine();
  const refused = policy("refused", team.replace("pattern", "patern"));
  const cel = `    validate: {cel: {expressions: [{expression: "nope(object)", message: m}]}}\n`;
  const kept = { "policies/team.yaml": policy("team", team) };
  const web = pod("web", "team: a");
  const { index, folder } = makeRepository(
    machine,
    { ...kept, "policies/gone.yaml": policy("gone", team) },
    { ...kept, "policies/refused.yaml": refused, "policies/cel.yaml": policy("cel", cel) },
    { prod: { base: web, head: web } },
  );
  const report = await checkIn({ ...machine, cwd: folder }, { manifests: index });
  expect(
    report.findings.map(({ rule, location, message }) =>
      location ? `${rule} ${location.path}:${location.line}` : `${rule}: ${message.split(": ERROR")[0]}`,
    ),
  ).toEqual([
    "kyverno/policy-error policies/refused.yaml:1",
    "kyverno/policy-error: cel/rule: compilation error: compilation failed",
    "policy/removed: this change removes 1 policy: kyverno gone",
  ]);
  expect([report.verdict, failures(report)]).toEqual(["findings", []]);
});

describe("a change that has a policy look away is told so", () => {
  const web = `${pod("web", "team: a")}${pod("api", "team: b", "lab")}`;
  const team1 = policy("team", team);
  async function warned(head: string, more: Files = {}): Promise<string[]> {
    const machine = makeMachine();
    const { index, folder } = makeRepository(
      machine,
      { "policies/team.yaml": team1 },
      { "policies/team.yaml": head, ...more },
      { prod: { base: web, head: web } },
    );
    const report = await checkIn({ ...machine, cwd: folder }, { manifests: index });
    return report.findings.map(({ severity, rule, message }) => `${severity} ${rule}: ${message}`);
  }

  test.each([
    ["a kind that is misspelt", team1.replace("[Pod]", "[Podd]"), 0],
    ["another kind", team1.replace("[Pod]", "[Service]"), 0],
    [
      "a namespace that is excluded",
      team1.replace(
        "{kinds: [Pod]}}]}",
        "{kinds: [Pod]}}]}\n    exclude: {any: [{resources: {namespaces: [lab]}}]}",
      ),
      1,
    ],
  ])("%s", async (_, head, left) => {
    expect(await warned(head)).toEqual([
      `warning policy/weakened: this change has kyverno team look at ${left} of the 2 resources that it looks at now`,
    ]);
  });

  test("an exception that is added", async () => {
    const exception = `apiVersion: kyverno.io/v2
kind: PolicyException
metadata: {name: everything, namespace: shop}
spec:
  exceptions: [{policyName: team, ruleNames: [rule]}]
  match: {any: [{resources: {kinds: [Pod]}}]}
`;
    expect(await warned(team1, { "policies/exception.yaml": exception })).toEqual([
      "warning policy/exception-added: this change adds 1 exception from policies: PolicyException shop/everything",
    ]);
  });

  test("a policy that says the same in other words is no finding", async () => {
    expect(await warned(`# a comment\n${team1}`)).toEqual([]);
  });
});

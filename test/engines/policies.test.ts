import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { findTool } from "../setup/tools.ts";
import { makeMachine, write } from "../tools/engine/machine.ts";
import { checkIn, counts, type Files, failures, lines } from "../tools/policy/stage.ts";

const deployment = (
  name: string,
  replicas: number,
  namespace = "shop",
  labels = "a: b",
) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: ${namespace}, labels: {${labels}}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {a: b}}
  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: app, image: "web:1"}]}}
---
`;
const namespace = (name: string, labels: string) =>
  `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {${labels}}}\n---\n`;
const thing =
  "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: t, namespace: shop}\nspec: {size: 1}\n---\n";

/** Runs policy-check with the slow engines, which `npm run test:engines` has brought into the cache. */
async function check(policies: Files, manifests: string): Promise<Report> {
  const machine = makeMachine();
  write(machine.folder, { "manifests/all.yaml": manifests });
  for (const [name, text] of Object.entries(policies)) write(machine.folder, { [`policies/${name}`]: text });
  return await checkIn(machine, {});
}

const kyvernoPolicy = (name: string, rule: string, spec = "") => `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: ${name}
  annotations: {policies.kyverno.io/severity: medium}
spec:
  ${spec}
  rules:
  - name: rule
${rule}
---
`;
const teamRule = `    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {message: "team is required", pattern: {metadata: {labels: {team: "?*"}}}}`;
const podOf = (name: string, labels: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: shop, labels: {${labels}}}\nspec: {containers: [{name: a, image: a}]}\n---\n`;

describe("Kyverno", () => {
  test("reports what fails, at the workload and once, with field and severity; and counts what passes", async () => {
    const manifests = `${deployment("web", 1)}${podOf("good", "team: a")}${podOf("bad", "x: y")}${thing}`;
    const enforced = kyvernoPolicy("team", teamRule, "validationFailureAction: Enforce");
    const report = await check({ "team.yaml": enforced }, manifests);
    expect(failures(report)).toEqual([]);
    expect(lines(report)).toEqual([
      "warning kyverno/team/rule Deployment/web /spec/template/metadata/labels/team: team is required",
      "warning kyverno/team/rule Pod/bad /metadata/labels/team: team is required",
    ]);
    expect(counts(report, "kyverno/team")).toBe("4 evaluated, 3 matched, 1 passed, 0 warned, 2 failed");
  });

  test("says of a policy it does not load, of one that does not compile, and of a call it cannot make, that they failed", async () => {
    const apiCall = `    match: {any: [{resources: {kinds: [Deployment]}}]}
    context: [{name: x, apiCall: {urlPath: "/api/v1/namespaces/{{request.namespace}}", jmesPath: "metadata.labels.env"}}]
    validate: {message: m, deny: {conditions: {any: [{key: "{{x}}", operator: Equals, value: prod}]}}}`;
    const broken = `apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata: {name: broken}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]}
  validations: [{expression: "object.spec.(("}]
`;
    const report = await check(
      {
        "team.yaml": kyvernoPolicy("team", teamRule),
        "typo.yaml": kyvernoPolicy("typo", teamRule.replace("pattern", "patern")),
        "call.yaml": kyvernoPolicy("call", apiCall),
        "broken.yaml": broken,
      },
      deployment("web", 1),
    );
    expect(report.failed.map(({ id, code }) => `${id} ${code}`)).toEqual([
      "call/rule needs-cluster",
      "policies/broken.yaml:1 not-loaded",
      "policies/typo.yaml:1 not-loaded",
    ]);
    expect(lines(report)).toHaveLength(1);
    expect(report.verdict).toBe("incomplete");
  });

  test("evaluates what selects namespaces by labels where they are known, and says where they are not", async () => {
    const rule = `    match: {any: [{resources: {kinds: [Deployment], namespaceSelector: {matchLabels: {env: prod}}}}]}
    validate: {message: "two replicas", pattern: {spec: {replicas: ">1"}}}`;
    const policies = { "prod.yaml": kyvernoPolicy("prod", rule) };
    const known = await check(policies, `${namespace("shop", "env: prod")}${deployment("web", 1)}`);
    expect(lines(known)).toEqual(["warning kyverno/prod/rule Deployment/web /spec/replicas: two replicas"]);
    const unknown = await check(policies, deployment("web", 1));
    expect(unknown.verdict).toBe("incomplete");
    expect(unknown.engines![0]!.notEvaluated).toEqual(["labels of namespace shop unknown"]);
  });

  test("leaves out the rules that do not validate, and says so; the others are evaluated", async () => {
    const mutate = `    match: {any: [{resources: {kinds: [Pod]}}]}
    mutate: {patchStrategicMerge: {metadata: {labels: {added: "yes"}}}}`;
    const both = kyvernoPolicy("both", `${teamRule}\n  - name: second\n${mutate}`);
    const report = await check(
      { "both.yaml": both, "mutate.yaml": kyvernoPolicy("mutate", mutate) },
      podOf("bad", "x: y"),
    );
    expect(lines(report)).toEqual([
      "warning kyverno/both/rule Pod/bad /metadata/labels/team: team is required",
    ]);
    expect(report.skipped.map(({ id, code }) => `${id} ${code}`)).toEqual([
      "policies/both.yaml:1 not-validating",
      "policies/mutate.yaml:1 not-validating",
    ]);
    expect(failures(report)).toEqual([]);
  });

  test("lets be what a PolicyException excepts, and counts it apart", async () => {
    const exception = `apiVersion: kyverno.io/v2
kind: PolicyException
metadata: {name: e, namespace: shop}
spec:
  exceptions: [{policyName: team, ruleNames: [rule]}]
  match: {any: [{resources: {kinds: [Pod], names: [excused]}}]}
`;
    const report = await check(
      { "team.yaml": kyvernoPolicy("team", teamRule), "exception.yaml": exception },
      `${podOf("excused", "x: y")}${podOf("bad", "x: y")}`,
    );
    expect(lines(report)).toEqual([
      "warning kyverno/team/rule Pod/bad /metadata/labels/team: team is required",
    ]);
    expect(report.notes).toContain(
      "once an exception of the policies themselves applied: kyverno/team/rule of Pod shop/excused (PolicyException shop/e)",
    );
  });

  test("gives each resource and policy the verdict of the plain CLI, and shows a policy that matches nothing", async () => {
    const manifests =
      ["web", "api", "db"].map((name, index) => deployment(name, index)).join("") + podOf("p", "team: a");
    const replicas = `    match: {any: [{resources: {kinds: [Deployment]}}]}
    validate: {message: "two", pattern: {spec: {replicas: ">1"}}}`;
    const nothing = `    match: {any: [{resources: {kinds: [Secret]}}]}
    validate: {message: "never", pattern: {metadata: {name: x}}}`;
    const policies = {
      "team.yaml": kyvernoPolicy("team", teamRule),
      "replicas.yaml": kyvernoPolicy("replicas", replicas),
      "nothing.yaml": kyvernoPolicy("nothing", nothing),
    };
    const report = await check(policies, manifests);
    const machine = makeMachine();
    const [policy, resources] = [join(machine.folder, "p.yaml"), join(machine.folder, "r.yaml")];
    writeFileSync(policy, Object.values(policies).join(""));
    writeFileSync(resources, manifests);
    const raw = run(
      await findTool("kyverno"),
      ["apply", policy, "-r", resources, "-p", "--output-format", "json"],
      machine.folder,
    );
    const { results } = JSON.parse(raw.split("\n").find((line) => line.startsWith("{"))!) as {
      results: { policy: string; result: string; resources: { name: string }[] }[];
    };
    const theirs = results
      .filter(({ result }) => result === "fail")
      .map((each) => `${each.policy} ${each.resources[0]!.name}`);
    const ours = report.findings.map(({ rule, resource }) => `${rule.split("/")[1]} ${resource?.name}`);
    expect(ours.sort()).toEqual(theirs.sort());
    expect(theirs.length).toBeGreaterThan(3);
    expect(counts(report, "kyverno/nothing")).toBe("4 evaluated, 0 matched, 0 passed, 0 warned, 0 failed");
    expect(report.notes.join()).toContain("1 policy matches nothing in the whole fleet: kyverno/nothing");
  });
});

/** What a program prints, whatever its exit status. */
function run(command: string, args: string[], cwd: string): string {
  try {
    return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

const admission = (validations: string, more = "") => `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: limits}
spec:
  ${more}
  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}]}
  validations: [${validations}]
---
`;
const binding = (name: string, spec: string) =>
  `apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: {name: ${name}}\nspec: {policyName: limits, ${spec}}\n---\n`;
const deny = "validationActions: [Deny]";

describe("ValidatingAdmissionPolicy", () => {
  test("is about what it matches, and each validation is said by itself", async () => {
    const two = `{expression: "object.spec.replicas <= 5", message: "at most five"}, {expression: "object.metadata.name != 'web'", message: "not web"}`;
    const report = await check(
      { "p.yaml": admission(two) + binding("b", deny) },
      `${deployment("web", 9)}${deployment("api", 2)}${podOf("p", "a: b")}${thing}`,
    );
    expect(failures(report)).toEqual([]);
    expect(lines(report)).toEqual([
      "error vap/limits/1 Deployment/web : at most five",
      "error vap/limits/2 Deployment/web : not web",
    ]);
    expect(counts(report, "vap/limits")).toBe("4 evaluated, 2 matched, 1 passed, 0 warned, 1 failed");
  });

  test("takes parameters, and the labels of namespaces that a binding selects", async () => {
    const parameters =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: limits, namespace: shop}\ndata: {max: '5'}\n---\n";
    const policy = admission(
      `{expression: "object.spec.replicas <= int(params.data.max)", messageExpression: "'at most ' + params.data.max"}`,
      "paramKind: {apiVersion: v1, kind: ConfigMap}",
    );
    const spec = `${deny}, paramRef: {name: limits, namespace: shop, parameterNotFoundAction: Deny}, matchResources: {namespaceSelector: {matchLabels: {env: prod}}}`;
    const manifests = `${namespace("shop", "env: prod")}${namespace("lab", "env: dev")}${deployment("web", 9)}${deployment("web", 9, "lab")}`;
    const report = await check({ "p.yaml": policy + binding("b", spec) + parameters }, manifests);
    expect(failures(report)).toEqual([]);
    expect(report.findings.map(({ resource, message }) => `${resource?.namespace} ${message}`)).toEqual([
      "shop at most 5",
    ]);
  });

  test("warns where a binding warns; denies what it cannot evaluate, unless it is told to let that pass", async () => {
    const failing = `{expression: "object.spec.nothing == 1"}`;
    const warned = await check(
      {
        "p.yaml":
          admission(`{expression: "false", message: nope}`) +
          binding("b", "validationActions: [Warn, Audit]"),
      },
      deployment("web", 1),
    );
    expect(lines(warned)).toEqual(["warning vap/limits/1 Deployment/web : nope"]);
    const denied = await check({ "p.yaml": admission(failing) + binding("b", deny) }, deployment("web", 1));
    expect(lines(denied)).toEqual([
      expect.stringContaining(
        "error vap/limits/1 Deployment/web : expression 'object.spec.nothing == 1' resulted in error",
      ),
    ]);
    const ignored = await check(
      { "p.yaml": admission(failing, "failurePolicy: Ignore") + binding("b", deny) },
      deployment("web", 1),
    );
    expect(ignored.findings).toEqual([]);
    expect(failures(ignored)).toEqual([expect.stringContaining("failurePolicy Ignore lets it pass")]);
  });

  test("leaves out what its match conditions leave out, and is asked nothing without a binding", async () => {
    const conditions = `matchConditions: [{name: c, expression: "object.metadata.name != 'api'"}]`;
    const policy = admission(`{expression: "false", message: nope}`, conditions);
    const report = await check(
      { "p.yaml": policy + binding("b", deny) },
      `${deployment("web", 1)}${deployment("api", 1)}`,
    );
    expect(lines(report)).toEqual(["error vap/limits/1 Deployment/web : nope"]);
    const alone = await check({ "p.yaml": policy }, deployment("web", 1));
    expect(alone.skipped.map(({ code }) => code)).toEqual(["unbound"]);
    expect(failures(alone)).toEqual([expect.stringContaining("nothing-evaluated")]);
  });
});

const template = (name: string, kind: string, rego: string) => `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: ${name}}
spec:
  crd: {spec: {names: {kind: ${kind}}, validation: {openAPIV3Schema: {type: object, properties: {max: {type: integer}}}}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package ${name}
      ${rego}
---
`;
const constraint = (kind: string, name: string, spec: string) =>
  `apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: {${spec}}\n---\n`;
const maxReplicas = template(
  "maxreplicas",
  "MaxReplicas",
  'violation[{"msg": msg}] { input.review.object.spec.replicas > input.parameters.max; msg := sprintf("at most %v", [input.parameters.max]) }',
);
const deployments = "match: {kinds: [{apiGroups: [apps], kinds: [Deployment]}]}";

describe("Gatekeeper", () => {
  test("reports violations by constraint, and counts what each is about", async () => {
    const policies = {
      "p.yaml":
        maxReplicas +
        constraint("MaxReplicas", "five", `${deployments}, parameters: {max: 5}`) +
        constraint("MaxReplicas", "one", `${deployments}, enforcementAction: warn, parameters: {max: 1}`),
    };
    const report = await check(policies, `${deployment("web", 9)}${deployment("api", 1)}${thing}`);
    expect(failures(report)).toEqual([]);
    expect(lines(report)).toEqual([
      "error gatekeeper/MaxReplicas/five Deployment/web : at most 5",
      "warning gatekeeper/MaxReplicas/one Deployment/web : at most 1",
    ]);
    expect(counts(report, "gatekeeper/MaxReplicas/five")).toBe(
      "3 evaluated, 2 matched, 1 passed, 0 warned, 1 failed",
    );
  });

  test("says what a constraint or its template is for", async () => {
    const described = maxReplicas.replace(
      "metadata: {name: maxreplicas}",
      'metadata: {name: maxreplicas, annotations: {description: "Few are enough.", url: "https://example.com/few"}}',
    );
    const policies = {
      "p.yaml": described + constraint("MaxReplicas", "one", `${deployments}, parameters: {max: 1}`),
    };
    const report = await check(policies, deployment("web", 9));
    expect(report.findings.map(({ help }) => help)).toEqual(["Few are enough. See https://example.com/few"]);
  });

  test("selects namespaces by labels where they are known, and says where they are not", async () => {
    const spec =
      "match: {kinds: [{apiGroups: [apps], kinds: [Deployment]}], namespaceSelector: {matchLabels: {env: prod}}}, parameters: {max: 0}";
    const policies = { "p.yaml": maxReplicas + constraint("MaxReplicas", "prod", spec) };
    const known = await check(policies, `${namespace("shop", "env: prod")}${deployment("web", 1)}`);
    expect(lines(known)).toEqual(["error gatekeeper/MaxReplicas/prod Deployment/web : at most 0"]);
    const unknown = await check(policies, deployment("web", 1));
    expect(unknown.engines![0]!.notEvaluated).toEqual(["labels of namespace shop unknown"]);
    expect(unknown.verdict).toBe("incomplete");
  });

  test("takes the labels of namespaces that nobody renders from gitops.yaml", async () => {
    const spec =
      "match: {kinds: [{apiGroups: [apps], kinds: [Deployment]}], namespaceSelector: {matchLabels: {env: prod}}}, parameters: {max: 0}";
    const machine = makeMachine();
    write(machine.folder, {
      "policies/p.yaml": maxReplicas + constraint("MaxReplicas", "prod", spec),
      "manifests/all.yaml": deployment("web", 1) + deployment("api", 1, "lab"),
      "gitops.yaml": "namespaces: {shop: {labels: {env: prod}}, lab: {labels: {env: dev}}}\n",
    });
    const report = await checkIn(machine, {});
    expect(failures(report)).toEqual([]);
    expect(report.engines![0]!.notEvaluated).toEqual([]);
    expect(lines(report)).toEqual(["error gatekeeper/MaxReplicas/prod Deployment/web : at most 0"]);
  });

  test("leaves out what gator refuses, and says so: broken Rego, no template, no constraint, a request", async () => {
    const request =
      'violation[{"msg": msg}] { http.send({"url": "http://127.0.0.1:9", "method": "GET"}); msg := "x" }';
    const report = await check(
      {
        "a.yaml": maxReplicas + constraint("MaxReplicas", "five", `${deployments}, parameters: {max: 5}`),
        "b.yaml":
          template("broken", "Broken", 'violation[{"msg": msg}] { nope(') + constraint("Broken", "b", ""),
        "c.yaml": constraint("Lonely", "lonely", ""),
        "d.yaml": template("unused", "Unused", 'violation[{"msg": "x"}] { true }'),
        "e.yaml": template("caller", "Caller", request) + constraint("Caller", "c", ""),
      },
      deployment("web", 9),
    );
    expect(lines(report)).toEqual(["error gatekeeper/MaxReplicas/five Deployment/web : at most 5"]);
    expect(report.failed.map(({ id, code }) => `${id.split(":")[0]} ${code}`)).toEqual([
      "policies/b.yaml refused",
      "policies/c.yaml no-template",
      "policies/e.yaml network",
    ]);
    expect(report.skipped.map(({ id, code }) => `${id} ${code}`)).toEqual(["policies/d.yaml no-constraint"]);
  });

  test("has referential policies see the other resources of the batch", async () => {
    const unique = template(
      "uniquelabel",
      "UniqueLabel",
      'violation[{"msg": msg}] { other := data.inventory.namespace[ns][_].Deployment[name]; [ns, name] != [input.review.object.metadata.namespace, input.review.object.metadata.name]; other.metadata.labels.id == input.review.object.metadata.labels.id; msg := sprintf("%s has it too", [name]) }',
    );
    const report = await check(
      { "p.yaml": unique + constraint("UniqueLabel", "id", deployments) },
      `${deployment("a", 1, "north", "id: one")}${deployment("b", 1, "south", "id: one")}${deployment("c", 1, "south", "id: two")}`,
    );
    expect(failures(report)).toEqual([]);
    expect(lines(report)).toEqual([
      "error gatekeeper/UniqueLabel/id Deployment/a : b has it too",
      "error gatekeeper/UniqueLabel/id Deployment/b : a has it too",
    ]);
  });

  test("gives each resource and constraint the verdict of plain gator", async () => {
    const policies =
      maxReplicas +
      [0, 1, 2, 3]
        .map((max) => constraint("MaxReplicas", `m${max}`, `${deployments}, parameters: {max: ${max}}`))
        .join("");
    const manifests = [0, 1, 2, 3, 4].map((count) => deployment(`d${count}`, count)).join("");
    const report = await check({ "p.yaml": policies }, manifests);
    const machine = makeMachine();
    writeFileSync(join(machine.folder, "all.yaml"), policies + manifests);
    const raw = JSON.parse(
      run(await findTool("gator"), ["test", "-o", "json", "-f", "all.yaml"], machine.folder),
    ) as { constraint: { metadata: { name: string } }; violatingObject: { metadata: { name: string } } }[];
    const theirs = raw.map(
      (each) => `${each.constraint.metadata.name} ${each.violatingObject.metadata.name}`,
    );
    expect(
      report.findings.map(({ rule, resource }) => `${rule.split("/")[2]} ${resource?.name}`).sort(),
    ).toEqual(theirs.sort());
    expect(theirs).toHaveLength(10);
  });
});

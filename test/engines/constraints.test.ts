import type { Report } from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { makeMachine, write } from "../tools/engine/machine.ts";
import { checkIn, counts, type Files, failures, lines } from "../tools/policy/stage.ts";

const deployment = (name: string, namespace = "shop") => {
  const metadata = `{name: ${name}${namespace && `, namespace: ${namespace}`}, labels: {a: b}}`;
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata: ${metadata}\nspec: {replicas: 1}\n---\n`;
};
const clusterRole = (name: string) =>
  `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: ${name}}\nrules: []\n---\n`;
const thing = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: t}\n---\n";

async function check(policies: string | Files, manifests: string): Promise<Report> {
  const machine = makeMachine();
  const files = typeof policies === "string" ? { "p.yaml": policies } : policies;
  write(machine.folder, { "manifests/all.yaml": manifests });
  for (const [name, text] of Object.entries(files)) write(machine.folder, { [`policies/${name}`]: text });
  return await checkIn(machine, {});
}

const crd = (kind: string) =>
  `crd: {spec: {names: {kind: ${kind}}, validation: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}`;
const template = (kind: string, rego: string) => `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: ${kind.toLowerCase()}}
spec:
  ${crd(kind)}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package ${kind.toLowerCase()}
      ${rego}
---
`;
const cel = (kind: string, source: string) => `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: ${kind.toLowerCase()}}
spec:
  ${crd(kind)}
  targets:
  - target: admission.k8s.gatekeeper.sh
    code: [{engine: K8sNativeValidation, source: {${source}}}]
---
`;
const constraint = (name: string, spec: string, kind = "DenyAll") =>
  `apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: {${spec}}\n---\n`;
const denyAll = template("DenyAll", 'violation[{"msg": "deny"}] { true }');
const deployments = "match: {kinds: [{apiGroups: [apps], kinds: [Deployment]}]}";

const scoped = (actions: string) =>
  constraint("c", `enforcementAction: scoped, scopedEnforcementActions: ${actions}, ${deployments}`);
const entry = (action: string, ...points: string[]) =>
  `{action: ${action}, enforcementPoints: [${points.map((name) => `{name: "${name}"}`).join(", ")}]}`;

describe("enforcement actions", () => {
  test.each([
    ["at admission", "error", [entry("deny", "validation.gatekeeper.sh")]],
    ["as an admission policy", "error", [entry("deny", "vap.k8s.io")]],
    ["everywhere", "error", [entry("deny", "*")]],
    ["in gator", "error", [entry("deny", "gator.gatekeeper.sh")]],
    ["at audit alone", "warning", [entry("deny", "audit.gatekeeper.sh")]],
    [
      "the strictest of several",
      "error",
      [entry("dryrun", "audit.gatekeeper.sh"), entry("deny", "validation.gatekeeper.sh", "vap.k8s.io")],
    ],
    [
      "a warning at admission, a denial at audit",
      "warning",
      [entry("warn", "validation.gatekeeper.sh"), entry("deny", "audit.gatekeeper.sh")],
    ],
  ])("a constraint is evaluated whatever points it names: %s", async (_, severity, entries) => {
    const report = await check(denyAll + scoped(`[${entries.join(", ")}]`), deployment("web"));
    expect(failures(report)).toEqual([]);
    expect(lines(report)).toEqual([`${severity} gatekeeper/DenyAll/c Deployment/web : deny`]);
  });

  test.each([
    [
      "another case",
      constraint("c", `enforcementAction: Deny, ${deployments}`),
      "Deny is none of deny, dryrun",
    ],
    ["no actions", scoped("[]"), "spec.scopedEnforcementActions must list actions"],
    ["no list", constraint("c", `enforcementAction: scoped, ${deployments}`), "must list actions"],
    [
      "an unknown point",
      scoped(`[${entry("deny", "webhook")}]`),
      "webhook is none of validation.gatekeeper.sh",
    ],
    ["no point", scoped("[{action: deny, enforcementPoints: []}]"), "enforcementPoints must name one of"],
    [
      "an unknown action",
      scoped(`[${entry("Deny", "*")}]`),
      "scopedEnforcementActions[0].action: Deny is none",
    ],
  ])("what Gatekeeper refuses, or enforces nowhere, is failed: %s", async (_, text, message) => {
    const report = await check(denyAll + text, deployment("web"));
    expect(lines(report)).toEqual([]);
    expect(failures(report)).toEqual([expect.stringMatching(/^policies\/p\.yaml:\d+ invalid: /)]);
    expect(failures(report)[0]).toContain(message);
    expect(report.verdict).toBe("incomplete");
    expect(report.skipped).toEqual([]);
  });
});

describe("objects of one name", () => {
  const jobs = constraint("c", "match: {kinds: [{apiGroups: [batch], kinds: [Job]}]}");
  const own = constraint("c", deployments);

  test("that say different things are failed, with both files", async () => {
    const report = await check({ "a.yaml": denyAll + own, "b.yaml": jobs }, deployment("web"));
    expect(failures(report)).toEqual([
      "policies/a.yaml:12 duplicate: gatekeeper: DenyAll c is in policies/a.yaml:12 and otherwise in policies/b.yaml:1; a cluster has one of them, and which one is unknown. Remove one, or give it another name",
    ]);
    const other = template("DenyAll", 'violation[{"msg": "other"}] { true }');
    const templates = await check({ "a.yaml": denyAll + own, "b.yaml": other }, deployment("web"));
    expect(templates.failed.map(({ code }) => code)).toEqual(["duplicate"]);
    expect(templates.verdict).toBe("incomplete");
  });

  test("that say the same are one", async () => {
    const report = await check({ "a.yaml": denyAll + own, "b.yaml": denyAll + own }, deployment("web"));
    expect(failures(report)).toEqual([]);
    expect(lines(report)).toEqual(["error gatekeeper/DenyAll/c Deployment/web : deny"]);
  });
});

describe("resources without a namespace", () => {
  const selecting = {
    namespaces: "match: {namespaces: [shop]}",
    namespaceSelector: "match: {namespaceSelector: {matchLabels: {env: prod}}}",
  };
  test.each(Object.entries(selecting))("are all matched by %s where they are in none", async (_, spec) => {
    const manifests = `${clusterRole("r")}apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {env: prod}}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: lab}\n---\n${deployment("web")}${deployment("other", "lab")}`;
    const report = await check(denyAll + constraint("c", spec), manifests);
    expect(failures(report)).toEqual([]);
    expect(report.skipped).toEqual([]);
    expect(lines(report).sort()).toEqual([
      "error gatekeeper/DenyAll/c ClusterRole/r : deny",
      "error gatekeeper/DenyAll/c Deployment/web : deny",
      "error gatekeeper/DenyAll/c Namespace/shop : deny",
    ]);
    expect(counts(report, "gatekeeper/DenyAll/c")).toBe(
      "5 evaluated, 3 matched, 0 passed, 0 warned, 3 failed",
    );
  });

  test.each(Object.entries(selecting))("and would be given one are not evaluated by %s", async (_, spec) => {
    const named = template(
      "Named",
      'violation[{"msg": "deny"}] { input.review.object.metadata.name != "fine" }',
    );
    const manifests = `${deployment("web", "")}${deployment("api", "")}${deployment("fine", "")}`;
    const report = await check(named + constraint("c", spec, "Named"), manifests);
    expect(failures(report)).toEqual([]);
    expect(lines(report)).toEqual([]);
    expect(report.skipped.map(({ id, code, message }) => `${id} ${code}: ${message}`)).toEqual([
      "policies/p.yaml:12 unknown-namespace: not evaluated for 2 resources: the namespace of Deployment api, Deployment web is unknown, and the policy selects by it (match.namespaces or namespaceSelector). Write metadata.namespace",
    ]);
  });

  test.each([
    'match: {namespaces: ["*"]}',
    "match: {namespaceSelector: {}}",
    "match: {namespaceSelector: {matchExpressions: [{key: exempt, operator: DoesNotExist}]}}",
  ])("are evaluated where all namespaces are meant, or labels are only forbidden: %s", async (spec) => {
    const report = await check(
      denyAll + constraint("c", spec),
      `${deployment("web", "")}${clusterRole("r")}`,
    );
    expect(failures(report)).toEqual([]);
    expect(report.skipped).toEqual([]);
    expect(lines(report).sort()).toEqual([
      "error gatekeeper/DenyAll/c ClusterRole/r : deny",
      "error gatekeeper/DenyAll/c Deployment/web : deny",
    ]);
  });

  test("are known where they belong to Gatekeeper, Kyverno, Argo CD or Flux", async () => {
    const object = (apiVersion: string, kind: string) =>
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x}\n---\n`;
    const manifests =
      object("kyverno.io/v1", "ClusterPolicy") +
      object("kyverno.io/v1", "Policy") +
      object("argoproj.io/v1alpha1", "Application") +
      object("source.toolkit.fluxcd.io/v1", "GitRepository") +
      object("syncset.gatekeeper.sh/v1alpha1", "SyncSet");
    const report = await check(denyAll + constraint("c", selecting.namespaces), manifests);
    expect(report.engines![0]!.notEvaluated).toEqual([]);
    expect(lines(report).sort()).toEqual([
      "error gatekeeper/DenyAll/c ClusterPolicy/x : deny",
      "error gatekeeper/DenyAll/c SyncSet/x : deny",
    ]);
    const unplaced = report.skipped.filter(({ code }) => code === "unknown-namespace");
    expect(unplaced.map(({ message }) => message)).toEqual([expect.stringContaining("for 3 resources")]);
  });

  test("are evaluated where namespaces are excluded only; nobody knows of kinds that nobody defines", async () => {
    const manifests = `${deployment("web", "")}${thing}`;
    const excluded = await check(denyAll + constraint("c", "match: {excludedNamespaces: [lab]}"), manifests);
    expect(lines(excluded)).toEqual([
      "error gatekeeper/DenyAll/c Deployment/web : deny",
      "error gatekeeper/DenyAll/c Thing/t : deny",
    ]);
    const report = await check(denyAll + constraint("c", selecting.namespaces), manifests);
    expect(report.engines![0]!.notEvaluated).toEqual([
      "whether Thing is in a namespace is unknown: no CustomResourceDefinition says so",
    ]);
    expect(report.verdict).toBe("incomplete");
  });
});

describe("policies among what is rendered", () => {
  const own = constraint("c", deployments);
  const lax = denyAll.replace("{ true }", "{ false }");
  const expansion = `apiVersion: expansion.gatekeeper.sh/v1beta1\nkind: ExpansionTemplate\nmetadata: {name: e}\nspec: {}\n---\n`;
  test.each([
    ["a constraint", constraint("c", "match: {kinds: [{apiGroups: [batch], kinds: [Job]}]}")],
    ["a template", lax],
    ["a template that no engine takes", template("Broken", "violation[{")],
    ["an expansion", expansion],
    ["a mutation", "apiVersion: mutations.gatekeeper.sh/v1\nkind: Assign\nmetadata: {name: a}\n---\n"],
  ])("judge nothing: %s", async (_, text) => {
    const report = await check(denyAll + own, `${deployment("web")}${text}`);
    expect(failures(report)).toEqual([]);
    expect(lines(report)).toEqual(["error gatekeeper/DenyAll/c Deployment/web : deny"]);
    expect(report.notes.filter((note) => note.includes("Gatekeeper's own"))).toEqual([]);
  });

  test("are not asked about either, and that is said where a constraint could be about them", async () => {
    const report = await check(denyAll + constraint("c", ""), `${deployment("web")}${denyAll}`);
    expect(failures(report)).toEqual([]);
    expect(lines(report)).toEqual(["error gatekeeper/DenyAll/c Deployment/web : deny"]);
    expect(report.notes).toContain(
      "no constraint was asked about Gatekeeper's own templates, constraints, expansions and mutations: gator takes them for policies",
    );
  });
});

test("a template that looks up what nobody renders is noted", async () => {
  const lookups = template(
    "Lookup",
    `violation[{"msg": "x"}] { data.inventory.namespace[input.review.namespace][_].Service[_]; data.inventory.cluster["v1"]["Node"][_] }
      violation[{"msg": "y"}] { data.inventory.namespace[ns]["apps/v1"]["Deployment"][name]; ns == name }`,
  );
  const report = await check(lookups + constraint("c", "", "Lookup"), deployment("web"));
  expect(failures(report)).toEqual([]);
  expect(report.notes.filter((note) => note.includes("data.inventory"))).toEqual([
    "the template Lookup looks up Node, Service (data.inventory), of which nothing is rendered: a cluster may know some",
  ]);
});

test.each([
  [
    "a selector",
    "match: {labelSelector: {matchExpressions: [{key: a, operator: Foo}]}}",
    "not a valid selector",
  ],
  ["kinds", "match: {kinds: Deployment}", "spec.match.kinds in body must be of type array"],
])(
  "a constraint that gator refuses for its match is named, and others are evaluated: %s",
  async (_, spec, why) => {
    const policies = {
      "a.yaml": denyAll + constraint("good", deployments),
      "b.yaml": constraint("bad", spec),
    };
    const report = await check(policies, deployment("web"));
    expect(failures(report)).toEqual([expect.stringMatching(/^policies\/b\.yaml:1 refused: /)]);
    expect(failures(report)[0]).toContain(why);
    expect(failures(report)[0]).not.toContain("seen");
    expect(lines(report)).toEqual(["error gatekeeper/DenyAll/good Deployment/web : deny"]);
  },
);

test("namespaces that are rendered have the label that an API server gives them", async () => {
  const ns = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n";
  const spec =
    'match: {namespaceSelector: {matchLabels: {"kubernetes.io/metadata.name": shop}}, kinds: [{apiGroups: ["", apps], kinds: [Deployment, Namespace]}]}';
  const both = [
    "error gatekeeper/DenyAll/c Deployment/web : deny",
    "error gatekeeper/DenyAll/c Namespace/shop : deny",
  ];
  const report = await check(denyAll + constraint("c", spec), `${ns}${deployment("web")}`);
  expect(failures(report)).toEqual([]);
  expect(report.engines![0]!.notEvaluated).toEqual([]);
  expect(lines(report).sort()).toEqual(both);
  const alone = await check(denyAll + constraint("c", spec), deployment("web"));
  expect(alone.engines![0]!.notEvaluated).toEqual([]);
  expect(lines(alone)).toEqual([both[0]]);
});

test("one cause is one failure: constraints of a failed template are not said to have none", async () => {
  const report = await check(
    {
      "a.yaml":
        template("Op", 'violation[{"msg": "x"}] { input.review["operation"] == "CREATE" }') +
        constraint("c", deployments, "Op"),
      "b.yaml": template("Broken", "violation[{") + constraint("b", deployments, "Broken"),
      "c.yaml": denyAll + constraint("d", deployments),
      "d.yaml": constraint("lonely", deployments, "Lonely"),
    },
    deployment("web"),
  );
  expect(report.failed.map(({ id, code }) => `${id} ${code}`)).toEqual([
    "policies/a.yaml:1 needs-request",
    "policies/b.yaml:1 refused",
    "policies/d.yaml:1 no-template",
  ]);
  expect(lines(report)).toEqual(["error gatekeeper/DenyAll/d Deployment/web : deny"]);
});

describe("CEL", () => {
  const broken = "{expression: \"1 == 'a'\"}";
  const absent = '{expression: "object.spec.nope == 1"}';
  const celOf = (policy: string, validations: string, more = "") =>
    cel("Cel", `failurePolicy: ${policy}, ${more}validations: [${validations}]`) +
    constraint("c", deployments, "Cel");

  test.each(["Fail", "Ignore"])(
    "that does not compile is a failure of the template, with %s",
    async (policy) => {
      const report = await check(
        celOf(policy, `{expression: "false", message: own}, ${broken}`),
        deployment("web") + deployment("api"),
      );
      expect(failures(report)).toEqual([
        expect.stringMatching(
          /^policies\/p\.yaml:1 not-compiled: gatekeeper: compilation error: .* found no matching/,
        ),
      ]);
      expect(lines(report).sort()).toEqual([
        "error gatekeeper/Cel/c Deployment/api : own",
        "error gatekeeper/Cel/c Deployment/web : own",
      ]);
      const variable = await check(
        celOf(policy, '{expression: "variables.v == 1"}', "variables: [{name: v, expression: nosuch.x}], "),
        deployment("web"),
      );
      expect(failures(variable)).toEqual([
        expect.stringContaining('composited variable "v" fails to compile'),
      ]);
      const condition = await check(
        celOf(policy, '{expression: "false"}', "matchCondition: [{name: v, expression: nosuch.x}], "),
        deployment("web"),
      );
      expect(failures(condition)).toEqual([expect.stringContaining("undeclared reference to 'nosuch'")]);
    },
  );

  test("that fails denies, as in a cluster; where that is ignored, it is no pass", async () => {
    const denied = await check(celOf("Fail", absent), deployment("web"));
    expect(failures(denied)).toEqual([]);
    expect(lines(denied)).toEqual([expect.stringContaining("resulted in error: no such key: nope")]);
    const ignored = await check(celOf("Ignore", absent), deployment("web"));
    expect(lines(ignored)).toEqual([]);
    expect(failures(ignored)).toEqual([
      expect.stringMatching(
        /^Cel\/c evaluation: .*no such key: nope \(failurePolicy Ignore lets it pass\): .*web/,
      ),
    ]);
  });
});

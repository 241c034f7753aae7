// Policies count as overlays render them, whatever their files say: from a repository to what the command line prints.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { userCacheDir } from "@gitops-actions/engine";
import type { Report } from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { cli } from "../../packages/cli/src/cli.ts";
import { git } from "../e2e/fleet.ts";
import { makeMachine, write } from "../tools/engine/machine.ts";
import { type Files, failures } from "../tools/policy/stage.ts";

const workload = (image = "web:1", kind = "Deployment") => `apiVersion: apps/v1
kind: ${kind}
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app, image: "${image}"}]}}
`;
const app = (environment: string, text = workload()): Files => ({
  [`apps/web/${environment}/web.yaml`]: text,
  [`apps/web/${environment}/kustomization.yaml`]: "resources: [web.yaml]\n",
});
const admission = (expression = '"false"', action = "Deny") => `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: p}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]}
  validations: [{expression: ${expression}, message: hit}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: b}
spec:
  policyName: p
  validationActions: [${action}]
`;
const patch = (kind: string, path: string, value: string) =>
  `patches:\n- target: {kind: ${kind}}\n  patch: |-\n    - {op: replace, path: ${path}, value: ${value}}\n`;
const kyverno = (name: string, action = "Enforce") => `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: ${name}}
spec:
  validationFailureAction: ${action}
  rules:
  - name: r
    match: {any: [{resources: {kinds: [Deployment]}}]}
    validate: {message: hit, deny: {}}
`;

interface Meanwhile {
  /** What main has got since the branch began. */
  main?: Files;
  /** Compare with nothing. */
  alone?: true;
  /** Further options of the command. */
  options?: string[];
}

/** Runs `gitops policy` over a repository; with `change`, over a branch that has those files too, against main. */
async function check(
  main: Files,
  change?: Record<string, string | undefined>,
  meanwhile: Meanwhile = {},
): Promise<Report> {
  const machine = makeMachine();
  const folder = join(machine.folder, "fleet");
  mkdirSync(folder);
  const commit = (message: string) => {
    git(folder, "add", "--all");
    git(folder, "commit", "--quiet", "--message", message);
  };
  write(folder, main);
  git(folder, "init", "--quiet", "--initial-branch=main");
  commit("fleet");
  if (change) {
    git(folder, "checkout", "--quiet", "-b", "change");
    for (const [path, text] of Object.entries(change))
      if (text === undefined) rmSync(join(folder, path));
      else write(folder, { [path]: text });
    commit("change");
    if (meanwhile.main) {
      git(folder, "checkout", "--quiet", "main");
      write(folder, meanwhile.main);
      commit("meanwhile");
      git(folder, "checkout", "--quiet", "change");
    }
  }
  let out = "";
  const streams = { stdout: { write: (text: string) => (out += text) }, stderr: { write: () => "" } };
  const host = {
    ...{ ...machine, cwd: folder, cacheDir: userCacheDir(process.env), isTerminal: false },
    now: () => new Date("2026-11-24T12:00:00Z"),
  };
  const args = [
    "policy",
    ".",
    "--json",
    ...(change && !meanwhile.alone ? ["--base", "main"] : []),
    ...(meanwhile.options ?? []),
  ];
  await cli(args, host, streams, new AbortController().signal);
  const [report] = [JSON.parse(out)].flat() as Report[];
  return report!;
}

const found = ({ findings }: Report) =>
  findings.map(
    ({ severity, rule, places }) =>
      `${severity} ${rule}${places.map(({ overlay, state }) => ` ${overlay}${state === "unknown" ? "" : ` ${state}`}`).join()}`,
  );

describe("a whole repository", () => {
  test("a binding that an overlay has deny denies, and what differs from the file is said", async () => {
    const report = await check({
      ...app("prod"),
      "policies/base/v.yaml": admission('"false"', "Audit"),
      "policies/base/kustomization.yaml": "resources: [v.yaml]\n",
      "policies/overlays/prod/kustomization.yaml": `resources: [../../base]\n${patch("ValidatingAdmissionPolicyBinding", "/spec/validationActions", "[Deny]")}`,
    });
    expect(failures(report)).toEqual([]);
    expect(found(report)).toEqual(["error vap/p/1 apps/web/prod"]);
    expect(report.notes).toEqual([
      "ValidatingAdmissionPolicyBinding b of policies/base/v.yaml:8 is asked as rendered in policies/overlays/prod, which differs from the file: spec.validationActions[0]",
    ]);
  });

  test("each environment is judged by what is rendered there", async () => {
    const report = await check({
      ...app("dev"),
      ...app("prod"),
      "policies/base/v.yaml": admission('"true"'),
      "policies/base/kustomization.yaml": "resources: [v.yaml]\n",
      "policies/overlays/dev/kustomization.yaml": "resources: [../../base]\n",
      "policies/overlays/prod/kustomization.yaml": `resources: [../../base]\n${patch("ValidatingAdmissionPolicy", "/spec/validations/0/expression", '"false"')}`,
    });
    expect(failures(report)).toEqual([]);
    expect(found(report)).toEqual(["error vap/p/1 apps/web/prod"]);
  });

  test("what was not rendered, because only some overlays were chosen, is named", async () => {
    const files = {
      ...app("prod"),
      "policies/base/v.yaml": admission('"true"'),
      "policies/base/kustomization.yaml": "resources: [v.yaml]\n",
      "policies/prod/kustomization.yaml": `resources: [../base]\n${patch("ValidatingAdmissionPolicy", "/spec/validations/0/expression", '"false"')}`,
    };
    const gaps = async (...options: string[]) => {
      const { skipped } = await check(files, undefined, { options });
      return skipped.map(({ id, message }) => `${id}: ${message}`);
    };
    expect(await gaps("--overlay", "apps/web/prod")).toEqual([
      "policies/base/v.yaml: its policies are asked as the file has them: what policies/prod makes of them was not rendered",
    ]);
    expect(await gaps()).toEqual([]);
    // Named: what else is rendered is not asked.
    expect(await gaps("--policy", "apps")).toEqual([
      "policies/prod (policies/prod/kustomization.yaml): ValidatingAdmissionPolicy p is rendered and was not asked; name its file, or the folder, with `policy`",
      "policies/prod (policies/prod/kustomization.yaml): ValidatingAdmissionPolicyBinding b is rendered and was not asked; name its file, or the folder, with `policy`",
    ]);
  });

  test("a parameter that a replacement sets is what counts", async () => {
    const report = await check({
      ...app("prod"),
      "policies/g.yaml": `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: least}
spec:
  crd: {spec: {names: {kind: Least}, validation: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package least
      violation[{"msg": "few"}] { input.review.object.spec.replicas < to_number(input.parameters.min) }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Least
metadata: {name: c}
spec:
  match: {kinds: [{apiGroups: [apps], kinds: [Deployment]}]}
  parameters: {min: "0"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: limits, namespace: g}
data: {min: "3"}
`,
      "policies/kustomization.yaml":
        "resources: [g.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: limits, fieldPath: data.min}\n  targets: [{select: {kind: Least}, fieldPaths: [spec.parameters.min]}]\n",
    });
    expect(failures(report)).toEqual([]);
    expect(found(report)).toEqual(["error gatekeeper/Least/c apps/web/prod"]);
  });

  test("two constraints of one name in a folder are not taken for one", async () => {
    const constraint = (kinds: string) =>
      `apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Never\nmetadata: {name: c}\nspec: {match: {kinds: [{apiGroups: ["*"], kinds: [${kinds}]}]}}\n`;
    const template = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: never}
spec:
  crd: {spec: {names: {kind: Never}}}
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package never
        violation[{"msg": "never"}] { true }
`;
    const files = { "policies/t.yaml": template, "policies/b.yaml": constraint("Job") };
    const report = await check({ ...app("prod"), ...files, "policies/a.yaml": constraint("Deployment") });
    expect(failures(report)).toEqual([
      expect.stringContaining("Never c is in policies/a.yaml:1 and otherwise in policies/b.yaml:1"),
    ]);
    expect(report.verdict).toBe("incomplete");
  });

  test("labels, annotations and namespaces that kustomize sets make no difference", async () => {
    const report = await check({
      ...app("prod"),
      "policies/k.yaml": kyverno("p"),
      "policies/v.yaml": admission(),
      "policies/kustomization.yaml":
        "resources: [k.yaml, v.yaml]\nnamespace: policies\nnamePrefix: our-\nlabels: [{pairs: {team: a}}]\ncommonAnnotations: {a: b}\n",
    });
    expect(failures(report)).toEqual([]);
    expect(report.notes).toEqual([]);
    expect(found(report)).toEqual(["error kyverno/p/r apps/web/prod", "error vap/p/1 apps/web/prod"]);
  });

  test.each<[string, Files]>([
    ["a file that no name gives away", { "infra/rules.yaml": admission() }],
    [
      "a base",
      {
        "cluster/base/rules.yaml": admission(),
        "cluster/base/kustomization.yaml": "resources: [rules.yaml]\n",
        "cluster/prod/kustomization.yaml": "resources: [../base]\n",
      },
    ],
    [
      "a chart",
      {
        "policies/chart/Chart.yaml": "apiVersion: v2\nname: policies\nversion: 0.1.0\n",
        "policies/chart/values.yaml": "action: Deny\n",
        "policies/chart/templates/v.yaml": admission('"false"', "{{ .Values.action }}"),
      },
    ],
  ])("a policy in %s is asked when it is rendered", async (_, files) => {
    const report = await check({ ...app("prod"), ...files });
    expect(failures(report)).toEqual([]);
    expect(found(report)).toEqual(["error vap/p/1 apps/web/prod"]);
  });
});

describe("a pull request", () => {
  const policies = {
    "policies/k.yaml": kyverno("p"),
    "policies/q.yaml": kyverno("q"),
    "policies/kustomization.yaml": "resources: [k.yaml, q.yaml]\n",
  };
  const altered = expect.stringContaining("this change alters policies");

  test("that patches a policy down is judged as before, and told", async () => {
    const report = await check(
      { ...app("prod"), ...policies },
      {
        "policies/kustomization.yaml": `resources: [k.yaml, q.yaml]\n${patch("ClusterPolicy, name: p", "/spec/validationFailureAction", "Audit")}`,
        ...app("dev"),
      },
    );
    expect(failures(report)).toEqual([]);
    expect(report.notes).toContainEqual(altered);
    expect(
      report.findings.map(({ rule, message, location }) => [rule, message, location?.path]),
    ).toContainEqual([
      "policy/weakened",
      "this change has kyverno p (r) refuse nothing any more, where it refused before, as rendered in policies",
      "policies/kustomization.yaml",
    ]);
    expect(found(report)).toContainEqual("error kyverno/p/r apps/web/dev new, apps/web/prod existing");
  });

  test("that has another overlay render what it takes from the first is told all the same", async () => {
    const report = await check(
      { ...app("prod"), ...policies },
      {
        "policies/kustomization.yaml": `resources: [k.yaml]\n${patch("ClusterPolicy", "/spec/validationFailureAction", "Audit")}`,
        "others/kustomization.yaml": "resources: [k.yaml, q.yaml]\n",
        "others/k.yaml": kyverno("p"),
        "others/q.yaml": kyverno("q"),
      },
    );
    const told = report.findings.filter(({ rule }) => rule.startsWith("policy/"));
    expect(told.map(({ message }) => message).sort()).toEqual([
      "this change has kyverno p (r) refuse nothing any more, where it refused before, as rendered in policies",
      "this change removes 1 policy: kyverno q (no longer rendered in policies)",
    ]);
  });

  test("that takes a policy out of what is rendered is told, whose file is still there", async () => {
    const report = await check(
      { ...app("prod"), ...policies },
      { "policies/kustomization.yaml": "resources: [q.yaml]\n" },
    );
    expect(report.notes).toContainEqual(altered);
    expect(report.findings.map(({ rule, message }) => [rule, message])).toContainEqual([
      "policy/removed",
      "this change removes 1 policy: kyverno p (no longer rendered in policies)",
    ]);
  });

  test("that changes an app alone is judged by policies as they are rendered, though their overlay did not change", async () => {
    const report = await check(
      {
        ...app("dev"),
        ...app("prod"),
        "policies/base/v.yaml": admission('"true"'),
        "policies/base/kustomization.yaml": "resources: [v.yaml]\n",
        "policies/overlays/dev/kustomization.yaml": "resources: [../../base]\n",
        "policies/overlays/prod/kustomization.yaml": `resources: [../../base]\n${patch("ValidatingAdmissionPolicy", "/spec/validations/0/expression", '"false"')}`,
      },
      { ...app("dev", workload("web:2")), ...app("prod", workload("web:2")) },
    );
    expect(found(report)).toEqual(["error vap/p/1 apps/web/prod existing"]);
    expect(report.notes).not.toContainEqual(altered);
  });

  test("that changes an app alone is judged by a policy that stands anywhere", async () => {
    const report = await check(
      { ...app("prod"), "infra/rules.yaml": admission() },
      app("prod", workload("web:2")),
    );
    expect(found(report)).toEqual(["error vap/p/1 apps/web/prod existing"]);
  });

  const tree = (patched: string): Files => ({
    ...app("prod"),
    "policies/base/v.yaml": admission('"true"'),
    "policies/base/kustomization.yaml": "resources: [v.yaml]\n",
    "policies/prod/kustomization.yaml": `resources: [../base]\n${patched}`,
  });
  const to = (expression: string) =>
    patch("ValidatingAdmissionPolicy", "/spec/validations/0/expression", `'${expression}'`);

  test("that began before the base branch made a policy stricter is judged by that one", async () => {
    const report = await check(
      tree(to("1 == 1")),
      { ...app("prod", workload("web:2")) },
      { main: { "policies/base/v.yaml": admission('"false"') } },
    );
    expect(found(report)).toEqual(["error vap/p/1 apps/web/prod existing"]);
    expect(report.notes).toContainEqual(
      expect.stringContaining("policies of policies/prod count as rendered at"),
    );
  });

  test("that is compared with nothing is not judged by what it renders of policies itself", async () => {
    const alone = await check(
      tree(to("1 == 1")),
      { "policies/prod/kustomization.yaml": tree(to("1 == 2"))["policies/prod/kustomization.yaml"] },
      { alone: true },
    );
    expect(found(alone)).toEqual([]);
    expect(alone.skipped.map(({ id, code }) => `${id} ${code}`)).toEqual(["policies/prod not-compared"]);
    // Nothing near the policies differs: they are rendered on main as they are here.
    const near = await check(tree(to("1 == 2")), app("prod", workload("web:2")), { alone: true });
    expect(found(near)).toEqual(["error vap/p/1 apps/web/prod"]);
    expect(near.skipped).toEqual([]);
  });

  test("that calls prod by the name of another environment does not get that one's policies", async () => {
    const files = {
      ...app("dev"),
      ...app("prod"),
      "policies/base/v.yaml": admission('"true"'),
      "policies/base/kustomization.yaml": "resources: [v.yaml]\n",
      "policies/dev/kustomization.yaml": "resources: [../base]\n",
      "policies/prod/kustomization.yaml": `resources: [../base]\n${to("false")}`,
    };
    const report = await check(files, {
      ...app("prod", workload("web:2")),
      "gitops.yaml":
        "overlays:\n- {path: apps/web/prod, environment: dev}\n- {path: apps/web/dev, environment: dev}\n- {path: policies/dev, environment: dev}\n- {path: policies/prod, environment: prod}\n",
    });
    expect(found(report).join("\n")).toContain("apps/web/prod existing");
    expect(report.notes).toContainEqual(expect.stringContaining("asked in all their versions"));
  });
});

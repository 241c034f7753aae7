import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "@gitops-actions/report";
import { beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { root } from "../contract/source.ts";
import { findTool } from "../setup/tools.ts";
import { makeMachine, write } from "../tools/engine/machine.ts";
import { checkIn, failures } from "../tools/policy/stage.ts";

// Our verdict by overlay, policy and resource is that of the programs, started here for each overlay by itself.

type Overlays = ReadonlyMap<string, string>;

const tools: Record<"kyverno" | "gator" | "kustomize", string> = { kyverno: "", gator: "", kustomize: "" };
beforeAll(async () => {
  for (const name of ["kyverno", "gator", "kustomize"] as const) tools[name] = await findTool(name);
});

/** What a program prints, whatever its exit status; nothing of ours starts it. */
function raw(name: keyof typeof tools, args: string[], cwd: string): string {
  return spawnSync(tools[name], args, { cwd, encoding: "utf8", maxBuffer: 2 ** 28 }).stdout;
}

/** Deployments and Pods that differ in all that policies look at; every third overlay repeats the one before it. */
function generated(): Overlays {
  const files = new Map<string, string>();
  for (let n = 0; n < 6; n++) {
    const seed = n % 3 === 2 ? n - 1 : n;
    const documents = [0, 1, 2].flatMap((k) => {
      const labels = (seed + k) % 2 ? `{team: a, tier: "${k}"}` : "{x: y}";
      const image = (seed + k) % 3 ? "web:1" : "web:latest";
      const pod = `{containers: [{name: a, image: "${image}"}, {name: b, image: "db:${seed}"}]}`;
      return [
        `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d${k}, namespace: shop, labels: ${labels}}\nspec: {replicas: ${(seed * k) % 5}, selector: {matchLabels: {a: b}}, template: {metadata: {labels: ${labels}}, spec: ${pod}}}\n`,
        `apiVersion: v1\nkind: Pod\nmetadata: {name: p${k}, namespace: lab, labels: ${labels}}\nspec: ${pod}\n`,
      ];
    });
    files.set(`overlay-${n}`, documents.join("---\n"));
  }
  return files;
}

/** The overlays of the example fleet as kustomize renders them. */
function example(): Overlays {
  const apps = join(root, "examples/fleet/apps");
  const files = new Map<string, string>();
  for (const app of ["notifications", "storefront"]) {
    for (const environment of readdirSync(join(apps, app, "overlays")).sort()) {
      const folder = join(apps, app, "overlays", environment);
      files.set(`${app}-${environment}`, raw("kustomize", ["build", folder], root));
    }
  }
  return files;
}

const kyvernoPolicies = `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: pods}
spec:
  validationFailureAction: Enforce
  rules:
  - name: team
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {message: team, pattern: {metadata: {labels: {team: "?*"}}}}
  - name: tags
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {message: tags, foreach: [{list: request.object.spec.containers, pattern: {image: "!*:latest"}}]}
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: replicas}
spec:
  validationFailureAction: Enforce
  rules:
  - name: two
    match: {any: [{resources: {kinds: [Deployment]}}]}
    exclude: {any: [{resources: {selector: {matchLabels: {tier: "1"}}}}]}
    validate: {message: two, deny: {conditions: {any: [{key: "{{ request.object.spec.replicas || \`0\` }}", operator: LessThan, value: 2}]}}}
---
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata: {name: labelled}
spec:
  validationActions: [Deny]
  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]}
  validations: [{expression: "has(object.metadata.labels) && 'team' in object.metadata.labels", message: labelled}]
`;

const gatekeeperPolicies = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: images}
spec:
  crd: {spec: {names: {kind: Images}, validation: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package images
      containers[c] { c := input.review.object.spec.containers[_] }
      containers[c] { c := input.review.object.spec.template.spec.containers[_] }
      violation[{"msg": msg}] { c := containers[_]; endswith(c.image, input.parameters.suffix); msg := sprintf("%v uses %v", [c.name, c.image]) }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Images
metadata: {name: latest}
spec: {parameters: {suffix: ":latest"}}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Images
metadata: {name: first}
spec: {match: {kinds: [{apiGroups: [""], kinds: [Pod]}], labelSelector: {matchLabels: {x: "y"}}}, parameters: {suffix: ":1"}}
`;

async function check(policies: string, overlays: Overlays): Promise<Report> {
  const machine = makeMachine();
  write(machine.folder, { "policies/all.yaml": policies });
  for (const [name, text] of overlays) write(machine.folder, { [`manifests/${name}.yaml`]: text });
  return await checkIn(machine, { failOn: "all" });
}

/** Overlay, policy (and rule), kind and name of everything that is found. */
function ours(report: Report): string[] {
  return report.findings
    .flatMap(({ rule, resource, places }) =>
      places.map(({ overlay }) => {
        const [, ...policy] = rule.split("/").filter((part) => !/^\d+$/.test(part));
        const id = `${resource?.kind}/${resource?.namespace || "default"}/${resource?.name}`;
        return `${overlay.replace(/^manifests\/|\.yaml$/g, "")} ${policy.join("/")} ${id}`;
      }),
    )
    .sort();
}

interface Row {
  policy: string;
  rule?: string;
  result: string;
  resources: { kind: string; namespace?: string; name: string }[];
}

function askKyverno(policies: string, overlays: Overlays): string[] {
  const { folder } = makeMachine();
  return [...overlays].flatMap(([overlay, text]) => {
    write(folder, { "p.yaml": policies, "r.yaml": text });
    const out = raw("kyverno", ["apply", "p.yaml", "-r", "r.yaml", "-p", "--output-format", "json"], folder);
    const reports = out.split("\n").filter((line) => line.startsWith("{"));
    const rows = reports.flatMap((line) => (JSON.parse(line) as { results?: Row[] }).results ?? []);
    return rows
      .filter(({ result }) => ["fail", "warn"].includes(result))
      .flatMap(({ policy, rule = "", resources }) =>
        resources.map(({ kind, namespace = "default", name }) => {
          const own = rule.replace(/^autogen-(?:cronjob-)?/, "");
          return `${overlay} ${policy}${own && `/${own}`} ${kind}/${namespace}/${name}`;
        }),
      );
  });
}

interface Violation {
  constraint: { kind: string; metadata: { name: string } };
  violatingObject: { apiVersion: string; kind: string; metadata: { namespace?: string; name: string } };
}

function askGator(policies: string, overlays: Overlays): string[] {
  const { folder } = makeMachine();
  return [...overlays].flatMap(([overlay, text]) => {
    write(folder, { "all.yaml": `${policies}---\n${text}` });
    const said = (JSON.parse(raw("gator", ["test", "-o", "json", "-f", "all.yaml"], folder)) ??
      []) as Violation[];
    return said
      .filter(({ violatingObject }) => !violatingObject.apiVersion.includes("gatekeeper.sh"))
      .map(({ constraint, violatingObject: { kind, metadata } }) => {
        const id = `${kind}/${metadata.namespace ?? "default"}/${metadata.name}`;
        return `${overlay} ${constraint.kind}/${constraint.metadata.name} ${id}`;
      });
  });
}

function documentsIn(overlays: Overlays): number {
  return [...overlays.values()].flatMap((text) => parseAllDocuments(text)).filter((each) => each.toJS())
    .length;
}

const own = readFileSync(join(root, "examples/fleet/policies/kyverno/image-versions.yaml"), "utf8");

describe.each([
  ["a generated fleet", generated, 20],
  ["the example fleet", example, 1],
] as const)("%s", (_, make, atLeast) => {
  test("Kyverno", async () => {
    const overlays = make();
    const policies = `${kyvernoPolicies}---\n${own}`;
    const theirs = askKyverno(policies, overlays);
    const report = await check(policies, overlays);
    expect(failures(report)).toEqual([]);
    expect([...new Set(ours(report))]).toEqual([...new Set(theirs)].sort());
    expect(theirs.length).toBeGreaterThanOrEqual(atLeast);
    expect(report.checked.resources).toBe(documentsIn(overlays));
  });

  test("Gatekeeper", async () => {
    const overlays = make();
    const theirs = askGator(gatekeeperPolicies, overlays);
    const report = await check(gatekeeperPolicies, overlays);
    expect(failures(report)).toEqual([]);
    expect([...new Set(ours(report))]).toEqual([...new Set(theirs)].sort());
    if (atLeast > 1) expect(theirs.length).toBeGreaterThanOrEqual(10);
    expect(report.checked.resources).toBe(documentsIn(overlays));
  });
});

describe("bad documents among good ones", () => {
  const bad = {
    "a text that is no YAML": "a: [b\n",
    "no kind": "apiVersion: v1\nmetadata: {name: x}\n",
    "no name": "apiVersion: v1\nkind: Pod\nmetadata: {}\nspec: {}\n",
    "a list": "- a\n- b\n",
    "a scalar": "just a text\n",
    "a duplicate key": "apiVersion: v1\nkind: Pod\nkind: Pod\nmetadata: {name: twice}\n",
  };

  test.each(Object.entries(bad))("%s", async (_, text) => {
    const overlays = new Map([...generated()].slice(0, 2));
    const good = await check(gatekeeperPolicies, overlays);
    const mixed = await check(gatekeeperPolicies, new Map([...overlays, ["bad", text]]));
    expect(ours(mixed)).toEqual(ours(good));
    expect(mixed.failed.map(({ id }) => id)).toEqual([expect.stringMatching(/^manifests\/bad\.yaml:\d+$/)]);
    expect(mixed.verdict).not.toBe("passed");
    // A key that is there twice leaves a resource, and says so.
    const more = text.includes("twice") ? 1 : 0;
    expect(mixed.checked.resources).toBe(good.checked.resources + more);
  });
});

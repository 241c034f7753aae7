import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { type Index, indexVersion } from "@gitops-actions/fleet";
import { parseManifests } from "@gitops-actions/manifest";
import { findProgram } from "../corpora/tools.ts";
import type { Racer } from "./race.ts";

const root = join(import.meta.dirname, "../..");
const gitops = join(root, "build/dist/gitops/index.js");

/**
 * For each set of policies: the product, one call of the engine over the same documents, and a loop that calls it for
 * each overlay, of which `sample` are run. Groups of one race each.
 */
export function policyContestants(count: number, sample: number, folder: string): Racer[][] {
  const manifests = writeManifests(count, join(folder, "manifests"));
  const rego = (name: string) => ({ name, policies: join(folder, name) });
  const small = rego("rego-6-rules");
  write(join(small.policies, "policy/workload.rego"), sixRules);
  const packs = rego("rego-38-rules");
  const source = join(root, "packages/engine/data/policies/packs");
  for (const pack of readdirSync(source))
    cpSync(join(source, pack), join(packs.policies, "policy"), { recursive: true });
  const groups = [small, packs].map(({ name, policies }) => conftest(name, policies, manifests, sample));
  for (const { program: name, ...engine } of others) {
    const program = optional(name);
    if (!program) {
      console.error(`${name} is not there, and ${engine.group} left out: npm run test:engines fetches it`);
      continue;
    }
    const repository = join(folder, engine.engine);
    write(join(repository, "policies", engine.file), engine.policies);
    const policies = join(repository, "policies", engine.file);
    const { one, each } = engine.commands(program, policies, manifests);
    groups.push(
      field(engine.group, repository, manifests, engine.engine, Math.min(sample, 20), { one, each }),
    );
  }
  return groups;
}

interface Manifests {
  folder: string;
  index: string;
  /** One file with everything. */
  all: string;
  files: string[];
}

function conftest(group: string, repository: string, manifests: Manifests, sample: number): Racer[] {
  const program = findProgram("conftest");
  const test = `${program} test -o json --all-namespaces -p ${repository}/policy`;
  return field(group, repository, manifests, "conftest", sample, {
    one: `(${test} ${manifests.folder} || test $? = 1) | grep -c failures > /dev/null`,
    each: `${test} {} > /dev/null || test $? = 1`,
  });
}

/** An engine that takes one policy file: its command line over all documents, and over those of one overlay. */
interface Other {
  group: string;
  /** As --engine calls it. */
  engine: string;
  program: string;
  file: string;
  policies: string;
  commands(program: string, policies: string, manifests: Manifests): { one: string; each: string };
}

/** It does not look into folders of folders; one file that holds all is what it reads fastest. */
const applyKyverno = (found: string) => (program: string, policies: string, manifests: Manifests) => {
  const apply = `${program} apply ${policies} --policy-report --output-format json`;
  return {
    one: `(${apply} --resource ${manifests.all} || test $? = 1) | grep -c "${found}" > /dev/null`,
    each: `${apply} --resource {} > /dev/null || test $? = 1`,
  };
};

function field(
  group: string,
  repository: string,
  manifests: Manifests,
  engine: string,
  sample: number,
  commands: { one: string; each: string },
): Racer[] {
  git(repository, "init", "-q", "-b", "main");
  git(repository, "add", "-A");
  git(repository, "commit", "-q", "-m", "policies");
  const files = manifests.files.filter(
    (_, index) => index % Math.ceil(manifests.files.length / sample) === 0,
  );
  const list = join(repository, "..", `${engine}-${files.length}.list`);
  writeFileSync(list, files.map((file) => `${file}\n`).join(""));
  const shell = (script: string) => ({
    ...{ group, cwd: repository, prepare: () => {}, command: "bash" },
    args: ["-c", `set -euo pipefail\n${script}`],
  });
  return [
    {
      ...{ name: "gitops policy", group, cwd: repository, prepare: () => {}, command: process.execPath },
      args: [
        gitops,
        "policy",
        repository,
        "--manifests",
        manifests.index,
        "--engine",
        engine,
        "--fail-on",
        "none",
      ],
    },
    { name: "one call", ...shell(commands.one) },
    {
      name: `loop over overlays (${files.length} of ${manifests.files.length} run)`,
      times: manifests.files.length / files.length,
      ...shell(`xargs -P ${availableParallelism()} -I {} sh -c '${commands.each}' < ${list}`),
    },
  ];
}

const environments = ["dev", "staging", "prod"] as const;

/** What the fleet of scripts/bench/fleet.ts renders to, without rendering it, and the index.json that goes with it. */
function writeManifests(count: number, folder: string): Manifests {
  const files: string[] = [];
  const overlays: Index["overlays"] = [];
  for (let n = 0; n < count; n++) {
    const app = `app-${String(Math.floor(n / environments.length)).padStart(4, "0")}`;
    const environment = environments[n % environments.length]!;
    const id = `apps/${app}/overlays/${environment}`;
    const text = render(app, environment, n % 10 === 0 ? "latest" : "1.4.2", n);
    const manifest = `${id}/manifest.yaml`;
    write(join(folder, manifest), text);
    files.push(join(folder, manifest));
    const resources = parseManifests(text, id).resources.map((resource) => ({
      ...{ id: resource.id, file: manifest, document: resource.document, digest: "none" },
    }));
    overlays.push({
      ...{ id, path: id, kind: "kustomize", environment, app, options: { values: [], apiVersions: [] } },
      ...{ change: "changed", status: "rendered", closure: { digest: "none", complete: true } },
      head: { manifest, digest: "none", resources },
    });
  }
  const index: Index = {
    ...{ version: indexVersion, mode: "single", scope: "all", complete: true, tools: [], overlays },
    source: { head: { commit: null, dirty: true } },
  };
  // Beside the folder, not in it: the engines read all that lies there.
  const all = join(folder, "..", "all.yaml");
  writeFileSync(all, files.map((file) => `---\n${readFileSync(file, "utf8")}`).join(""));
  const place = join(folder, "..", "index.json");
  for (const { head } of overlays) head!.manifest = `manifests/${head!.manifest}`;
  writeFileSync(place, JSON.stringify(index));
  return { folder, index: place, all, files };
}

function render(app: string, environment: string, tag: string, n: number): string {
  const namespace = `${app}-${environment}`;
  const hash = (n * 2654435761).toString(36).slice(-10);
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  labels:
    platform.example.com/tier: service
  name: ${app}-web
  namespace: ${namespace}
spec:
  replicas: ${environment === "prod" ? 3 : 1}
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - envFrom:
        - configMapRef:
            name: ${app}-settings-${hash}
        image: registry.example.com/${app}:${tag}
        name: app
        ports:
        - containerPort: 8080
          name: http
        readinessProbe:
          httpGet:
            path: /ready
            port: 8080
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
      serviceAccountName: ${app}-web
---
apiVersion: v1
kind: Service
metadata:
  name: ${app}-web
  namespace: ${namespace}
spec:
  ports:
  - name: http
    port: 80
    targetPort: 8080
  selector:
    app: web
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${app}-web
  namespace: ${namespace}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: ${app}-web
  namespace: ${namespace}
spec:
  minAvailable: 1
  selector:
    matchLabels:
      app: web
---
apiVersion: v1
data:
  settings.properties: |
    app=${app}
    environment=${environment}
    log.level=info
kind: ConfigMap
metadata:
  name: ${app}-settings-${hash}
  namespace: ${namespace}
`;
}

const sixRules = `package main

workload if input.kind in {"Deployment", "StatefulSet", "DaemonSet"}

containers contains container if {
	workload
	some container in input.spec.template.spec.containers
}

deny contains msg if {
	some container in containers
	endswith(container.image, ":latest")
	msg := sprintf("%s: container %s has no version", [input.metadata.name, container.name])
}

deny contains msg if {
	some container in containers
	not container.resources.requests.memory
	msg := sprintf("%s: container %s requests no memory", [input.metadata.name, container.name])
}

deny contains msg if {
	some container in containers
	container.securityContext.privileged
	msg := sprintf("%s: container %s is privileged", [input.metadata.name, container.name])
}

deny contains msg if {
	workload
	not input.spec.selector.matchLabels.app
	msg := sprintf("%s has no label app", [input.metadata.name])
}

warn contains msg if {
	some container in containers
	not container.readinessProbe
	msg := sprintf("%s: container %s has no readiness probe", [input.metadata.name, container.name])
}

deny contains msg if {
	input.kind == "Service"
	input.spec.type == "LoadBalancer"
	msg := sprintf("%s: services are reached through the gateway", [input.metadata.name])
}
`;

const fourRules = `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: workload
spec:
  validationFailureAction: Enforce
  rules:
  - name: version
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {message: images have a version, pattern: {spec: {containers: [{image: "!*:latest"}]}}}
  - name: memory
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {message: memory is requested, pattern: {spec: {containers: [{resources: {requests: {memory: "?*"}}}]}}}
  - name: label
    match: {any: [{resources: {kinds: [Deployment]}}]}
    validate: {message: an app has a label, pattern: {spec: {selector: {matchLabels: {app: "?*"}}}}}
  - name: gateway
    match: {any: [{resources: {kinds: [Service]}}]}
    validate: {message: services are reached through the gateway, pattern: {spec: {=(type): "!LoadBalancer"}}}
`;

const gatekeeperTemplate = (kind: string, rego: string): string => `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: ${kind.toLowerCase()}
spec:
  crd:
    spec:
      names:
        kind: ${kind}
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package ${kind.toLowerCase()}

        violation[{"msg": msg}] {
          ${rego}
        }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: ${kind}
metadata:
  name: ${kind.toLowerCase()}
spec:
  match:
    kinds:
      - apiGroups: ["apps"]
        kinds: ["Deployment"]
---
`;

const container = "container := input.review.object.spec.template.spec.containers[_]";

const fourConstraints = [
  ["ImageVersion", `${container}; endswith(container.image, ":latest"); msg := "images have a version"`],
  ["MemoryRequest", `${container}; not container.resources.requests.memory; msg := "memory is requested"`],
  ["NotPrivileged", `${container}; container.securityContext.privileged; msg := "no privileges"`],
  ["Tier", 'not input.review.object.metadata.labels["platform.example.com/tier"]; msg := "a tier is named"'],
]
  .map(([kind, rego]) => gatekeeperTemplate(kind!, rego!))
  .join("");

const fourValidations = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: workload
spec:
  matchConstraints:
    resourceRules:
      - apiGroups: ["apps"]
        apiVersions: ["v1"]
        operations: ["CREATE", "UPDATE"]
        resources: ["deployments"]
  validations:
    - expression: "!object.spec.template.spec.containers.exists(c, c.image.endsWith(':latest'))"
      message: images have a version
    - expression: "object.spec.template.spec.containers.all(c, has(c.resources.requests) && 'memory' in c.resources.requests)"
      message: memory is requested
    - expression: "!object.spec.template.spec.containers.exists(c, has(c.securityContext) && has(c.securityContext.privileged) && c.securityContext.privileged)"
      message: no privileges
    - expression: "'platform.example.com/tier' in object.metadata.labels"
      message: a tier is named
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: workload
spec:
  policyName: workload
  validationActions: ["Deny"]
`;

const others: readonly Other[] = [
  {
    ...{ group: "kyverno, 4 rules", engine: "kyverno", program: "kyverno", file: "workload.yaml" },
    ...{ policies: fourRules, commands: applyKyverno("images have a version") },
  },
  {
    ...{ group: "gatekeeper, 4 constraints", engine: "gatekeeper", program: "gator", file: "workload.yaml" },
    policies: fourConstraints,
    commands: (program, policies, manifests) => {
      const test = `${program} test --output json --filename ${policies}`;
      return {
        one: `(${test} --filename ${manifests.all} || test $? = 1) | grep -c "images have a version" > /dev/null`,
        each: `${test} --filename {} > /dev/null || test $? = 1`,
      };
    },
  },
  {
    ...{ group: "ValidatingAdmissionPolicy, 4 validations", engine: "vap", program: "kyverno" },
    ...{ file: "workload.yaml", policies: fourValidations, commands: applyKyverno("images have a version") },
  },
];

function optional(name: string): string | undefined {
  try {
    return findProgram(name);
  } catch {
    return undefined;
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function git(folder: string, ...args: string[]): void {
  const identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"];
  execFileSync("git", [...identity, ...args], { cwd: folder });
}

import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { packNames } from "@gitops-actions/engine";
import { describe, expect, test } from "vitest";
import { root } from "../../contract/source.ts";
import { check, failures } from "./stage.ts";

const packs = join(root, "packages/engine/data/policies/packs");
const ids = globSync("*/*.rego", { cwd: packs })
  .filter((path) => !path.startsWith("lib/"))
  .map((path) => basename(path, ".rego").replaceAll("_", "-"))
  .sort();

const digest = `registry.example/app:1@sha256:${"0".repeat(64)}`;
const limits = "resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}";
const secure =
  "securityContext: {allowPrivilegeEscalation: false, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL]}}";
const probes =
  "livenessProbe: {tcpSocket: {port: 80}}, readinessProbe: {tcpSocket: {port: 80}}, ports: [{containerPort: 80}]";
const good = (name: string, more = "", pod = "") => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec: {template: {spec: {${pod} containers: [{name: app, image: "${digest}", ${limits}, ${secure}, ${probes}${more}}]}}}
---`;
/** A Pod with one thing that the good one does not have. */
const pod = (name: string, container: string, more = "") => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec: {${more} containers: [{name: app, ${container}}]}
---`;
const object = (apiVersion: string, kind: string, name: string, rest: string) => `
apiVersion: ${apiVersion}
kind: ${kind}
metadata: {name: ${name}}
${rest}
---`;
const argo = (name: string, spec: string) =>
  object("argoproj.io/v1alpha1", "Application", name, `spec: {${spec}}`);
const pinned = "source: {repoURL: x, targetRevision: v1.2.3}";
const rbac = (kind: string, name: string, rest: string) =>
  object("rbac.authorization.k8s.io/v1", kind, name, rest);

/** For each rule, resources named after it that it is about. */
const bad: Record<string, string> = {
  "host-namespaces": pod("host-namespaces", "image: a", "hostPID: true,"),
  privileged: pod("privileged", "securityContext: {privileged: true}"),
  "host-process": pod("host-process", "image: a", "securityContext: {windowsOptions: {hostProcess: true}},"),
  capabilities: pod("capabilities", "securityContext: {capabilities: {add: [SYS_ADMIN]}}"),
  "host-path": pod("host-path", "image: a", "volumes: [{name: v, hostPath: {path: /}}],"),
  "host-ports": pod("host-ports", "ports: [{containerPort: 80, hostPort: 80}]"),
  "host-probes": pod("host-probes", "livenessProbe: {httpGet: {host: 169.254.169.254, port: 80}}"),
  apparmor: pod("apparmor", "securityContext: {appArmorProfile: {type: Unconfined}}"),
  selinux: pod("selinux", "securityContext: {seLinuxOptions: {user: root}}"),
  "proc-mount": pod("proc-mount", "securityContext: {procMount: Unmasked}"),
  "seccomp-unconfined": pod(
    "seccomp-unconfined",
    "image: a",
    "securityContext: {seccompProfile: {type: Unconfined}},",
  ),
  sysctls: pod("sysctls", "image: a", "securityContext: {sysctls: [{name: kernel.msgmax, value: '1'}]},"),
  "volume-types": pod("volume-types", "image: a", "volumes: [{name: v, nfs: {server: x, path: /}}],"),
  "privilege-escalation": pod("privilege-escalation", "image: a"),
  "run-as-non-root": pod("run-as-non-root", "image: a"),
  "run-as-user": pod("run-as-user", "securityContext: {runAsUser: 0}"),
  seccomp: pod("seccomp", "image: a"),
  "drop-capabilities": pod("drop-capabilities", "securityContext: {capabilities: {drop: [NET_RAW]}}"),
  "image-tag": pod("image-tag", "image: 'localhost:5000/app'"),
  "image-digest": pod("image-digest", "image: 'app:1'"),
  "image-registry": pod("image-registry", "image: 'registry.example.evil/app:1'"),
  requests: pod("requests", "resources: {requests: {cpu: 1}}"),
  "memory-limit": pod("memory-limit", "resources: {limits: {cpu: 1}}"),
  "readiness-probe": pod("readiness-probe", "ports: [{containerPort: 80}]"),
  "liveness-probe": pod("liveness-probe", "image: a"),
  "plaintext-secret": object("v1", "Secret", "plaintext-secret", "data: {a: c2VjcmV0LXZhbHVl}"),
  "credential-in-config": object(
    "v1",
    "ConfigMap",
    "credential-in-config",
    "data: {a: 'postgres://user:hunter22@db/x'}",
  ),
  "argo-revision": argo("argo-revision", "project: p, source: {repoURL: x, targetRevision: HEAD}"),
  "argo-project": argo("argo-project", pinned),
  "argo-sync": argo("argo-sync", `project: p, ${pinned}, syncPolicy: {automated: {prune: true}}`),
  "argo-destinations": object(
    "argoproj.io/v1alpha1",
    "AppProject",
    "argo-destinations",
    "spec: {destinations: [{namespace: '*', server: x}]}",
  ),
  "flux-revision": object(
    "helm.toolkit.fluxcd.io/v2",
    "HelmRelease",
    "flux-revision",
    "spec: {chart: {spec: {chart: c, version: '>=1.0.0'}}}",
  ),
  "flux-prune": object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "flux-prune", "spec: {path: x}"),
  "rbac-wildcards": rbac(
    "ClusterRole",
    "rbac-wildcards",
    "rules: [{apiGroups: [''], resources: ['*'], verbs: [get]}]",
  ),
  "rbac-escalation": rbac(
    "Role",
    "rbac-escalation",
    "rules: [{apiGroups: [''], resources: [users], verbs: [impersonate]}]",
  ),
  "rbac-cluster-admin": rbac(
    "ClusterRoleBinding",
    "rbac-cluster-admin",
    "roleRef: {kind: ClusterRole, name: cluster-admin}",
  ),
  "rbac-everyone": rbac(
    "RoleBinding",
    "rbac-everyone",
    "roleRef: {kind: Role, name: r}\nsubjects: [{kind: Group, name: 'system:authenticated'}]",
  ),
};

/** What no rule has anything to say of. */
const fine = [
  good("plain"),
  good("init", "", `initContainers: [{name: i, image: "${digest}", ${secure}}],`),
  good("volumes", "", "volumes: [{name: c, configMap: {name: c}}, {name: e, emptyDir: {}}],"),
  good("binds", ", lifecycle: {preStop: {exec: {command: [a]}}}"),
  object(
    "v1",
    "Secret",
    "encrypted",
    "stringData: {a: 'ENC[AES256_GCM,data:x]'}\nsops: {mac: 'ENC[AES256_GCM,data:y]'}",
  ),
  object("v1", "Secret", "empty", "type: kubernetes.io/service-account-token"),
  object("v1", "ConfigMap", "config", "data: {url: 'https://db.example/x', text: 'user:password'}"),
  argo("application", `project: p, ${pinned}, syncPolicy: {automated: {prune: true, selfHeal: false}}`),
  object(
    "argoproj.io/v1alpha1",
    "AppProject",
    "project",
    "spec: {sourceRepos: [x], destinations: [{namespace: a, server: b}]}",
  ),
  object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "flux", "spec: {path: x, prune: true}"),
  object(
    "helm.toolkit.fluxcd.io/v2",
    "HelmRelease",
    "release",
    "spec: {chart: {spec: {chart: c, version: 1.2.3}}}",
  ),
  rbac("Role", "reader", "rules: [{apiGroups: [''], resources: [pods], verbs: [get, list]}]"),
  rbac(
    "RoleBinding",
    "readers",
    "roleRef: {kind: Role, name: reader}\nsubjects: [{kind: Group, name: team}]",
  ),
  object(
    "example.com/v1",
    "Job",
    "foreign",
    "spec: {template: {spec: {hostPID: true, containers: [{name: a}]}}}",
  ),
].join("");

const registries = { "values/registries.yaml": "allowed_registries: [registry.example]\n" };
const inputs = { packs: packNames(), data: ["values"] };

describe("the built-in packs", () => {
  test("have a case for each rule, and each rule a page", () => {
    expect(Object.keys(bad).sort()).toEqual(ids);
    for (const id of ids) {
      expect(existsSync(join(root, `docs/policies/${id}.md`)), id).toBe(true);
      expect(readFileSync(join(root, "docs/policies.md"), "utf8")).toContain(`policies/${id}.md`);
    }
  });

  test("find what each rule is about, with its field and its page", async () => {
    const report = await check({ ...registries, "manifests/bad.yaml": Object.values(bad).join("") }, inputs);
    expect(failures(report)).toEqual([]);
    const found = report.findings.filter(({ rule, resource }) => rule.endsWith(`/${resource?.name}`));
    expect(found.map(({ resource }) => resource?.name).sort()).toEqual(ids);
    for (const { field, help, resource } of found) {
      expect(field, resource?.name).toMatch(/^\//);
      expect(help).toContain(`/docs/policies/${resource?.name}.md`);
    }
  });

  test("say nothing of what is fine", async () => {
    const report = await check({ ...registries, "manifests/fine.yaml": fine }, inputs);
    expect(failures(report)).toEqual([]);
    expect(
      report.findings.map(({ rule, resource, message }) => `${rule} ${resource?.name}: ${message}`),
    ).toEqual([]);
  });

  test("ask for allowed registries only where some are named", async () => {
    const report = await check({ "manifests/fine.yaml": bad["image-registry"]! }, { packs: ["images"] });
    expect(failures(report)).toEqual([]);
    expect(report.findings.map(({ rule }) => rule)).toEqual(["conftest/gitops.images/image-digest"]);
  });

  test("quote no credential", async () => {
    const report = await check(
      { "manifests/bad.yaml": bad["credential-in-config"]! + bad["plaintext-secret"]! },
      { packs: ["secrets"] },
    );
    expect(report.findings).toHaveLength(2);
    expect(JSON.stringify(report)).not.toMatch(/hunter22|c2VjcmV0/);
  });
});

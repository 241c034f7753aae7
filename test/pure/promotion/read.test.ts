import { readVersions, type Slot } from "@gitops-actions/fleet";
import { describe, expect, test } from "vitest";

/** What was found, one text each: `kind subject item {parts}`. */
function describeSlots(path: string, text: string): string[] {
  return readVersions(path, text).slots.map(describeSlot);
}

function describeSlot({ kind, subject, item, version }: Slot): string {
  const parts = Object.entries(version).map(([role, value]) => `${role}=${value}`);
  return `${kind} | ${subject} | ${item} | ${parts.sort().join(" ")}`;
}

const refused = (path: string, text: string): string[] =>
  readVersions(path, text).immovable.map(({ line, code }) => `${line} ${code}`);

describe("a kustomization", () => {
  const text = `resources:
  - ../base
  - https://github.com/org/repo//deploy?ref=v1.2.3&timeout=90s
images:
  - name: registry.example.com/web
    newName: mirror.example.com/web
    newTag: "1.10"
    digest: sha256:${"a".repeat(64)}
  - name: sidecar
    newTag: 1.10
helmCharts:
  - name: redis
    repo: https://charts.example.com
    version: 18.1.0
patches:
  - patch: |-
      - op: replace
        path: /spec/template/spec/containers/0/image
        value: x
  - patch: |
      kind: Deployment
      spec:
        image: registry.example.com/web:3
`;
  test("names images, charts and remote bases", () => {
    expect(describeSlots("apps/web/kustomization.yaml", text)).toEqual([
      "remote-base | github.com/org/repo//deploy | resources github.com/org/repo//deploy | version=v1.2.3",
      `kustomize-image | registry.example.com/web | images[name=registry.example.com/web] | digest=sha256:${"a".repeat(64)} name=mirror.example.com/web tag=1.10`,
      "kustomize-image | sidecar | images[name=sidecar] | tag=1.10",
      "kustomize-chart | redis | helmCharts[name=redis] | version=18.1.0",
    ]);
  });
  test("names what stands in a patch written in place as not moved, by its line", () => {
    expect(refused("apps/web/kustomization.yaml", text)).toEqual(["23 in-text"]);
  });
});

describe("objects", () => {
  test("hold images, in whatever they nest them", () => {
    const text = `apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  jobTemplate: {spec: {template: {spec: {containers: [{name: job, image: "localhost:5000/job:2@sha256:${"b".repeat(64)}", env: [{name: RELATED_IMAGE_X, value: "quay.io/x:1"}]}]}}}}
`;
    expect(describeSlots("job.yaml", text)).toEqual([
      `image | localhost:5000/job | CronJob/nightly spec.jobTemplate.spec.template.spec.containers[name=job].image | digest=sha256:${"b".repeat(64)} name=localhost:5000/job tag=2`,
      "image | quay.io/x | CronJob/nightly spec.jobTemplate.spec.template.spec.containers[name=job].env[name=RELATED_IMAGE_X].value | name=quay.io/x tag=1",
    ]);
  });
  test("of Flux name charts and sources", () => {
    const text = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: redis}
spec:
  chart: {spec: {chart: redis, version: 18.x}}
  values: {image: {repository: docker.io/redis, tag: "7"}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: app}
spec: {url: oci://ghcr.io/org/app, ref: {tag: 1.0.0, digest: "sha256:${"c".repeat(64)}"}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: fleet}
spec: {url: https://github.com/org/fleet, ref: {branch: main}}
`;
    expect(describeSlots("flux.yaml", text)).toEqual([
      "helm-release | redis | HelmRelease/redis spec.chart.spec | version=18.x",
      "image-values | docker.io/redis | HelmRelease/redis spec.values.image | name=docker.io/redis tag=7",
      `flux-source | oci://ghcr.io/org/app | OCIRepository/app spec.ref | digest=sha256:${"c".repeat(64)} version=1.0.0`,
    ]);
    expect(refused("flux.yaml", text)).toEqual(["16 follows-branch"]);
  });
  test("of Argo CD name revisions, one source or several, images and parameters", () => {
    const text = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web}
spec:
  sources:
    - repoURL: https://charts.example.com
      chart: web
      targetRevision: 3.1.0
      helm: {parameters: [{name: image.tag, value: "4.2"}]}
    - {repoURL: https://github.com/org/values, targetRevision: v7, ref: values}
    - {repoURL: https://github.com/org/fleet, targetRevision: HEAD, kustomize: {images: ["web=registry.example.com/web:5"]}}
`;
    expect(describeSlots("app.yaml", text)).toEqual([
      "argo-source | https://charts.example.com web | Application/web spec.sources[0] | version=3.1.0",
      "image-values | image.tag | Application/web spec.sources[0].helm.parameters[name=image.tag] | tag=4.2",
      "argo-source | https://github.com/org/values | Application/web spec.sources[1] | version=v7",
      "kustomize-image | web | Application/web spec.sources[2].kustomize.images web | name=registry.example.com/web tag=5",
    ]);
    expect(refused("app.yaml", text)).toEqual(["11 follows-branch"]);
  });
});

describe("values files", () => {
  test("hold images in the usual forms, and a tag written as a number stays as it is written", () => {
    const text = `image:\n  tag: 1.10\nweb:\n  image:\n    registry: quay.io\n    repository: org/web\n    tag: v2\n    digest: ""\nproxy:\n  image: envoy:v1\n`;
    expect(describeSlots("values-dev.yaml", text)).toEqual([
      "image-values | image | image | tag=1.10",
      "image-values | quay.io/org/web | web.image | name=org/web tag=v2",
      "image | envoy | proxy.image | name=envoy tag=v1",
    ]);
  });
});

describe("what is not moved has a reason", () => {
  test.each([
    ["chart/templates/deployment.yaml", "image: {{ .Values.image }}\n", ["1 template"]],
    ["broken.yaml", "image: web:1\n  bad: [", ["1 unreadable"]],
    ["a.yaml", "image: $" + "{REGISTRY}/web:1\n", ["1 variable"]],
    ["Chart.yaml", "name: x\nversion: 1.0.0\nappVersion: 2\n", ["2 own-version", "3 own-version"]],
    ["policy.yaml", 'image: "!*:latest"\n', ["1 pattern"]],
    ["a.yaml", "args: ['--sidecar-image=web:1']\n", ["1 in-text"]],
  ])("%s: %j", (path, text, expected) => {
    expect(refused(path, text)).toEqual(expected);
    expect(readVersions(path, text).slots).toEqual([]);
  });
});

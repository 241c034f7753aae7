import {
  createClosureContext,
  discover,
  ownRepository,
  remoteSource,
  remoteSources,
} from "@gitops-actions/fleet";
import { expect, test } from "vitest";
import { memoryTree } from "./memory-tree.ts";

const object = (apiVersion: string, kind: string, spec: object) => ({
  apiVersion,
  kind,
  metadata: { name: "web", namespace: "apps" },
  spec,
});
const application = (source: object) => object("argoproj.io/v1alpha1", "Application", source);

test.each([
  [
    object("source.toolkit.fluxcd.io/v1", "GitRepository", {
      url: "https://user:secret@example.com/org/repo",
    }),
    "GitRepository apps/web takes files from https://example.com/org/repo, which is not rendered",
  ],
  [
    object("source.toolkit.fluxcd.io/v1", "Bucket", { endpoint: "s3.example.com" }),
    "Bucket apps/web takes files from s3.example.com, which is not rendered",
  ],
  [
    object("helm.toolkit.fluxcd.io/v2", "HelmRelease", {
      chart: { spec: { chart: "podinfo", sourceRef: { kind: "HelmRepository", name: "podinfo" } } },
    }),
    "HelmRelease apps/web takes the chart podinfo from HelmRepository podinfo, which is not rendered",
  ],
  [
    object("helm.toolkit.fluxcd.io/v2", "HelmRelease", {
      chartRef: { kind: "OCIRepository", name: "podinfo" },
    }),
    "HelmRelease apps/web takes its chart from OCIRepository podinfo, which is not rendered",
  ],
  [
    application({ source: { repoURL: "https://charts.example.com", chart: "redis" } }),
    "Application apps/web takes the chart redis from https://charts.example.com, which is not rendered",
  ],
  [
    application({
      sources: [
        { repoURL: "https://example.com/own", path: "x" },
        { repoURL: "https://example.com/other", path: "y" },
      ],
    }),
    "Application apps/web takes files from https://example.com/other, which is not rendered",
  ],
  [
    object("argoproj.io/v1alpha1", "ApplicationSet", {
      template: { spec: { source: { repoURL: "https://example.com/other", path: "{{path}}" } } },
    }),
    "ApplicationSet apps/web takes files from https://example.com/other, which is not rendered",
  ],
])("%j", (value, message) => {
  const own = (url: string) => url === "https://example.com/own";
  expect(remoteSource(value, "a.yaml", own)).toEqual({ path: "a.yaml", code: "remote-source", message });
});

test.each([
  object("helm.toolkit.fluxcd.io/v2", "HelmRelease", {
    chart: { spec: { chart: "./charts/web", sourceRef: { kind: "GitRepository", name: "flux-system" } } },
  }),
  object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", { path: "./apps" }),
  application({ source: { repoURL: "{{ .repo }}", path: "x" } }),
  application({ source: { repoURL: "https://example.com/own", path: "x" } }),
  object("example.com/v1", "GitRepository", { url: "https://example.com/x" }),
  null,
  "text",
])("nothing remote: %j", (value) => {
  expect(remoteSource(value, "a.yaml", (url) => url === "https://example.com/own")).toBeUndefined();
});

const text =
  "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: x}\nspec: {url: https://example.com/x}\n";

test("plain manifests tell at once, files of closures when they are asked", async () => {
  const tree = memoryTree({
    "flux/x.yaml": text,
    "app/kustomization.yaml": "resources: [y.yaml]\n",
    "app/y.yaml": `${text}---\n${text.replace("name: x", "name: y")}`,
    "app/broken.yaml": "apiVersion: source.toolkit.fluxcd.io/v1\nkind: [\n",
  });
  const context = createClosureContext();
  const { noticed } = await discover(tree, undefined, context);
  expect(noticed.filter(({ code }) => code === "remote-source").map(({ path }) => path)).toEqual([
    "flux/x.yaml",
  ]);
  const found = await remoteSources(
    tree,
    ["app/y.yaml", "app/broken.yaml", "app/none.yaml", "app/y.yaml"],
    context,
  );
  expect(found.map(({ path, message }) => [path, message.split(" ")[1]])).toEqual([
    ["app/y.yaml", "x"],
    ["app/y.yaml", "y"],
  ]);
});

test.each([
  ["https://github.com/Org/fleet.git", true],
  ["git@github.com:org/fleet", true],
  ["ssh://git@ssh.github.com:443/org/fleet.git", true],
  ["https://token@github.com/org/fleet", true],
  ["https://gitlab.com/org/fleet", false],
  ["https://github.com/org/fleet-apps", false],
  ["https://github.com/other/fleet", false],
])("an Application that takes files from %s names the fleet's own repository: %j", async (repoURL, isOwn) => {
  const tree = memoryTree({
    "argo/web.yaml": `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec: {source: {repoURL: "${repoURL}", path: apps/web}}\n`,
  });
  const own = ownRepository(["git@github.com:org/fleet.git", "/srv/fleet.git"]);
  const { noticed } = await discover(tree, undefined, createClosureContext(own));
  expect(noticed.filter(({ code }) => code === "remote-source")).toHaveLength(isOwn ? 0 : 1);
});

test("without a remote on a server, every address is elsewhere", () => {
  expect(ownRepository(["/srv/org/fleet.git", "../fleet"])("https://github.com/org/fleet")).toBe(false);
  expect(ownRepository(["/srv/org/fleet.git"])("/srv/org/fleet.git")).toBe(false);
});

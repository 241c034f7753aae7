import { deliverersOf, findUnseen, readDeliverers } from "@gitops-actions/drift-report";
import { repositoryName } from "@gitops-actions/fleet";
import { describe, expect, test } from "vitest";

const application = (name: string, repoURL: string, path: string) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Application",
  metadata: { namespace: "argocd", name },
  spec: { source: { repoURL, path } },
});

test.each([
  ["https://github.com/Org/Fleet.git", "org/fleet"],
  ["https://token@github.example.com:8443/org/fleet/", "org/fleet"],
  ["git@github.com:org/fleet.git", "org/fleet"],
  ["ssh://git@ssh.github.com:443/org/fleet", "org/fleet"],
  ["https://gitlab.example.com/group/sub/fleet.git", "group/sub/fleet"],
  ["file:///srv/git/fleet.git", "srv/git/fleet"],
  ["/srv/git/fleet.git", "srv/git/fleet"],
  ["org/fleet", "org/fleet"],
])("a repository's name: %s", (address, name) => {
  expect(repositoryName(address)).toBe(name);
});

describe("a path that Applications of two repositories have", () => {
  const here = application("here", "git@github.com:org/fleet.git", "clusters/prod");
  const elsewhere = application("elsewhere", "https://github.com/org/other", "clusters/prod");
  const names = (objects: object[], ours: string[]) =>
    deliverersOf("clusters/prod", readDeliverers(objects as never), new Set(ours)).map(({ name }) => name);

  test("is ours by the repository's name", () => {
    expect(names([here, elsewhere], ["org/fleet"])).toEqual(["here"]);
  });
  test("is both's where nobody knows ours, or none is known to be ours", () => {
    expect(names([here, elsewhere], [])).toEqual(["here", "elsewhere"]);
    expect(names([elsewhere], ["org/fleet"])).toEqual(["elsewhere"]);
  });
});

test("a Kustomization's repository is that of its source, also in another namespace", () => {
  const kustomization = (name: string, sourceRef: object) => ({
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { namespace: "apps", name },
    spec: { path: "./prod", sourceRef },
  });
  const source = (namespace: string, url: string) => ({
    apiVersion: "source.toolkit.fluxcd.io/v1",
    kind: "GitRepository",
    metadata: { namespace, name: "fleet" },
    spec: { url },
  });
  const found = readDeliverers([
    kustomization("a", { kind: "GitRepository", name: "fleet" }),
    kustomization("b", { kind: "GitRepository", name: "fleet", namespace: "flux-system" }),
    kustomization("c", { kind: "OCIRepository", name: "fleet" }),
    source("apps", "https://a.example.com/org/a"),
    source("flux-system", "https://a.example.com/org/b"),
  ] as never);
  expect(found.map((each) => each.source)).toEqual([
    "https://a.example.com/org/a",
    "https://a.example.com/org/b",
    undefined,
  ]);
});

test("what is brought from this repository and is no overlay is said, and nothing of other repositories", () => {
  const deliverers = readDeliverers([
    application("seen", "https://github.com/org/fleet", "clusters/prod"),
    application("unseen", "https://github.com/org/fleet", "tools"),
    application("other", "https://github.com/org/other", "tools"),
  ] as never);
  const head = { index: { overlays: [{ path: "clusters/prod" }] } };
  const found = findUnseen(deliverers, head as never, new Set(["org/fleet"]));
  expect(found).toMatchObject([{ kind: "controller", id: "Application argocd/unseen", code: "no-overlay" }]);
  expect(found[0]!.message).toContain("tools");
  expect(findUnseen(deliverers, head as never, new Set())).toEqual([]);
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkObjects, defaults, type Judged } from "@gitops-actions/drift-report";
import {
  type Cluster,
  clusterLimits,
  type DryRunner,
  openCluster,
  openDryRunner,
  type Tool,
  userCacheDir,
} from "@gitops-actions/engine";
import { parseManifests, type Resource } from "@gitops-actions/manifest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient } from "../../scripts/drift/cluster.ts";
import { changes, deployment, merge, resources, shop } from "./changes.ts";
import { type ControlPlane, kubectlPath, startControlPlane } from "./control-plane.ts";
import { type Injector, startInjector } from "./injector.ts";

let plane: ControlPlane;
let cluster: Cluster;
let runner: DryRunner;
const tempDir = mkdtempSync(join(tmpdir(), "drift-test-"));
const machine = {
  env: process.env,
  cwd: tempDir,
  cacheDir: userCacheDir(process.env),
  tempDir,
  cores: 2,
  now: () => new Date("2026-11-24T08:00:00Z"),
  isTerminal: false,
};
const kubectl = {
  name: "kubectl",
  version: "1.36.3",
  path: kubectlPath(),
  source: "given",
  sha256: "",
} satisfies Tool;

function open(kubeconfig: string, name: string): Promise<Cluster> {
  return openCluster(kubectl, { ...clusterLimits, kubeconfig }, machine, name);
}

beforeAll(async () => {
  plane = await startControlPlane({ users: ["reader", "looker"] });
  cluster = await open(plane.kubeconfig(), "admin");
  const settings = { ...clusterLimits, kubeconfig: plane.kubeconfig() };
  runner = await openDryRunner(kubectl, settings, machine, cluster);
}, 120_000);

afterAll(async () => {
  await runner?.close();
  await cluster?.close();
  plane?.stop();
  rmSync(tempDir, { recursive: true, force: true });
});

async function check(all: Resource[], at = cluster, asking?: DryRunner): Promise<Judged[]> {
  const world = {
    host: machine,
    progress: () => {},
    signal: new AbortController().signal,
    secretKey: new Uint8Array(32),
  };
  const placed = [{ overlay: "shop", resources: all, deliverers: [], pending: 0 }];
  return (await checkObjects(placed, [], at, defaults, world, asking ? { runner: asking } : {})).judged;
}

/**
 * What is said of each object that is not clean: its class, and the fields with whom they are said to be by. The manager
 * `hand` is called so.
 */
function said(judged: readonly Judged[], hand = "hand"): Record<string, unknown> {
  const by = (manager: string | undefined): string =>
    manager === hand ? "hand" : (manager ?? "nobody recorded");
  return Object.fromEntries(
    judged.flatMap(({ resource, judgement }): [string, unknown][] => {
      const name = `${resource.id.kind} ${resource.id.name}`;
      if (judgement.class !== "compared") return [[name, judgement.class]];
      const fields = [
        ...judgement.changed.map(({ pointer, by: who }) => `changed ${pointer} by ${by(who?.manager)}`),
        ...judgement.owned.map(({ pointer, owner }) => `owned ${pointer} by ${owner}`),
        ...judgement.ownedAdditions.map(({ livePointer, owner }) => `owned ${livePointer} by ${owner}`),
        ...judgement.unmanaged.map(
          ({ livePointer, manager }) => `added ${livePointer} by ${by(manager.name)}`,
        ),
        ...judgement.removedFromGit.map(({ livePointer }) => `removed from Git ${livePointer}`),
      ];
      return fields.length > 0 ? [[name, fields]] : [];
    }),
  );
}

async function applyAll(resources: readonly Resource[]): Promise<void> {
  const client = createClient(plane.send);
  for (const resource of resources) {
    const applied = await client.apply(resource, "server-side apply");
    if ("refused" in applied) throw new Error(`${resource.id.kind} ${resource.id.name}: ${applied.refused}`);
  }
}

describe("changes made by hand", () => {
  test("nothing is found when nothing was changed", async () => {
    await applyAll(resources);
    const judged = await check(resources);
    expect(said(judged)).toEqual({});
    expect(judged.every(({ judgement }) => judgement.class === "compared")).toBe(true);
  });

  test("there are more than forty, and no two by one manager", () => {
    expect(changes.length).toBeGreaterThanOrEqual(42);
    expect(new Set(changes.map(({ what }) => what)).size).toBe(changes.length);
  });

  const numbered = changes.map((change, index) => ({ ...change, hand: change.manager ?? `hand-${index}` }));
  test.each(numbered)("$what", async ({ hand, after = [], says, dryRunSays = says, ...first }) => {
    await applyAll(resources);
    const began = Math.floor(Date.now() / 1000) * 1000;
    try {
      for (const { path, method = "PATCH", type, body } of [first, ...after]) {
        const { status, body: answer } = await plane.send(method, `${path}?fieldManager=${hand}`, body, type);
        expect(status, JSON.stringify(answer)).toBeLessThan(300);
      }
      const judged = await check(resources);
      expect(said(judged, hand)).toEqual(says);
      // The server does not record when `scale` was written (managedfields, ScaleHandler).
      const isTimed = !first.path.endsWith("/scale");
      for (const time of timesOf(judged, hand))
        expect(isTimed ? Date.parse(time ?? "") >= began : time === undefined, time).toBe(true);
      // The server's own answer says the same of what Git sets.
      expect(said(await check(resources, cluster, runner), hand), "server-dry-run").toEqual(dryRunSays);
    } finally {
      await restore(first.path);
    }
  });

  /** Applying again does not take away what others added: the object is made anew. */
  async function restore(path: string): Promise<void> {
    const object = path.replace(/\/(?:scale|status)$/, "");
    // Without the controller manager a namespace would never be gone.
    if (object.endsWith("/namespaces/shop")) {
      const labels = { "pod-security.kubernetes.io/enforce": null };
      await plane.send("PATCH", object, { metadata: { labels } }, merge);
      return;
    }
    await plane.send("PATCH", object, { metadata: { finalizers: null } }, merge);
    await plane.send("DELETE", object, { propagationPolicy: "Background" });
  }

  /** When the manager wrote, of all that is said to be by it. */
  function timesOf(judged: readonly Judged[], hand: string): (string | undefined)[] {
    return judged.flatMap(({ judgement }) => {
      if (judgement.class !== "compared") return [];
      const { changed, unmanaged } = judgement;
      const managers = [...changed.map(({ by }) => by), ...unmanaged.map(({ manager }) => manager)];
      return managers.flatMap((each) =>
        each && ("manager" in each ? each.manager : each.name) === hand ? [each.time] : [],
      );
    });
  }

  test.each<[string, Record<string, unknown>]>([
    ["ssa: Merge", { "ConfigMap noted": ["changed /data/mode by hand"] }],
    ["ssa: Override", { "ConfigMap noted": ["changed /data/mode by hand", "added /data/more by hand"] }],
    ["ssa: IfNotPresent", { "ConfigMap noted": "left-alone" }],
    ["ssa: Ignore", { "ConfigMap noted": "left-alone" }],
    ["reconcile: disabled", { "ConfigMap noted": "left-alone" }],
  ])("what Flux is told of an object in Git: %s", async (annotation, says) => {
    const [name, value] = annotation.split(": ");
    const git = parseManifests(
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: noted, namespace: shop, annotations: {kustomize.toolkit.fluxcd.io/${name}: ${value}}}\ndata: {mode: fast}\n`,
      "noted.yaml",
    ).resources;
    const path = "/api/v1/namespaces/shop/configmaps/noted";
    await applyAll(git);
    await plane.send("PATCH", `${path}?fieldManager=hand`, { data: { mode: "slow", more: "x" } }, merge);
    expect(said(await check(git))).toEqual(says);
    expect(said(await check(git, cluster, runner))).toEqual(says);
    await plane.send("DELETE", path);
  });

  test("what Git no longer sets and was applied once", async () => {
    await applyAll(resources);
    const less = parseManifests(
      shop.replace('data: {mode: fast, size: "10"}', "data: {mode: fast}"),
      "shop.yaml",
    ).resources;
    expect(said(await check(less))).toEqual({ "ConfigMap settings": ["removed from Git /data/size"] });
  });
});

describe("what a webhook puts into objects", () => {
  const text = (image: string): string => `
apiVersion: v1
kind: Namespace
metadata: {name: mesh, labels: {inject: "yes"}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: mesh}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "${image}"}]}
`;
  const path = "/apis/apps/v1/namespaces/mesh/deployments/web";
  let injector: Injector;

  beforeAll(async () => {
    injector = await startInjector(plane);
    // A webhook is asked a moment after it was registered.
    for (let attempt = 0; attempt < 50; attempt++) {
      await applyAll(parseManifests(text("web:1"), "mesh.yaml").resources);
      const { body } = await plane.send("GET", path);
      if (body.spec.template.spec.containers.length === 2) return;
      await plane.send("DELETE", path);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("the webhook was not asked");
  });
  afterAll(() => injector?.stop());

  test("a sidecar is no drift, in neither mode", async () => {
    const mesh = parseManifests(text("web:1"), "mesh.yaml").resources;
    expect(said(await check(mesh))).toEqual({});
    expect(said(await check(mesh, cluster, runner))).toEqual({});
  });

  test("what somebody does to the sidecar is told", async () => {
    const mesh = parseManifests(text("web:1"), "mesh.yaml").resources;
    const containers = [{ name: "sidecar", image: "evil:1" }];
    const body = { spec: { template: { spec: { containers } } } };
    const type = "application/strategic-merge-patch+json";
    await plane.send("PATCH", `${path}?fieldManager=hand`, body, type);
    const says = { "Deployment web": ["added /spec/template/spec/containers/1 by hand"] };
    expect(said(await check(mesh))).toEqual(says);
    await plane.send("DELETE", path);
  });

  test("a value of Git that it replaces differs by reading, and not by the server's own answer", async () => {
    const mesh = parseManifests(text("upstream/web:1"), "mesh.yaml").resources;
    await applyAll(mesh);
    expect(said(await check(mesh))).toEqual({
      "Deployment web": [expect.stringMatching(/^changed \/spec\/template\/spec\/containers\/0\/image by/)],
    });
    expect(said(await check(mesh, cluster, runner))).toEqual({});
  });
});

describe("what the server's own answer needs", () => {
  test("who may not patch learns nothing, and is told so", async () => {
    await applyAll(resources);
    const role = "rbac.authorization.k8s.io";
    await plane.send("POST", `/apis/${role}/v1/clusterroles`, {
      apiVersion: `${role}/v1`,
      kind: "ClusterRole",
      metadata: { name: "looker" },
      rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["get", "list"] }],
    });
    await plane.send("POST", `/apis/${role}/v1/clusterrolebindings`, {
      apiVersion: `${role}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: "looker" },
      roleRef: { apiGroup: role, kind: "ClusterRole", name: "looker" },
      subjects: [{ kind: "User", apiGroup: role, name: "looker" }],
    });
    const looker = await open(plane.kubeconfig("looker"), "looker");
    const kubeconfig = plane.kubeconfig("looker");
    const asking = await openDryRunner(
      kubectl,
      { ...clusterLimits, kubeconfig },
      machine,
      looker,
      "looker-dry-run",
    );
    try {
      // Two verbs are all that reading needs.
      expect(said(await check(resources, looker))).toEqual({});
      for (const { judgement } of await check(resources, looker, asking))
        expect(judgement).toMatchObject({ class: "not-checked", code: "forbidden" });
    } finally {
      await asking.close();
      await looker.close();
    }
  });

  test("it changes nothing", async () => {
    await applyAll(resources);
    await plane.send("PATCH", `${deployment}/scale?fieldManager=hand`, { spec: { replicas: 9 } }, merge);
    const before = (await plane.send("GET", deployment)).body.metadata.resourceVersion;
    await check(resources, cluster, runner);
    expect((await plane.send("GET", deployment)).body.metadata.resourceVersion).toBe(before);
    await plane.send("DELETE", deployment);
  });

  test("what it would not take is not called clean", async () => {
    const text =
      "apiVersion: v1\nkind: Service\nmetadata: {name: odd, namespace: shop}\nspec: {ports: [{port: 80}]}\n";
    const git = parseManifests(text, "odd.yaml").resources;
    await applyAll(git);
    const wrong = parseManifests(text.replace("port: 80", "port: 80, nodePort: 30000"), "odd.yaml").resources;
    expect(said(await check(wrong, cluster, runner))).toEqual({
      "Service odd": ["changed /spec/ports/0/nodePort by nobody recorded"],
    });
  });
});

describe("what cannot be read is not checked", () => {
  test("kinds that a user may not list", async () => {
    await applyAll(resources);
    const rules = [{ apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "list"] }];
    const role = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "reader" },
      rules,
    };
    const binding = {
      ...role,
      kind: "RoleBinding",
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
      subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "reader" }],
      rules: undefined,
    };
    const root = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop";
    await plane.send("POST", `${root}/roles`, role);
    await plane.send("POST", `${root}/rolebindings`, binding);
    const reader = await open(plane.kubeconfig("reader"), "reader");
    try {
      const judged = await check(resources, reader);
      for (const { resource, judgement } of judged) {
        const wanted =
          resource.id.kind === "Deployment"
            ? { class: "compared" }
            : { class: "not-checked", code: "forbidden" };
        expect(judgement, resource.id.kind).toMatchObject(wanted);
      }
    } finally {
      await reader.close();
    }
  });

  test("with credentials that are not accepted", async () => {
    const stranger = await open(plane.kubeconfig("stranger"), "stranger");
    try {
      const judged = await check(resources, stranger);
      expect(
        judged.every(
          ({ judgement }) => judgement.class === "not-checked" && judgement.code === "unauthorised",
        ),
      ).toBe(true);
    } finally {
      await stranger.close();
    }
  });

  test("nothing can be written through the proxy", async () => {
    const { request } = await import("node:http");
    const status = await new Promise<number>((resolve, reject) => {
      const socketPath = join(tempDir, "admin.sock");
      const path = "/api/v1/namespaces/shop/configmaps/settings";
      const call = request({ socketPath, path, method: "DELETE", headers: { host: "localhost" } }, (answer) =>
        resolve(answer.statusCode ?? 0),
      );
      call.on("error", reject);
      call.end();
    });
    expect(status).toBe(403);
  });

  test("lists longer than a page are read to their end", async () => {
    const small = await openCluster(
      kubectl,
      { ...clusterLimits, pageSize: 1, kubeconfig: plane.kubeconfig() },
      machine,
      "small",
    );
    try {
      expect(said(await check(resources, small))).toEqual({});
    } finally {
      await small.close();
    }
  });

  // The last test: it stops the server.
  test("when the server is gone", async () => {
    plane.stopServer();
    const judged = await check(resources);
    for (const { judgement } of judged)
      expect(judgement).toMatchObject({ class: "not-checked", code: "unreachable" });
  });
});

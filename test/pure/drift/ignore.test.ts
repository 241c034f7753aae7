import {
  applicationRules,
  coverageOf,
  type IgnoreRule,
  kustomizationRules,
  matchesSelector,
  ownRules,
  parseJqPath,
  releaseRules,
  resolveRules,
  subjectOf,
  systemRules,
} from "@gitops-actions/drift-report";
import { parseConfig } from "@gitops-actions/fleet";
import { type JsonObject, splitPointer } from "@gitops-actions/manifest";
import { ToolError } from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { readOne, shapeFor } from "./schemas.ts";

const git = readOne(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web, tier: front}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      tolerations: [{key: a, operator: Exists}]
      containers: [{name: app, image: "web:1"}, {name: log, image: "log:1"}]
`);
const shape = shapeFor(git);
const spec = "/spec/template/spec";
const rule = (parts: JsonObject) =>
  applicationRules({ ignoreDifferences: [{ group: "apps", kind: "Deployment", ...parts }] }, "Application");

/** Which of these differences a list of rules covers; jq that is no path would need gojq. */
async function covered(rules: IgnoreRule[], live: JsonObject, pointers: string[], owners: string[] = []) {
  const subject = subjectOf(git, live);
  const governed = [{ desired: git.value, live, rules: rules.filter((each) => each.selects(subject)) }];
  const machine = { env: {}, cwd: "/", cacheDir: "/", tempDir: "/", cores: 1 };
  const { objects } = await resolveRules(
    governed,
    () => Promise.reject(new Error("no jq here")),
    machine,
    new AbortController().signal,
  );
  const [resolved] = objects;
  if (!resolved || "unread" in resolved) throw new Error("unread");
  const { ofDifference } = coverageOf(resolved, { desired: git.value, live, shape });
  return pointers.filter((pointer) => {
    const at = (value: unknown) =>
      splitPointer(pointer).reduce((each, token) => (each as Record<string, unknown>)?.[token], value);
    const difference = {
      pointer,
      livePointer: pointer,
      desired: at(git.value) as JsonObject,
      live: at(live) as JsonObject,
    };
    return ofDifference(difference, owners) !== undefined;
  });
}

describe("ignore rules of an Application", () => {
  test("cover a field and what is below it, in every item of a list", async () => {
    const rules = rule({
      jsonPointers: ["/spec/replicas"],
      jqPathExpressions: [".spec.template.spec.containers[].image"],
    });
    const pointers = ["/spec/replicas", `${spec}/containers/1/image`];
    expect(await covered(rules, git.value, [...pointers, "/spec/replicasets", "/spec/selector"])).toEqual(
      pointers,
    );
  });

  test("cover what a manager owns, also together with others", async () => {
    const rules = rule({ managedFieldsManagers: ["kube-controller-manager"] });
    expect(await covered(rules, git.value, ["/spec"], ["kubectl-edit", "kube-controller-manager"])).toEqual([
      "/spec",
    ]);
    expect(await covered(rules, git.value, ["/spec"], ["kubectl-edit"])).toEqual([]);
  });

  test("govern what they name, and `*` everything", async () => {
    const at = (parts: JsonObject) =>
      covered(rule({ jsonPointers: ["/spec"], ...parts }), git.value, ["/spec"]);
    expect(await at({ group: "*", kind: "*" })).toEqual(["/spec"]);
    for (const other of [{ kind: "StatefulSet" }, { group: "" }, { name: "other" }, { namespace: "other" }])
      expect(await at(other), JSON.stringify(other)).toEqual([]);
  });

  test("take places out of a list that is compared as a whole, on both sides", async () => {
    const live = structuredClone(git.value) as {
      spec: { template: { spec: { tolerations: JsonObject[] } } };
    };
    live.spec.template.spec.tolerations.push({ key: "b", operator: "Exists" });
    const pointers = [`${spec}/tolerations`];
    const second = rule({ jqPathExpressions: [".spec.template.spec.tolerations[1]"] });
    expect(await covered(second, live as unknown as JsonObject, pointers)).toEqual(pointers);
    live.spec.template.spec.tolerations.push({ key: "c", operator: "Exists" });
    expect(await covered(second, live as unknown as JsonObject, pointers)).toEqual([]);
  });

  test("stand in argocd-cm for all Applications, by kind or for all", async () => {
    const replicas = "jsonPointers: [/spec/replicas]\n";
    const of = (scope: string) =>
      covered(systemRules({ [`resource.customizations.ignoreDifferences.${scope}`]: replicas }), git.value, [
        "/spec/replicas",
      ]);
    for (const scope of ["all", "apps_Deployment", "*_*"]) expect(await of(scope), scope).toHaveLength(1);
    for (const scope of ["apps_StatefulSet", "batch_Deployment", "Deployment"])
      expect(await of(scope), scope).toEqual([]);
  });

  test("that name no JSON Pointer name nothing", async () => {
    expect(await covered(rule({ jsonPointers: ["spec/replicas"] }), git.value, ["/spec/replicas"])).toEqual(
      [],
    );
  });
});

describe("ignore rules of Flux", () => {
  const paths = ["/spec/replicas"];
  test.each<[string, JsonObject, boolean]>([
    ["without a target", {}, true],
    ["by kind", { target: { kind: "Deployment" } }, true],
    ["by a pattern, which is anchored", { target: { name: "we" } }, false],
    ["by a pattern", { target: { name: "w.*", namespace: "shop|store" } }, true],
    ["by labels", { target: { labelSelector: "app=web, tier in (front, back), !gone" } }, true],
    ["by labels it has not", { target: { labelSelector: "tier notin (front)" } }, false],
    ["by annotations it has not", { target: { annotationSelector: "x=y" } }, false],
    ["by a pattern nobody can read", { target: { name: "(" } }, false],
  ])("of a Kustomization, %s", async (_what, parts, isCovered) => {
    const rules = kustomizationRules({ ignore: [{ paths, ...parts }] }, "Kustomization");
    expect((await covered(rules, git.value, paths)).length > 0).toBe(isCovered);
  });

  test("of a HelmRelease govern what bears its labels", async () => {
    const rules = releaseRules({
      metadata: { name: "web", namespace: "flux" },
      spec: { driftDetection: { ignore: [{ paths }] } },
    });
    const labels = { "helm.toolkit.fluxcd.io/name": "web", "helm.toolkit.fluxcd.io/namespace": "flux" };
    const live = { ...git.value, metadata: { ...(git.value.metadata as JsonObject), labels } };
    expect(await covered(rules, live, paths)).toEqual(paths);
    expect(await covered(rules, git.value, paths)).toEqual([]);
  });

  test.each([
    ["a", true],
    ["!a", false],
    ["a=b", true],
    ["a==c", false],
    ["a!=c,z!=1", true],
    ["a in (b,c)", true],
    ["z notin (b)", true],
    ["a b c", false],
  ])("read the selector %s", (selector, isMatch) => {
    expect(matchesSelector(selector, { a: "b" })).toBe(isMatch);
  });
});

describe("rules that need jq", () => {
  const rules = rule({ jqPathExpressions: ['.spec.template.spec.containers[] | select(.name == "app")'] });
  const governed = [
    { desired: git.value, live: git.value, rules },
    { desired: git.value, live: git.value, rules: [] },
  ];
  const machine = { env: {}, cwd: "/", cacheDir: "/", tempDir: "/", cores: 1 };
  const { signal } = new AbortController();

  test("make their objects not checked where gojq is not to be had, and no others", async () => {
    const missing = () => Promise.reject(new ToolError("download", "gojq 0.12.18 cannot be fetched"));
    const { objects, tool } = await resolveRules(governed, missing, machine, signal);
    expect(objects).toEqual([{ unread: expect.stringContaining("gojq 0.12.18 cannot be fetched") }, []]);
    expect(tool).toBeUndefined();
  });

  test("are the only ones for which it is got", async () => {
    const plain = rule({ jsonPointers: ["/spec"], jqPathExpressions: [".spec.replicas"] });
    const never = () => Promise.reject(new Error("nobody needs it"));
    const resolution = resolveRules([{ ...governed[0]!, rules: plain }], never, machine, signal);
    await expect(resolution).resolves.toMatchObject({ tool: undefined });
  });

  test("do not hide that the run was ended", async () => {
    const ended = AbortSignal.abort();
    const missing = () => Promise.reject(new ToolError("cancelled", "ended"));
    await expect(resolveRules(governed, missing, machine, ended)).rejects.toThrow("ended");
  });
});

describe("rules of gitops.yaml", () => {
  const config = (rule: string) =>
    parseConfig(
      `drift:\n  ignore:\n    - {${rule}, owner: team, reason: because, expires: 2026-12-31}\n`,
      "gitops.yaml",
    );
  const now = new Date("2026-12-31T23:00:00Z");
  const rulesOf = (text: string, at = now) => ownRules(config(text), at);

  test("select by globs and labels, and say where they stand", async () => {
    const rules = rulesOf(
      "resource: {kind: Deploy*, name: we*, labels: {tier: front}}, fields: [/spec/replicas]",
    );
    expect(await covered(rules, git.value, ["/spec/replicas", "/metadata"])).toEqual(["/spec/replicas"]);
    expect(rules[0]).toMatchObject({ by: "gitops.yaml:3", owner: "team", isExpired: false });
    expect(
      await covered(rulesOf("resource: {labels: {tier: back}}, fields: ['']"), git.value, ["/spec"]),
    ).toEqual([]);
  });

  test("cover what a manager owns, by a glob", async () => {
    expect(await covered(rulesOf("managers: [keda-*]"), git.value, ["/spec"], ["keda-operator"])).toEqual([
      "/spec",
    ]);
  });

  test("count to the end of their last day, and then no more", async () => {
    expect(await covered(rulesOf("fields: ['']"), git.value, ["/spec"])).toEqual(["/spec"]);
    const over = rulesOf("fields: ['']", new Date("2027-01-01T00:00:00Z"));
    expect(over[0]?.isExpired).toBe(true);
    expect(await covered(over, git.value, ["/spec"])).toEqual([]);
  });

  test("hold in the environments that they name", () => {
    const [only] = rulesOf("environments: [prod-*], fields: ['']");
    expect(["prod-eu", "dev", ""].map((each) => only?.isFor(each))).toEqual([true, false, false]);
    expect(rulesOf("fields: ['']")[0]?.isFor("")).toBe(true);
  });

  test.each([
    ["resource: {kind: A}", "must name fields, jq or managers"],
    ["fields: [spec]", "must be a JSON Pointer such as /spec/replicas"],
    ["fields: [''], resource: {knd: A}", "unknown key `knd`"],
  ])("are refused with file and line: %s", (text, message) => {
    expect(() => config(text)).toThrow(message);
    expect(() => config(text)).toThrow(/^gitops.yaml:3/);
  });

  test("need owner, reason and a day that exists", () => {
    const without = (rule: string) => () =>
      parseConfig(`drift: {ignore: [{fields: [''], ${rule}}]}`, "g.yaml");
    expect(without("reason: a, expires: 2026-12-31")).toThrow("owner");
    expect(without("owner: a, expires: 2026-12-31")).toThrow("reason");
    expect(without("owner: a, reason: b")).toThrow("expires");
    expect(without("owner: a, reason: b, expires: 2026-13-31")).toThrow("no day of the calendar");
  });
});

describe("a jq expression that is a path", () => {
  test.each([
    [".spec.replicas", ["spec", "replicas"]],
    ['.metadata.labels["app.kubernetes.io/name"]', ["metadata", "labels", "app.kubernetes.io/name"]],
    [".spec.containers[0].image", ["spec", "containers", "0", "image"]],
    [".spec.containers[]?.image", ["spec", "containers", "\0*", "image"]],
    ['."spec"', ["spec"]],
  ])("%s", (text, tokens) => expect(parseJqPath(text)).toEqual(tokens));

  test.each([
    ".",
    "",
    ".spec | .replicas",
    '.spec.containers[] | select(.name == "app")',
    "del(.spec)",
    ".a, .b",
    "..",
    ".spec.a-b",
    '.spec["a\\(.b)"]',
  ])("is not %s", (text) => expect(parseJqPath(text)).toBeUndefined());
});

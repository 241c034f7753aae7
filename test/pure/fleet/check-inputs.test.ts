import { changedInputs, changedPaths } from "@gitops-actions/fleet";
import { describe, expect, test } from "vitest";
import { type Files, memoryTree } from "./memory-tree.ts";

const crd =
  "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: queues.example.com\n";
const kyverno = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: p\n";
const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n";

async function kinds(base: Files, head: Files): Promise<[string, string[]][]> {
  const changed = await changedInputs(memoryTree(base), memoryTree(head));
  return changed.map(({ kind, paths }) => [kind, paths]);
}

describe("changed inputs of checks", () => {
  test.each<[string, string, string, string]>([
    ["gitops.yaml", "gitops.yaml", "environments: [dev]\n", "configuration"],
    ["a CRD", "crds/queue.yaml", crd, "schemas"],
    ["a CRD behind other documents", "all.yaml", `${deployment}---\n${crd}`, "schemas"],
    [
      "a CRD in JSON",
      "crds/queue.json",
      '{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}',
      "schemas",
    ],
    [
      "a CRD in a template",
      "chart/templates/crd.yaml",
      `{{ if .Values.crds }}\n${crd}{{ end }}\n`,
      "schemas",
    ],
    ["a schema pack of the repository", ".gitops/schemas/team.json", "{}", "schemas"],
    ["a Rego policy", "policy/deny.rego", "package main\n", "policies"],
    ["data beside Rego policies", "policy/data.yaml", "registries: [a]\n", "policies"],
    ["a Kyverno policy", "cluster/policy.yaml", kyverno, "policies"],
    [
      "a Gatekeeper constraint",
      "c.yaml",
      "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: NoLatest\n",
      "policies",
    ],
    [
      "a ValidatingAdmissionPolicy",
      "v.yml",
      "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\n",
      "policies",
    ],
    ["exceptions", "gitops/exceptions.yaml", "exceptions: []\n", "exceptions"],
  ])("%s counts when it is added, changed or removed", async (_name, path, text, kind) => {
    const other = { "apps/web.yaml": deployment };
    expect(await kinds(other, { ...other, [path]: text })).toEqual([[kind, [path]]]);
    expect(await kinds({ ...other, [path]: text }, other)).toEqual([[kind, [path]]]);
    expect(await kinds({ ...other, [path]: text }, { ...other, [path]: `${text}# x\n` })).toEqual([
      [kind, [path]],
    ]);
    expect(await kinds({ ...other, [path]: text }, { ...other, [path]: text })).toEqual([]);
  });

  test("a file that stops being a policy counts for what it was", async () => {
    expect(await kinds({ "a.yaml": kyverno }, { "a.yaml": deployment })).toEqual([["policies", ["a.yaml"]]]);
  });

  test("manifests, documents and values do not count", async () => {
    const base = { "a.yaml": deployment, "README.md": "kind: ClusterPolicy", "values.yaml": "kind: x\n" };
    expect(
      await kinds(base, { "a.yaml": `${deployment}# 2\n`, "README.md": kyverno, "values.yaml": "kind: y\n" }),
    ).toEqual([]);
  });

  test("the two sides have different keys, which depend on contents alone", async () => {
    const [first] = await changedInputs(memoryTree({ "a.rego": "1" }), memoryTree({ "a.rego": "2" }));
    const [second] = await changedInputs(
      memoryTree({ "a.rego": "1" }),
      memoryTree({ "a.rego": "2", "b.yaml": deployment }),
    );
    expect(first!.base).not.toBe(first!.head);
    expect(second).toEqual(first);
  });
});

test("changed paths are those that differ by id, kind or mode, and folders that are the same are not entered", () => {
  const base = memoryTree({ "same/a": "1", "b/x": "1", c: "1", "gone/y": "1", run: "x" });
  const head = memoryTree({
    "same/a": "1",
    "b/x": "2",
    "c/z": "1",
    "new/q": "1",
    run: { text: "x", executable: true },
  });
  expect(changedPaths(base, head)).toEqual(["b/x", "c", "c/z", "gone/y", "new/q", "run"]);
});

// What is said of files beside a kustomization is grammar too: of one file, and of several.
import { discover } from "@gitops-actions/fleet";
import { expect, test } from "vitest";
import { memoryTree } from "./memory-tree.ts";

const object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

test.each([
  [["a"], "a.yaml lies beside a kustomization that does not list it"],
  [["a", "b"], "a.yaml, b.yaml lie beside a kustomization that does not list them"],
])("%j", async (names, message) => {
  const files = Object.fromEntries(names.map((name) => [`app/${name}.yaml`, object]));
  const tree = memoryTree({ "app/kustomization.yaml": "namePrefix: x-\n", ...files });
  expect((await discover(tree)).noticed.map((each) => each.message)).toEqual([message]);
});

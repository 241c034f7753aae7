import { describe, expect, test } from "vitest";
import { nearestPath } from "../../../actions/render-overlays/src/nearestpath.ts";
import { memoryTree } from "../fleet/memory-tree.ts";

const tree = memoryTree({
  "apps/web/base/deployment.yaml": "",
  "apps/web/base/kustomization.yaml": "",
  "apps/web/prod/kustomization.yaml": "",
  "apps/web/prod/b.yaml": "",
  "shared/network-policy.yaml": "",
  "README.md": "",
});

describe("what a path that does not exist was meant to be", () => {
  test.each([
    ["apps/web/base/deploymnet.yaml", "apps/web/base/deployment.yaml"],
    ["apps/web/base/deployment.yml", "apps/web/base/deployment.yaml"],
    ["apps/web/bse", "apps/web/base"],
    ["apps/web/bse/deployment.yaml", "apps/web/base/deployment.yaml"],
    ["apps/wbe/bse/deploymnet.yaml", "apps/web/base/deployment.yaml"],
    // In another folder, and the only one of its name.
    ["apps/web/prod/network-policy.yaml", "shared/network-policy.yaml"],
    ["apps/web/prod/a.yaml", undefined],
    ["apps/nowhere", undefined],
    ["elsewhere/kustomization.yaml", undefined],
    ["../outside.yaml", undefined],
    ["", undefined],
  ])("%s: %s", (path, meant) => {
    expect(nearestPath(tree, path)).toBe(meant);
  });
});

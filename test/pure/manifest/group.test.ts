import { diffResources, groupChanges, parseManifests, type ResourceChange } from "@gitops-actions/manifest";
import { describe, expect, test } from "vitest";

const deployment = (name: string, namespace: string, image: string, extra = "") =>
  `---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: {image: ${image}}\n${extra}`;
const changes = (base: string, head: string): ResourceChange[] =>
  diffResources(parseManifests(base, "").resources, parseManifests(head, "").resources);
const groups = (overlays: Record<string, ResourceChange[]>) =>
  groupChanges(new Map(Object.entries(overlays))).map((g) => [
    g.change.kind,
    g.change.id.name,
    g.overlays,
    g.varies === true,
  ]);

describe("the same change in many overlays", () => {
  test("is one group, whatever the namespace, a prefix or a suffix", () => {
    const bump = (name: string, namespace: string) =>
      changes(deployment(name, namespace, "x:1"), deployment(name, namespace, "x:2"));
    expect(groups({ prod: bump("web", "prod"), dev: bump("web", "dev") })).toEqual([
      ["changed", "web", ["dev", "prod"], false],
    ]);
    expect(
      groups({ dev: bump("dev-web", "a"), prod: bump("prod-web", "a"), test: bump("web", "a") }),
    ).toEqual([["changed", "dev-web", ["dev", "prod", "test"], true]]);
  });

  test("is not grouped with other values, other resources or other kinds of change", () => {
    const bump = (name: string, to: string) =>
      changes(deployment(name, "a", "x:1"), deployment(name, "a", to));
    expect(groups({ dev: bump("web", "x:2"), prod: bump("web", "x:3"), test: bump("api", "x:2") })).toEqual([
      ["changed", "api", ["test"], false],
      ["changed", "web", ["dev"], false],
      ["changed", "web", ["prod"], false],
    ]);
    const both = changes(
      deployment("web", "a", "x:1") + deployment("web-canary", "a", "x:1"),
      deployment("web", "a", "x:2") + deployment("web-canary", "a", "x:2"),
    );
    expect(groups({ dev: both, prod: both })).toEqual([
      ["changed", "web", ["dev", "prod"], false],
      ["changed", "web-canary", ["dev", "prod"], false],
    ]);
  });

  test("generated names may differ: the content is what changed", () => {
    const map = (hash: string, value: string, own: string) =>
      `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c-${hash}}\ndata: {x: "${value}", own: ${own}}\n` +
      deployment("web", "a", "i", `ref: c-${hash}\n`);
    const dev = changes(map("2456789bcd", "1", "d"), map("2456789bck", "2", "d"));
    const prod = changes(map("fghkmt2456", "1", "p"), map("fghkmt2457", "2", "p"));
    expect(groups({ dev, prod })).toEqual([
      ["changed", "c-2456789bck", ["dev", "prod"], true],
      ["changed", "web", ["dev", "prod"], true],
    ]);
  });

  test("added and removed resources are grouped by name; most overlays first; the order of the map does not count", () => {
    const added = changes("", deployment("new", "a", "x"));
    const removed = changes(deployment("old", "a", "x"), "");
    const overlays = { c: added, a: [...added, ...removed], b: [] };
    const expected = [
      ["added", "new", ["a", "c"], false],
      ["removed", "old", ["a"], false],
    ];
    expect(groups(overlays)).toEqual(expected);
    expect(groups(Object.fromEntries(Object.entries(overlays).toReversed()))).toEqual(expected);
  });

  test("each place keeps its own identity", () => {
    const bump = (name: string) => changes(deployment(name, "a", "x:1"), deployment(name, "a", "x:2"));
    const [group] = groupChanges(
      new Map([
        ["dev", bump("dev-web")],
        ["prod", bump("prod-web")],
      ]),
    );
    expect(group?.places.map((p) => [p.overlay, p.id.name])).toEqual([
      ["dev", "dev-web"],
      ["prod", "prod-web"],
    ]);
  });
});

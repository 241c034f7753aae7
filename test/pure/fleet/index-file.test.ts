import { type Index, indexJsonSchema, parseIndex } from "@gitops-actions/fleet";
import { UsageError } from "@gitops-actions/report";
import { expect, test } from "vitest";

const index: Index = {
  version: 1,
  mode: "pull-request",
  scope: "changed",
  complete: true,
  source: { head: { commit: null, dirty: true }, base: { commit: "abc", how: "merge-base" } },
  trusted: { commit: "abc" },
  tools: [{ name: "kustomize", version: "5.8.2", source: "cache", sha256: "00" }],
  overlays: [
    {
      id: "apps/web/overlays/prod",
      path: "apps/web/overlays/prod",
      kind: "kustomize",
      environment: "prod",
      options: { values: [], apiVersions: [] },
      change: "changed",
      status: "rendered",
      closure: { digest: "00", complete: true },
      head: {
        manifest: "head/web.yaml",
        digest: "00",
        resources: [
          {
            id: { group: "apps", version: "v1", kind: "Deployment", namespace: "", name: "web" },
            file: "head/web/0.yaml",
            document: 0,
            digest: "00",
            origin: { path: "apps/web/base/web.yaml", line: 3, precision: "exact", via: [] },
          },
        ],
      },
    },
  ],
};

test("what is written can be read", () => {
  expect(parseIndex(JSON.stringify(index), "index.json")).toEqual(index);
});

test.each([
  ["no JSON", "{", "index.json is not JSON"],
  ["not an index", "[]", "index.json has no `version`"],
  [
    "another version",
    JSON.stringify({ ...index, version: 2 }),
    "index.json has version 2, and this release reads version 1",
  ],
  ["an unknown key", JSON.stringify({ ...index, extra: 1 }), "extra"],
  ["a wrong value", JSON.stringify({ ...index, mode: "both" }), "mode: "],
])("%s is refused", (_, text, message) => {
  expect(() => parseIndex(text, "index.json")).toThrow(UsageError);
  expect(() => parseIndex(text, "index.json")).toThrow(message);
});

test("the schema is published for version 1", () => {
  expect((indexJsonSchema().properties as Record<string, unknown>).version).toMatchObject({ const: 1 });
});

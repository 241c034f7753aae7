import { gzipSync } from "node:zlib";
import { type Closure, closureOf, createClosureContext, type Overlay } from "@gitops-actions/fleet";
import { pack } from "tar-stream";
import { describe, expect, test } from "vitest";
import { parseChartMetadata } from "../../../packages/fleet/src/closure/chart.ts";
import { schemaReferences } from "../../../packages/fleet/src/closure/schema.ts";
import { type Files, memoryTree } from "./memory-tree.ts";

const object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";
const overlay: Overlay = { id: "a", path: "a", kind: "plain", options: { values: [], apiVersions: [] } };
const closureFor = (files: Files): Promise<Closure> =>
  closureOf(memoryTree(files), overlay, createClosureContext());

test("a plain folder reads its own manifests, also behind links, and nothing else", async () => {
  const closure = await closureFor({
    "a/one.yaml": object,
    "a/two.yml": object,
    "a/three.json": '{"apiVersion": "v1", "kind": "ConfigMap"}',
    "a/linked.yaml": { link: "../shared/real.yaml" },
    "shared/real.yaml": object,
    "a/values.yaml": "a: b\n",
    "a/to-values.yaml": { link: "values.yaml" },
    "a/README.md": object,
    "a/folder.yaml/x.yaml": object,
    "a/deeper/x.yaml": object,
    "a/module.yaml": { submodule: "0123456789abcdef0123456789abcdef01234567" },
  });
  expect(closure).toMatchObject({
    files: ["a/linked.yaml", "a/one.yaml", "a/three.json", "a/two.yml", "shared/real.yaml"],
    directories: [],
    absent: [],
    gaps: [],
    escapes: [],
  });
});

test("its links that dangle, lead out, or lead into a submodule or a folder are of it", async () => {
  const closure = await closureFor({
    "a/one.yaml": object,
    "a/dangling.yaml": { link: "gone.yaml" },
    "a/out.yaml": { link: "/etc/hostname" },
    "a/module.yaml": { link: "../module/x.yaml" },
    module: { submodule: "0123456789abcdef0123456789abcdef01234567" },
  });
  expect(closure.files).toEqual(["a/dangling.yaml", "a/module.yaml", "a/one.yaml", "a/out.yaml"]);
  expect(closure.absent).toEqual(["a/gone.yaml"]);
  expect(closure.gaps.map(({ code, location }) => [code, location?.path])).toEqual([
    ["submodule", "a/module.yaml"],
  ]);
  expect(closure.escapes.map(({ code, location }) => [code, location?.path])).toEqual([
    ["link-outside", "a/out.yaml"],
  ]);
});

test("the digest follows the manifests, also those that are added", async () => {
  const files: Files = { "a/one.yaml": object, "a/values.yaml": "a: b\n" };
  const { digest } = await closureFor(files);
  const after = async (more: Files) => (await closureFor({ ...files, ...more })).digest;
  expect(await after({ "a/one.yaml": `${object}# more\n` })).not.toBe(digest);
  expect(await after({ "a/two.yaml": object })).not.toBe(digest);
  expect(await after({ "a/values.yaml": object })).not.toBe(digest);
  expect(await after({ "a/values.yaml": "a: c\n", "a/b/x.yaml": object, "a/x.txt": "" })).toBe(digest);
});

test("Chart.yaml: what decides a render", () => {
  const text = `apiVersion: v2
name: web
type: library
version: 1.0.0
appVersion: "2"
maintainers: [{name: nobody}]
dependencies:
- name: db
  repository: https://charts.example.com
  version: ">=1"
- repository: file://../x
`;
  expect(parseChartMetadata(text)).toEqual({
    name: "web",
    type: "library",
    version: "1.0.0",
    appVersion: "2",
    dependencies: [
      { name: "db", repository: "https://charts.example.com", version: ">=1", line: 8, path: "" },
      { name: "", repository: "file://../x", version: "", line: 11, path: "" },
    ],
  });
  expect(parseChartMetadata("").problem?.message).toBe("is empty");
  expect(parseChartMetadata("name: [\n").problem?.line).toBe(2);
  expect(parseChartMetadata("name: {{ x }}\n").templated).toBe(true);
});

test("a values schema: references to other documents, with their first lines", () => {
  const text = `{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "properties": {
    "a": {"$ref": "#/definitions/a"},
    "b": {"anyOf": [{"$ref": "https://example.com/b.json#/x"}]},
    "c": {"$\\u0072ef": "c.json"},
    "d": {"$ref": "https://example.com/b.json#/x"},
    "e": {"$ref": "urn:example:x"},
    "f": {"$dynamicRef": "https://json-schema.org/draft/2020-12/meta/core"},
    "g": {"$recursiveRef": "https://json-schema.org/other/schema"},
    "h": {"title": "$ref"}
  }
}
`;
  expect(schemaReferences(text).sort((x, y) => x.line - y.line)).toEqual([
    { url: "https://example.com/b.json#/x", line: 5 },
    { url: "c.json", line: 6 },
    { url: "https://json-schema.org/other/schema", line: 10 },
  ]);
  expect(schemaReferences("{")).toEqual([]);
});

describe("packed charts", () => {
  const chart: Overlay = { id: "web", path: "web", kind: "helm", options: { values: [], apiVersions: [] } };
  const closureWith = async (archive: Uint8Array) => {
    const path = "web/charts/db-1.0.0.tgz";
    const tree = memoryTree({ "web/Chart.yaml": "name: web\n", [path]: "archive" });
    const read = (at: string) => (at === path ? Promise.resolve(archive) : tree.read(at));
    const { gaps, escapes } = await closureOf({ ...tree, read }, chart, createClosureContext());
    return [...gaps, ...escapes].map(({ code, location }) => [code, location?.path]);
  };
  const packed = async (files: Record<string, string | Uint8Array>) => {
    const tar = pack();
    for (const [name, content] of Object.entries(files)) tar.entry({ name }, Buffer.from(content));
    tar.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of tar) chunks.push(chunk as Buffer);
    return gzipSync(Buffer.concat(chunks));
  };
  const schema = '{"$ref": "https://example.com/schema.json"}';

  test("their schemas are looked at, also those of charts packed in them", async () => {
    const inner = await packed({ "deep/values.schema.json": schema });
    expect(await closureWith(await packed({ "db/Chart.yaml": "name: db\n" }))).toEqual([]);
    for (const files of [{ "db/values.schema.json": schema }, { "db/charts/deep-1.0.0.tgz": inner }]) {
      expect(await closureWith(await packed(files))).toEqual([["remote-schema", "web/charts/db-1.0.0.tgz"]]);
    }
  });

  test("one that cannot be looked into is a gap", async () => {
    const wanted = [["unreadable-archive", "web/charts/db-1.0.0.tgz"]];
    expect(await closureWith(new TextEncoder().encode("no archive"))).toEqual(wanted);
  });
});

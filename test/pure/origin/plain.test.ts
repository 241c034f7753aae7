import { closureOf, createClosureContext, createOrigins, type Overlay } from "@gitops-actions/fleet";
import { parseManifests, valueAt } from "@gitops-actions/manifest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Files, memoryTree } from "../fleet/memory-tree.ts";

async function originsOf(files: Files) {
  const tree = memoryTree(files);
  const overlay: Overlay = {
    id: "apps",
    path: "apps",
    kind: "plain",
    options: { values: [], apiVersions: [] },
  };
  const context = createClosureContext();
  const closure = await closureOf(tree, overlay, context);
  const texts = Object.keys(files)
    .sort()
    .map((path) => String(files[path]));
  const { resources } = parseManifests(texts.join("---\n"), "");
  const render = () => Promise.reject(new Error("plain manifests are not rendered again"));
  return { resources, origins: createOrigins({ tree, overlay, closure, context, resources, render }) };
}

const config = (name: string, value: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  key: ${value}\n`;

describe("plain manifests", () => {
  test("each field is where it stands", async () => {
    const { resources, origins } = await originsOf({
      "apps/a.yaml": `# first\n${config("a", "1")}---\n${config("b", '"2"')}`,
      "apps/b.yaml": `apiVersion: v1\nkind: List\nitems:\n- ${config("c", "3").trimEnd().replaceAll("\n", "\n  ")}\n`,
    });
    const places = await Promise.all(resources.map(({ id }) => origins.originOf(id, "/data/key")));
    expect(places).toEqual([
      { path: "apps/a.yaml", line: 7, column: 8, precision: "exact", via: [] },
      { path: "apps/a.yaml", line: 14, column: 8, precision: "exact", via: [] },
      { path: "apps/b.yaml", line: 9, column: 10, precision: "exact", via: [] },
    ]);
  });

  test("an absent field is near its parent, and a mapping at its key", async () => {
    const { resources, origins } = await originsOf({ "apps/a.yaml": config("a", "1") });
    const id = resources[0]!.id;
    expect(await origins.originOf(id, "/data/other/deeper")).toMatchObject({ line: 5, precision: "near" });
    expect(await origins.originOf(id, "/data")).toMatchObject({ line: 5, column: 1, precision: "exact" });
    expect(await origins.originOf(id, "")).toMatchObject({ line: 1, column: 1 });
  });

  test("what is not rendered has no origin", async () => {
    const { resources, origins } = await originsOf({ "apps/a.yaml": config("a", "1") });
    expect(await origins.originOf({ ...resources[0]!.id, name: "z" }, "/data")).toBeUndefined();
  });

  test("two documents of one identity: the first is meant, unless a resource is given", async () => {
    const { resources, origins } = await originsOf({
      "apps/a.yaml": config("a", "1"),
      "apps/b.yaml": config("a", "2"),
    });
    expect(await origins.originOf(resources[1]!.id, "/data/key")).toMatchObject({ path: "apps/a.yaml" });
    expect(await origins.originOf(resources[1]!, "/data/key")).toMatchObject({ path: "apps/b.yaml" });
  });

  test("the text at the place is the value", async () => {
    const names = fc.stringMatching(/^[a-z]{1,8}$/);
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(names, names, { minKeys: 1, maxKeys: 6 }),
        fc.boolean(),
        async (data, flow) => {
          const body = flow
            ? ` ${JSON.stringify(data)}`
            : Object.entries(data)
                .map(([key, value]) => `\n  "${key}": "${value}"`)
                .join("");
          const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: any }\ndata:${body}\n`;
          const { resources, origins } = await originsOf({ "apps/a.yaml": text });
          for (const key of Object.keys(data)) {
            const place = await origins.originOf(resources[0]!.id, `/data/${key}`);
            const line = text.split("\n")[place!.line - 1]!.slice(place!.column! - 1);
            expect(line.startsWith(JSON.stringify(valueAt(resources[0]!.value, `/data/${key}`)))).toBe(true);
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});

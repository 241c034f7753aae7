// What jq expressions name, by gojq itself: Argo CD's engine.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jqPaths } from "@gitops-actions/engine";
import type { Json } from "@gitops-actions/manifest";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findTool } from "../../setup/tools.ts";

const tempDir = mkdtempSync(join(tmpdir(), "gojq-test-"));
const machine = { env: { SECRET: "canary" }, cwd: tempDir, cacheDir: tempDir, tempDir, cores: 1 };
let path: string;

beforeAll(async () => {
  path = await findTool("gojq");
});
afterAll(() => rmSync(tempDir, { recursive: true, force: true }));

const value: Json = {
  spec: {
    containers: [
      { name: "app", image: "a" },
      { name: "istio-proxy", image: "b" },
    ],
  },
  metadata: { annotations: { "a/b": "x", c: "canary-value" } },
};
const ask = (...expressions: string[]) =>
  jqPaths(
    expressions.map((expression) => ({ expression, value })),
    { path },
    machine,
  );

test("places are named as lists of names and indices", async () => {
  expect(
    await ask(
      '.spec.containers[] | select(.name == "istio-proxy")',
      '.metadata.annotations | with_entries(select(.key | startswith("a"))) | .x',
      ".spec.containers[].image, .metadata.annotations[]",
      '.metadata.annotations["none"]',
      ".spec.containers[] # what comes after is a comment",
    ),
  ).toEqual([
    { paths: [["spec", "containers", 1]] },
    // It makes a new value, of which there are no places; so does Argo CD.
    { paths: [] },
    {
      paths: [
        ["spec", "containers", 0, "image"],
        ["spec", "containers", 1, "image"],
        ["metadata", "annotations", "a/b"],
        ["metadata", "annotations", "c"],
      ],
    },
    { paths: [["metadata", "annotations", "none"]] },
    {
      paths: [
        ["spec", "containers", 0],
        ["spec", "containers", 1],
      ],
    },
  ]);
});

test("an expression that fails on a value names nothing of it", async () => {
  expect(await ask(".spec.replicas[].x", ".spec | error", ".spec[0]")).toEqual([
    { paths: [] },
    { paths: [] },
    { paths: [] },
  ]);
});

test("one that cannot be asked spoils no other", async () => {
  const [good, broken, unknown, halting, greedy, unbalanced] = await ask(
    ".spec",
    ".spec[",
    ".spec | nothing_like_it",
    "halt",
    "input",
    ".spec), (.metadata",
  );
  expect(good).toEqual({ paths: [["spec"]] });
  expect(broken).toEqual({ failure: expect.stringContaining("unexpected") });
  expect(unknown).toEqual({ failure: expect.stringContaining("function not defined: nothing_like_it/0") });
  for (const each of [halting, greedy, unbalanced]) expect(each).not.toHaveProperty("paths.0");
});

test("neither what it says nor its environment shows a secret", async () => {
  const answers = await ask(".metadata.annotations.c | error", "env | .SECRET", ".a | ltrimstr(env.SECRET)");
  expect(JSON.stringify(answers)).not.toMatch(/canary/);
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClosureContext, discover, loadConfig } from "@gitops-actions/fleet";
import { expect, onTestFinished, test } from "vitest";
import type { Row } from "../../../scripts/corpora/archives.ts";
import { folderTree } from "../../../scripts/corpora/folder-tree.ts";
import { proveOrigins } from "../../../scripts/corpora/origin.ts";

// The proof of docs/origin.md over public repositories takes minutes (npm run corpora); this is a taste of it.
test("editing the answer changes the field, over the example fleet", async () => {
  const scratch = mkdtempSync(join(tmpdir(), "gitops-sample-"));
  onTestFinished(() => rmSync(scratch, { recursive: true, force: true }));
  const folder = join(import.meta.dirname, "../../../examples/fleet");
  const tree = folderTree(folder);
  const { overlays } = await discover(tree, await loadConfig(tree), createClosureContext());
  const rows = overlays.flatMap(({ path, kind, options }): Row[] => {
    if (kind === "plain") return [];
    const { values } = options;
    return [
      { folder: path, kind, status: "ok", stable: true, error: "", ...(values.length > 0 && { values }) },
    ];
  });
  const verdicts = await proveOrigins([{ name: "examples", folder, rows }], scratch, {
    fields: 15,
    seed: 4,
    width: 2,
  });
  const told = verdicts.map(({ verdict, id, pointer, location }) => ({
    verdict,
    field: `${id.kind}/${id.name} ${pointer}`,
    place: `${location?.path}:${location?.line}`,
  }));
  expect(told.length).toBeGreaterThanOrEqual(20);
  expect(told.filter(({ verdict }) => ["file", "line"].includes(verdict))).toEqual([]);
  const good = told.filter(({ verdict }) => verdict === "exact" || verdict === "identity");
  expect(good.length / told.length).toBeGreaterThanOrEqual(0.9);
});

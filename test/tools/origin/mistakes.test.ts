import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClosureContext, discover, loadConfig } from "@gitops-actions/fleet";
import { expect, onTestFinished, test } from "vitest";
import type { Row } from "../../../scripts/corpora/archives.ts";
import { folderTree } from "../../../scripts/corpora/folder-tree.ts";
import { mistakesAt } from "../../../scripts/corpora/mistake-edit.ts";
import { describeMistakes, judgeFinding } from "../../../scripts/corpora/mistake-judge.ts";
import { proveMistakes } from "../../../scripts/corpora/mistakes.ts";

// The sweep of docs/origin.md over public repositories takes minutes (npm run corpora -- mistakes); this is a taste of it.
test("a finding names the line with the mistake, over the example fleet", async () => {
  const scratch = mkdtempSync(join(tmpdir(), "gitops-mistakes-"));
  onTestFinished(() => rmSync(scratch, { recursive: true, force: true }));
  const folder = join(import.meta.dirname, "../../../examples/fleet");
  const tree = folderTree(folder);
  const { overlays } = await discover(tree, await loadConfig(tree), createClosureContext());
  const rows = overlays.flatMap(({ path, kind, options }): Row[] => {
    if (kind === "plain") return [];
    const { values } = options;
    const row = { folder: path, kind, status: "ok" as const, stable: true, error: "" };
    return [{ ...row, ...(values.length > 0 && { values }) }];
  });
  const options = { wanted: 4, each: 2, seed: 3, width: 2 };
  const verdicts = await proveMistakes([{ name: "examples", folder, rows }], scratch, options);
  const told = verdicts.map(({ verdict, path, mistake, finding }) => ({
    verdict,
    mistake: `${path}:${mistake.lines} ${mistake.what}`,
    finding: `${finding.rule} ${finding.location?.path}:${finding.location?.line}`,
  }));
  expect(told.length).toBeGreaterThanOrEqual(8);
  expect(told.filter(({ verdict }) => verdict !== "exact")).toEqual([]);
  expect(describeMistakes(verdicts).ok).toBe(true);
}, 300_000);

test("the judge tells a wrong line and a wrong file from the right one", () => {
  const text = "spec:\n  replicas: 1\n  paused: false\n";
  const mistakes = mistakesAt(text, 2);
  expect(mistakes.map(({ what, lines, text: made }) => [what, lines, made.split("\n")[1]])).toEqual([
    ["misspelt-field", [2], "  replicasx: 1"],
    ["unknown-field", [2], "  surprise: 1"],
    ["missing-field", [1], "  paused: false"],
    ["wrong-type", [2], "  replicas: nonsense"],
  ]);
  const judge = (
    path: string,
    line: number,
    precision: "exact" | "near",
    rule = "kubeconform/unknown-field",
    message = "",
  ) => {
    const location = { path, line, precision, via: [] };
    const finding = { rule, location, message } as unknown as Parameters<typeof judgeFinding>[0];
    return judgeFinding(finding, "a.yaml", mistakes[0]!, () => "x: {{ .Values.replicas }}");
  };
  expect(judge("a.yaml", 2, "exact")).toBe("exact");
  expect(judge("a.yaml", 1, "exact")).toBe("line");
  expect(judge("a.yaml", 1, "exact", "kubeconform/missing-field")).toBe("exact");
  expect(judge("a.yaml", 1, "exact", "kubeconform/wrong-type", "expected integer, found null")).toBe("exact");
  expect(judge("a.yaml", 1, "exact", "kubeconform/wrong-type", "expected integer, found string")).toBe(
    "line",
  );
  expect(judge("a.yaml", 2, "near")).toBe("near");
  expect(judge("b.yaml", 2, "exact")).toBe("through");
  expect(
    judgeFinding(
      { rule: "r", message: "", location: { path: "b.yaml", line: 1, precision: "exact", via: [] } } as never,
      "a.yaml",
      mistakes[1]!,
      () => "y",
    ),
  ).toBe("file");
});

import { join } from "node:path";
import { type RuledDocument, runKubectlValidate, type Tool } from "@gitops-actions/engine";
import { expect, test } from "vitest";
import { makeMachine, script } from "../engine/machine.ts";

// With kubectl-validate itself: test/engines/rules.test.ts.
const document: RuledDocument = {
  ...{ group: "example.com", kind: "Thing", value: { kind: "Thing" } },
  cel: { rules: 1, definition: "{}" },
};

function tool(prints: string, status: number) {
  const machine = makeMachine();
  const path = script(join(machine.folder, "bin/kubectl-validate"), prints, status);
  const found: Tool = { name: "kubectl-validate", version: "0.0.4", path, source: "given", sha256: "" };
  return { machine, found };
}

test("a resource without a verdict is an error of the tool, not a pass", async () => {
  const { machine, found } = tool('{"documents/0000000.json": []}', 0);
  await expect(runKubectlValidate([document], found, machine)).rejects.toThrow(
    "gave 0 verdicts on one resource",
  );
  const other = tool('{"elsewhere.json": [{"status": "Success"}]}', 0);
  await expect(runKubectlValidate([document], other.found, other.machine)).rejects.toThrow("gave 0 verdicts");
});

test("what it could not begin with was not evaluated", async () => {
  const { machine, found } = tool("", 2);
  const [verdict] = await runKubectlValidate([document], found, machine);
  expect(verdict).toMatchObject({ status: "unreadable", what: "not-evaluated" });
});

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { plainFolderTree } from "@gitops-actions/engine";
import { findPolicies } from "@gitops-actions/fleet";
import { expect, test } from "vitest";
import { root } from "../../contract/source.ts";
import { findTool } from "../../setup/tools.ts";
import { makeMachine } from "../engine/machine.ts";
import { checkIn, lines } from "./stage.ts";

const examples = join(root, "examples/fleet");

test("the example fleet has policies of each engine, found without any configuration", async () => {
  const found = await findPolicies(await plainFolderTree(examples), []);
  expect(found.rego.map((set) => set.root)).toEqual(["policies"]);
  expect(found.kyverno.map(({ path }) => path)).toEqual(["policies/kyverno/image-versions.yaml"]);
  expect(found.gatekeeper.map(({ path }) => path)).toEqual([
    "policies/gatekeeper/replicas.yaml",
    "policies/gatekeeper/room-in-the-cluster.yaml",
  ]);
  expect(found.admission.map(({ resource }) => resource.id.kind)).toEqual([
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
  ]);
  expect(found.aside).toEqual([]);
});

test("its Rego passes its own tests, and finds the queue of the pull request; other engines are listed", async () => {
  const conftest = await findTool("conftest");
  const verified = execFileSync(conftest, ["verify", "--policy", "policies"], {
    cwd: examples,
    encoding: "utf8",
  });
  expect(verified).toContain("3 tests, 3 passed");
  const machine = makeMachine();
  mkdirSync(join(machine.folder, "manifests"));
  cpSync(join(examples, "policies"), join(machine.folder, "policies"), { recursive: true });
  execFileSync("tee", [join(machine.folder, "manifests/queue.yaml")], {
    input:
      "apiVersion: messaging.shop.example.com/v1\nkind: MessageQueue\nmetadata: {name: sms}\nspec: {visibilityTimeout: 2h}\n",
    stdio: ["pipe", "ignore", "inherit"],
  });
  const report = await checkIn(machine, { engines: ["conftest"] });
  expect(lines(report)).toEqual([
    "error conftest/main/deny_hidden_messages MessageQueue/sms /spec/visibilityTimeout: sms hides messages for 2 hours; one is the most",
  ]);
  expect(report.skipped.map(({ id, code }) => `${id} ${code}`)).toEqual([
    "gatekeeper engine-not-asked",
    "kyverno engine-not-asked",
    "vap engine-not-asked",
  ]);
});

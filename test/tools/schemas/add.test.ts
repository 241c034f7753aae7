import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cli } from "../../../packages/cli/src/cli.ts";
import { makeMachine, write } from "../engine/machine.ts";

const definition = (kind: string): string => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${kind.toLowerCase()}s.example.com, annotations: {a: b}}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: ${kind}, plural: ${kind.toLowerCase()}s}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, description: prose}}}
`;

async function run(files: Record<string, string>, ...args: string[]) {
  const machine = makeMachine();
  write(machine.folder, files);
  const out: string[] = [];
  const err: string[] = [];
  const streams = {
    stdout: { write: (text: string) => out.push(text) },
    stderr: { write: (text: string) => err.push(text) },
  };
  const host = { ...machine, now: () => new Date(0), isTerminal: false };
  const status = await cli(["schemas", ...args], host, streams, new AbortController().signal);
  return { status, folder: machine.folder, out: out.join(""), err: err.join("") };
}

describe("gitops schemas add", () => {
  test("keeps one bare file a definition, where validate-schema finds it", async () => {
    const files = {
      "in/a.yaml": `${definition("Thing")}---${definition("Other")}`,
      "in/b.yaml": "kind: Other\n",
      "in/c.txt": "x",
    };
    const { status, out, err, folder } = await run(files, "add", "in");
    expect(status).toBe(0);
    expect(out).toBe(".gitops/schemas/others.example.com.json\n.gitops/schemas/things.example.com.json\n");
    expect(err).toContain("2 definitions kept. Commit .gitops/schemas.");
    const kept = JSON.parse(readFileSync(join(folder, ".gitops/schemas/things.example.com.json"), "utf8"));
    expect(kept.metadata).toEqual({ name: "things.example.com" });
    expect(kept.spec.versions[0].schema).toEqual({ openAPIV3Schema: { type: "object" } });
  });

  test("says what is wrong with the way it was asked", async () => {
    await expect(run({}, "add")).rejects.toThrow(
      "needs folders or files with definitions, or --from-cluster",
    );
    await expect(run({}, "remove", "x")).rejects.toThrow("gitops schemas add needs");
    await expect(run({}, "add", "absent")).rejects.toThrow("absent does not exist");
    await expect(run({ "a/x.yaml": "kind: Other\n" }, "add", "a")).rejects.toThrow(
      "There is no CustomResourceDefinition in a",
    );
    const old = definition("Old").replace("apiextensions.k8s.io/v1", "apiextensions.k8s.io/v1beta1");
    await expect(run({ "a/x.yaml": old }, "add", "a")).rejects.toThrow(
      "apiextensions.k8s.io/v1beta1, which no API server has taken since Kubernetes 1.22, is not read: olds.example.com.",
    );
    const both = await run({ "a/x.yaml": `${old}---${definition("Thing")}` }, "add", "a");
    expect(both).toMatchObject({ status: 0, err: expect.stringContaining("is not read: olds.example.com.") });
  });
});

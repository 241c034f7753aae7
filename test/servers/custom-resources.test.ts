// `gitops schemas add --from-cluster`, with the definitions of a real API server.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cli } from "../../packages/cli/src/cli.ts";
import { type ControlPlane, kubectlPath, startControlPlane } from "./control-plane.ts";
import { definition, definitionsPath } from "./ranges.ts";

const repository = mkdtempSync(join(tmpdir(), "custom-resources-"));
let plane: ControlPlane;

beforeAll(async () => {
  plane = await startControlPlane();
  expect((await plane.send("POST", definitionsPath, definition)).status).toBe(201);
});

afterAll(() => {
  plane?.stop();
  rmSync(repository, { recursive: true, force: true });
});

test("a cluster's definitions are kept in the repository, without prose and status, with their rules", async () => {
  const tempDir = join(repository, "temp");
  mkdirSync(tempDir);
  const env = { PATH: process.env.PATH ?? "", HOME: repository };
  const machine = { env, cwd: repository, tempDir, cacheDir: join(repository, "cache"), cores: 2 };
  const host = { ...machine, now: () => new Date(0), isTerminal: false };
  const out: string[] = [];
  const streams = { stdout: { write: (text: string) => out.push(text) }, stderr: { write: () => {} } };
  const args = [
    "schemas",
    "add",
    "--from-cluster",
    "--kubeconfig",
    plane.kubeconfig(),
    "--kubectl-path",
    kubectlPath(),
  ];
  expect(await cli(args, host, streams, new AbortController().signal)).toBe(0);
  expect(out.join("")).toBe(".gitops/schemas/ranges.example.com.json\n");
  const kept = JSON.parse(readFileSync(join(repository, ".gitops/schemas/ranges.example.com.json"), "utf8"));
  expect(kept.status).toBeUndefined();
  expect(kept.spec.versions[0].schema.openAPIV3Schema.description).toBeUndefined();
  expect(
    kept.spec.versions[0].schema.openAPIV3Schema.properties.spec["x-kubernetes-validations"],
  ).toHaveLength(2);
});

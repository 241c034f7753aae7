// `gitops schemas add --from-cluster`, with the definitions of a real API server.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  combineSchemas,
  convertCrd,
  ensureTool,
  findKubernetesPack,
  listPacks,
  readPack,
  userCacheDir,
} from "@gitops-actions/engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cli } from "../../packages/cli/src/cli.ts";
import { compareWithServer } from "../../scripts/schemas/compare/compare.ts";
import { kubernetesVersion } from "../../scripts/servers/programs.ts";
import { type ControlPlane, kubectlPath, startControlPlane } from "./control-plane.ts";
import { edgeDefinition, edgeSamples } from "./custom-edges.ts";
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

test("fields of custom resources are judged as the server does, formats, limits and nulls", async () => {
  expect((await plane.send("POST", definitionsPath, edgeDefinition)).status).toBe(201);
  const tempDir = mkdtempSync(join(tmpdir(), "custom-edges-"));
  try {
    const machine = {
      env: process.env,
      cwd: tempDir,
      tempDir,
      cacheDir: userCacheDir(process.env),
      cores: 2,
    };
    const tool = await ensureTool("kubeconform", { allowBuild: false }, machine, () => {});
    const pack = readPack(findKubernetesPack(kubernetesVersion, listPacks()));
    const schemas = combineSchemas(pack, [], [convertCrd(edgeDefinition)]);
    await untilServed();
    const judgements = await compareWithServer(edgeSamples, plane.send, schemas, tool, machine);
    const differ = judgements.filter(({ accepted, ours }) => accepted !== (ours === "valid"));
    expect(differ.map(({ what, server, ours }) => `${what}: ${server || ours}`)).toEqual([]);
    expect(judgements.filter(({ accepted }) => accepted).length).toBeGreaterThan(80);
    expect(judgements.filter(({ accepted }) => !accepted).length).toBeGreaterThan(80);
  } finally {
    rmSync(tempDir, { recursive: true, force: true });
  }
});

/** A definition that was just made takes a moment until its resources are served. */
async function untilServed(): Promise<void> {
  const sample = edgeSamples[0]!.value;
  for (let attempt = 0; attempt < 100; attempt++) {
    const path = "/apis/example.com/v1/namespaces/default/edges?dryRun=All";
    if ((await plane.send("POST", path, sample)).status === 201) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("edges.example.com was not served in 10 s");
}

// The schema pack of one version against its API server; `npm run schemas:compare` does the same for the others.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  apiState,
  combineSchemas,
  ensureTool,
  findKubernetesPack,
  listPacks,
  readLifecycles,
  readPack,
  type SchemaSet,
  userCacheDir,
} from "@gitops-actions/engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAsker } from "../../scripts/schemas/compare/ask.ts";
import { type Judgement, unexplained } from "../../scripts/schemas/compare/classify.ts";
import {
  compareWithServer,
  drawSamples,
  type Sample,
  stateful,
} from "../../scripts/schemas/compare/compare.ts";
import { drawEdges } from "../../scripts/schemas/compare/edges.ts";
import { type ControlPlane, startControlPlane } from "../../scripts/servers/control-plane.ts";
import { kubernetesVersion } from "../../scripts/servers/programs.ts";

const tempDir = mkdtempSync(join(tmpdir(), "schemas-test-"));
const machine = {
  env: process.env,
  cwd: tempDir,
  cacheDir: userCacheDir(process.env),
  tempDir,
  cores: 2,
};
const pack = readPack(findKubernetesPack(kubernetesVersion, listPacks()));
const schemas = combineSchemas(pack, []);
let plane: ControlPlane;

beforeAll(async () => {
  plane = await startControlPlane({ everyApi: true, withoutAdmission: stateful });
});

afterAll(() => {
  plane?.stop();
  rmSync(tempDir, { recursive: true, force: true });
});

async function compare(
  against: SchemaSet,
  samples: readonly Sample[] = drawSamples(schemas, 450, 1),
): Promise<Judgement[]> {
  const tool = await ensureTool("kubeconform", { allowBuild: false }, machine, () => {});
  return compareWithServer(samples, plane.send, against, tool, machine);
}

test("the pack judges good manifests and blind mutations of them as the server does", async () => {
  const judgements = await compare(schemas);
  expect(unexplained(judgements).map(({ what, server, ours }) => `${what}: ${server || ours}`)).toEqual([]);
  // A server that refused everything, or accepted everything, would agree with nobody.
  expect(judgements.filter(({ what, accepted }) => what === "as written" && !accepted)).toEqual([]);
  expect(judgements.filter(({ accepted }) => accepted).length).toBeGreaterThan(100);
  expect(judgements.filter(({ accepted }) => !accepted).length).toBeGreaterThan(200);
  const bySchema = judgements.filter(({ verdict, accepted }) => verdict === "same" && !accepted).length;
  expect(bySchema / judgements.filter(({ accepted }) => !accepted).length).toBeGreaterThan(0.95);
});

test("the pack knows every rule of the server over one field, to either side of its edge", async () => {
  const judgements = await compare(schemas, drawEdges(schemas));
  const differ = judgements.filter(({ verdict }) => verdict !== "same" && verdict !== "on purpose");
  expect(differ.map(({ what, server, ours }) => `${what}: ${server || ours}`)).toEqual([]);
  expect(judgements.filter(({ verdict }) => verdict === "on purpose").length).toBeLessThan(5);
  expect(judgements.filter(({ accepted }) => accepted).length).toBeGreaterThan(400);
  expect(judgements.filter(({ accepted }) => !accepted).length).toBeGreaterThan(500);
});

test("every kind that a server leaves out, unless it is asked for it, is told", async () => {
  const usual = await startControlPlane();
  try {
    const lifecycles = readLifecycles();
    const asker = createAsker(usual.send);
    const wrong: string[] = [];
    for (const { group, version, kind } of pack.kinds) {
      const apiVersion = group ? `${group}/${version}` : version;
      const isServed = await asker({ apiVersion, kind }).then(
        () => true,
        () => false,
      );
      const state = apiState({ group, version, kind }, kubernetesVersion, lifecycles);
      const isTold =
        state?.state === "off-by-default" ||
        state?.state === "subresource" ||
        (state?.state === "deprecated" && state.off === true);
      if (isServed === isTold)
        wrong.push(`${apiVersion} ${kind} is ${isServed ? "served" : "not served"}: ${state?.state}`);
    }
    expect(wrong).toEqual([]);
  } finally {
    usual.stop();
  }
});

test("a pack that is too strict, or knows a type wrongly, is told", async () => {
  const broken = structuredClone(pack);
  const container = broken.definitions["io.k8s.api.core.v1.Container@given"]!;
  (container.required as string[]).push("workingDir");
  const port = broken.definitions["io.k8s.api.core.v1.ServicePort@given"]!.properties as Record<
    string,
    object
  >;
  port.port = {};
  const told = unexplained(await compare(combineSchemas(broken, []))).map(({ verdict }) => verdict);
  expect(told).toContain("too strict");
  expect(told).toContain("not decoded");
});

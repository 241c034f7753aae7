// Rules in CEL: kubectl-validate beside kubeconform, judged by a real API server.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { userCacheDir } from "@gitops-actions/engine";
import { defaults, run } from "@gitops-actions/validate-schema";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ControlPlane, startControlPlane } from "../servers/control-plane.ts";
import { definition, definitionsPath } from "../servers/ranges.ts";

const folder = mkdtempSync(join(tmpdir(), "rules-server-"));
const repository = join(folder, "repository");
let plane: ControlPlane;

beforeAll(async () => {
  mkdirSync(join(repository, "crds"), { recursive: true });
  writeFileSync(join(repository, "crds/ranges.json"), JSON.stringify(definition));
  execFileSync("git", ["init", "-q"], { cwd: repository });
  plane = await startControlPlane();
  expect((await plane.send("POST", definitionsPath, definition)).status).toBe(201);
  // A definition that was accepted is served, and accepts resources, a moment later.
  const probe = { apiVersion: "example.com/v1", kind: "Range", metadata: { name: "probe" } };
  const ranges = "/apis/example.com/v1/ranges?dryRun=All";
  for (let tries = 0; (await plane.send("POST", ranges, probe)).status !== 201; tries++) {
    expect(tries, "the definition is served").toBeLessThan(100);
    await setTimeout(200);
  }
});

afterAll(() => {
  plane?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function ownHost() {
  const tempDir = mkdtempSync(join(folder, "temp-"));
  const env = { PATH: process.env.PATH ?? "", HOME: folder };
  const cacheDir = userCacheDir(process.env);
  return { env, cwd: repository, tempDir, cacheDir, cores: 2, now: () => new Date(0), isTerminal: false };
}

const specs: Record<string, object> = {
  good: { min: 1, max: 3, mode: "closed", name: "abc", items: [{ key: "a", size: 1 }, { key: "b" }] },
  empty: {},
  exceeds: { min: 9, max: 3 },
  "exceeds-default": { min: 9 },
  open: { mode: "open" },
  "open-wide": { mode: "open", max: 11 },
  "wrong-name": { name: "A1" },
  "too-large": { items: [{ key: "a", size: 100 }] },
  twice: { items: [{ key: "a" }, { key: "a" }] },
  "wrong-type": { min: "x" },
  "wrong-word": { mode: "ajar" },
  unknown: { more: 1 },
  several: { min: 9, name: "B", items: [{ key: "a", size: 101 }] },
};

test("with both engines a custom resource is refused where the API server refuses it", async () => {
  const manifests = join(repository, "deploy");
  mkdirSync(manifests);
  const server: Record<string, boolean> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const resource = { apiVersion: "example.com/v1", kind: "Range", metadata: { name }, spec };
    writeFileSync(join(manifests, `${name}.json`), JSON.stringify(resource, null, 1));
    const path = "/apis/example.com/v1/ranges?dryRun=All&fieldValidation=Strict";
    server[name] = (await plane.send("POST", path, resource)).status === 201;
  }
  const world = {
    host: ownHost(),
    progress: () => {},
    signal: new AbortController().signal,
    secretKey: Buffer.from("key"),
  };
  const tools = { allowBuild: true, from: "auto" as const };
  const engines = ["kubeconform", "kubectl-validate"] as const;
  const inputs = { ...defaults, path: repository, manifests: "deploy", tools, engines: [...engines] };
  const { report } = await run(inputs, world);
  const refused = new Set(report.findings.map(({ resource }) => resource?.name));
  const ours = Object.fromEntries(Object.keys(specs).map((name) => [name, !refused.has(name)]));
  expect(ours).toEqual(server);
  expect(Object.values(server).filter(Boolean)).toHaveLength(3);
  const rules = report.findings.filter(({ rule }) => rule === "kubectl-validate/validation-rule");
  expect(rules.map(({ resource, message }) => `${resource?.name}: ${message}`).sort()).toContain(
    "wrong-name: A1 is no name",
  );
});

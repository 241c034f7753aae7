import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { userCacheDir } from "@gitops-actions/engine";
import { indexVersion } from "@gitops-actions/fleet";
import { parseManifests } from "@gitops-actions/manifest";
import { defaults, type PolicyInputs, run } from "@gitops-actions/policy-check";
import type { Finding, Report } from "@gitops-actions/report";
import { expect } from "vitest";
import { makeMachine, write } from "../engine/machine.ts";

export type Files = Record<string, string>;

/** What no report may hold: a Secret's value of the manifests. */
export const canary = "canary-7f3a9c-value";

/** Runs policy-check over the folder `manifests` of some files. */
export async function check(
  files: Files,
  inputs: Partial<PolicyInputs> = {},
  now = new Date("2026-11-24T12:00:00Z"),
): Promise<Report> {
  const machine = makeMachine();
  write(machine.folder, files);
  return await checkIn(machine, inputs, now);
}

// Fetches nothing: a test that waits for a compiler proves nothing.
const tools = {
  allowBuild: false,
  from: "auto",
  mirror: "http://127.0.0.1:9/no-download-inside-tests/{asset}",
} as const;

export async function checkIn(
  machine: ReturnType<typeof makeMachine>,
  inputs: Partial<PolicyInputs>,
  now = new Date("2026-11-24T12:00:00Z"),
): Promise<Report> {
  const host = { ...machine, cacheDir: userCacheDir(process.env), now: () => now, isTerminal: false };
  const { report } = await run(
    {
      ...{ ...defaults, manifests: "manifests", tools },
      ...inputs,
    },
    {
      host,
      progress: () => {},
      signal: new AbortController().signal,
      secretKey: Buffer.from("key"),
    },
  );
  expect(JSON.stringify(report), "no secret is published").not.toContain(canary);
  return report;
}

/** A finding in one line. */
export function line({ rule, severity, field = "", message, resource, places }: Finding): string {
  const states = places.some(({ state }) => state !== "unknown")
    ? ` [${places.map(({ overlay, state }) => `${overlay} ${state}`).join(", ")}]`
    : "";
  return `${severity} ${rule} ${resource?.kind}/${resource?.name} ${field}: ${message}${states}`;
}

export const lines = (report: Report): string[] => report.findings.map(line);

/** What could not be evaluated, in lines. */
export const failures = (report: Report): string[] =>
  report.failed.map(({ id, code, message }) => `${id} ${code}: ${message}`);

/** Counts of one policy: evaluated, matched, passed, warned, failed. */
export function counts(report: Report, name: string): string {
  const found = report.engines?.find(({ name: engine, policy }) => `${engine}/${policy}` === name);
  if (!found) return `${name} is not counted`;
  const { evaluated, matched, passed, warned, failed } = found;
  return `${evaluated} evaluated, ${matched} matched, ${passed} passed, ${warned} warned, ${failed} failed`;
}

/** A repository with a base and a head, and an index.json as render-overlays would write it. */
export function makeRepository(
  machine: ReturnType<typeof makeMachine>,
  base: Files,
  head: Files,
  overlays: Record<string, { base?: string; head?: string; environment?: string }>,
): { index: string; folder: string } {
  const folder = join(machine.folder, "repository");
  mkdirSync(folder);
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      cwd: folder,
      encoding: "utf8",
    }).trim();
  git("init", "--quiet", "--initial-branch=main");
  const commit = (files: Files): string => {
    git("rm", "-rq", "--cached", "--ignore-unmatch", ".");
    for (const name of readdirSync(folder))
      if (name !== ".git") rmSync(join(folder, name), { recursive: true });
    write(folder, { "README.md": "x", ...files });
    git("add", "--all");
    git("commit", "--quiet", "--allow-empty", "--message", "c");
    return git("rev-parse", "HEAD");
  };
  const baseCommit = commit(base);
  const headCommit = commit(head);
  const side = (name: string, id: string, text: string) => {
    const place = `${name}/${id}`;
    write(machine.tempDir, { [`rendered/${place}/manifest.yaml`]: text });
    const resources = parseManifests(text, id).resources.map((resource, index) => ({
      ...{
        id: resource.id,
        file: `${place}/resources/${index}.yaml`,
        document: resource.document,
        digest: "d",
      },
    }));
    return { manifest: `${place}/manifest.yaml`, digest: "d", resources };
  };
  const index = {
    ...{ version: indexVersion, mode: "pull-request", scope: "all", complete: true },
    source: { head: { commit: headCommit, dirty: false }, base: { commit: baseCommit, how: "merge-base" } },
    ...{ trusted: { commit: baseCommit }, tools: [] },
    overlays: Object.entries(overlays).map(([id, { base: before, head: after, environment }]) => ({
      ...{ id, path: id, kind: "kustomize", ...(environment && { environment }) },
      ...{ options: { values: [], apiVersions: [] }, closure: { digest: "d", complete: true } },
      ...{ change: before === undefined ? "added" : after === undefined ? "removed" : "changed" },
      status: after === undefined ? "removed" : "rendered",
      ...(after !== undefined && { head: side("head", id, after) }),
      ...(before !== undefined && { base: side("base", id, before) }),
    })),
  };
  write(machine.tempDir, { "rendered/index.json": JSON.stringify(index) });
  return { index: join(machine.tempDir, "rendered/index.json"), folder };
}

import { execFileSync } from "node:child_process";
import { userCacheDir } from "@gitops-actions/engine";
import { indexVersion } from "@gitops-actions/fleet";
import { parseManifests } from "@gitops-actions/manifest";
import type { Finding, Report } from "@gitops-actions/report";
import { defaults, run, type ValidateInputs } from "@gitops-actions/validate-schema";
import { expect } from "vitest";
import { makeMachine, write } from "../engine/machine.ts";

export type Files = Record<string, string | Uint8Array>;

export const canary = "canary-7f3a9c";

/** What a run over files says. Files that nothing renders count where they lie in a repository. */
export async function validate(
  files: Files,
  inputs: Partial<ValidateInputs> = {},
  isRepository = "crds/thing.yaml" in files,
): Promise<Report> {
  const machine = makeMachine();
  write(machine.folder, files);
  if (isRepository) execFileSync("git", ["init", "-q"], { cwd: machine.folder });
  const host = { ...machine, cacheDir: userCacheDir(process.env), now: () => new Date(0), isTerminal: false };
  const wanted = {
    ...defaults,
    manifests: ".",
    tools: { allowBuild: true, from: "auto" as const },
    kubernetesVersions: ["1.36"],
  };
  const world = {
    host,
    progress: () => {},
    signal: new AbortController().signal,
    secretKey: Buffer.from("key"),
  };
  const { report } = await run({ ...wanted, ...inputs }, world);
  expect(JSON.stringify(report), "no secret is published").not.toContain(canary);
  return report;
}

/** A finding in one line. */
export function line({ rule, severity, field = "", message, location, places }: Finding): string {
  const place = location
    ? ` ${location.path}:${location.line}${location.precision === "near" ? "~" : ""}`
    : "";
  const states = places.some(({ state }) => state !== "unknown")
    ? ` [${places.map(({ overlay, state }) => `${overlay} ${state}`).join(", ")}]`
    : "";
  return `${severity} ${rule.replace("kubeconform/", "")}${place} ${field}: ${message}${states}`;
}

export const lines = (report: Report): string[] => report.findings.map(line);

export const config = (name: string, more = ""): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${more}`;

export const definition = (type: string, version = "v1", more = ""): string => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Thing, plural: things}
  versions:
    - name: ${version}
      served: true
      storage: true
      ${more}
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {size: {type: ${type}}}}
`;
export const thing = (size: string, version = "v1"): string => `
apiVersion: example.com/${version}
kind: Thing
metadata: {name: a}
spec: {size: ${size}}
`;
export interface Side {
  head?: string;
  base?: string;
  environment?: string;
  status?: "rendered" | "unchanged" | "failed";
}

/** An index.json with the manifests of overlays. */
export function index(overlays: Record<string, Side>): Files {
  const files: Files = {};
  const entries = Object.entries(overlays).map(([id, side]) => {
    const sides = (["head", "base"] as const).flatMap((name) => {
      const text = side[name];
      if (text === undefined) return [];
      const manifest = `${name}/${id}.yaml`;
      files[manifest] = text;
      const resources = parseManifests(text, id).resources.map(({ id: identity, document }) => ({
        ...{ id: identity, document, file: manifest, digest: "d" },
        origin: { path: `${id}/source.yaml`, line: 3, precision: "exact", via: [] },
      }));
      return [[name, { manifest, digest: "d", resources }]];
    });
    return {
      ...{
        id,
        path: id,
        kind: "plain",
        options: { values: [], apiVersions: [] },
        change: "changed",
        status: side.status ?? "rendered",
      },
      ...(side.environment && { environment: side.environment }),
      closure: { digest: "d", complete: true },
      ...(side.status === "failed" && { reason: { code: "patch-target", message: "no such target" } }),
      ...Object.fromEntries(sides),
    };
  });
  const source = { head: { commit: null, dirty: true }, base: { commit: "0".repeat(40), how: "given" } };
  files["index.json"] = JSON.stringify({
    version: indexVersion,
    mode: "pull-request",
    scope: "changed",
    complete: true,
    source,
    tools: [],
    overlays: entries,
  });
  return files;
}

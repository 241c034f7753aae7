import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findTool } from "../../setup/tools.ts";
import { write } from "../engine/machine.ts";
import { check, type Files } from "./stage.ts";

interface Raw {
  namespace: string;
  failures?: { msg: string }[];
  warnings?: { msg: string }[];
}

const policy = `package main
deny_latest contains msg if {
  input.kind == "Deployment"
  some c in input.spec.containers
  endswith(c.image, ":latest")
  msg := sprintf("%s/%s", [input.metadata.name, c.name])
}
deny contains "no owner" if not input.metadata.labels.owner
warn_many contains sprintf("%d", [input.spec.replicas]) if input.spec.replicas > 2
exception contains ["latest"] if input.metadata.labels.excused
`;

/** Manifests that differ in all that the policy looks at; every third overlay repeats the one before it. */
function manifests(): Map<string, string> {
  const files = new Map<string, string>();
  for (let n = 0; n < 30; n++) {
    const seed = n % 3 === 2 ? n - 1 : n;
    const documents = [0, 1, 2].map((k) => {
      const labels = [
        ...((seed + k) % 2 ? ["owner: a"] : []),
        ...((seed + k) % 5 === 0 ? ["excused: 'x'"] : []),
      ].join(", ");
      const image = (seed * k) % 4 ? "web:1" : "web:latest";
      return `apiVersion: apps/v1\nkind: ${k === 2 ? "StatefulSet" : "Deployment"}\nmetadata: {name: r${seed}-${k}, labels: {${labels}}}\nspec: {replicas: ${(seed + k) % 5}, containers: [{name: a, image: "${image}"}, {name: b, image: "db:latest"}]}\n`;
    });
    files.set(`overlay-${n}.yaml`, documents.join("---\n"));
  }
  return files;
}

test.each([
  // Exceptions of a policy are evaluated one document after the other, everything else in one go.
  ["with exceptions", policy],
  ["without", policy.replace(/^exception.*\n/m, "")],
])(
  "gives each overlay and policy, %s, what plain conftest gives, overlay by overlay, and loses no document",
  async (_, text) => {
    const overlays = manifests();
    const files: Files = { "policy/a.rego": text };
    for (const [name, text] of overlays) files[`manifests/${name}`] = text;
    const report = await check(files);
    const ours = report.findings.flatMap(({ severity, message, places }) =>
      places.map(({ overlay }) => `${overlay.replace("manifests/", "")} ${severity} ${message}`),
    );

    const folder = mkdtempSync(join(tmpdir(), "conftest-"));
    try {
      write(folder, files);
      const conftest = await findTool("conftest");
      const theirs = [...overlays.keys()].flatMap((name) => {
        const [result] = raw(conftest, ["test", "-o", "json", join("manifests", name)], folder);
        return [
          ...(result!.failures ?? []).map(({ msg }) => `${name} error ${msg}`),
          ...(result!.warnings ?? []).map(({ msg }) => `${name} warning ${msg}`),
        ];
      });
      expect(ours.sort()).toEqual(theirs.sort());
      expect(theirs.length).toBeGreaterThan(50);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    expect(report.checked).toMatchObject({ overlays: 30, resources: 90, unique: 60 });
    for (const { evaluated } of report.engines!) expect(evaluated).toBe(60);
  },
);

function raw(command: string, args: string[], cwd: string): Raw[] {
  try {
    return JSON.parse(execFileSync(command, args, { cwd, encoding: "utf8" })) as Raw[];
  } catch (error) {
    return JSON.parse((error as { stdout: string }).stdout) as Raw[];
  }
}

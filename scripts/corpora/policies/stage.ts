import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { userCacheDir } from "@gitops-actions/engine";
import { defaults, type PolicyInputs, run } from "@gitops-actions/policy-check";
import type { Report } from "@gitops-actions/report";

/** Files by their place in the folder that policy-check is started in: a text, or the file to copy. */
export type Staged = Map<string, string | { copy: string }>;

/** Runs policy-check over the folder `manifests` of some files, with tools that are in the cache. */
export async function checkStaged(files: Staged, inputs: Partial<PolicyInputs>): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "corpora-policies-"));
  try {
    for (const name of ["manifests", "policies", "temp", "home"]) mkdirSync(join(folder, name));
    for (const [place, content] of files) {
      mkdirSync(join(folder, place, ".."), { recursive: true });
      if (typeof content === "string") writeFileSync(join(folder, place), content);
      else copyFileSync(content.copy, join(folder, place));
    }
    const host = {
      ...{ cwd: folder, tempDir: join(folder, "temp"), cacheDir: userCacheDir(process.env) },
      ...{ cores: availableParallelism(), now: () => new Date("2026-11-24T12:00:00Z"), isTerminal: false },
      env: { PATH: process.env.PATH ?? "", HOME: join(folder, "home") },
    };
    const { report } = await run(
      { ...defaults, manifests: "manifests", auditWarn: false, ...inputs },
      {
        ...{ host, progress: () => {}, signal: new AbortController().signal },
        secretKey: Buffer.from("key"),
      },
    );
    return report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts copies of files into a folder, each under a name of its own. */
export function addCopies(files: Staged, folder: string, paths: readonly string[]): void {
  for (const [index, path] of paths.entries())
    files.set(`${folder}/${String(index).padStart(3, "0")}-${basename(path)}`, { copy: path });
}

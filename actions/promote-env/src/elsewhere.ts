import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Machine, openRepository, type Repository, runGit } from "@gitops-actions/engine";
import { ToolError } from "@gitops-actions/report";

/** A repository that is not checked out: what is needed of it is fetched. */
export interface Elsewhere {
  repository: Repository;
  /** Closes the repository and removes what was fetched. */
  remove(): Promise<void>;
}

/** Opens `owner/name` on a server, without a checkout. Nothing is fetched yet. Throws ToolError when Git fails. */
export async function openElsewhere(name: string, serverUrl: string, machine: Machine): Promise<Elsewhere> {
  const folder = mkdtempSync(join(machine.tempDir, "elsewhere-"));
  const path = join(folder, "repository.git");
  const url = `${serverUrl.replace(/\/+$/, "")}/${name}.git`;
  for (const args of [
    ["init", "--quiet", "--bare", "--template=", path],
    ["--git-dir", path, "config", "remote.origin.url", url],
  ]) {
    const result = await runGit(machine, args);
    if (result.exitCode !== 0)
      throw new ToolError("git/init", `a place for ${name} could not be made: ${result.stderr.trim()}`);
  }
  const repository = await openRepository(path, machine);
  return {
    repository,
    async remove() {
      await repository.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

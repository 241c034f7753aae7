import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Machine, openRepository, type Repository, runGit } from "@gitops-actions/engine";
import { ToolError, UsageError } from "@gitops-actions/report";

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

/** What GitHub says, in its several ways, when a token may not do something. It calls what may not be seen "not found". */
const refusals =
  /repository .* not found|returned error: 40[134]|Authentication failed|could not read Username|denied to|not accessible by integration|Bad credentials|answered 40[134]/i;

/** The error of a run in another repository, with what to do about it where the token is what is missing. */
export function explainAccess(error: unknown, name: string, token: boolean): unknown {
  if (!(error instanceof ToolError) || !refusals.test(error.message)) return error;
  const given = token
    ? "this token may not do that there"
    : "no token was given, and it may not be read or written without";
  return new UsageError(
    `${name}: ${given} (${error.message}). A job's own token reaches only its own repository: give \`token\` one of a ` +
      `GitHub App that is installed on ${name} with contents: write and pull-requests: write.`,
    { cause: error },
  );
}

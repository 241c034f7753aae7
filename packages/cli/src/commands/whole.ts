import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Host } from "@gitops-actions/action";
import { openRepository } from "@gitops-actions/engine";
import type { Arguments } from "../arguments.ts";
import type { Terminal } from "../command.ts";

/** Says of a folder inside a repository that all of that is looked at: whoever named it may have meant it alone. Throws UsageError outside a repository. */
export async function sayWhole(args: Arguments, host: Host, terminal: Terminal): Promise<void> {
  const [path] = args.positionals;
  // Git is asked only where the folder is no root, which most are.
  if (path === undefined || existsSync(join(resolve(host.cwd, path), ".git"))) return;
  const repository = await openRepository(resolve(host.cwd, path), host);
  await repository.close();
  terminal.done();
  const { within, root } = repository;
  if (within === "." || args.flags.overlay !== undefined) return;
  terminal.err(
    `${within} is inside the repository ${root}, all of which is looked at: --overlay '${within}/**' narrows it.\n`,
  );
}

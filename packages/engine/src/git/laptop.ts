import { UsageError } from "@gitops-actions/report";
import { resolveCommit } from "./refs.ts";
import type { FetchOptions } from "./remote.ts";
import type { Repository } from "./repository.ts";
import { type Sides, sinceBranch } from "./sides.ts";

const names = ["origin/HEAD", "origin/main", "origin/master", "main", "master"];

/** `head` against where it parted from the default branch, as far as that can be told without asking the remote. */
export async function againstDefault(
  repository: Repository,
  head: string | undefined,
  options: FetchOptions,
): Promise<Sides> {
  if (head === undefined) {
    return {
      head,
      why: "there are no commits yet: the working tree is looked at, and compared with nothing",
    };
  }
  for (const name of names) {
    const full = name.startsWith("origin/") ? `refs/remotes/${name}` : `refs/heads/${name}`;
    const tip = await resolveCommit(repository, full);
    if (tip !== undefined) return await sinceBranch(repository, head, tip, name, options);
  }
  throw new UsageError(
    `the default branch is not known: none of ${names.join(", ")} exists. Name what to compare with: --base REF.`,
  );
}

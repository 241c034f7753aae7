import type { Entry } from "@gitops-actions/fleet";
import { fetchObjects, fetchSnapshot, isPartial } from "./fetch.ts";
import { runGit } from "./process.ts";
import type { FetchOptions } from "./remote.ts";
import type { Repository } from "./repository.ts";

const permitted = new WeakMap<Repository, FetchOptions>();
const batches = new WeakMap<Repository, Batch>();

interface Batch {
  ids: Set<string>;
  fetched: Promise<void>;
}

/** Files that are fetched before anybody asks, since the next question would be for the next of them. */
const configuration =
  /(\.(ya?ml|json|tpl|toml|txt|env|properties|conf|cfg|ini|sh|lua|rego|helmignore)|\/[^/.]+)$/i;
const batchMs = 20;

/** Allows the missing files of a partial clone (`filter: blob:none`, `sparse-checkout`) to be fetched as they are read. */
export function permitFetch(repository: Repository, options: FetchOptions): void {
  if (options.fetch && isPartial(repository)) permitted.set(repository, options);
}

/** Fetches the folders of a commit that a clone without them (`filter: tree:0`) lacks. Does nothing where that is not permitted. */
export async function fetchTrees(repository: Repository, commit: string): Promise<void> {
  const options = permitted.get(repository);
  if (options) await fetchSnapshot(repository, commit, `commit ${commit}`, options);
}

/** Fetches, in one go, what is missing among the entries that look like configuration. */
export async function fetchConfiguration(repository: Repository, entries: readonly Entry[]): Promise<void> {
  const options = permitted.get(repository);
  if (!options) return;
  const wanted = entries.filter((entry) => {
    return entry.kind === "symlink" || (entry.kind === "file" && configuration.test(`/${entry.path}`));
  });
  const stdin = `${[...new Set(wanted.map((entry) => entry.id))].join("\n")}\n`;
  const args = ["--git-dir", repository.store, "cat-file", "--batch-check", "--buffer"];
  const { stdout } = await runGit(repository.machine, args, { stdin });
  const missing = [...stdout.toString("latin1").matchAll(/^([0-9a-f]+) missing$/gm)].map(
    (match) => match[1]!,
  );
  if (missing.length > 0) await fetchObjects(repository, missing, options);
}

/** Fetches one missing object together with all that are asked for at the same time. Does nothing where that is not permitted. */
export async function fetchLate(repository: Repository, id: string): Promise<void> {
  const options = permitted.get(repository);
  if (!options) return;
  let batch = batches.get(repository);
  if (!batch) {
    const ids = new Set<string>();
    const fetched = new Promise((resolve) => setTimeout(resolve, batchMs)).then(() => {
      batches.delete(repository);
      return fetchObjects(repository, [...ids].sort(), options);
    });
    batch = { ids, fetched };
    batches.set(repository, batch);
  }
  batch.ids.add(id);
  await batch.fetched;
}

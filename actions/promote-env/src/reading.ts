import { fetchHistory, type Repository, treeAt } from "@gitops-actions/engine";

/** The first parent and the message of a commit that is here. */
export async function readCommit(
  repository: Repository,
  id: string,
): Promise<{ parent?: string; said: string }> {
  const text = (await repository.object(id))?.bytes.toString("utf8") ?? "";
  const end = text.indexOf("\n\n");
  const parent = /^parent ([0-9a-f]+)$/m.exec(text.slice(0, end))?.[1];
  return { said: text.slice(end + 2), ...(parent === undefined ? {} : { parent }) };
}

/** Whether files are the same in two commits. */
export async function agree(
  repository: Repository,
  [a, b]: readonly [string, string],
  paths: readonly string[],
): Promise<boolean> {
  const [one, other] = await Promise.all([treeAt(repository, a), treeAt(repository, b)]);
  return paths.every((path) => one.get(path)?.id === other.get(path)?.id);
}

/** Whether the tip of a remote branch is a commit of ours; also when there is no such branch. */
export async function isOurs(
  repository: Repository,
  branch: string,
  options: Parameters<typeof fetchHistory>[2],
): Promise<boolean> {
  const tip = await fetchHistory(repository, branch, options);
  return tip === undefined || saysOurs((await readCommit(repository, tip)).said);
}

/** Whether a commit's message says that it is ours. */
export function saysOurs(message: string): boolean {
  return /^Gitops-Operation: /m.test(message);
}

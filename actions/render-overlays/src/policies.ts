import { type ClosureContext, mentionsPolicies } from "@gitops-actions/fleet";
import type { Pair } from "./compare.ts";
import type { Side } from "./side.ts";

/**
 * The pairs among `some` that hold policies. They decide what is said of all others, and what counts is what is rendered of
 * them; so they are rendered however little they change.
 */
export async function holdPolicies(
  some: readonly Pair[],
  { tree }: Side,
  context: ClosureContext,
): Promise<Pair[]> {
  const holds = await Promise.all(
    some.map(async ({ head }) => {
      if (!head) return false;
      const { files, directories, gaps } = head.closure;
      // What a pinned address holds is not known here.
      if (gaps.some(({ remote }) => remote && /polic|kyverno|gatekeeper|constraint/i.test(remote.url)))
        return true;
      const found = await Promise.all([...files, ...below(directories)].map(isPolicy));
      return found.includes(true);
    }),
  );
  return some.filter((_, index) => holds[index]);

  async function isPolicy(path: string): Promise<boolean> {
    const entry = tree.get(path);
    if (entry?.kind !== "file" || !/\.(?:ya?ml|json|tpl)$/.test(path)) return false;
    return await context.parsed("policies", tree, entry, mentionsPolicies, () => false);
  }

  function below(folders: readonly string[]): string[] {
    return folders.flatMap((folder) =>
      tree.children(folder).flatMap(({ path, kind }) => (kind === "directory" ? below([path]) : [path])),
    );
  }
}

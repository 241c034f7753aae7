import { commonCommit, headCommit, type Repository, treeAt, workingTree } from "@gitops-actions/engine";
import {
  type Cell,
  type Config,
  cellKey,
  changedPaths,
  configNames,
  discover,
  loadConfig,
  readCells,
  signatureOf,
  type Tree,
} from "@gitops-actions/fleet";
import { type Finding, listSome, makeFinding, UsageError } from "@gitops-actions/report";
import { branchOf, type State } from "./state.ts";

/** So many apps are named. */
const most = 10;

/** What a person should know of the gitops.yaml before them, which is not the one that counts. */
export interface WorkingCopy {
  notes: string[];
  /** Its mistakes: warnings, because nothing is decided by it yet. */
  findings: Finding[];
}

/** Holds gitops.yaml in the checkout against the one of the default branch. Says nothing where both mean the same. */
export async function compareWorkingCopy(
  repository: Repository,
  { config, defaultBranch }: Pick<State, "config" | "defaultBranch">,
): Promise<WorkingCopy> {
  if (repository.bare) return { notes: [], findings: [] };
  const tree = await workingTree(repository);
  const used =
    config.path === undefined
      ? `${defaultBranch.name} (${defaultBranch.tip.slice(0, 7)}) has no ${configNames[0]}, so what holds without one is used`
      : `${config.path} of ${defaultBranch.name} (${defaultBranch.tip.slice(0, 7)}) is used`;
  const note = (what: string): string[] => [`${used}; ${what}`];
  let own: Config;
  try {
    own = await loadConfig(tree);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return {
      notes: note("the one in the working tree is wrong and would be refused"),
      findings: error.message.split("\n").map(mistake),
    };
  }
  const differing = differences(config, own);
  if (differing.length === 0) return { notes: [], findings: [] };
  if (own.path === undefined) return { notes: note("the working tree has none"), findings: [] };
  const { problems } = await discover(tree, own);
  const mistakes = problems
    .filter(({ location }) => location?.path === own.path)
    .map(({ message, location }) => mistake(`${own.path}:${location?.line ?? 1}: ${message}`));
  return { notes: note(`the one in the working tree differs: ${differing.join(", ")}`), findings: mistakes };
}

/**
 * Says which apps have versions in the checkout, committed or not, that the default branch does not have because they were
 * not pushed. What the remote has besides is no news: a clone may be behind.
 */
export async function findUnpushed(repository: Repository, state: State): Promise<string[]> {
  const { config, defaultBranch } = state;
  const head = repository.bare ? undefined : await headCommit(repository);
  const parted = head && (await commonCommit(repository, head, defaultBranch.tip));
  if (parted === undefined || parted === "") return [];
  const [before, now] = [await treeAt(repository, parted), await workingTree(repository)];
  if (changedPaths(before, now).length === 0) return [];
  const cellsOf = async (tree: Tree) =>
    new Map((await readCells(tree, { config })).map((cell): [string, Cell] => [cellKey(cell), cell]));
  const [then, here] = [await cellsOf(before), await cellsOf(now)];
  const apps = [...here.values()]
    .filter(({ environment }) => branchOf(state, environment) === defaultBranch)
    .filter((cell) => {
      const [there, remote] = [then.get(cellKey(cell)), state.cells.get(cellKey(cell))];
      return ![there, remote].some((each) => signatureOf(each) === signatureOf(cell));
    })
    .map(({ app, environment }) => `${app} in ${environment}`)
    .sort();
  if (apps.length === 0) return [];
  return [
    `what counts is ${defaultBranch.name} (${defaultBranch.tip.slice(0, 7)}): this checkout has other versions of ${listSome(apps, most)}, which are not on it`,
  ];
}

/** The sections that say something else, in the words of the file. */
function differences(a: Config, b: Config): string[] {
  // Where a rule stands is no difference.
  const { path: _, lines: __, ...sections } = { ...a, ...b };
  return (Object.keys(sections) as (keyof typeof sections)[])
    .filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]))
    .sort();
}

/** `path:line: message`, or `path:line:column: message`, as a finding. */
function mistake(text: string): Finding {
  const [, path = configNames[0], line = "1", message = text] =
    /^([^\s:]+):(\d+)(?::\d+)?: (.*)$/s.exec(text) ?? [];
  return makeFinding({
    rule: "promotion/working-copy",
    severity: "warning",
    message: `the copy in the working tree, which is not used yet: ${message}`,
    help: "Mend it before it is merged: from then on it would stop every promotion.",
    location: { path, line: Number(line), precision: "exact", via: [] },
    discriminator: message,
  });
}

import type { Labelling, Review, Status } from "./gates/index.ts";

/** A pull request, as far as a promotion cares. */
export interface Pull {
  number: number;
  url: string;
  title: string;
  body: string;
  /** Short names of branches. */
  head: string;
  headSha: string;
  base: string;
  labels: string[];
  author: string;
  /** Its id in GraphQL. */
  node: string;
  draft: boolean;
  /** Whether GitHub will merge it by itself. */
  auto: boolean;
  merged: boolean;
  /** Who is asked to review it: logins, and teams as `organisation/team`. */
  reviewers: string[];
}

/** What was pushed to a branch, newest first: from where to where, and when. */
export interface Push {
  before: string;
  after: string;
  /** Milliseconds since 1970. */
  at: number;
  by: string;
}

/** A commit to be made by the forge, which signs it. `branch` must be at `tip`. */
export interface ForgeCommit {
  branch: string;
  tip: string;
  message: string;
  additions: readonly { path: string; contents: Uint8Array }[];
  deletions: readonly string[];
}

/** The forge, as a promotion uses it. What cannot be asked for lack of permission is undefined, never an empty list. */
export interface Forge {
  openPulls(): Promise<Pull[] | undefined>;
  /** Pull requests of a branch, newest first; `state` closed includes merged ones. */
  pullsOf(head: string, base: string, state: "open" | "closed"): Promise<Pull[] | undefined>;
  createPull(parts: { head: string; base: string; title: string; body: string }): Promise<Pull>;
  updatePull(number: number, change: { title?: string; body?: string; state?: "closed" }): Promise<void>;
  addLabels(number: number, labels: readonly string[]): Promise<void>;
  /** Logins, and teams as `organisation/team`. */
  requestReviews(number: number, reviewers: readonly string[]): Promise<void>;
  /** Comments once: a comment that begins with the same hidden mark is not made again. */
  comment(number: number, mark: string, text: string): Promise<void>;
  /** Whether a pull request has a comment that begins with a hidden mark. */
  hasComment(number: number, mark: string): Promise<boolean | undefined>;
  /** Merges a pull request if its branch is at `sha`; undefined when GitHub does not let it yet, with the reason. */
  merge(number: number, sha: string, title: string): Promise<{ merged: true } | { waits: string }>;
  /** Lets GitHub merge it when all that the branch requires is there; `clean` when that is so already. */
  mergeLater(pull: Pick<Pull, "node">, sha: string): Promise<"enabled" | "clean" | { waits: string }>;
  /** Takes back that GitHub merges it by itself. */
  mergeNever(pull: Pick<Pull, "node">): Promise<void>;
  /** Makes a signed commit if the branch is at its tip, and answers its id. `find` looks for it when the answer got lost. */
  commitSigned(commit: ForgeCommit, find: () => Promise<string | undefined>): Promise<string>;
  /** Statuses and check runs of a commit. */
  statuses(commit: string): Promise<Status[] | undefined>;
  /** Who set which label on a pull request, and when. */
  labellings(number: number): Promise<Labelling[] | undefined>;
  reviews(number: number): Promise<Review[] | undefined>;
  mayWrite(login: string): Promise<boolean | undefined>;
  /** Whether somebody is in a team (`organisation/team`); a token that may not see it is told the same as of a stranger. */
  isMember(team: string, login: string): Promise<boolean | undefined>;
  /** GitHub environments for which a workflow run was approved by a person. */
  runApprovals(run: string): Promise<string[] | undefined>;
  pushes(branch: string): Promise<Push[] | undefined>;
  /** When the pull request that made a commit was merged, and its number. */
  mergeOf(commit: string): Promise<{ at: number; number: number; by: string } | undefined>;
  defaultBranch(): Promise<string | undefined>;
}

/** The forge, asked for each thing that does not change during a run once. */
export function rememberAnswers(forge: Forge): Forge {
  const once = <Key, Value>(ask: (key: Key) => Promise<Value>) => {
    const answers = new Map<Key, Promise<Value>>();
    return (key: Key): Promise<Value> => {
      const known = answers.get(key) ?? ask(key);
      answers.set(key, known);
      return known;
    };
  };
  return {
    ...forge,
    statuses: once(forge.statuses),
    mergeOf: once(forge.mergeOf),
    mayWrite: once(forge.mayWrite),
    runApprovals: once(forge.runApprovals),
  };
}

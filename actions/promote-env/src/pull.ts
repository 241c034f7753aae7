import { createHash } from "node:crypto";
import { ApiError } from "@gitops-actions/action";
import { fetchHistory, pushRef, type Repository, remoteRefs } from "@gitops-actions/engine";
import { escapeMarkdown, type MarkdownSection, markerComment } from "@gitops-actions/report";
import type { Forge, Pull } from "./forge.ts";
import { agree, isOurs, readCommit, saysOurs } from "./reading.ts";
import { signAside } from "./signing.ts";

/** What a pull request of ours is. */
export interface PullParts {
  /** Short name of its branch: the same for the same app and environment. */
  head: string;
  base: string;
  title: string;
  /** Safe Markdown. */
  body: string;
  /** What decides whether the body is written anew: it says more than that, such as how long something has run. */
  digest: string;
  labels: readonly string[];
  /** Logins, and teams as `organisation/team`. */
  reviewers?: readonly string[];
  section?: MarkdownSection;
}

/** A pull request to be, and the commit its branch should hold. */
export interface Put {
  parts: PullParts;
  /** The commit, made on `tip`. */
  commit: string;
  tip: string;
  message: string;
  /** The files it writes. */
  paths: readonly string[];
  /** Have GitHub make the commit, so that it is signed. */
  sign: boolean;
}

export type FetchChoice = Parameters<typeof pushRef>[4];

/** A pull request that is open now. */
export interface MadePull {
  kind: "pull";
  number: number;
  url: string;
  done: "opened" | "updated" | "kept";
  pull: Pull;
  /** The commit of its branch. */
  head: string;
  /** What could not be done as configured, and what would help. */
  notes: string[];
}

/** What became of a pull request. `declined`: a person closed one that brought the same. */
export type Made =
  | MadePull
  | { kind: "declined"; number: number; url: string }
  | { kind: "moved" }
  | { kind: "refused"; because: string };

/**
 * Opens the pull request or brings the open one up to date, and leaves it alone where it says what it should already.
 * Branch first, then pull request: a run that ends between the two is taken up by the next. What GitHub declines for
 * good leaves no branch behind.
 */
export async function putPull(
  repository: Repository,
  forge: Forge,
  put: Put,
  options: FetchChoice,
): Promise<Made> {
  const { parts } = put;
  const pulls = await forge.pullsOf(parts.head, parts.base, "open");
  if (!pulls)
    return { kind: "refused", because: "the token may not read pull requests: give it pull-requests: write" };
  const [open] = pulls;
  if (!open) {
    const declined = await declinedBy(forge, parts);
    if (declined) return { kind: "declined", number: declined.number, url: declined.url };
  }
  const branch = await putBranch(repository, put, options, put.sign ? forge : undefined);
  if (branch.kind !== "done") return branch;
  const { notes } = branch;
  const body = bodyOf(parts);
  if (!open) {
    const { head, base, title } = parts;
    let made: Pull;
    try {
      made = await forge.createPull({ head, base, title, body });
    } catch (error) {
      const because = refusalOf(error, parts);
      if (because === undefined) throw error;
      if (branch.pushed)
        await pushRef(repository, `refs/heads/${parts.head}`, branch.head, undefined, options);
      return { kind: "refused", because };
    }
    notes.push(...(await adorn(forge, made, parts)));
    if (made.author === "github-actions[bot]") notes.push(jobToken);
    const { number, url } = made;
    return { kind: "pull", number, url, done: "opened", pull: made, head: branch.head, notes };
  }
  const stale = !open.body.includes(digestMark(parts)) || open.title !== parts.title;
  if (stale) {
    try {
      await forge.updatePull(open.number, { title: parts.title, body });
    } catch (error) {
      // Its branch says what is promoted; a text that is behind is mended by the next run.
      const because = refusalOf(error, parts);
      if (because === undefined) throw error;
      notes.push(`#${open.number} could not be rewritten: ${because}`);
    }
  }
  notes.push(...(await adorn(forge, open, parts)));
  return {
    kind: "pull",
    number: open.number,
    url: open.url,
    done: stale || branch.pushed ? "updated" : "kept",
    pull: open,
    head: branch.head,
    notes,
  };
}

const jobToken =
  "it was opened with the job's own token, for which GitHub starts no workflows until a person approves them: give `token` one of a GitHub App";

/** The last pull request of the branch, if it was closed by a person and would have brought what this one does. */
async function declinedBy(forge: Forge, parts: PullParts): Promise<Pull | undefined> {
  const [last] = (await forge.pullsOf(parts.head, parts.base, "closed")) ?? [];
  if (!last || last.merged || !last.body.includes(digestMark(parts))) return undefined;
  return (await forge.hasComment(last.number, closingMark(parts.head))) ? undefined : last;
}

/** Sets labels and asks for reviews; answers what GitHub declined, which is no reason not to have the pull request. */
async function adorn(forge: Forge, pull: Pull, { labels, reviewers = [] }: PullParts): Promise<string[]> {
  const notes: string[] = [];
  const attempt = async (what: string, permission: string, act: () => Promise<void>) => {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof ApiError) || ![403, 404, 409, 410, 422].includes(error.status)) throw error;
      notes.push(`${what}: ${error.message}. ${permission}`);
    }
  };
  const absent = labels.filter((label) => !pull.labels.includes(label));
  await attempt(`#${pull.number} could not be labelled`, "It needs a token with pull-requests: write.", () =>
    forge.addLabels(pull.number, absent),
  );
  const nameOf = (reviewer: string) => reviewer.split("/").at(-1)!.replace(/^@/, "");
  const names = reviewers.filter(
    (each) => nameOf(each) !== pull.author && !pull.reviewers.includes(nameOf(each)),
  );
  // Whoever has reviewed is asked no more: GitHub takes them off the list.
  const reviewed = names.length > 0 ? await forge.reviews(pull.number) : [];
  const wanted = names.filter((each) => !reviewed?.some(({ by }) => by === nameOf(each)));
  const isNew = pull.reviewers.length === 0 && (reviewed?.length ?? 0) === 0;
  if (isNew)
    await attempt(
      `#${pull.number}: nobody could be asked to review it`,
      "Reviewers need access to the repository; teams need a GitHub App's token with Members: read.",
      () => forge.requestReviews(pull.number, wanted),
    );
  return notes;
}

/** What GitHub says when it declines for good, and what to do; undefined for what may pass. */
function refusalOf(error: unknown, { head, base }: PullParts): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const { status, message } = error;
  if (/not permitted to create or approve pull requests/i.test(message))
    return "the repository forbids Actions to open pull requests: allow it under Settings, Actions, General, or give `token` one of a GitHub App";
  if (status === 403) return `${message}: give \`token\` pull-requests: write`;
  if (status === 404)
    return `${message}: there is no such repository for this token, or it may not write pull requests`;
  if (status === 409 || status === 410 || status === 422)
    return `no pull request from ${head} to ${base}: ${message}`;
  return undefined;
}

function closingMark(head: string): string {
  return markerComment(`closed/${head}`);
}

/**
 * Closes a pull request of ours that has nothing left to do, with the reason, and removes its branch. The branch goes
 * first, which makes GitHub close its pull request: a run that ends in between leaves nothing behind. Returns why the
 * branch may not be removed: the pull request stays open then, so that the next run tries again.
 */
export async function closePull(
  repository: Repository,
  forge: Forge,
  pull: Pull,
  reason: string,
  options: FetchChoice,
): Promise<string | undefined> {
  const { head, number } = pull;
  const ref = `refs/heads/${head}`;
  const tip = (await remoteRefs(repository, [ref], options)).get(ref);
  // A person's commits on it are theirs: then it is theirs to close.
  if (tip !== undefined && !(await isOurs(repository, head, options))) return undefined;
  await forge.comment(number, closingMark(head), escapeMarkdown(reason));
  const removal = tip === undefined ? undefined : await pushRef(repository, ref, tip, undefined, options);
  if (removal?.kind === "moved") return undefined;
  if (removal?.kind === "refused") {
    if (pull.auto) await forge.mergeNever(pull);
    return `#${number} has nothing left to do and stays open, because its branch ${head} may not be removed: ${removal.reason}`;
  }
  await forge.updatePull(number, { state: "closed" });
  return undefined;
}

type BranchResult =
  | { kind: "done"; pushed: boolean; head: string; notes: string[] }
  | { kind: "moved" }
  | { kind: "refused"; because: string };

async function putBranch(
  repository: Repository,
  put: Put,
  options: FetchChoice,
  forge?: Forge,
): Promise<BranchResult> {
  const { parts, commit, tip, message, paths } = put;
  const ref = `refs/heads/${parts.head}`;
  const now = (await remoteRefs(repository, [ref], options)).get(ref);
  if (now === commit) return { kind: "done", pushed: false, head: now, notes: [] };
  if (now !== undefined && now !== tip) {
    await fetchHistory(repository, parts.head, options);
    const { parent, said } = await readCommit(repository, now);
    if (!saysOurs(said))
      return {
        kind: "refused",
        because: `${parts.head} holds a commit that is not ours (${now.slice(0, 7)}): it is left alone`,
      };
    // The branch it goes to has moved on without touching what this writes: nothing is gained by pushing again.
    if (
      said.trim() === message.trim() &&
      parent !== undefined &&
      (await agree(repository, [parent, tip], paths)) &&
      (await agree(repository, [now, commit], paths))
    )
      return { kind: "done", pushed: false, head: now, notes: [] };
  }
  const notes: string[] = [];
  let head = commit;
  if (forge) {
    const signed = await signAside(repository, forge, { commit, tip, message, paths }, options);
    if (signed.kind === "moved") return signed;
    if (signed.kind === "done") head = signed.commit;
    else notes.push(`its commit is not signed: ${signed.because}`);
  }
  const result = await pushRef(repository, ref, now, head, options);
  if (result.kind === "refused")
    return { kind: "refused", because: `${parts.head} does not take the push: ${result.reason}` };
  return result.kind === "done" ? { kind: "done", pushed: true, head, notes } : result;
}

/** GitHub takes 65,536 characters; what was rendered is shortened first. */
const mostCharacters = 60_000;

function bodyOf(parts: PullParts): string {
  const head = `${digestMark(parts)}\n${parts.body.trim()}\n`;
  const forms = [...(parts.section?.forms ?? []), ""];
  const form = forms.find((each) => head.length + each.length < mostCharacters) ?? "";
  return form === "" ? head : `${head}\n## What it changes\n\n${form}`;
}

function digestMark(parts: PullParts): string {
  return markerComment(`promote-env/${createHash("sha256").update(parts.digest).digest("hex").slice(0, 24)}`);
}

/** Rows as a table of safe Markdown. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

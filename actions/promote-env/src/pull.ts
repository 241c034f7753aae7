import { createHash } from "node:crypto";
import { fetchHistory, pushRef, type Repository, remoteRefs, treeAt } from "@gitops-actions/engine";
import { escapeMarkdown, type MarkdownSection, markerComment } from "@gitops-actions/report";
import type { Forge, Pull } from "./forge.ts";

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
  section?: MarkdownSection;
}

interface Put {
  parts: PullParts;
  /** The commit its branch should hold, made on `tip`. */
  commit: string;
  tip: string;
  message: string;
  /** The files it writes. */
  paths: readonly string[];
}

interface FetchChoice {
  fetch: boolean;
  token?: string;
  signal?: AbortSignal;
}

type Made =
  | { kind: "pull"; number: number; url: string; done: "opened" | "updated" | "kept" }
  | { kind: "moved" }
  | { kind: "refused"; because: string };

/**
 * Opens the pull request or brings the open one up to date, and leaves it alone where it says what it should already.
 * Branch first, then pull request: a run that ends between the two is taken up by the next.
 */
export async function putPull(
  repository: Repository,
  forge: Forge,
  put: Put,
  options: FetchChoice,
): Promise<Made> {
  const { parts } = put;
  const branch = await putBranch(repository, put, options);
  if (branch.kind !== "done") return branch;
  const body = bodyOf(parts);
  const pulls = await forge.openPulls();
  if (!pulls)
    return { kind: "refused", because: "the token may not read pull requests: give it pull-requests: write" };
  const open = pulls.find((pull) => pull.head === parts.head && pull.base === parts.base);
  if (!open) {
    const made = await forge.createPull({ head: parts.head, base: parts.base, title: parts.title, body });
    await forge.addLabels(made.number, parts.labels);
    return { kind: "pull", number: made.number, url: made.url, done: "opened" };
  }
  const missing = parts.labels.filter((label) => !open.labels.includes(label));
  const stale = !open.body.includes(digestMark(parts)) || open.title !== parts.title;
  if (stale) await forge.updatePull(open.number, { title: parts.title, body });
  await forge.addLabels(open.number, missing);
  return {
    kind: "pull",
    number: open.number,
    url: open.url,
    done: stale || branch.pushed ? "updated" : "kept",
  };
}

/** Closes pull requests of ours that have nothing left to do, with the reason, and removes their branches. */
export async function closePulls(
  repository: Repository,
  forge: Forge,
  pulls: readonly Pull[],
  reason: string,
  options: FetchChoice,
): Promise<void> {
  for (const pull of pulls) {
    const tip = (await remoteRefs(repository, [`refs/heads/${pull.head}`], options)).get(
      `refs/heads/${pull.head}`,
    );
    // A person's commits on it are theirs: then it is theirs to close.
    if (tip !== undefined && !(await isOurs(repository, pull.head, options))) continue;
    await forge.comment(pull.number, markerComment(`closed/${pull.head}`), escapeMarkdown(reason));
    await forge.updatePull(pull.number, { state: "closed" });
    if (tip !== undefined) await pushRef(repository, `refs/heads/${pull.head}`, tip, undefined, options);
  }
}

type BranchResult =
  | { kind: "done"; pushed: boolean }
  | { kind: "moved" }
  | { kind: "refused"; because: string };

async function putBranch(
  repository: Repository,
  { parts, commit, tip, message, paths }: Put,
  options: FetchChoice,
): Promise<BranchResult> {
  const ref = `refs/heads/${parts.head}`;
  const now = (await remoteRefs(repository, [ref], options)).get(ref);
  if (now === commit) return { kind: "done", pushed: false };
  if (now !== undefined) {
    await fetchHistory(repository, parts.head, options);
    const { parent, said } = await readCommit(repository, now);
    if (!/^Gitops-Operation: /m.test(said))
      return {
        kind: "refused",
        because: `${parts.head} holds a commit that is not ours (${now.slice(0, 7)}): it is left alone`,
      };
    // The branch it goes to has moved on without touching what this writes: nothing is gained by pushing again.
    if (
      said === message &&
      parent !== undefined &&
      (await agree(repository, [parent, tip], paths)) &&
      (await agree(repository, [now, commit], paths))
    )
      return { kind: "done", pushed: false };
  }
  const result = await pushRef(repository, ref, now, commit, options);
  if (result.kind === "refused")
    return { kind: "refused", because: `${parts.head} does not take the push: ${result.reason}` };
  return result.kind === "done" ? { kind: "done", pushed: true } : result;
}

async function isOurs(repository: Repository, branch: string, options: FetchChoice): Promise<boolean> {
  const tip = await fetchHistory(repository, branch, options);
  return tip === undefined || /^Gitops-Operation: /m.test((await readCommit(repository, tip)).said);
}

async function readCommit(repository: Repository, id: string): Promise<{ parent?: string; said: string }> {
  const text = (await repository.object(id))?.bytes.toString("utf8") ?? "";
  const end = text.indexOf("\n\n");
  const parent = /^parent ([0-9a-f]+)$/m.exec(text.slice(0, end))?.[1];
  return { said: text.slice(end + 2), ...(parent === undefined ? {} : { parent }) };
}

/** Whether files are the same in two commits. */
async function agree(
  repository: Repository,
  [a, b]: [string, string],
  paths: readonly string[],
): Promise<boolean> {
  const [one, other] = await Promise.all([treeAt(repository, a), treeAt(repository, b)]);
  return paths.every((path) => one.get(path)?.id === other.get(path)?.id);
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

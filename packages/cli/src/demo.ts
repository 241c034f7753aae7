import { lstat, mkdir, readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { UsageError } from "@gitops-actions/report";
import { type Commit, type Edit, type History, readHistory } from "./history.ts";

/** Starts Git with these arguments in `cwd` and resolves with its standard output; rejects when Git fails. */
export type RunGit = (
  args: string[],
  options: { cwd: string; env: Record<string, string>; stdin?: string },
) => Promise<string>;

/** A repository made from examples/fleet: `head` is checked out, `base` is what it is compared with. */
export interface Demo {
  repository: string;
  base: "main";
  head: string;
  title: string;
}

type Files = Map<string, { mode: "100644" | "120000"; text: string }>;

/**
 * Makes a real Git repository in `directory` (absent or empty) from the examples folder `source`: main with its history
 * and the branch of the example pull request, checked out. Commit ids are the same on every machine.
 * Rejects with UsageError when the folder is not empty or the examples are not there (a job's download has none).
 */
export async function makeDemo(directory: string, source: string, git: RunGit): Promise<Demo> {
  await requireExamples(source);
  await requireEmpty(directory);
  const history = await readHistory(join(source, "history.yaml"));
  const stream = await writeStream(history, source);

  // fast-import takes content and dates from the stream alone: neither the user's Git configuration nor the
  // modes and line endings of the unpacked examples can change a commit id.
  const options = { cwd: directory, env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" } };
  await git(["init", "--quiet", "--template=", "--object-format=sha1", "--initial-branch=main"], options);
  await git(["fast-import", "--quiet", "--force"], { ...options, stdin: stream });
  const head = history.pullRequest.branch;
  await git(["checkout", "--quiet", "--force", head], options);
  return { repository: directory, base: "main", head, title: history.pullRequest.title };
}

async function requireExamples(source: string): Promise<void> {
  if (await lstat(join(source, "history.yaml")).catch(() => undefined)) return;
  throw new UsageError(
    `The example fleet is not here (looked in ${source}): release archives and jobs do not carry it. ` +
      "Name a repository of your own (gitops pr PATH), or run npm start in a clone of gitops-actions.",
  );
}

async function requireEmpty(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  if ((await readdir(directory)).length === 0) return;
  throw new UsageError(
    `The example repository needs an empty folder, and ${directory} is not empty. Name another.`,
  );
}

async function writeStream(history: History, source: string): Promise<string> {
  const fleet = await readFolder(join(source, "fleet"));
  const commits: string[] = [];
  let mark = 0;
  const add = (branch: string, commit: Commit, files: Files): void => {
    mark += 1;
    commits.push(writeCommit(branch, commit, files, mark));
  };

  rewind(fleet, history.main);
  for (const commit of history.main) add("main", commit, applyCommit(fleet, commit, fleet));
  const head = history.pullRequest.branch;
  for (const commit of history.pullRequest.commits) {
    const brought = commit.files ? await readFolder(join(source, commit.files)) : new Map();
    add(head, commit, applyCommit(fleet, commit, brought));
  }
  return commits.join("");
}

/** Takes the tip of main back to what each file held when it was first added, by undoing the edits, last one first. */
function rewind(fleet: Files, commits: readonly Commit[]): void {
  for (const commit of [...commits].reverse()) {
    for (const edit of [...commit.edit].reverse()) replaceOnce(fleet, edit.path, edit.to, edit.from);
  }
}

/** Carries one commit out on `files` and returns what it touched. */
function applyCommit(files: Files, commit: Commit, brought: Files): Files {
  const added = (path: string): boolean =>
    commit.add.some((name) => path === name || path.startsWith(`${name}/`));
  const touched: Files = new Map([...brought].filter(([path]) => commit.files || added(path)));
  for (const { path, target } of commit.link) touched.set(path, { mode: "120000", text: target });
  for (const [path, file] of touched) files.set(path, file);
  for (const edit of commit.edit) {
    replaceOnce(files, edit.path, edit.from, edit.to);
    touched.set(edit.path, files.get(edit.path)!);
  }
  return touched;
}

function replaceOnce(files: Files, path: string, from: Edit["from"], to: Edit["to"]): void {
  const file = files.get(path);
  const parts = file?.text.split(from) ?? [];
  if (!file || parts.length !== 2) {
    throw new Error(
      `examples/history.yaml: ${path} should hold ${JSON.stringify(from)} once, found ${parts.length - 1}`,
    );
  }
  files.set(path, { ...file, text: parts.join(to) });
}

function writeCommit(branch: string, commit: Commit, files: Files, mark: number): string {
  const ref = `refs/heads/${branch}`;
  const who = `${commit.author} ${gitDate(commit.date)}`;
  const from = mark > 1 ? `from :${mark - 1}\n` : "";
  const changes = [...files].map(([path, file]) => `M ${file.mode} inline ${path}\n${data(file.text)}`);
  return [
    `commit ${ref}\nmark :${mark}\nauthor ${who}\ncommitter ${who}\n${data(commit.message)}`,
    from,
    ...changes,
    "\n",
  ].join("");
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

/** `2026-11-16T09:10:00+01:00` as Git's raw format: seconds since 1970 and the offset. */
function gitDate(date: string): string {
  return `${Date.parse(date) / 1000} ${date.slice(-6).replace(":", "")}`;
}

/** Every file below a folder, as text, by POSIX path and in a stable order. */
async function readFolder(folder: string): Promise<Files> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files: Files = new Map();
  for (const path of paths.sort()) {
    files.set(relative(folder, path), { mode: "100644", text: await readFile(path, "utf8") });
  }
  return files;
}

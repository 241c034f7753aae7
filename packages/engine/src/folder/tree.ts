import { readdir } from "node:fs/promises";
import type { Entry, Tree } from "@gitops-actions/fleet";
import { ToolError, UsageError } from "@gitops-actions/report";
import pMap from "p-map";
import { withDirectories } from "../git/hash.ts";
import { makeTree } from "../git/listing.ts";
import { decodeName, encodeName } from "../git/name.ts";
import { fetchConfiguration } from "../git/partial.ts";
import { reasonOf } from "../git/process.ts";
import type { Repository } from "../git/repository.ts";
import { kindOf, readBlob } from "../git/tree.ts";
import { entryOnDisk, readFromDisk } from "./disk.ts";

export interface WorkingTree extends Tree {
  /** Whether it holds anything that HEAD does not, or lacks anything that HEAD has. Ignored files do not count. */
  dirty: boolean;
}

const name = "working tree";
const concurrency = 16;

/**
 * The checkout as it is: tracked files, and untracked ones that are not ignored. Files Git knows to be unchanged are
 * read from its objects (so are those a sparse checkout leaves out), which gives the bytes a commit of them would;
 * changed ones are read from the disk and must still be what they were when they were listed.
 */
export async function workingTree(repository: Repository): Promise<WorkingTree> {
  const [tracked, status] = await Promise.all([listTracked(repository), readStatus(repository)]);
  const { root, objectFormat } = repository;
  const onDisk = new Set<string>();
  const looked = await pMap(status.changed, (path) => entryOnDisk(root, path, objectFormat), { concurrency });
  for (const path of [...status.changed, ...status.gone]) tracked.delete(path);
  for (const entry of looked) {
    if (!entry) continue;
    tracked.set(entry.path, entry);
    onDisk.add(entry.path);
  }
  const inObjects = [...tracked.values()].filter((entry) => !onDisk.has(entry.path));
  await fetchConfiguration(repository, inObjects);
  const entries = withDirectories(objectFormat, [...tracked.values()]);
  const tree = makeTree(name, entries, (entry) =>
    onDisk.has(entry.path) ? readFromDisk(root, entry, objectFormat) : readBlob(repository, entry, name),
  );
  return { ...tree, dirty: status.dirty };
}

/** A folder that is not in Git: every file below it except what lies in a `.git`. */
export async function plainFolderTree(path: string): Promise<Tree> {
  const found: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    const place = Buffer.concat([Buffer.from(`${path}/`), encodeName(folder)]);
    const children = await readdir(place, { withFileTypes: true, encoding: "buffer" });
    for (const child of children) {
      const childName = decodeName(child.name);
      const below = folder === "" ? childName : `${folder}/${childName}`;
      if (childName === ".git") continue;
      if (child.isDirectory()) await visit(below);
      else found.push(below);
    }
  };
  await visit("").catch((error: Error) => {
    throw new UsageError(`${path} cannot be listed: ${error.message}`);
  });
  const looked = await pMap(found, (file) => entryOnDisk(path, file, "sha1"), { concurrency });
  const leaves = looked.filter((entry) => entry !== undefined);
  return makeTree(`folder ${path}`, withDirectories("sha1", leaves), (entry) =>
    readFromDisk(path, entry, "sha1"),
  );
}

async function listTracked(repository: Repository): Promise<Map<string, Entry>> {
  const listed = await repository.git(["ls-files", "--stage", "-z", "--full-name"]);
  if (listed.exitCode !== 0)
    throw new ToolError("git/index", `the index cannot be read: ${reasonOf(listed)}`);
  const entries = new Map<string, Entry>();
  for (const line of items(listed.stdout)) {
    // <mode> <id> <stage>\t<path>
    const tab = line.indexOf("\t");
    const [mode = "", id = ""] = line.slice(0, tab).split(" ");
    const path = line.slice(tab + 1);
    entries.set(path, { path, kind: kindOf(mode), id, executable: mode === "100755" });
  }
  return entries;
}

interface Status {
  /** Paths that may differ from the index or are not in it. */
  changed: string[];
  /** Paths of the index that the checkout lacks. */
  gone: string[];
  dirty: boolean;
}

/** What `git status --porcelain=v2 -z` says. */
async function readStatus(repository: Repository): Promise<Status> {
  const args = ["--porcelain=v2", "-z", "--untracked-files=all", "--ignore-submodules=all", "--no-renames"];
  const result = await repository.git(["status", ...args], { env: statusSettings(repository) });
  if (result.exitCode !== 0)
    throw new ToolError("git/status", `the checkout cannot be examined: ${reasonOf(result)}`);
  const status: Status = { changed: [], gone: [], dirty: false };
  for (const line of items(result.stdout)) {
    // Untracked folders that are repositories of their own end with a slash; they are not part of this one.
    if (line.startsWith("? ") && line.endsWith("/")) continue;
    status.dirty = true;
    if (line.startsWith("? ")) status.changed.push(line.slice(2));
    // u <XY> <sub> <m1> <m2> <m3> <mW> <h1> <h2> <h3> <path>
    if (line.startsWith("u ")) status.changed.push(afterSpaces(line, 10));
    // 1 <XY> <sub> <mH> <mI> <mW> <hH> <hI> <path>; Y is "." where the checkout equals the index
    if (!line.startsWith("1 ") || line[3] === ".") continue;
    // What is gone is not looked for: a link in the place of its folder could lead to something else.
    (line[3] === "D" ? status.gone : status.changed).push(afterSpaces(line, 8));
  }
  return status;
}

/**
 * What of the person's settings decides whether a file counts as changed or ignored, and empty commands for every
 * filter the repository configures: no program is started for a file, which at worst counts as changed.
 */
function statusSettings(repository: Repository): Record<string, string> {
  const pairs: [string, string][] = [];
  for (const [key, values] of repository.config) {
    const filter = /^filter\.(.+)\.(clean|smudge|process|required)$/s.exec(key);
    if (filter) pairs.push([key, filter[2] === "required" ? "false" : ""]);
    else if (/^core\.(excludesfile|autocrlf|eol)$/.test(key)) pairs.push([key, values.at(-1)!]);
  }
  const environment: Record<string, string> = { GIT_CONFIG_COUNT: String(pairs.length) };
  // Where `~/` points, and where the ignore file lies that Git reads when no other is configured.
  for (const name of ["HOME", "XDG_CONFIG_HOME"]) {
    const value = repository.machine.env[name];
    if (value !== undefined) environment[name] = value;
  }
  for (const [index, [key, value]] of pairs.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}

function* items(output: Buffer): Iterable<string> {
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(0, at);
    const stop = end < 0 ? output.length : end;
    yield decodeName(output.subarray(at, stop));
    at = stop + 1;
  }
}

function afterSpaces(line: string, count: number): string {
  let at = 0;
  for (let seen = 0; seen < count; seen++) at = line.indexOf(" ", at) + 1;
  return line.slice(at);
}

import { ToolError } from "@gitops-actions/report";
import { reasonOf, runGit } from "./process.ts";
import { type FetchOptions, fetchError, remoteRun, remoteUrl } from "./remote.ts";
import type { Repository } from "./repository.ts";
import { remoteRefs } from "./write.ts";

/** A tag as it is now. */
export interface Tag {
  /** What the ref holds: a tag object, or a commit for a lightweight tag. */
  object: string;
  commit: string;
  /** Of a tag object: seconds since 1970 as its maker wrote them, and the message. */
  tagged?: { at: number; message: string };
}

/**
 * Fetches a tag of the remote with the history behind it; undefined when there is none. Where nothing may be fetched or
 * there is no remote, the tag as it is known here. Throws ToolError for a tag of something that is no commit.
 */
export async function fetchTag(
  repository: Repository,
  name: string,
  options: FetchOptions,
): Promise<Tag | undefined> {
  const ref = `refs/tags/${name}`;
  if (!options.fetch || remoteUrl(repository) === undefined) {
    const here = await repository.git(["rev-parse", "--verify", "--quiet", "--end-of-options", ref]);
    return here.exitCode === 0
      ? await readTag(repository, name, here.stdout.toString("latin1").trim())
      : undefined;
  }
  const object = (await remoteRefs(repository, [ref], options)).get(ref);
  if (object === undefined) return undefined;
  const args = ["--git-dir", repository.store, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head"];
  const result = await runGit(
    repository.machine,
    [...args, "origin", `+${ref}:refs/fetched/tags/${name}`],
    remoteRun(repository, options),
  );
  if (result.exitCode !== 0) throw fetchError(`the tag ${name}`, repository, result, options);
  return await readTag(repository, name, object);
}

/** Makes a tag object for a commit in the repository's own store, and returns its id; nothing points to it yet. */
export async function makeTag(
  repository: Repository,
  parts: {
    name: string;
    commit: string;
    message: string;
    tagger: { name: string; email: string };
    date: Date;
  },
): Promise<string> {
  const { name, commit, message, tagger, date } = parts;
  const stamp = `${Math.floor(date.getTime() / 1000)} +0000`;
  const text = `object ${commit}\ntype commit\ntag ${name}\ntagger ${tagger.name} <${tagger.email}> ${stamp}\n\n${message.trimEnd()}\n`;
  const result = await runGit(repository.machine, ["--git-dir", repository.store, "mktag"], { stdin: text });
  if (result.exitCode === 0) return result.stdout.toString("latin1").trim();
  throw new ToolError("git/tag", `the tag ${name} could not be made: ${reasonOf(result)}`);
}

async function readTag(repository: Repository, name: string, object: string): Promise<Tag> {
  const found = await repository.object(object);
  if (found?.type === "commit") return { object, commit: object };
  const text = found?.type === "tag" ? found.bytes.toString("utf8") : "";
  const [, commit = "", type] = /^object ([0-9a-f]+)\ntype (\w+)\n/.exec(text) ?? [];
  if (type !== "commit") throw new ToolError("git/tag", `the tag ${name} is of no commit`);
  const head = text.slice(0, text.indexOf("\n\n"));
  const at = Number(/^tagger .*> (\d+) [-+]\d{4}$/m.exec(head)?.[1] ?? Number.NaN);
  return { object, commit, tagged: { at, message: text.slice(head.length + 2) } };
}

import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ToolError } from "@gitops-actions/report";
import { lock } from "proper-lockfile";
import * as z from "zod";
import type { Machine, Progress } from "../machine.ts";
import type { Wanted } from "./pin.ts";
import { sha256OfFile } from "./tool.ts";

/** How a tool came into the cache. */
export type Origin = "release" | "mirror" | "go";

const Entry = z.object({
  name: z.string(),
  version: z.string(),
  origin: z.enum(["release", "mirror", "go"]),
  /** URL or module the program came from. */
  from: z.string(),
  /** Of the program as it was stored. */
  sha256: z.string(),
});
export type Entry = z.infer<typeof Entry>;

export type Cached =
  | { state: "absent" }
  | { state: "valid"; path: string; entry: Entry }
  /** The program is not the one that was stored. */
  | { state: "changed"; path: string; expected: string; actual: string };

/**
 * Folder of one cache entry. What was verified is part of its name (the release's sum, or the build recipe), so a
 * corrected pin never meets an entry made under the old one.
 */
export function entryFolder(cacheDir: string, wanted: Wanted, kind: "release" | "go"): string {
  const { module, sum, pin, platform, name, version } = wanted;
  const recipe = JSON.stringify([module, sum, pin.build.package, pin.build.ldflags]);
  const key =
    kind === "go"
      ? createHash("sha256").update(recipe).digest("hex")
      : (wanted.assets[platform]?.sha256 ?? "none");
  return join(
    cacheDir,
    "tools",
    name,
    `${version}-${platform.replace("/", "-")}-${kind}-${key.slice(0, 12)}`,
  );
}

/** What is known of a program before its entry is read; for a pinned tool, its pin as well. */
type Stored = Pick<Wanted, "version" | "platform"> & { name: string } & Partial<
    Pick<Wanted, "pin" | "assets">
  >;

/**
 * Looks at one entry and compares the program with the sum recorded when it was stored. This finds damage and
 * careless tampering; whoever can write both files could as well replace this program.
 */
export async function readEntry(folder: string, wanted: Stored): Promise<Cached> {
  const path = join(folder, wanted.name);
  // What was downloaded is the program itself: its pin says what it must be, whatever lies in this folder.
  const raw = ({ origin }: Entry) =>
    wanted.pin?.release !== undefined && !wanted.pin.release.member && origin !== "go";
  let entry: Entry;
  let actual: string;
  try {
    entry = Entry.parse(JSON.parse(await readFile(join(folder, "entry.json"), "utf8")));
    actual = raw(entry) ? await sha256OfFile(path) : await knownSum(folder, path);
  } catch {
    return { state: "absent" }; // nothing there, or not something we finished writing
  }
  const expected = raw(entry) ? (wanted.assets?.[wanted.platform]?.sha256 ?? entry.sha256) : entry.sha256;
  if (entry.name !== wanted.name || entry.version !== wanted.version) return { state: "absent" };
  return actual === expected ? { state: "valid", path, entry } : { state: "changed", path, expected, actual };
}

const Sum = z.object({ sha256: z.string(), stamp: z.string() });

/**
 * The sum of a program, reckoned anew only when the file is another one than it was last time, or was touched: a
 * quarter of a gigabyte takes longer to sum up than most runs take. As Git's index knows files by their stat, and with
 * its rule for files younger than a clock can tell apart (Documentation/technical/racy-git.adoc).
 */
async function knownSum(folder: string, path: string): Promise<string> {
  const memo = join(folder, "sum.json");
  const before = await stamp(path);
  const known = await readSum(memo, before.changedMs);
  if (known?.stamp === before.text) return known.sha256;
  const sha256 = await sha256OfFile(path);
  // Where the cache cannot be written, each run reckons.
  if ((await stamp(path)).text === before.text)
    await writeFile(memo, `${JSON.stringify({ sha256, stamp: before.text })}\n`).catch(() => undefined);
  return sha256;
}

/** What was noted, if it was noted long enough after the file changed; times are those of one file system. */
async function readSum(memo: string, changedMs: number): Promise<z.infer<typeof Sum> | undefined> {
  try {
    if ((await stat(memo)).mtimeMs - changedMs <= 2_000) return undefined;
    return Sum.parse(JSON.parse(await readFile(memo, "utf8")));
  } catch {
    return undefined;
  }
}

async function stamp(path: string): Promise<{ text: string; changedMs: number }> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const changed = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  return { text: [dev, ino, size, mtimeNs, ctimeNs].join(" "), changedMs: Number(changed / 1_000_000n) };
}

/**
 * Makes an entry: `make` writes the program to the path it is given, in a private folder that is renamed into
 * place when it is complete. A run that is killed leaves a folder nobody looks at, never half a tool.
 */
export async function storeEntry(
  folder: string,
  facts: Omit<Entry, "sha256">,
  make: (path: string, staging: string) => Promise<void>,
): Promise<{ path: string; entry: Entry }> {
  const parent = join(folder, "..");
  await mkdir(parent, { recursive: true });
  const staging = await mkdtemp(join(parent, ".new-"));
  await removeAbandoned(parent, staging);
  try {
    const finished = join(staging, "entry");
    await mkdir(finished);
    await make(join(finished, facts.name), staging);
    await chmod(join(finished, facts.name), 0o755);
    const entry: Entry = { ...facts, sha256: await sha256OfFile(join(finished, facts.name)) };
    await writeFile(join(finished, "entry.json"), `${JSON.stringify(entry, null, 2)}\n`);
    await rm(folder, { recursive: true, force: true });
    await rename(finished, folder);
    return { path: join(folder, facts.name), entry };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Removes what killed runs left half-written more than a day before the folder that was made just now. */
async function removeAbandoned(parent: string, made: string): Promise<void> {
  const now = (await stat(made)).mtimeMs;
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    const age = now - ((await stat(path).catch(() => undefined))?.mtimeMs ?? now);
    if (name.startsWith(".new-") && age > 24 * 3600_000) await rm(path, { recursive: true, force: true });
  }
}

/** Runs `action` while no other process makes an entry for the same tool; says so when it has to wait. */
export async function whileLocked<T>(
  machine: Pick<Machine, "cacheDir">,
  wanted: { name: string },
  progress: Progress,
  action: () => Promise<T>,
): Promise<T> {
  const folder = join(machine.cacheDir, "tools", wanted.name);
  await mkdir(folder, { recursive: true });
  const options = { lockfilePath: join(folder, ".lock"), realpath: false, stale: 10_000, update: 2_500 };
  // Losing the lock does no harm: entries are renamed into place whole.
  const onCompromised = (): void => {};
  let release: () => Promise<void>;
  try {
    release = await lock(folder, { ...options, onCompromised });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
    progress(`Waiting for another process that is getting ${wanted.name}...`);
    const retries = { retries: 3600, minTimeout: 500, maxTimeout: 500, factor: 1 };
    release = await lock(folder, { ...options, onCompromised, retries });
  }
  try {
    return await action();
  } finally {
    await release().catch(() => {});
  }
}

/** Turns a failure to write the cache into an error that says what to do; passes other errors through. */
export function cacheError(error: unknown, cacheDir: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new ToolError(
      "disk",
      `The disk is full: no tool can be stored in ${cacheDir}. Free some space, or point XDG_CACHE_HOME elsewhere.`,
      { cause: error },
    );
  }
  if (code === "EACCES" || code === "EROFS" || code === "EPERM" || code === "ENOTDIR" || code === "EEXIST") {
    return new ToolError(
      "cache",
      `The cache folder ${cacheDir} cannot be written (${code}). Make it writable, or point XDG_CACHE_HOME elsewhere.`,
      { cause: error },
    );
  }
  return error;
}

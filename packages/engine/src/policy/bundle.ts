import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Entry, Tree } from "@gitops-actions/fleet";
import { ToolError, UsageError } from "@gitops-actions/report";
import { withDirectories } from "../git/hash.ts";
import { makeTree } from "../git/listing.ts";
import { openObjects } from "../git/objects.ts";
import { reasonOf, runGit } from "../git/process.ts";
import type { Machine } from "../machine.ts";
import { type BundleAddress, parseBundle } from "./address.ts";
import { bundleLimits, readRegistry } from "./registry.ts";

/** Policies from elsewhere, fixed by what is in them. */
export interface PolicyBundle {
  /** As a person wrote it. */
  address: string;
  /** What messages call its folder. */
  root: string;
  /** All files below a folder `policy`: they belong together, as where conftest pulls them to. */
  tree: Tree;
}

/** The addresses of bundles. Throws UsageError for one without digest or commit and for a host that is not allowed. */
export function parseBundles(addresses: readonly string[], hosts: ReadonlySet<string>): BundleAddress[] {
  const parsed = addresses.map(parseBundle);
  for (const { host, given } of parsed) {
    if (!hosts.has(host))
      throw new UsageError(
        `policy-bundles: ${given} is on ${host}, which may not be asked. Allow it: allow-policy-hosts: ${host}`,
      );
  }
  return parsed;
}

/**
 * Reads bundles through the cache. Throws UsageError for an address without digest or commit and for a host that is not
 * allowed; ToolError when it cannot be had, or is not what its digest says.
 */
export async function readBundles(
  addresses: readonly string[],
  hosts: ReadonlySet<string>,
  machine: Machine,
  signal?: AbortSignal,
): Promise<PolicyBundle[]> {
  const bundles: PolicyBundle[] = [];
  for (const address of parseBundles(addresses, hosts)) {
    const files =
      address.kind === "oci"
        ? await readRegistry(address, hosts, machine, signal)
        : await readGit(address, machine, signal);
    if (files.size === 0) throw new ToolError("bundle", `${address.given} holds no files.`);
    bundles.push({ address: address.given, root: rootOf(address), tree: treeOf(address.given, files) });
  }
  return bundles;
}

function treeOf(name: string, files: ReadonlyMap<string, string>): Tree {
  const leaves = [...files.keys()].map((path) => ({
    ...{ path: `policy/${path}`, kind: "file" as const, id: path, executable: false },
  }));
  const read = async ({ path }: Entry) => Buffer.from(files.get(path.slice("policy/".length)) ?? "");
  return makeTree(name, withDirectories("sha1", leaves), read);
}

function rootOf(address: BundleAddress): string {
  const host = address.host.replaceAll(/[^a-z0-9.-]/g, "-");
  if (address.kind === "oci") return `${host}/${address.repository}@${address.digest.slice(0, 12)}`;
  const path = new URL(address.url).pathname.replace(/\.git$/, "").replaceAll(/[^\w./-]/g, "-");
  return `${host}${path}@${address.commit.slice(0, 12)}`;
}

/** Files of a commit, from a bare repository in the cache whose every object is checked before it is used. */
async function readGit(
  address: BundleAddress & { kind: "git" },
  machine: Machine,
  signal?: AbortSignal,
): Promise<Map<string, string>> {
  const { url, commit, folder, given } = address;
  const places = join(machine.cacheDir, "policies", "git");
  const key = createHash("sha256").update(url).digest("hex").slice(0, 16);
  const place = join(places, `${key}-${commit}`);
  const git = (store: string, args: readonly string[], network = false) =>
    runGit(machine, ["--git-dir", store, ...args], {
      ...{ network, userSettings: network, deadlineMs: 300_000, signal },
    });
  const isWhole = async (store: string): Promise<boolean> =>
    existsSync(join(store, "HEAD")) &&
    (await git(store, ["cat-file", "-e", `${commit}^{commit}`])).exitCode === 0 &&
    (await git(store, ["fsck", "--full", "--no-dangling", "--no-progress"])).exitCode === 0;
  if (!(await isWhole(place))) {
    mkdirSync(places, { recursive: true, mode: 0o700 });
    const staging = mkdtempSync(join(places, "new-"));
    try {
      const init = await git(staging, [
        "init",
        "--quiet",
        "--bare",
        ...(commit.length === 64 ? ["--object-format=sha256"] : []),
      ]);
      const fetched =
        init.exitCode === 0
          ? await git(staging, ["fetch", "--quiet", "--depth=1", "--no-tags", "--", url, commit], true)
          : init;
      if (fetched.exitCode !== 0)
        throw new ToolError("download", `${given} could not be fetched: ${reasonOf(fetched)}`);
      if (!(await isWhole(staging)))
        throw new ToolError("checksum", `${given} was refused: what was fetched is not that commit.`);
      rmSync(place, { recursive: true, force: true });
      renameSync(staging, place);
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  }
  return await readFiles(place, commit, folder, given, machine, git);
}

async function readFiles(
  store: string,
  commit: string,
  folder: string,
  given: string,
  machine: Machine,
  git: (store: string, args: readonly string[]) => ReturnType<typeof runGit>,
): Promise<Map<string, string>> {
  const at = folder === "" ? commit : `${commit}:${folder}`;
  const listed = await git(store, ["ls-tree", "-r", "-l", "-z", at]);
  if (listed.exitCode !== 0) throw new ToolError("bundle", `${given} has no folder ${folder}.`);
  const ids = new Map<string, string>();
  let bytes = 0;
  for (const line of listed.stdout.toString("utf8").split("\0").filter(Boolean)) {
    // Links and submodules are left out: nothing is followed.
    const [, id = "", size = "", path = ""] =
      /^100(?:644|755) blob ([0-9a-f]+) +(\d+)\t(.*)$/s.exec(line) ?? [];
    if (!/\.(?:rego|ya?ml|json)$/.test(path)) continue;
    bytes += Number(size);
    if (bytes > bundleLimits.bytes || ids.size >= bundleLimits.files)
      throw new ToolError("bundle", `${given} was refused: it holds too much.`);
    ids.set(path, id);
  }
  const objects = openObjects(machine, ["--git-dir", store], {}, bundleLimits.bytes);
  try {
    const files = new Map<string, string>();
    for (const [path, id] of ids) {
      const object = await objects.read(id);
      if (!object) throw new ToolError("bundle", `${given}: ${path} cannot be read.`);
      files.set(path, object.bytes.toString("utf8"));
    }
    return files;
  } finally {
    await objects.close();
  }
}

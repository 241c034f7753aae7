import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { userCacheDir } from "@gitops-actions/engine";
import { ToolError } from "@gitops-actions/report";

/** How to start redis-server: libraries that the machine does not have may lie beside it. */
export interface Redis {
  path: string;
  env: Record<string, string>;
}

const packages = ["redis-server", "redis-tools", "liblzf1", "libjemalloc2", "libatomic1"];

/**
 * Finds redis-server, which is Argo CD's cache: on PATH, or unpacked in the user's cache, where Debian's packages are
 * put (not installed) if apt-get gives them. Throws ToolError with what to install.
 */
export async function findRedis(
  env: Readonly<Record<string, string | undefined>>,
  progress: (message: string) => void,
): Promise<Redis> {
  const onPath = (env.PATH ?? "").split(":").map((folder) => join(folder, "redis-server"));
  const path = onPath.find((each) => existsSync(each));
  if (path) return { path, env: {} };
  const folder = join(userCacheDir(env), "tools", "redis-server");
  if (!existsSync(join(folder, "usr/bin/redis-server"))) {
    progress("Fetching redis-server from Debian's packages into the user's cache...");
    try {
      await unpack(folder);
    } catch (error) {
      const detail = String((error as { stderr?: unknown }).stderr ?? error).trim();
      throw new ToolError(
        "not-found",
        "redis-server, the cache of Argo CD, is not on PATH, and apt-get did not give its package " +
          `(${detail.split("\n").at(-1)}). Install it: \`apt-get install redis-server\`, \`brew install redis\`, ...`,
      );
    }
  }
  const libraries = readdirSync(join(folder, "usr/lib")).map((name) => join(folder, "usr/lib", name));
  return { path: join(folder, "usr/bin/redis-server"), env: { LD_LIBRARY_PATH: libraries.join(":") } };
}

async function unpack(folder: string): Promise<void> {
  await mkdir(join(folder, ".."), { recursive: true });
  const staging = mkdtempSync(`${folder}.`);
  try {
    const run = (command: string, ...args: string[]): void =>
      void execFileSync(command, args, { cwd: staging, stdio: "pipe" });
    run("apt-get", "download", "-q", ...packages);
    const archives = readdirSync(staging).filter((name) => name.endsWith(".deb"));
    for (const name of archives) run("dpkg-deb", "-x", name, ".");
    for (const name of archives) rmSync(join(staging, name));
    renameSync(staging, folder);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

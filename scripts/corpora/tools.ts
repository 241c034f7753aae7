import { execFile } from "node:child_process";
import { accessSync, constants, mkdirSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** What a process left behind. */
export interface Ended {
  status: number;
  stdout: Buffer;
  stderr: string;
}

/** Finds a program on PATH, else among the tools that the npm scripts keep in the user's cache. Throws when there is none. */
export function findProgram(name: string): string {
  const cache = join(
    process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"),
    "gitops-actions",
    "tools",
    name,
  );
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const folder of [...folders, ...versionsIn(cache)]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Look further.
    }
  }
  throw new Error(`${name} is neither on PATH nor in ${cache}`);
}

function versionsIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((version) => join(folder, version));
  } catch {
    return [];
  }
}

/** Runs a program to its end, with a bare environment, homes in `home` and no way to the network. */
export function run(command: string, args: string[], cwd: string, home: string): Promise<Ended> {
  mkdirSync(home, { recursive: true });
  const nowhere = "http://127.0.0.1:9";
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: home,
    TMPDIR: home,
    HELM_CACHE_HOME: join(home, "cache"),
    HELM_CONFIG_HOME: join(home, "config"),
    HELM_DATA_HOME: join(home, "data"),
    http_proxy: nowhere,
    https_proxy: nowhere,
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
  };
  return new Promise((resolve) => {
    const options = { cwd, env, encoding: "buffer" as const, maxBuffer: 256 * 1024 * 1024, timeout: 120_000 };
    execFile(command, args, options, (error, stdout, stderr) => {
      const status = error ? (typeof error.code === "number" ? error.code : -1) : 0;
      resolve({ status, stdout, stderr: stderr.toString() });
    });
  });
}

/** Works through items, `width` at a time; results in the order of the items. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await work(items[index] as Item, index);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

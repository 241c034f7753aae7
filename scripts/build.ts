// Builds the bundles: `npm run build [-- --out DIR]`. Without --out they go to dist/, which is committed.
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import pMap from "p-map";
import lockfile from "proper-lockfile";
import { type Bundle, makeBundle } from "./build/bundle.ts";
import { compile, listWorkspaces } from "./build/compile.ts";
import { digestFiles, listFiles } from "./build/key.ts";

const root = dirname(import.meta.dirname);

/** Makes all bundles in build/dist (those whose inputs did not change are kept) and returns that folder. Throws when sources do not compile. */
export async function buildBundles(say: (line: string) => void): Promise<string> {
  await mkdir(join(root, "build"), { recursive: true });
  // Tests and a person may build at the same time; the second finds everything made.
  const release = await lockfile.lock(join(root, "build"), {
    retries: { retries: 600, minTimeout: 200, maxTimeout: 1000 },
    stale: 60_000,
  });
  try {
    await compile(root);
    const inputs = await digestInputs();
    const bundles = await listBundles();
    await pMap(bundles, async (bundle) => report(bundle, await makeBundle(root, bundle, inputs), say), {
      concurrency: 2,
    });
    await removeOthers(join(root, "build/dist"), bundles);
    return join(root, "build/dist");
  } finally {
    await release();
  }
}

/** Makes the folder `out` hold exactly the bundles of build/dist; returns the names of those that were not the same. */
export async function copyBundles(built: string, out: string): Promise<string[]> {
  const copied: string[] = [];
  await mkdir(out, { recursive: true });
  const names = existsSync(built) ? (await readdir(built)).sort() : [];
  for (const entry of await readdir(out)) {
    if (!names.includes(entry)) await rm(join(out, entry), { recursive: true });
  }
  for (const name of names) {
    if ((await fingerprint(join(built, name))) === (await fingerprint(join(out, name)))) continue;
    await rm(join(out, name), { recursive: true, force: true });
    await cp(join(built, name), join(out, name), { recursive: true });
    copied.push(name);
  }
  return copied;
}

/** Equal for folders that Git would take for the same: names, contents, and whether the program is executable. */
async function fingerprint(folder: string): Promise<string> {
  const index = await stat(join(folder, "index.js")).catch(() => undefined);
  return digestFiles(folder, await listFiles(folder), [String((index?.mode ?? 0) & 0o111)]);
}

/** The entry points there are: one for each action with a main.ts, and the command line. */
async function listBundles(): Promise<Bundle[]> {
  const bundles: Bundle[] = [];
  for (const folder of await listWorkspaces(root)) {
    if (!existsSync(join(root, folder, "src/main.ts"))) continue;
    const command = folder === "packages/cli";
    const name = command ? "gitops" : basename(folder);
    bundles.push({ name, entry: `build/js/${folder}/src/main.js`, executable: command });
  }
  return bundles;
}

/** Everything that decides the bytes of a bundle: what was compiled, the libraries, ncc, and how it is called. */
async function digestInputs(): Promise<string> {
  const compiled = (await listFiles(join(root, "build/js"))).map((file) => `build/js/${file}`);
  const scripts = ["scripts/build.ts", "scripts/build/bundle.ts", "scripts/build/compile.ts"];
  // npm's record of what is installed, not the lock file: that is what ncc reads.
  const installed = JSON.parse(await readFile(join(root, "node_modules/.package-lock.json"), "utf8")) as {
    packages: Record<string, { version?: string; integrity?: string }>;
  };
  const libraries = Object.entries(installed.packages).map(
    ([path, { version, integrity }]) => `${path}@${version}#${integrity}`,
  );
  return digestFiles(root, [...compiled, ...scripts], [...libraries, root]);
}

async function removeOthers(folder: string, bundles: readonly Bundle[]): Promise<void> {
  for (const entry of existsSync(folder) ? await readdir(folder) : []) {
    if (!bundles.some((bundle) => bundle.name === entry)) await rm(join(folder, entry), { recursive: true });
  }
}

function report(bundle: Bundle, done: "made" | "kept", say: (line: string) => void): void {
  say(done === "made" ? `bundled ${bundle.name}` : `${bundle.name} is up to date`);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { out: { type: "string", default: join(root, "dist") } } });
  try {
    const built = await buildBundles((line) => console.log(line));
    if (resolve(values.out) !== built) await copyBundles(built, resolve(values.out));
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}

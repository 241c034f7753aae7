import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { execa } from "execa";

/** A package.json of a workspace, as far as the build reads it. */
interface Manifest {
  name: string;
  license?: string;
  exports?: { "."?: string };
}

/** Folders of all workspaces that have sources, relative to the root, sorted: `actions/render-overlays`, `packages/fleet`. */
export async function listWorkspaces(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const group of ["actions", "packages"]) {
    for (const entry of await readdir(join(root, group), { withFileTypes: true })) {
      const folder = `${group}/${entry.name}`;
      if (existsSync(join(root, folder, "package.json")) && existsSync(join(root, folder, "src")))
        found.push(folder);
    }
  }
  return found.sort();
}

/**
 * Compiles all workspaces to build/js and makes them importable by name from there.
 *
 * ncc must see JavaScript only: a workspace whose `exports` names a .ts file sends it to its own TypeScript
 * loader, which does not work with TypeScript 7. So build/js has package.json files of its own, and
 * build/node_modules links to them; other packages are found above, in the repository's node_modules.
 */
export async function compile(root: string): Promise<void> {
  const output = join(root, "build/js");
  await rm(output, { recursive: true, force: true });
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const done = await execa(process.execPath, [tsc, "-p", root, "--outDir", output, "--pretty", "false"], {
    reject: false,
    all: true,
  });
  if (done.exitCode !== 0) throw new Error(`the sources do not compile:\n${done.all}`);
  await rm(join(root, "build/node_modules"), { recursive: true, force: true });
  for (const folder of await listWorkspaces(root)) {
    if (existsSync(join(output, folder))) await makeImportable(root, output, folder);
  }
  await copyWithoutEffects(root, "@actions/core");
}

/**
 * Gives the bundler a copy of a library that says that its modules do nothing when they are loaded, where the library
 * forgot to say so. Without it @actions/core brings an HTTP client of half a megabyte for tokens that we never ask for,
 * and every start of every bundle loads it.
 */
async function copyWithoutEffects(root: string, name: string): Promise<void> {
  const copy = join(root, "build/node_modules", name);
  await cp(join(root, "node_modules", name), copy, { recursive: true });
  const manifest = JSON.parse(await readFile(join(copy, "package.json"), "utf8")) as object;
  await writeFile(join(copy, "package.json"), JSON.stringify({ ...manifest, sideEffects: false }, null, 2));
}

async function makeImportable(root: string, output: string, folder: string): Promise<void> {
  const source = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8")) as Manifest;
  const compiled = join(output, folder);
  const entry = source.exports?.["."]?.replace(/\.ts$/, ".js");
  const manifest = {
    name: source.name,
    type: "module",
    license: "Apache-2.0",
    // Our modules do nothing when they are loaded, so what a bundle does not call is left out of it.
    sideEffects: false,
    ...(entry && { exports: { ".": entry } }),
  };
  await writeFile(join(compiled, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await link(compiled, join(root, "build/node_modules", source.name));
  // npm nests a dependency in its workspace when two versions are needed.
  const nested = join(root, folder, "node_modules");
  if (existsSync(nested)) await link(nested, join(compiled, "node_modules"));
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(relative(dirname(path), target), path);
}

import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { digestFiles, listFiles } from "./key.ts";

/** One entry point that is shipped as dist/<name>. */
export interface Bundle {
  name: string;
  /** The compiled entry point, relative to the repository root. */
  entry: string;
  /** Started by a person, not by the runner: gets a `#!` line and the executable bit. */
  executable: boolean;
}

/** What every bundle consists of, and nothing else. */
export const bundleFiles = ["index.js", "licenses.txt", "package.json"] as const;

// The runner brings the Node that action.yml names; a person has any. Without this the first library that needs a
// newer Node fails with a stack trace. Plain enough to be understood by every Node that knows `import`.
const opening = `#!/usr/bin/env node
if (Number(process.versions.node.split(".")[0]) < 24) {
  console.error("error: gitops needs Node 24 or newer, this is " + process.version + ". Install it from https://nodejs.org.");
  process.exit(3);
}
`;

/**
 * Makes build/dist/<name> with ncc, unless it was made from the same inputs before; says whether it did.
 *
 * Minified, which halves what every job downloads; ncc keeps the names of functions, so that a stack trace still says
 * where. Nobody reviews a bundle by reading it: a test builds it again from the sources and compares every byte.
 */
export async function makeBundle(root: string, bundle: Bundle, inputs: string): Promise<"made" | "kept"> {
  const output = join(root, "build/dist", bundle.name);
  const stamp = join(root, "build/keys", bundle.name);
  if (existsSync(stamp) && (await readFile(stamp, "utf8")) === (await describe(output, inputs)))
    return "kept";
  const work = join(root, "build/ncc", bundle.name);
  await rm(work, { recursive: true, force: true });
  await runNcc(root, bundle, work);
  await finish(root, bundle, work);
  await rm(output, { recursive: true, force: true });
  await mkdir(join(root, "build/dist"), { recursive: true });
  await rename(work, output);
  await mkdir(join(root, "build/keys"), { recursive: true });
  await writeFile(stamp, await describe(output, inputs));
  return "made";
}

async function describe(output: string, inputs: string): Promise<string> {
  return `${inputs}\n${await digestFiles(output, await listFiles(output))}\n`;
}

async function runNcc(root: string, bundle: Bundle, work: string): Promise<void> {
  const ncc = join(root, "node_modules/@vercel/ncc/dist/ncc/cli.js");
  const options = ["--license", "licenses.txt", "--target", "es2024", "--no-cache", "--quiet", "--minify"];
  // The working directory is part of what decides the bytes: always the root.
  const done = await execa(
    process.execPath,
    [ncc, "build", join(root, bundle.entry), "--out", work, ...options],
    {
      cwd: root,
      reject: false,
      all: true,
    },
  );
  if (done.exitCode !== 0) throw new Error(`ncc failed for ${bundle.name}:\n${done.all}`);
}

async function finish(root: string, bundle: Bundle, work: string): Promise<void> {
  const files = await listFiles(work);
  const extra = files.filter((file) => !bundleFiles.some((expected) => expected === file));
  if (extra.length > 0 || files.length !== bundleFiles.length) {
    throw new Error(
      `the bundle ${bundle.name} holds ${files.join(", ")} instead of ${bundleFiles.join(", ")}. ` +
        "ncc copies a file or folder that a literal path in the code names: build that path at run time.",
    );
  }
  const index = join(work, "index.js");
  let code = await readFile(index, "utf8");
  if (code.includes(root))
    throw new Error(`the bundle ${bundle.name} holds the path of this machine's folder ${root}`);
  if (bundle.executable) code = opening + code.replace(/^#!.*\n/, "");
  await writeFile(index, code);
  await chmod(index, bundle.executable ? 0o755 : 0o644);
}

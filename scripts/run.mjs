// Runs a script of this repository with Node 24, after installing whatever it needs.
//
//   node scripts/run.mjs [--tools kustomize,helm] SCRIPT [ARGUMENTS...]
//
// Plain JavaScript for Node 20 and newer: this is the one file that runs before anything is installed.
// It runs `npm ci` only when node_modules is absent or older than the lock file, and finds Node 24
// either in the running process or in the npm packages that package.json lists as optional.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
let tools = "";
if (args[0] === "--tools") {
  tools = args[1] ?? "";
  args.splice(0, 2);
}

if (process.platform === "win32") {
  fail("gitops-actions does not run on Windows. Use Linux, macOS or WSL.");
}
const major = Number(process.versions.node.split(".")[0]);
if (major < 20) fail(`Node 20 or newer is needed to begin with; this is ${process.version}.`);

installDependencies();
const node = findNode24();
if (tools) await run([join(root, "scripts/tools.ts"), tools]);
process.exitCode = await run(args);

function installDependencies() {
  const lock = join(root, "package-lock.json");
  const stamp = join(root, "node_modules/.package-lock.json");
  const mark = join(root, "node_modules/.installed-from");
  const wanted = readFileSync(lock, "utf8");
  if (existsSync(stamp)) {
    if (
      existsSync(mark)
        ? readFileSync(mark, "utf8") === wanted
        : statSync(stamp).mtimeMs >= statSync(lock).mtimeMs
    ) {
      return;
    }
  }
  process.stderr.write("Installing npm packages (npm ci)...\n");
  const began = Date.now();
  const done = spawnSync(
    "npm",
    ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"],
    {
      cwd: root,
      stdio: ["ignore", 2, 2],
    },
  );
  if (done.status !== 0) fail("npm ci failed (its output is above). Mend that and run the command again.");
  writeFileSync(mark, wanted);
  process.stderr.write(`npm packages installed in ${Math.round((Date.now() - began) / 1000)} s.\n`);
}

function findNode24() {
  if (major >= 24) return process.execPath;
  const packaged = join(root, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  if (existsSync(packaged)) return packaged;
  fail(
    `Node 24 is needed, this is ${process.version}, and no npm package of Node 24 is installed for ` +
      `${process.platform}/${process.arch}. Install Node 24 (https://nodejs.org) and run the command again.`,
  );
}

function run(argv) {
  return new Promise((resolve) => {
    const child = spawn(node, ["--disable-warning=ExperimentalWarning", ...argv], {
      stdio: "inherit",
      // Children (vitest, ncc, the bundles under test) must find this Node first as well.
      env: {
        ...process.env,
        PATH: `${dirname(node)}:${process.env.PATH}`,
        GITOPS_CALLER_CWD: process.env.INIT_CWD ?? process.cwd(),
      },
    });
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
    child.on("error", (error) => fail(`cannot start ${node}: ${error.message}`));
    child.on("close", (code, signal) => {
      const status = code ?? (signal === "SIGINT" ? 130 : 143);
      if (status !== 0 && argv !== args) process.exit(status);
      resolve(status);
    });
  });
}

function fail(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exit(3);
}

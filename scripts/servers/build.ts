// Programs that only tests and scripts run (API servers, controllers), built from their Go modules into the user's cache.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { currentPlatform, type Machine, type Progress, userCacheDir } from "@gitops-actions/engine";
import { cacheError, readEntry, storeEntry, whileLocked } from "../../packages/engine/src/tools/cache.ts";
import { buildProgram, type Recipe } from "../../packages/engine/src/tools/program.ts";

/** A program and how it is built; see `Recipe` for the fields. */
export type Program = Omit<Recipe, "remedy">;

type Env = Readonly<Record<string, string | undefined>>;

/** How often a build that takes minutes says that it is still at it. */
const reminderMs = 60_000;

/**
 * Path of a program, built when it is not in the user's cache: the entry's name holds module, package, version, flags,
 * replacements and the version of Go. A second process that wants the same program waits for the first; a build that
 * fails or is cancelled leaves no entry. Throws ToolError (`go`: there is no Go, or the build failed).
 */
export async function ensureProgram(
  program: Program,
  env: Env,
  progress: Progress,
  signal?: AbortSignal,
): Promise<string> {
  const folder = programFolder(program, env);
  const cacheDir = userCacheDir(env);
  const wanted = { name: program.name, version: program.version, platform: currentPlatform() };
  const stored = async (): Promise<string | undefined> => {
    const found = await readEntry(folder, wanted);
    return found.state === "valid" ? found.path : undefined;
  };
  const present = await stored();
  if (present) return present;
  try {
    // Whoever held the lock before us may have built it.
    return await whileLocked(
      { cacheDir },
      program,
      progress,
      async () => (await stored()) ?? (await build(program, folder, env, progress, signal)),
    );
  } catch (error) {
    throw cacheError(error, cacheDir);
  }
}

/** Path of a program that is in the cache, without looking into it; undefined when it has to be built first. */
export function findProgram(program: Program, env: Env): string | undefined {
  const path = join(programFolder(program, env), program.name);
  return existsSync(path) ? path : undefined;
}

async function build(
  program: Program,
  folder: string,
  env: Env,
  progress: Progress,
  signal?: AbortSignal,
): Promise<string> {
  const { name, version, module, package: path } = program;
  const tempDir = mkdtempSync(join(tmpdir(), "gitops-build-"));
  // A module may want a newer Go than the machine's; Go fetches it like any module, unless the person forbids it.
  const machine: Machine = {
    env: { GOTOOLCHAIN: "auto", ...env },
    cwd: tempDir,
    cacheDir: userCacheDir(env),
    tempDir,
    cores: 1,
  };
  const began = performance.now();
  const reminder = setInterval(() => {
    const seconds = Math.round((performance.now() - began) / 1000);
    progress(`Still building ${name} ${version}: ${seconds} s so far (${program.takes} on two idle cores).`);
  }, reminderMs);
  try {
    const facts = { name, version, origin: "go" as const, from: `${module}${path}@v${version}` };
    const recipe = { ...program, remedy: "Install Go (https://go.dev/dl)." };
    const entry = await storeEntry(folder, facts, (target, staging) =>
      buildProgram(recipe, target, staging, machine, progress, signal),
    );
    return entry.path;
  } finally {
    clearInterval(reminder);
    rmSync(tempDir, { recursive: true, force: true });
  }
}

/** Whether programs can be built here at all. */
export function hasGo(env: Env): boolean {
  return goVersion(env) !== noGo;
}

function programFolder(program: Program, env: Env): string {
  const { name, version, module, package: path, ldflags, replaces = [] } = program;
  const recipe = JSON.stringify([module, path, version, ldflags, replaces]);
  const key = createHash("sha256").update(recipe).digest("hex").slice(0, 12);
  const platform = currentPlatform().replace("/", "-");
  return join(userCacheDir(env), "tools", name, `${version}-${platform}-${goVersion(env)}-${key}`);
}

const noGo = "no-go";
const goVersions = new Map<string | undefined, string>();

/** `go1.26.8`, asked once; `noGo` where there is none. */
function goVersion(env: Env): string {
  const known = goVersions.get(env.PATH);
  if (known) return known;
  let version = noGo;
  try {
    // The machine's own Go, not one that a go.mod nearby asks for.
    const options = { env: { ...env, GOTOOLCHAIN: "local" }, encoding: "utf8", stdio: "pipe" } as const;
    version = execFileSync("go", ["env", "GOVERSION"], { ...options, cwd: tmpdir() }).trim() || version;
  } catch {}
  goVersions.set(env.PATH, version);
  return version;
}

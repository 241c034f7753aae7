import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ToolError } from "@gitops-actions/report";
import * as z from "zod";
import { childEnvironment } from "../environment.ts";
import { type ProcessResult, runProcess } from "../exec.ts";
import type { Machine, Progress } from "../machine.ts";
import { buildModule, GoMod } from "./gomod.ts";
import { programsOnPath } from "./path.ts";
import { fill } from "./pin.ts";

/** How Go is told where modules come from and where its caches are; the person's own settings stay in force. */
const goVariables =
  "GOPROXY GONOPROXY GOPRIVATE GOSUMDB GONOSUMDB GOINSECURE GOTOOLCHAIN GOROOT GOPATH GOMODCACHE GOCACHE GOENV XDG_CACHE_HOME XDG_CONFIG_HOME".split(
    " ",
  );

/** All that decides what comes out of the build of a program, Go itself aside. */
export interface Recipe {
  name: string;
  /** Without `v`. */
  version: string;
  module: string;
  /** `h1:` hash that the module must have; without it, Go's checksum database alone vouches for it. */
  sum?: string;
  /** Path of the main package below the module: `/cmd/tool`, or nothing. */
  package: string;
  /** Besides `-s -w`; `{module}` and `{version}` are filled in. */
  ldflags: string;
  /** For people: how long the build takes on two cores. */
  takes: string;
  /** Lines for go.mod in place of those that name a folder, which is not published: `a/b => a/b v1.2.3`. */
  replaces?: readonly string[];
  /** What to do where there is no Go. */
  remedy: string;
}

/**
 * Builds a program from its Go module into `target`. Its dependencies are those of its own go.mod, verified by its
 * go.sum and, where that has no line, by Go's checksum database. Throws ToolError `go` (no Go, build failed) or
 * `checksum`.
 */
export async function buildProgram(
  recipe: Recipe,
  target: string,
  staging: string,
  machine: Machine,
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const command = (await programsOnPath("go", machine))[0];
  if (!command) throw noGo(recipe);
  const cwd = join(staging, "build");
  await mkdir(cwd);
  const env = goEnvironment(machine);
  const go = async (...args: string[]): Promise<string> => {
    const limits = { deadlineMs: 30 * 60_000, maxOutputBytes: 16 << 20, maxMemoryBytes: 12 * 1024 ** 3 };
    const result = await runProcess({ command, args, cwd, env, ...limits }, signal);
    if (result.ended === "exit" && result.exitCode === 0) return Buffer.from(result.stdout).toString("utf8");
    throw goError(recipe, result);
  };

  const { name, module, version } = recipe;
  progress(`Building ${name} ${version} from its Go module (${recipe.takes})...`);
  const began = performance.now();
  const downloaded = Download.parse(
    JSON.parse(await go("mod", "download", "-json", `${module}@v${version}`)),
  );
  checkSum(recipe, downloaded.Sum);
  const program = GoMod.parse(JSON.parse(await go("mod", "edit", "-json", downloaded.GoMod)));
  const replaced = (recipe.replaces ?? []).map((line) => `replace ${line}\n`);
  await writeFile(join(cwd, "go.mod"), buildModule(program, module, version) + replaced.join(""));
  await writeSums(cwd, downloaded, recipe);
  const ldflags = `-s -w ${fill(recipe.ldflags, { module, version })}`.trim();
  await go("build", "-mod=mod", "-trimpath", "-ldflags", ldflags, "-o", "program", module + recipe.package);
  await copyFile(join(cwd, "program"), target);
  progress(`Built ${name} ${version} in ${Math.round((performance.now() - began) / 1000)} s.`);
}

/** What we read of `go mod download -json`. */
const Download = z.object({ Sum: z.string(), GoModSum: z.string(), GoMod: z.string(), Dir: z.string() });
type Download = z.infer<typeof Download>;

async function writeSums(
  cwd: string,
  { Dir, Sum, GoModSum }: Download,
  { module, version }: Recipe,
): Promise<void> {
  const own = `${module} v${version} ${Sum}\n${module} v${version}/go.mod ${GoModSum}\n`;
  const dependencies = await readFile(join(Dir, "go.sum"), "utf8").catch(() => "");
  await writeFile(join(cwd, "go.sum"), own + dependencies);
}

function checkSum({ module, version, sum }: Recipe, received: string): void {
  if (sum === undefined || received === sum) return;
  throw new ToolError(
    "checksum",
    `Wrong checksum: Go module ${module}@v${version}\n  expected ${sum}\n  received ${received}\n` +
      "The module was not used. Look at GOPROXY: it serves another module than the one that was published.",
  );
}

function goEnvironment(machine: Machine): Record<string, string> {
  const environment = childEnvironment(machine, goVariables);
  // Go keeps its settings and caches below HOME: with a private one it would fetch and compile everything again.
  if (machine.env.HOME) environment.HOME = machine.env.HOME;
  return {
    ...environment,
    CGO_ENABLED: "0",
    GOFLAGS: "-buildvcs=false",
    GOWORK: "off",
    GIT_TERMINAL_PROMPT: "0",
  };
}

function noGo({ name, version, remedy }: Recipe): ToolError {
  return new ToolError("go", `${name} ${version} cannot be built: there is no Go on PATH. ${remedy}`);
}

function goError({ name, version, module }: Recipe, result: ProcessResult): ToolError {
  if (result.ended === "cancelled") return new ToolError("cancelled", `Cancelled while building ${name}.`);
  const how = result.ended === "exit" ? `exit status ${result.exitCode}` : `stopped: ${result.ended}`;
  const said = errorOf(Buffer.from(result.stdout).toString("utf8")) ?? result.stderr;
  const lines = said.split("\n").filter((line) => line && !line.startsWith("go: downloading"));
  const code = /SECURITY ERROR|checksum mismatch/.test(said) ? "checksum" : "go";
  const excerpt = lines.slice(-8).join("\n  ");
  return new ToolError(
    code,
    `${name} ${version} could not be built from ${module} (go: ${how}).\n  ${excerpt}`,
  );
}

/** `go mod download -json` puts its error into the JSON. */
function errorOf(stdout: string): string | undefined {
  return /^\s*\{.*"Error":/s.test(stdout) ? (JSON.parse(stdout) as { Error: string }).Error : undefined;
}

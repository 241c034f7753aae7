import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ToolError } from "@gitops-actions/report";
import * as z from "zod";
import { childEnvironment } from "../environment.ts";
import { type ProcessResult, runProcess } from "../exec.ts";
import type { Machine, Progress } from "../machine.ts";
import { buildModule, GoMod } from "./gomod.ts";
import { programsOnPath } from "./path.ts";
import { fill, placeholders, type Wanted } from "./pin.ts";

/** How Go is told where modules come from and where its caches are; the person's own settings stay in force. */
const goVariables =
  "GOPROXY GONOPROXY GOPRIVATE GOSUMDB GONOSUMDB GOINSECURE GOTOOLCHAIN GOROOT GOPATH GOMODCACHE GOCACHE GOENV XDG_CACHE_HOME XDG_CONFIG_HOME".split(
    " ",
  );

/**
 * Builds a tool from its Go module into `target`. The module's hash is compared with the pin; its dependencies are
 * those of its own go.mod, verified by its go.sum and, where that has no line, by Go's checksum database. Throws
 * ToolError `go` (no Go, build failed) or `checksum`.
 */
export async function buildTool(
  wanted: Wanted,
  target: string,
  staging: string,
  machine: Machine,
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const command = (await programsOnPath("go", machine))[0];
  if (!command) throw noGo(wanted);
  const cwd = join(staging, "build");
  await mkdir(cwd);
  const env = goEnvironment(machine);
  const go = async (...args: string[]): Promise<string> => {
    const limits = { deadlineMs: 30 * 60_000, maxOutputBytes: 16 << 20, maxMemoryBytes: 12 * 1024 ** 3 };
    const result = await runProcess({ command, args, cwd, env, ...limits }, signal);
    if (result.ended === "exit" && result.exitCode === 0) return Buffer.from(result.stdout).toString("utf8");
    throw goError(wanted, result);
  };

  progress(`Building ${wanted.name} ${wanted.version} from its Go module (${wanted.pin.build.takes})...`);
  const began = performance.now();
  const { module, version, pin } = wanted;
  const downloaded = Download.parse(
    JSON.parse(await go("mod", "download", "-json", `${module}@v${version}`)),
  );
  checkSum(wanted, downloaded.Sum);
  const program = GoMod.parse(JSON.parse(await go("mod", "edit", "-json", downloaded.GoMod)));
  await writeFile(join(cwd, "go.mod"), buildModule(program, module, version));
  await writeSums(cwd, downloaded, wanted);
  const ldflags = `-s -w ${fill(pin.build.ldflags, placeholders(wanted))}`.trim();
  await go(
    "build",
    "-mod=mod",
    "-trimpath",
    "-ldflags",
    ldflags,
    "-o",
    "program",
    module + pin.build.package,
  );
  await copyFile(join(cwd, "program"), target);
  progress(`Built ${wanted.name} ${wanted.version} in ${Math.round((performance.now() - began) / 1000)} s.`);
}

/** What we read of `go mod download -json`. */
const Download = z.object({ Sum: z.string(), GoModSum: z.string(), GoMod: z.string(), Dir: z.string() });
type Download = z.infer<typeof Download>;

async function writeSums(
  cwd: string,
  { Dir, GoModSum }: Download,
  { module, version, sum }: Wanted,
): Promise<void> {
  const own = `${module} v${version} ${sum}\n${module} v${version}/go.mod ${GoModSum}\n`;
  const dependencies = await readFile(join(Dir, "go.sum"), "utf8").catch(() => "");
  await writeFile(join(cwd, "go.sum"), own + dependencies);
}

function checkSum(wanted: Wanted, received: string): void {
  if (received === wanted.sum) return;
  throw new ToolError(
    "checksum",
    `Wrong checksum: Go module ${wanted.module}@v${wanted.version}\n  expected ${wanted.sum}\n  received ${received}\n` +
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

function noGo({ name, version, range }: Wanted): ToolError {
  const remedy = `Install Go (https://go.dev/dl), or put ${name} ${range} on PATH.`;
  return new ToolError("go", `${name} ${version} cannot be built: there is no Go on PATH. ${remedy}`);
}

function goError({ name, version, module }: Wanted, result: ProcessResult): ToolError {
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

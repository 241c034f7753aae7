import { mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { ToolError } from "@gitops-actions/report";
import { childEnvironment } from "../environment.ts";
import { type ProcessResult, runProcess } from "../exec.ts";
import type { Machine, Progress } from "../machine.ts";
import { programsOnPath } from "./path.ts";
import { fill, placeholders, type Wanted } from "./pin.ts";

/** How Go is told where its modules and its caches are; the person's own settings stay in force. */
const goVariables = [
  "GOPROXY", "GONOPROXY", "GOPRIVATE", "GOSUMDB", "GONOSUMDB", "GOINSECURE", "GOTOOLCHAIN", "GOROOT", "GOPATH",
  "GOMODCACHE", "GOCACHE", "GOENV", "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
]; // biome-ignore format: one line says it

/**
 * Builds a tool from its Go module into `target`. The module's hash is compared with the pin, its dependencies' with
 * Go's checksum database. Throws ToolError `go` (no Go, build failed) or `checksum`.
 */
export async function buildTool(
  wanted: Wanted,
  target: string,
  staging: string,
  machine: Machine,
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const go = (await programsOnPath("go", machine))[0];
  if (!go) {
    throw new ToolError(
      "go",
      `${wanted.name} ${wanted.version} cannot be built: no Go on PATH. Install Go (https://go.dev/dl), or put ${wanted.name} ${wanted.range} on PATH.`,
    );
  }
  const run = (args: string[], extra: Record<string, string> = {}): Promise<ProcessResult> =>
    runGo(go, args, staging, { ...goEnvironment(machine), ...extra }, signal);

  progress(`Building ${wanted.name} ${wanted.version} from its Go module (${wanted.pin.build.takes})...`);
  const began = performance.now();
  const { module, version, pin } = wanted;
  const downloaded = await run(["mod", "download", "-json", `${module}@v${version}`]);
  checkModule(wanted, downloaded);

  const bin = join(staging, "bin");
  await mkdir(bin);
  const ldflags = `-s -w ${fill(pin.build.ldflags, placeholders(wanted))}`.trim();
  const built = await run(
    ["install", "-trimpath", "-ldflags", ldflags, `${module}${pin.build.package}@v${version}`],
    { GOBIN: bin },
  );
  const [program] = built.exitCode === 0 ? await readdir(bin) : [];
  if (!program) throw goError(wanted, built);
  await rename(join(bin, program), target);
  progress(`Built ${wanted.name} ${wanted.version} in ${Math.round((performance.now() - began) / 1000)} s.`);
}

function goEnvironment(machine: Machine): Record<string, string> {
  const environment = childEnvironment(machine, goVariables);
  // Go keeps its settings and caches below HOME: with a private one it would fetch and compile everything again.
  if (machine.env.HOME) environment.HOME = machine.env.HOME;
  return { ...environment, CGO_ENABLED: "0", GOFLAGS: "-trimpath", GOWORK: "off", GIT_TERMINAL_PROMPT: "0" };
}

function runGo(
  command: string,
  args: string[],
  cwd: string,
  env: Record<string, string>,
  signal?: AbortSignal,
): Promise<ProcessResult> {
  const limits = {
    deadlineMs: 30 * 60_000,
    maxOutputBytes: 16 * 1024 * 1024,
    maxMemoryBytes: 12 * 1024 ** 3,
  };
  return runProcess({ command, args, cwd, env, ...limits }, signal);
}

/** Compares what `go mod download -json` says with the pin. */
function checkModule(wanted: Wanted, result: ProcessResult): void {
  const answer = parseDownload(Buffer.from(result.stdout).toString("utf8"));
  if (result.exitCode !== 0 || !answer.sum) throw goError(wanted, result, answer.error);
  if (answer.sum === wanted.sum) return;
  throw new ToolError(
    "checksum",
    `Wrong checksum: Go module ${wanted.module}@v${wanted.version}\n  expected ${wanted.sum}\n  received ${answer.sum}\nThe module was not used. Look at GOPROXY: the proxy serves another module than the one that was published.`,
  );
}

/** Sum and error of `go mod download -json`. */
export function parseDownload(stdout: string): { sum?: string; error?: string } {
  try {
    const { Sum: sum, Error: error } = JSON.parse(stdout) as { Sum?: string; Error?: string };
    return { ...(sum ? { sum } : {}), ...(error ? { error } : {}) };
  } catch {
    return {};
  }
}

function goError(wanted: Wanted, result: ProcessResult, said?: string): ToolError {
  if (result.ended === "cancelled")
    return new ToolError("cancelled", `Cancelled while building ${wanted.name}`);
  const how =
    result.ended === "exit"
      ? `go ended with exit status ${result.exitCode}`
      : `go was stopped (${result.ended})`;
  const lines = (said ?? result.stderr)
    .split("\n")
    .filter((line) => line && !line.startsWith("go: downloading"));
  const last = lines.slice(-8).join("\n  ");
  return new ToolError(
    "go",
    `${wanted.name} ${wanted.version} could not be built from ${wanted.module}: ${how}.\n  ${last}`,
  );
}

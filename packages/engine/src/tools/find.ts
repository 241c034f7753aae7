import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { ToolError, UsageError } from "@gitops-actions/report";
import { satisfies } from "semver";
import type { Machine, Progress } from "../machine.ts";
import { cacheError, type Entry, entryFolder, readEntry, whileLocked } from "./cache.ts";
import type { DownloadLimits } from "./download.ts";
import { obtain } from "./obtain.ts";
import { isProgram, programsOnPath } from "./path.ts";
import { currentPlatform, type Wanted, wantedTool } from "./pin.ts";
import type { ToolName } from "./pins.ts";
import { askVersion, sha256OfFile, type Tool } from "./tool.ts";

export interface ToolSettings {
  /** Versions chosen by the person or by a lock in the repository; each must have a pin. */
  versions?: Partial<Record<ToolName, string>>;
  /** Programs to use as they are, relative to the folder the person is in. For kustomize, kubectl will do. */
  paths?: Partial<Record<ToolName, string>>;
  /** Where a tool may come from; `auto` tries cache, PATH, release and, if allowed, the Go module. */
  from?: "auto" | "release" | "go" | "path";
  /** URL template that stands in for the release's: {tool} {version} {os} {arch} {asset}. Checksums stay the same. */
  mirror?: string;
  /** Whether `auto` may build from the Go module when nothing else gives the tool. */
  allowBuild: boolean;
}

export interface ToolOptions {
  signal?: AbortSignal;
  limits?: DownloadLimits;
}

/** What does a tool's work when the tool itself cannot be had. */
const standIns: Partial<Record<ToolName, ToolName>> = { kustomize: "kubectl" };

/**
 * Finds a tool or gets it: the given path; the cache; PATH, where the version is in the pin's range; the pinned
 * release or its mirror, verified; the Go module. When nothing gives kustomize and nobody chose its version, a
 * kubectl on PATH stands in (the tool's `name` tells). Throws UsageError for what the person named wrongly and
 * ToolError when the tool cannot be had; a wrong checksum ends the search.
 */
export async function ensureTool(
  name: ToolName,
  settings: ToolSettings,
  machine: Machine,
  progress: Progress,
  options: ToolOptions = {},
): Promise<Tool> {
  const platform = currentPlatform();
  const wanted = wantedTool(name, platform, settings.versions?.[name]);
  try {
    return await ensureWanted(wanted, settings, machine, progress, options);
  } catch (error) {
    const absent = error instanceof ToolError && ["download", "no-release", "not-found"].includes(error.code);
    const other = standIns[name];
    if (!absent || !other || settings.versions?.[name]) throw error;
    const found = await onPath(wantedTool(other, platform), settings, machine, []);
    if (!found) throw error;
    progress(
      `${error.message}\n${other} ${found.version} on PATH stands in for ${name}; its output may differ.`,
    );
    return found;
  }
}

/** `ensureTool` for a tool described in full, without a stand-in. */
export async function ensureWanted(
  wanted: Wanted,
  settings: ToolSettings,
  machine: Machine,
  progress: Progress,
  options: ToolOptions = {},
): Promise<Tool> {
  const present =
    (await given(wanted, settings, machine)) ?? (await cached(wanted, settings, machine, progress));
  if (present) return present;
  const refused: string[] = [];
  const found = await onPath(wanted, settings, machine, refused);
  if (found) return found;
  if (settings.from === "path") throw notOnPath(wanted, refused);
  try {
    return await whileLocked(machine, wanted, progress, async () => {
      // Another process may have stored it while we waited for the lock.
      const stored = await cached(wanted, settings, machine, progress);
      return stored ?? (await obtain(wanted, settings, machine, progress, options));
    });
  } catch (error) {
    throw cacheError(error, machine.cacheDir);
  }
}

/** The program that the person named; undefined when none was. */
export async function given(
  wanted: Wanted,
  settings: ToolSettings,
  machine: Machine,
): Promise<Tool | undefined> {
  const named = settings.paths?.[wanted.name];
  if (!named) return undefined;
  const path = resolve(machine.cwd, named);
  if (!(await isProgram(path))) {
    throw new UsageError(
      `${wanted.name}: ${named} is not a program that can be run. Name the path of ${wanted.name} itself.`,
    );
  }
  const { name, version } = await identify(wanted.name, path, machine);
  return { name, version, path, source: "given", sha256: await sha256OfFile(path) };
}

async function identify(
  name: ToolName,
  path: string,
  machine: Machine,
): Promise<Pick<Tool, "name" | "version">> {
  try {
    return { name, version: await askVersion(name, path, machine) };
  } catch (error) {
    const other = standIns[name];
    const version = other && (await askVersion(other, path, machine).catch(() => undefined));
    if (!version) throw error;
    return { name: other, version };
  }
}

/** Which cache entries `from` admits, in the order in which they are tried. */
export function admittedKinds(settings: ToolSettings): readonly ("release" | "go")[] {
  const kinds = { auto: ["release", "go"], release: ["release"], go: ["go"], path: [] } as const;
  return kinds[settings.from ?? "auto"];
}

export function cachedTool({ name, version }: Wanted, { path, entry }: { path: string; entry: Entry }): Tool {
  return { name, version, path, source: "cache", sha256: entry.sha256 };
}

/** Looks into the cache; an entry that was tampered with is removed, and that is said. */
async function cached(
  wanted: Wanted,
  settings: ToolSettings,
  machine: Machine,
  progress: Progress,
): Promise<Tool | undefined> {
  for (const kind of admittedKinds(settings)) {
    const folder = entryFolder(machine.cacheDir, wanted, kind);
    const found = await readEntry(folder, wanted);
    if (found.state === "valid") return cachedTool(wanted, found);
    if (found.state === "changed") {
      const sums = `sha256 ${found.actual}, stored ${found.expected}`;
      progress(
        `${found.path} is not the program that was stored there (${sums}). It is removed and fetched again.`,
      );
      await rm(folder, { recursive: true, force: true });
    }
  }
  return undefined;
}

/** The first program on PATH whose version is in range; why others were passed over goes into `refused`. */
export async function onPath(
  wanted: Wanted,
  settings: ToolSettings,
  machine: Machine,
  refused: string[],
): Promise<Tool | undefined> {
  if (settings.from === "release" || settings.from === "go") return undefined;
  for (const path of await programsOnPath(wanted.name, machine)) {
    try {
      const version = await askVersion(wanted.name, path, machine);
      if (satisfies(version, wanted.range)) {
        return { name: wanted.name, version, path, source: "path", sha256: await sha256OfFile(path) };
      }
      refused.push(`${path} is ${version}`);
    } catch (error) {
      refused.push((error as Error).message);
    }
  }
  return undefined;
}

function notOnPath(wanted: Wanted, refused: string[]): ToolError {
  const { name, version, range } = wanted;
  const why = refused.length > 0 ? refused.join("; ") : `there is no ${name}`;
  const remedy = `Install ${name} ${version}, or let it be fetched (tools-from: auto).`;
  return new ToolError("not-found", `${name} ${range} is not on PATH: ${why}. ${remedy}`);
}

import { chmod, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ToolError, UsageError } from "@gitops-actions/report";
import { satisfies } from "semver";
import type { Machine, Progress } from "../machine.ts";
import { unpackMember } from "./archive.ts";
import { buildTool } from "./build.ts";
import { cacheError, entryFolder, readEntry, storeEntry, whileLocked } from "./cache.ts";
import { type DownloadLimits, download, downloadLimits } from "./download.ts";
import { isProgram, programsOnPath } from "./path.ts";
import { currentPlatform, fill, placeholders, type Wanted, wantedTool } from "./pin.ts";
import type { ToolName } from "./pins.ts";
import { askVersion, sha256OfFile, type Tool } from "./tool.ts";

export interface ToolSettings {
  /** Versions chosen by the person or by a lock in the repository; each must have a pin. */
  versions?: Partial<Record<ToolName, string>>;
  /** Programs to use as they are, relative to the folder the person is in. */
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

/**
 * Finds a tool or gets it: the given path; the cache; PATH, where the version is in the pin's range; the pinned
 * release or its mirror, verified; the Go module. Throws UsageError for what the person named wrongly and ToolError
 * when the tool cannot be had; a wrong checksum ends the search.
 */
export async function ensureTool(
  name: ToolName,
  settings: ToolSettings,
  machine: Machine,
  progress: Progress,
  options: ToolOptions = {},
): Promise<Tool> {
  return await ensureWanted(
    wantedTool(name, currentPlatform(), settings.versions?.[name]),
    settings,
    machine,
    progress,
    options,
  );
}

/** `ensureTool` for a tool described in full. */
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
      return (
        (await cached(wanted, settings, machine, progress)) ??
        (await obtain(wanted, settings, machine, progress, options))
      );
    });
  } catch (error) {
    throw cacheError(error, machine.cacheDir);
  }
}

async function given(wanted: Wanted, settings: ToolSettings, machine: Machine): Promise<Tool | undefined> {
  const named = settings.paths?.[wanted.name];
  if (!named) return undefined;
  const path = resolve(machine.cwd, named);
  if (!(await isProgram(path)))
    throw new UsageError(
      `${wanted.name}: ${named} is not a program that can be run. Name the path of ${wanted.name} itself.`,
    );
  return {
    name: wanted.name,
    version: await askVersion(wanted.name, path, machine),
    path,
    source: "given",
    sha256: await sha256OfFile(path),
  };
}

/** Looks at the cache entries that `from` admits; an entry that was tampered with is removed, and that is said. */
export async function cached(
  wanted: Wanted,
  settings: ToolSettings,
  machine: Machine,
  progress: Progress,
): Promise<Tool | undefined> {
  const kinds = ({ auto: ["release", "go"], release: ["release"], go: ["go"], path: [] } as const)[
    settings.from ?? "auto"
  ];
  for (const kind of kinds) {
    const folder = entryFolder(machine.cacheDir, wanted, kind);
    const found = await readEntry(folder, wanted);
    if (found.state === "valid") {
      return {
        name: wanted.name,
        version: wanted.version,
        path: found.path,
        source: "cache",
        sha256: found.entry.sha256,
      };
    }
    if (found.state === "changed") {
      progress(
        `${found.path} is not the program that was stored there (sha256 ${found.actual}, stored ${found.expected}). It is removed and fetched again.`,
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
  const why = refused.length > 0 ? refused.join("; ") : `there is no ${wanted.name}`;
  return new ToolError(
    "not-found",
    `${wanted.name} ${wanted.range} is not on PATH: ${why}. Install ${wanted.name} ${wanted.version}, or let it be fetched (tools-from: auto).`,
  );
}

async function obtain(
  wanted: Wanted,
  settings: ToolSettings,
  machine: Machine,
  progress: Progress,
  options: ToolOptions,
): Promise<Tool> {
  const from = settings.from ?? "auto";
  const mayBuild = from === "go" || (from === "auto" && settings.allowBuild);
  if (from !== "go") {
    try {
      return await fromRelease(wanted, settings.mirror, machine, progress, options);
    } catch (error) {
      const absent = error instanceof ToolError && (error.code === "download" || error.code === "no-release");
      if (!absent) throw error;
      if (!mayBuild)
        throw new ToolError(error.code, `${error.message}\n${remedies(wanted, settings.mirror)}`, {
          cause: error,
        });
      if (error.code === "download") progress(error.message);
    }
  }
  const facts = {
    name: wanted.name,
    version: wanted.version,
    origin: "go" as const,
    from: `${wanted.module}@v${wanted.version}`,
  };
  return await store(wanted, facts, machine, (path, staging) =>
    buildTool(wanted, path, staging, machine, progress, options.signal),
  );
}

function remedies(wanted: Wanted, mirror: string | undefined): string {
  const other = mirror ? "look at tools-mirror" : "name a mirror (tools-mirror)";
  return `Put ${wanted.name} ${wanted.range} on PATH, ${other}, or have it built from its Go module (tools-from: go).`;
}

async function fromRelease(
  wanted: Wanted,
  mirror: string | undefined,
  machine: Machine,
  progress: Progress,
  options: ToolOptions,
): Promise<Tool> {
  const { release } = wanted.pin;
  const asset = wanted.assets[wanted.platform];
  if (!release || !asset) {
    throw new ToolError(
      "no-release",
      `No checksum is known for ${wanted.name} ${wanted.version} on ${wanted.platform}, so its release is not downloaded.`,
    );
  }
  const url = mirror ? mirrorUrl(mirror, wanted) : fill(release.url, placeholders(wanted));
  const origin = mirror ? ("mirror" as const) : ("release" as const);
  progress(`Downloading ${wanted.name} ${wanted.version} from ${new URL(url).host}...`);
  return await store(
    wanted,
    { name: wanted.name, version: wanted.version, origin, from: withoutCredentials(url) },
    machine,
    async (path, staging) => {
      const file = release.member ? join(staging, asset.name) : path;
      await download(url, file, asset.sha256, machine, options.limits ?? downloadLimits, options.signal);
      if (release.member) await unpackMember(file, fill(release.member, placeholders(wanted)), path);
    },
  );
}

/** The address of a tool on a mirror; a template that names neither {asset} nor {os} and {arch} is the assets' folder. */
export function mirrorUrl(template: string, wanted: Wanted): string {
  const values = placeholders(wanted);
  const names = template.includes("{asset}") || (template.includes("{os}") && template.includes("{arch}"));
  const url = fill(names ? template : `${template.replace(/\/$/, "")}/{asset}`, values);
  const unknown = /\{\w*\}/.exec(url)?.[0];
  if (unknown)
    throw new UsageError(
      `tools-mirror: ${unknown} is not known. The template may name {tool} {version} {os} {arch} {asset}.`,
    );
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new UsageError(
      `tools-mirror: ${JSON.stringify(template)} is not an http(s) address. Example: https://mirror.example/{tool}/{version}/{asset}`,
    );
  }
  return url;
}

function withoutCredentials(address: string): string {
  const url = new URL(address);
  url.username = "";
  url.password = "";
  url.search = "";
  return url.href;
}

async function store(
  wanted: Wanted,
  facts: { name: string; version: string; origin: "release" | "mirror" | "go"; from: string },
  machine: Machine,
  make: (path: string, staging: string) => Promise<void>,
): Promise<Tool> {
  const folder = entryFolder(machine.cacheDir, wanted, facts.origin === "go" ? "go" : "release");
  const { path, entry } = await storeEntry(folder, facts, async (target, staging) => {
    await make(target, staging);
    await checkVersion(wanted, target, machine);
  });
  return { name: wanted.name, version: wanted.version, path, source: facts.origin, sha256: entry.sha256 };
}

/** A tool whose own version is not the pinned one would make every report wrong. */
async function checkVersion(wanted: Wanted, path: string, machine: Machine): Promise<void> {
  await chmod(path, 0o755);
  const version = await askVersion(wanted.name, path, machine);
  if (version !== wanted.version)
    throw new ToolError(
      "version",
      `${wanted.name} ${wanted.version} was wanted, and the program that came says it is ${version}.`,
    );
}

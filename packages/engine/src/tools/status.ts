import type { Machine } from "../machine.ts";
import { type Entry, entryFolder, readEntry } from "./cache.ts";
import { admittedKinds, cachedTool, given, onPath, type ToolSettings } from "./find.ts";
import { currentPlatform, type Wanted, wantedTool } from "./pin.ts";
import { type ToolName, toolNames } from "./pins.ts";
import type { Tool } from "./tool.ts";

/** What `gitops tools` says of one tool. */
export interface ToolStatus {
  name: ToolName;
  /** The version that would be fetched. */
  wanted: string;
  /** What PATH may offer (semver range). */
  accepts: string;
  /** Used by our tests only. */
  development: boolean;
  found?: Tool;
  /** How the program that was found was verified, or what would happen if the tool were needed now. */
  verified: string;
}

/** Looks for every tool where `ensureTool` would, without fetching or building anything; sorted as pinned. */
export async function listTools(settings: ToolSettings, machine: Machine): Promise<ToolStatus[]> {
  const statuses: ToolStatus[] = [];
  for (const name of toolNames)
    statuses.push(
      await statusOf(wantedTool(name, currentPlatform(), settings.versions?.[name]), settings, machine),
    );
  return statuses;
}

async function statusOf(wanted: Wanted, settings: ToolSettings, machine: Machine): Promise<ToolStatus> {
  const status = {
    name: wanted.name,
    wanted: wanted.version,
    accepts: wanted.range,
    development: wanted.pin.development ?? false,
  };
  if (settings.paths?.[wanted.name]) return await statusOfGiven(wanted, status, settings, machine);
  const changed: string[] = [];
  for (const kind of admittedKinds(settings)) {
    const found = await readEntry(entryFolder(machine.cacheDir, wanted, kind), wanted);
    if (found.state === "valid")
      return { ...status, found: cachedTool(wanted, found), verified: howVerified(found.entry) };
    if (found.state === "changed")
      changed.push(`${found.path} was changed since it was stored and is not used`);
  }
  const refused: string[] = [];
  const inPath = await onPath(wanted, settings, machine, refused);
  if (inPath)
    return {
      ...status,
      found: inPath,
      verified: `version in range ${wanted.range}; not verified: from PATH`,
    };
  return {
    ...status,
    verified: [
      `not there; would come from ${nextSource(wanted, settings)}`,
      ...changed,
      ...refused.map((why) => `passed over: ${why}`),
    ].join("; "),
  };
}

async function statusOfGiven(
  wanted: Wanted,
  status: Omit<ToolStatus, "verified">,
  settings: ToolSettings,
  machine: Machine,
): Promise<ToolStatus> {
  try {
    const found = await given(wanted, settings, machine);
    return { ...status, ...(found ? { found } : {}), verified: "not verified: the path was given" };
  } catch (error) {
    return { ...status, verified: (error as Error).message };
  }
}

function howVerified({ origin, from }: Entry): string {
  if (origin !== "go") return `sha256 of the release pinned: ${from}`;
  return `built from ${from}: its hash is pinned, its dependencies' are in its go.sum`;
}

function nextSource(wanted: Wanted, settings: ToolSettings): string {
  const hasRelease = wanted.pin.release !== undefined && wanted.assets[wanted.platform] !== undefined;
  if (settings.from === "path") return "nowhere: only PATH is allowed";
  if (settings.from !== "go" && hasRelease) return settings.mirror ? "the mirror" : "its release";
  if (settings.from === "go" || (settings.from !== "release" && settings.allowBuild))
    return `its Go module (${wanted.pin.build.takes})`;
  return `nowhere: no checksum is known for ${wanted.platform}`;
}

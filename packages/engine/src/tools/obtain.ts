import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { ToolError, UsageError } from "@gitops-actions/report";
import type { Machine, Progress } from "../machine.ts";
import { unpackMember } from "./archive.ts";
import { buildTool } from "./build.ts";
import { type Entry, entryFolder, storeEntry } from "./cache.ts";
import { download, downloadLimits, withoutCredentials } from "./download.ts";
import type { ToolOptions, ToolSettings } from "./find.ts";
import { fill, placeholders, type Wanted } from "./pin.ts";
import { askVersion, type Tool } from "./tool.ts";

/**
 * Brings a tool into the cache: its release or mirror, and when that cannot be reached the Go module, where that is
 * allowed. A file with another checksum than the pinned one is an error, never a reason to try the next source.
 */
export async function obtain(
  wanted: Wanted,
  settings: ToolSettings,
  machine: Machine,
  progress: Progress,
  options: ToolOptions,
): Promise<Tool> {
  const from = settings.from ?? "auto";
  if (from !== "go") {
    try {
      return await fromRelease(wanted, settings.mirror, machine, progress, options);
    } catch (error) {
      const absent = error instanceof ToolError && (error.code === "download" || error.code === "no-release");
      if (!absent) throw error;
      if (from !== "auto" || !settings.allowBuild) {
        const message = `${error.message}\n${remedies(wanted, settings.mirror)}`;
        throw new ToolError(error.code, message, { cause: error });
      }
      if (error.code === "download") progress(error.message);
    }
  }
  const facts = { origin: "go" as const, from: `${wanted.module}@v${wanted.version}` };
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
  const { name, version, platform } = wanted;
  const { release } = wanted.pin;
  const asset = wanted.assets[platform];
  if (!release || !asset) {
    const message = `No checksum is known for ${name} ${version} on ${platform}, so its release is not downloaded.`;
    throw new ToolError("no-release", message);
  }
  const url = mirror ? mirrorUrl(mirror, wanted) : fill(release.url, placeholders(wanted));
  const facts = {
    origin: mirror ? ("mirror" as const) : ("release" as const),
    from: withoutCredentials(url),
  };
  progress(`Downloading ${name} ${version} from ${new URL(url).host}...`);
  return await store(wanted, facts, machine, async (path, staging) => {
    const file = release.member ? join(staging, asset.name) : path;
    await download(url, file, asset.sha256, machine, options.limits ?? downloadLimits, options.signal);
    if (release.member) await unpackMember(file, fill(release.member, placeholders(wanted)), path);
  });
}

/** The address of a tool on a mirror; a template that names neither {asset} nor {os} and {arch} is the assets' folder. */
export function mirrorUrl(template: string, wanted: Wanted): string {
  const whole = template.includes("{asset}") || (template.includes("{os}") && template.includes("{arch}"));
  const url = fill(whole ? template : `${template.replace(/\/$/, "")}/{asset}`, placeholders(wanted));
  const unknown = /\{\w*\}/.exec(url)?.[0];
  if (unknown) {
    const known = "{tool} {version} {os} {arch} {asset}";
    throw new UsageError(`tools-mirror: ${unknown} is not known. The template may name ${known}.`);
  }
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  const example = "https://mirror.example/{tool}/{version}/{asset}";
  throw new UsageError(
    `tools-mirror: ${JSON.stringify(template)} is not an http(s) address. Example: ${example}`,
  );
}

async function store(
  wanted: Wanted,
  facts: Pick<Entry, "origin" | "from">,
  machine: Machine,
  make: (path: string, staging: string) => Promise<void>,
): Promise<Tool> {
  const { name, version } = wanted;
  const folder = entryFolder(machine.cacheDir, wanted, facts.origin === "go" ? "go" : "release");
  const { path, entry } = await storeEntry(folder, { name, version, ...facts }, async (target, staging) => {
    await make(target, staging);
    await chmod(target, 0o755);
    // A tool whose own version is not the pinned one would make every report wrong.
    const says = await askVersion(name, target, machine);
    if (says === version) return;
    throw new ToolError(
      "version",
      `${name} ${version} was wanted, and the program that came says it is ${says}.`,
    );
  });
  return { name, version, path, source: facts.origin, sha256: entry.sha256 };
}

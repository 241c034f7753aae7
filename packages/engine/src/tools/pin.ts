import { ToolError, UsageError } from "@gitops-actions/report";
import { pins, type ToolName } from "./pins.ts";

/** `<os>/<arch>` in Go's words. */
export type Platform = "linux/amd64" | "linux/arm64" | "darwin/amd64" | "darwin/arm64";

export interface Asset {
  name: string;
  /** Of the file as it is downloaded, not of what is in it. */
  sha256: string;
}

export interface PinnedVersion {
  module: string;
  /** `h1:` hash of the module at this version. */
  sum: string;
  assets: Partial<Record<Platform, Asset>>;
}

export interface Pin {
  /** The version that is used when nobody chooses another. */
  version: string;
  /** What is accepted from PATH (semver range) when nobody chose a version. */
  range: string;
  /** Used by our tests only. */
  development?: boolean;
  /** Arguments with which the tool prints its version; `build-info`: it does not, and its Go modules are read instead. */
  ask: readonly string[] | "build-info";
  /** Where the version, without `v`, stands in what it prints then: the first group. */
  says: RegExp;
  /** `member`: path of the program inside the .tar.gz; without it the asset is the program itself. */
  release?: { url: string; member?: string };
  build: {
    /** Path of the main package below the module. */
    package: string;
    ldflags: string;
    /** For people: how long the build takes on two cores. */
    takes: string;
  };
  versions: Readonly<Record<string, PinnedVersion>>;
}

/** One tool at one version on one platform: everything known of it before it is looked for. */
export interface Wanted extends PinnedVersion {
  name: ToolName;
  version: string;
  platform: Platform;
  pin: Pin;
  /** What PATH may offer: the pin's range, or exactly the version that was asked for. */
  range: string;
}

/** Looks a tool up in the pins; throws UsageError for a version that has no entry. */
export function wantedTool(name: ToolName, platform: Platform, version?: string): Wanted {
  const pin: Pin = pins[name];
  const chosen = version?.replace(/^v/, "") ?? pin.version;
  const pinned = Object.hasOwn(pin.versions, chosen) ? pin.versions[chosen] : undefined;
  if (!pinned) {
    const known = Object.keys(pin.versions).join(", ");
    throw new UsageError(
      `${name} ${version}: no checksum is known for this version. Known versions: ${known}. To use another one, name its path.`,
    );
  }
  return {
    ...pinned,
    name,
    version: chosen,
    platform,
    pin,
    range: version === undefined ? pin.range : chosen,
  };
}

/** The platform we run on, in Go's words; throws ToolError where no tool of ours runs. */
export function currentPlatform(os: string = process.platform, arch: string = process.arch): Platform {
  const platform = `${os}/${arch === "x64" ? "amd64" : arch}`;
  if (["linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"].includes(platform))
    return platform as Platform;
  throw new ToolError(
    "platform",
    `There are no pinned tools for ${platform}. Linux and macOS on amd64 and arm64 are supported.`,
  );
}

/** Fills `{name}` places of a template; a name that is not among `values` stays. */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (place, name: string) => values[name] ?? place);
}

/** What the templates of a pin (and of a mirror) may name. */
export function placeholders(wanted: Wanted): Record<string, string> {
  const [os = "", arch = ""] = wanted.platform.split("/");
  return {
    tool: wanted.name,
    version: wanted.version,
    os,
    arch,
    asset: wanted.assets[wanted.platform]?.name ?? "",
    module: wanted.module,
  };
}

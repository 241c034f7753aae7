import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { ToolError } from "@gitops-actions/report";
import { childEnvironment, withoutNetwork } from "../environment.ts";
import { runProcess } from "../exec.ts";
import type { Machine } from "../machine.ts";
import { readBuildInfo } from "./buildinfo.ts";
import type { Pin } from "./pin.ts";
import { pins, type ToolName } from "./pins.ts";
import { parseVersion } from "./version.ts";

export type ToolSource = "given" | "cache" | "path" | "release" | "mirror" | "go";

/** A tool that is ready to run. */
export interface Tool {
  name: ToolName;
  /** As the tool itself says, without `v`. */
  version: string;
  path: string;
  source: ToolSource;
  /** Of the program file. */
  sha256: string;
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }))
    hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** Asks a program for its version; throws ToolError `version` when it does not run or says nothing we understand. */
export async function askVersion(name: ToolName, path: string, machine: Machine): Promise<string> {
  const { ask }: Pin = pins[name];
  if (ask === "build-info") {
    const built = parseVersion(name, await readBuildInfo(path));
    if (built) return built;
    throw new ToolError("version", `${path} was not built from the Go module of ${name}`);
  }
  const result = await runProcess({
    command: path,
    args: [...ask],
    cwd: machine.tempDir,
    env: withoutNetwork(childEnvironment(machine, [])),
    deadlineMs: 20_000,
    maxOutputBytes: 1024 * 1024,
    maxMemoryBytes: 1024 ** 3,
  });
  const output = Buffer.from(result.stdout).toString("utf8");
  const version = result.ended === "exit" && result.exitCode === 0 ? parseVersion(name, output) : undefined;
  if (version) return version;
  const said = (output.trim() || result.stderr.trim()).split("\n")[0] ?? "";
  const how = result.ended === "exit" ? `exit status ${result.exitCode}` : result.ended;
  throw new ToolError(
    "version",
    `${path} does not tell its version as ${name} does (${how}): ${said.slice(0, 200) || "no output"}`,
  );
}

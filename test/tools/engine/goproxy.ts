import { createHash } from "node:crypto";
import { chmodSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { onTestFinished } from "vitest";
import { write } from "./machine.ts";
import { sha256 } from "./wanted.ts";

/** Publishes a module on a proxy that is a folder (GOPROXY=file://FOLDER); returns its `h1:` hash. */
export function publish(
  proxy: string,
  module: string,
  version: string,
  files: Record<string, string>,
): string {
  const named = Object.entries(files).map(([path, content]): [string, string] => [
    `${module}@${version}/${path}`,
    content,
  ]);
  named.sort(([a], [b]) => (a < b ? -1 : 1));
  write(join(proxy, module, "@v"), {
    list: `${version}\n`,
    [`${version}.info`]: JSON.stringify({ Version: version, Time: "2026-01-01T00:00:00Z" }),
    [`${version}.mod`]: files["go.mod"] ?? "",
    [`${version}.zip`]: zip(named),
  });
  return hash(named);
}

/** The hash of a go.mod file, for go.sum. */
export function goModHash(content: string): string {
  return hash([["go.mod", content]]);
}

/** golang.org/x/mod/sumdb/dirhash, Hash1. */
function hash(files: [string, string][]): string {
  const lines = files.map(([name, content]) => `${sha256(content)}  ${name}\n`);
  return `h1:${createHash("sha256").update(lines.join("")).digest("base64")}`;
}

/** The environment in which Go knows only that proxy. Compiled packages of the standard library come from the user's cache. */
export function goEnvironment(proxy: string, folder: string): Record<string, string> {
  const modules = join(folder, "modules");
  // Go makes its module cache read-only, which keeps others from removing it.
  onTestFinished(() => makeWritable(modules));
  return {
    GOPROXY: `file://${proxy}`,
    GOSUMDB: "off",
    GOMODCACHE: modules,
    GOTOOLCHAIN: "local",
    HOME: process.env.HOME ?? folder,
  };
}

function makeWritable(folder: string): void {
  try {
    chmodSync(folder, 0o755);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) makeWritable(join(folder, entry.name));
    }
  } catch {
    // It was never made.
  }
}

/** A zip archive without compression (APPNOTE.TXT, sections 4.3.7, 4.3.12, 4.3.16). */
function zip(files: [string, string][]): Uint8Array {
  const [locals, central]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [name, content] of files) {
    const [path, data] = [Buffer.from(name), Buffer.from(content)];
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x21, 8); // 1980-01-01
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, path, data]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\0"), common, place, path]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

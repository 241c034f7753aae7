import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { ToolError } from "@gitops-actions/report";
import { extract } from "tar-stream";
import * as z from "zod";
import type { Machine } from "../machine.ts";
import { leavesFolder } from "../tools/archive.ts";
import { download, downloadLimits } from "../tools/download.ts";
import { type BundleAddress, isLoopback } from "./address.ts";
import { authorizationOf, readLogin } from "./registrylogin.ts";

/** Most that a bundle of policies may hold, unpacked. */
export const bundleLimits = { files: 10_000, bytes: 64 * 1024 * 1024 };

const Manifest = z.object({
  layers: z.array(
    z.object({
      mediaType: z.string(),
      digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
      annotations: z.record(z.string(), z.string()).optional(),
    }),
  ),
});
type Layer = z.infer<typeof Manifest>["layers"][number];

/**
 * The files of a bundle in a registry, as `conftest push`, `oras push` and `opa build` store them: archives, or one
 * layer a file. Every byte is compared with the digest that names it, also when it comes from the cache; what differs
 * is a ToolError `checksum`.
 */
export async function readRegistry(
  address: BundleAddress & { kind: "oci" },
  hosts: ReadonlySet<string>,
  machine: Machine,
  signal?: AbortSignal,
): Promise<Map<string, string>> {
  const { host, repository, digest } = address;
  const base = `${isLoopback(host) ? "http" : "https"}://${host}/v2/${repository}`;
  let authorization: Promise<string | undefined> | undefined;
  const blob = async (kind: "manifests" | "blobs", sha256: string): Promise<Buffer> => {
    const known = readCached(machine, sha256);
    if (known) return known;
    authorization ??= authorizationOf(new URL(base).origin, repository, hosts, machine, signal);
    const granted = await authorization;
    const headers = {
      accept: "application/vnd.oci.image.manifest.v1+json, application/octet-stream, */*",
      ...(granted && { authorization: granted }),
    };
    try {
      return await fetchBlob(`${base}/${kind}/sha256:${sha256}`, sha256, headers, hosts, machine, signal);
    } catch (error) {
      throw withAdvice(error, host, machine);
    }
  };
  const parsed = Manifest.safeParse(parseJson(await blob("manifests", digest)));
  if (!parsed.success)
    throw new ToolError(
      "bundle",
      `${address.given} is no OCI image manifest with layers (an index, perhaps).`,
    );
  const files = new Map<string, string>();
  for (const layer of parsed.data.layers)
    await unpack(layer, await blob("blobs", layer.digest.slice("sha256:".length)), files, address.given);
  return files;
}

function folderOf(machine: Machine): string {
  return join(machine.cacheDir, "policies", "oci");
}

/** A cached blob; undefined when there is none, or when it is not what its name says. */
function readCached(machine: Machine, sha256: string): Buffer | undefined {
  try {
    const bytes = readFileSync(join(folderOf(machine), sha256));
    return createHash("sha256").update(bytes).digest("hex") === sha256 ? bytes : undefined;
  } catch {
    return undefined;
  }
}

async function fetchBlob(
  url: string,
  sha256: string,
  headers: Record<string, string>,
  hosts: ReadonlySet<string>,
  machine: Machine,
  signal?: AbortSignal,
): Promise<Buffer> {
  const folder = folderOf(machine);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const staging = await mkdtemp(join(folder, "new-"));
  try {
    const file = join(staging, sha256);
    const limits = { ...downloadLimits, maxBytes: bundleLimits.bytes, headers, hosts };
    await download(url, file, sha256, machine, limits, signal);
    const bytes = readFileSync(file);
    renameSync(file, join(folder, sha256));
    return bytes;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** What to do where a registry lets nobody read, or not this one. */
function withAdvice(error: unknown, host: string, machine: Machine): unknown {
  if (!(error instanceof ToolError) || !/the server answered 40[134]/.test(error.message)) return error;
  const advice = readLogin(host, machine)
    ? `The login for ${host} in docker's config.json was used: see whether it may read this.`
    : `If it is not public, log in before (docker login ${host}, or docker/login-action): the login is read from docker's config.json, and not from a credential helper.`;
  return new ToolError(error.code, `${error.message}. ${advice}`, { cause: error });
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Adds the files of a layer. Names that lead out, links and what is not UTF-8 are never written anywhere: these are texts. */
async function unpack(layer: Layer, bytes: Buffer, files: Map<string, string>, given: string): Promise<void> {
  const add = (path: string, content: Buffer): void => {
    if (leavesFolder(path) || path === "")
      throw new ToolError("bundle", `${given} was refused: its file ${JSON.stringify(path)} leads outside.`);
    files.set(path, content.toString("utf8"));
    if (files.size > bundleLimits.files)
      throw new ToolError("bundle", `${given} was refused: it holds more than ${bundleLimits.files} files.`);
  };
  const title = layer.annotations?.["org.opencontainers.image.title"];
  const isArchive = /tar|gzip/.test(layer.mediaType) || (bytes[0] === 0x1f && bytes[1] === 0x8b);
  if (!isArchive) {
    if (title) add(title.replace(/^\.\//, ""), bytes);
    return;
  }
  const tar = extract();
  const source = Readable.from([bytes]);
  const fed = (bytes[0] === 0x1f ? source.pipe(createGunzip()) : source).on("error", (error) =>
    tar.destroy(error),
  );
  fed.pipe(tar);
  let left = bundleLimits.bytes;
  try {
    for await (const entry of tar) {
      entry.on("error", () => {});
      const { name, type } = entry.header;
      const chunks: Buffer[] = [];
      for await (const chunk of entry as AsyncIterable<Buffer>) {
        left -= chunk.length;
        if (left < 0)
          throw new ToolError(
            "bundle",
            `${given} was refused: it unpacks to more than ${bundleLimits.bytes} bytes.`,
          );
        chunks.push(chunk);
      }
      if (leavesFolder(name))
        throw new ToolError(
          "bundle",
          `${given} was refused: its file ${JSON.stringify(name)} leads outside.`,
        );
      if (type === "file") add(name.replace(/^(?:\.?\/)+/, ""), Buffer.concat(chunks));
    }
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError("bundle", `${given} cannot be unpacked: ${(error as Error).message}`);
  }
}

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { currentPlatform } from "@gitops-actions/engine";
import { type Header, pack } from "tar-stream";
import type { Wanted } from "../../../packages/engine/src/tools/pin.ts";
import { pins } from "../../../packages/engine/src/tools/pins.ts";
import { program } from "./machine.ts";

/** What kustomize 5.8.2 is for most of these tests. */
export const kustomize = program("v5.8.2");

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

type Member = Partial<Header> & { name: string; content?: string };

export async function targz(...members: Member[]): Promise<Uint8Array> {
  const tar = pack();
  for (const { content = "", ...header } of members) tar.entry({ mode: 0o755, ...header }, content);
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  return gzipSync(Buffer.concat(chunks));
}

/** kustomize as the pins describe it, but released by `server` with this archive. */
export function wantedFrom(server: string, archive: Uint8Array): Wanted {
  const platform = currentPlatform();
  return {
    name: "kustomize",
    version: "5.8.2",
    platform,
    range: ">=5.8.1 <5.9.0",
    module: "example.test/kustomize",
    sum: "h1:none",
    assets: { [platform]: { name: "kustomize_v5.8.2.tar.gz", sha256: sha256(archive) } },
    pin: { ...pins.kustomize, release: { url: `${server}/v{version}/{asset}`, member: "kustomize" } },
  };
}

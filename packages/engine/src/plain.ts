import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RenderJob, RenderResult, RenderSettings } from "./render.ts";

const separator = Buffer.from("---\n");
const newline = Buffer.from("\n");

/**
 * "Renders" a folder of manifests: its files in the order of their names (bytes, not locale), a `---` between two,
 * every byte otherwise as it is. Only files of the folder itself: the job's directory holds nothing but the closure.
 */
export async function renderPlain(job: RenderJob, settings: RenderSettings): Promise<RenderResult> {
  const folder = join(job.directory, job.overlay.path);
  const names = (await readdir(folder)).filter((name) => /\.(ya?ml|json)$/.test(name)).sort(byCodeUnit);
  const parts: Buffer[] = [];
  let size = 0;
  for (const name of names) {
    const bytes = await readFile(join(folder, name));
    size += bytes.length;
    if (size > settings.maxOutputBytes) {
      const cap = Math.round(settings.maxOutputBytes / 1024 / 1024);
      return {
        status: "failed",
        code: "output",
        message: `the manifests of the folder are larger than ${cap} MiB together. Split them into several folders.`,
      };
    }
    parts.push(bytes);
  }
  return { status: "rendered", output: joinDocuments(parts), warnings: [] };
}

/** Puts YAML files one after the other as documents of one stream; a file that begins with `---` gets no second one. */
export function joinDocuments(files: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const file of files) {
    const last = parts.at(-1);
    if (last && last.at(-1) !== 0x0a) parts.push(newline);
    if (last && !startsDocument(file)) parts.push(separator);
    if (file.length > 0) parts.push(file);
  }
  return Buffer.concat(parts);
}

function startsDocument(file: Uint8Array): boolean {
  return /^---(\s|$)/.test(Buffer.from(file.subarray(0, 4)).toString("latin1"));
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

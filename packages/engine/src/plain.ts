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
  const paths = names.map((name) => (job.overlay.path === "." ? name : `${job.overlay.path}/${name}`));
  const files: Buffer[] = [];
  let size = 0;
  for (const path of paths) {
    const bytes = await readFile(join(job.directory, path));
    size += bytes.length;
    if (size > settings.maxOutputBytes) {
      const cap = Math.round(settings.maxOutputBytes / 1024 / 1024);
      return {
        status: "failed",
        code: "output",
        message: `the manifests of the folder are larger than ${cap} MiB together. Split them into several folders.`,
      };
    }
    if (bytes.includes(0)) {
      const message = `${path} is no UTF-8 text: it holds NUL bytes, as UTF-16 does. Save it as UTF-8.`;
      return { status: "failed", code: "binary", message, location: { path, line: 1 } };
    }
    files.push(bytes);
  }
  const { output, lines } = joinFiles(files);
  const sources = paths.map((path, index) => ({ path, line: lines[index]! }));
  return { status: "rendered", output, warnings: [], sources };
}

/** Puts YAML files one after the other as documents of one stream; a file that begins with `---` gets no second one. */
export function joinDocuments(files: readonly Uint8Array[]): Uint8Array {
  return joinFiles(files).output;
}

/** The stream, and the 1-based line of it on which each file begins. */
function joinFiles(files: readonly Uint8Array[]): { output: Uint8Array; lines: number[] } {
  const parts: Uint8Array[] = [];
  const lines: number[] = [];
  let line = 1;
  const push = (part: Uint8Array): void => {
    parts.push(part);
    for (const byte of part) if (byte === 0x0a) line++;
  };
  for (const whole of files) {
    const file = withoutPreamble(whole);
    const last = parts.at(-1);
    if (last && last.at(-1) !== 0x0a) push(newline);
    if (last && !startsDocument(file)) push(separator);
    lines.push(line);
    if (file.length > 0) push(file);
  }
  return { output: Buffer.concat(parts), lines };
}

/**
 * A file without its byte order mark, and with its directives (`%YAML 1.1`) as comments: both may stand at the
 * beginning of a stream only. No line is lost.
 */
function withoutPreamble(file: Uint8Array): Uint8Array {
  const hasMark = file[0] === 0xef && file[1] === 0xbb && file[2] === 0xbf;
  const text = hasMark ? file.subarray(3) : file;
  const start = Buffer.from(text.subarray(0, 4096)).toString("latin1");
  const preamble = /^(?:(?:[ \t]*#|%).*\n|[ \t]*\r?\n)*(?=---(?:\s|$))/.exec(start);
  if (!preamble) return text;
  const own = Buffer.from(text);
  for (const { index } of preamble[0].matchAll(/^%/gm)) own[index] = 0x23;
  return own;
}

function startsDocument(file: Uint8Array): boolean {
  return /^---(\s|$)/.test(Buffer.from(file.subarray(0, 4)).toString("latin1"));
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import http from "node:http";
import https from "node:https";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { ToolError } from "@gitops-actions/report";
import type { Machine } from "../machine.ts";

export interface DownloadLimits {
  attempts: number;
  /** Wait before the second attempt; doubled for each further one. */
  pauseMs: number;
  /** Longest silence of the server. */
  idleMs: number;
  /** Longest time for one attempt. */
  totalMs: number;
  maxBytes: number;
  /** More headers; not sent on to another origin. */
  headers?: Readonly<Record<string, string>>;
  /** The only hosts (with port) that may be asked, redirects included; without it, any. */
  hosts?: ReadonlySet<string>;
}

export const downloadLimits: DownloadLimits = {
  attempts: 3,
  pauseMs: 1000,
  idleMs: 30_000,
  totalMs: 10 * 60_000,
  maxBytes: 512 * 1024 * 1024,
};

/**
 * Downloads `url` to `target` and compares its SHA-256. Throws ToolError `checksum` when it differs (nothing else is
 * tried then: somebody sent another file) and `download` when the file could not be had.
 *
 * Not @actions/tool-cache: it does not verify, has no cap on size, and reads its settings from the environment.
 * Node's own https follows proxy variables (`proxyEnv`), which `fetch` does only by a flag at start-up.
 */
export async function download(
  url: string,
  target: string,
  sha256: string,
  machine: Machine,
  limits: DownloadLimits,
  signal?: AbortSignal,
): Promise<void> {
  const shown = withoutCredentials(url);
  for (let attempt = 1; ; attempt++) {
    try {
      const actual = await fetchOnce(url, target, machine, limits, signal);
      if (actual === sha256) return;
      throw wrongChecksum(shown, target, sha256, actual);
    } catch (error) {
      if (error instanceof ToolError || isLocal(error)) throw error;
      if (signal?.aborted) throw new ToolError("cancelled", `Cancelled while downloading ${shown}`);
      // A name that does not exist now will not exist in two seconds either; EAI_AGAIN is the passing kind.
      const lasting = error instanceof Refusal || codeOf(error) === "ENOTFOUND";
      if (lasting || attempt >= limits.attempts) {
        throw new ToolError("download", `${shown} could not be downloaded: ${reason(error)}`, {
          cause: error,
        });
      }
    }
    await sleep(limits.pauseMs * 2 ** (attempt - 1), undefined, signal ? { signal } : {}).catch(() => {});
  }
}

function wrongChecksum(url: string, file: string, expected: string, received: string): ToolError {
  const sums = `  expected sha256 ${expected}\n  received sha256 ${received}\n  file ${file}`;
  const advice =
    "The file was not used. If a proxy or mirror serves it, make it serve the original; otherwise treat this as an attack.";
  return new ToolError("checksum", `Wrong checksum: ${url}\n${sums}\n${advice}`);
}

/** An address as it may be shown and stored: a mirror's may carry a password or a key. */
export function withoutCredentials(address: string): string {
  const url = new URL(address);
  url.username = "";
  url.password = "";
  url.search = "";
  return url.href;
}

/** What a server said, whatever its status. */
export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** At most one MiB. */
  body: Buffer;
}

/** Asks once, follows nothing, and takes any status for an answer. Throws ToolError `download` when there is none. */
export async function ask(
  url: string,
  machine: Machine,
  limits: DownloadLimits,
  signal?: AbortSignal,
): Promise<Answer> {
  const total = AbortSignal.timeout(limits.totalMs);
  const either = signal ? AbortSignal.any([signal, total]) : total;
  try {
    const from = new URL(url);
    const response = await request(from, from, machine, limits, either);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > 1024 * 1024) break;
      chunks.push(chunk);
    }
    return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
  } catch (error) {
    throw new ToolError("download", `${withoutCredentials(url)} could not be asked: ${reason(error)}`, {
      cause: error,
    });
  }
}

/** An answer that will not change by asking again. */
class Refusal extends Error {}

/** A failure of this machine's disk, not of the network. */
function isLocal(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EACCES", "EROFS"].includes(codeOf(error) ?? "");
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reason).join("; ");
  return error instanceof Error ? error.message : String(error);
}

async function fetchOnce(
  url: string,
  target: string,
  machine: Machine,
  limits: DownloadLimits,
  signal?: AbortSignal,
): Promise<string> {
  const total = AbortSignal.timeout(limits.totalMs);
  const either = signal ? AbortSignal.any([signal, total]) : total;
  try {
    const response = await follow(new URL(url), machine, limits, either);
    const hash = createHash("sha256");
    let bytes = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        hash.update(chunk);
        if (bytes > limits.maxBytes) done(new Refusal(`it is larger than ${limits.maxBytes} bytes`));
        else done(null, chunk);
      },
    });
    await pipeline(response, measure, createWriteStream(target), { signal: either });
    return hash.digest("hex");
  } catch (error) {
    throw total.aborted ? new Error(`it took longer than ${Math.round(limits.totalMs / 1000)} s`) : error;
  }
}

const redirects = 5;

async function follow(
  from: URL,
  machine: Machine,
  limits: DownloadLimits,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  let url = from;
  for (let step = 0; step <= redirects; step++) {
    const response = await request(url, from, machine, limits, signal);
    const status = response.statusCode ?? 0;
    if (status === 200) return response;
    response.destroy();
    const location = response.headers.location;
    if (status < 300 || status >= 400 || !location) {
      const message = `the server answered ${status} ${response.statusMessage ?? ""}`.trim();
      throw status >= 500 || status === 429 || status === 408 ? new Error(message) : new Refusal(message);
    }
    const next = new URL(location, url);
    if (url.protocol === "https:" && next.protocol !== "https:")
      throw new Refusal(`it redirects from https to ${next.protocol}//${next.host}`);
    url = next;
  }
  throw new Refusal(`it redirects more than ${redirects} times`);
}

function request(
  url: URL,
  from: URL,
  machine: Machine,
  limits: DownloadLimits,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  const secure = url.protocol === "https:";
  if (!secure && url.protocol !== "http:")
    throw new Refusal(`${url.protocol} is not a protocol for downloads`);
  if (limits.hosts && !limits.hosts.has(url.host.toLowerCase()))
    throw new Refusal(`${url.host} may not be asked`);
  const own = url.origin === from.origin ? limits.headers : {};
  const agent = new (secure ? https.Agent : http.Agent)({ proxyEnv: { ...machine.env } });
  return new Promise((resolve, reject) => {
    const options = { agent, signal, headers: { "user-agent": "gitops-actions", accept: "*/*", ...own } };
    let answer: http.IncomingMessage | undefined;
    const sent = (secure ? https : http).get(url, options, (response) => {
      answer = response;
      resolve(response);
    });
    sent.setTimeout(limits.idleMs, () => {
      // The answer itself has to end with this error: ended through the request, it would only say "aborted".
      (answer ?? sent).destroy(new Error(`the server was silent for ${Math.round(limits.idleMs / 1000)} s`));
    });
    sent.on("error", reject);
  });
}

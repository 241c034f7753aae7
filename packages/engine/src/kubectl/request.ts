import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { failureOf, failureOfError, isPassing, type Unread } from "./failure.ts";

export interface RequestLimits {
  /** Longest time for one answer. */
  deadlineMs: number;
  /** Most bytes of one answer. */
  maxBytes: number;
  /** How often a request is sent at most, when the reason of its failure may pass. */
  attempts: number;
}

export type Answer = { body: string } | { unread: Unread };

export interface Client {
  /** Gets a path of the API server; never rejects. */
  get(path: string, accept?: string): Promise<Answer>;
  /** Sends a server-side apply; never rejects. A success is 200 (there) or 201 (made). */
  apply(path: string, body: string): Promise<Answer>;
  close(): void;
}

/** A client that reads through the socket of `kubectl proxy`. */
export function createClient(socketPath: string, limits: RequestLimits, signal?: AbortSignal): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });

  const get = (path: string, accept = "application/json"): Promise<Answer> => send(path, { accept });

  function apply(path: string, body: string): Promise<Answer> {
    const headers = {
      accept: "application/json",
      "content-type": "application/apply-patch+yaml",
      "content-length": String(Buffer.byteLength(body)),
    };
    return send(path, headers, body);
  }

  async function send(path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await once(path, headers, body);
      if ("body" in answer || !isPassing(answer.unread) || attempt >= limits.attempts || signal?.aborted)
        return answer;
      await delay(Math.min(answer.waitMs ?? 250 * 2 ** attempt, 10_000));
    }
  }

  function once(
    path: string,
    headers: Record<string, string>,
    sent?: string,
  ): Promise<{ body: string } | { unread: Unread; waitMs?: number }> {
    return new Promise((resolve) => {
      const fail = (error: Error): void => resolve({ unread: failureOfError(error) });
      const deadline = AbortSignal.timeout(limits.deadlineMs);
      const options = {
        socketPath,
        path,
        agent,
        method: sent === undefined ? "GET" : "PATCH",
        headers: { host: "localhost", ...headers },
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      };
      const call = request(options, (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          if (size > limits.maxBytes)
            call.destroy(new Error(`the answer is longer than ${limits.maxBytes} bytes`));
        });
        answer.on("error", fail);
        answer.on("end", () => {
          const body = Buffer.concat(chunks).toString("utf8");
          const status = answer.statusCode ?? 0;
          if (status === 200 || status === 201) resolve({ body });
          else {
            const after = Number(answer.headers["retry-after"]);
            resolve({ unread: failureOf(status, body), ...(after > 0 && { waitMs: after * 1000 }) });
          }
        });
      });
      call.on("error", fail);
      call.end(sent);
    });
  }

  return { get, apply, close: () => agent.destroy() };
}

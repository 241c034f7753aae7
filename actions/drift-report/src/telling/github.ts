import { setTimeout as delay } from "node:timers/promises";

/** An answer of GitHub: its status and the parsed body. */
export interface Answer {
  status: number;
  body: unknown;
}

/** Sends one request; rejects when no answer comes. */
export type Github = (method: "GET" | "POST" | "PATCH", path: string, body?: object) => Promise<Answer>;

/** A client of GitHub's REST API. Reads are repeated; a write is sent once, because it may have arrived. */
export function createGithub(api: string, token: string, signal: AbortSignal): Github {
  return async (method, path, body) => {
    const attempts = method === "POST" ? 1 : 3;
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await send(method, path, body);
        if (attempt === attempts || (answer.status !== 429 && answer.status < 500)) return answer;
      } catch (error) {
        if (attempt === attempts || signal.aborted) throw error;
      }
      await delay(500 * 2 ** attempt);
    }
  };

  async function send(method: string, path: string, body: object | undefined): Promise<Answer> {
    const answer = await fetch(`${api}${path}`, {
      method,
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(20_000)]),
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/vnd.github+json",
        "content-type": "application/json",
        "user-agent": "gitops-actions",
        "x-github-api-version": "2022-11-28",
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
  }
}

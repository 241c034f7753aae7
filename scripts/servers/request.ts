import { Agent, request } from "node:https";

/** An answer of the API server: its status and the parsed body. */
export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: callers reach into objects of every kind.
  body: any;
}

/** Sends a body (text as it is, anything else as JSON) and resolves to the answer, whatever its status. */
export type Send = (method: string, path: string, body?: unknown, contentType?: string) => Promise<Answer>;

/** Sends requests to an API server on this machine, with one user's token. */
export function sender(url: string, token: string): Send {
  const { hostname: host, port } = new URL(url);
  // The server signs its own certificate; both ends are this machine.
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  return (method, path, body, contentType = "application/json") =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
      const headers = {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        // Node sends the body of a DELETE without saying how long it is.
        ...(text && { "content-type": contentType, "content-length": Buffer.byteLength(text) }),
      };
      const call = request({ host, port, method, path, headers, agent }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => {
          const said = Buffer.concat(chunks).toString("utf8");
          resolve({ status: answer.statusCode ?? 0, body: said.startsWith("{") ? JSON.parse(said) : said });
        });
      });
      call.on("error", reject);
      call.end(text);
    });
}

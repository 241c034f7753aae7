import { spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface GitServer {
  /** http://127.0.0.1:PORT */
  origin: string;
  requests: { path: string; authorization: string | undefined }[];
}

/**
 * Serves the repositories below `root` with real Git (`git http-backend`), refusing what does not carry the token as
 * GitHub wants it; without a token everybody may read. `redirect`, if given, sends every request elsewhere.
 */
export async function serveGit(
  root: string,
  options: { token?: string; redirect?: string } = {},
): Promise<GitServer> {
  const requests: GitServer["requests"] = [];
  const wanted =
    options.token && `Basic ${Buffer.from(`x-access-token:${options.token}`).toString("base64")}`;
  const server = createServer((request, response) => {
    const { authorization } = request.headers;
    requests.push({ path: request.url ?? "", authorization });
    if (options.redirect) {
      response.writeHead(302, { location: `${options.redirect}${request.url}` }).end();
    } else if (wanted && authorization?.replace(/^basic /i, "Basic ") !== wanted) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
    } else {
      answer(root, request, response);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** One request through the Common Gateway Interface (RFC 3875). */
function answer(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://localhost");
  const { headers } = request;
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "uploadpack.allowFilter",
      GIT_CONFIG_VALUE_0: "true",
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: headers["content-type"] ?? "",
      ...(headers["content-encoding"] ? { HTTP_CONTENT_ENCODING: String(headers["content-encoding"]) } : {}),
      ...(headers["git-protocol"] ? { GIT_PROTOCOL: String(headers["git-protocol"]) } : {}),
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  request.pipe(child.stdin);
  let head: Buffer | undefined = Buffer.alloc(0);
  child.stdout.on("data", (chunk: Buffer) => {
    if (!head) return response.write(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    const fields = head
      .subarray(0, end)
      .toString("latin1")
      .split("\r\n")
      .map((line) => line.split(": ") as [string, string]);
    const status = fields.find(([name]) => name === "Status")?.[1] ?? "200";
    response.writeHead(Number.parseInt(status, 10), fields.filter(([name]) => name !== "Status").flat());
    response.write(head.subarray(end + 4));
    head = undefined;
  });
  child.stdout.on("end", () => response.end());
}

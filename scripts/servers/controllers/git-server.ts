import { spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export interface GitServer {
  /** URL of a bare repository in the served folder. */
  url(name: string): string;
  stop(): void;
}

/** Serves the bare repositories of a folder on loopback through `git http-backend`, to read only. */
export async function startGitServer(folder: string): Promise<GitServer> {
  const server = createServer((request, answer) => serve(folder, request, answer));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const stop = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: (name) => `http://127.0.0.1:${port}/${name}`, stop };
}

/** One request as CGI (RFC 3875): headers, an empty line, the body. */
function serve(folder: string, request: IncomingMessage, answer: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
  const backend = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env.PATH,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      REQUEST_METHOD: request.method,
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      REMOTE_ADDR: "127.0.0.1",
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(backend.stdin).on("error", () => {});
  let head = Buffer.alloc(0);
  backend.stdout.on("data", (chunk: Buffer) => {
    if (answer.headersSent) return void answer.write(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    const headers = head.subarray(0, end).toString("latin1").split("\r\n");
    const fields = headers.map((line) => line.split(": ", 2) as [string, string]);
    const status = Number(fields.find(([name]) => name === "Status")?.[1]?.slice(0, 3) ?? 200);
    answer.writeHead(status, fields.filter(([name]) => name !== "Status").flat());
    answer.write(head.subarray(end + 4));
  });
  backend.on("close", () => {
    if (!answer.headersSent) answer.writeHead(500);
    answer.end();
  });
}

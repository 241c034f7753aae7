// What reads of a cluster make of a server that fails: an HTTP server on a Unix socket, where kubectl proxy would be.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterLimits, connectCluster } from "@gitops-actions/engine";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let folder: string;
let server: Server;
let asked: string[];
let handle: Handler;

const discovery = (items: object[]): string =>
  JSON.stringify({
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items,
  });
const core = discovery([
  {
    metadata: {},
    versions: [
      {
        version: "v1",
        resources: [
          {
            resource: "configmaps",
            responseKind: { kind: "ConfigMap" },
            scope: "Namespaced",
            verbs: ["list"],
          },
        ],
      },
    ],
  },
]);
const page = (names: string[], next?: string): string =>
  JSON.stringify({
    kind: "ConfigMapList",
    apiVersion: "v1",
    metadata: { ...(next && { continue: next }) },
    items: names.map((name) => ({ metadata: { name } })),
  });
const status = (code: number, reason: string): string =>
  JSON.stringify({ kind: "Status", status: "Failure", message: reason, reason, code });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cluster-"));
  asked = [];
  server = createServer((request, response) => {
    if (request.url === "/api") response.end(core);
    else if (request.url === "/apis") response.end(discovery([]));
    else if (request.url === "/version") response.end('{"gitVersion":"v1.36.3"}');
    else {
      asked.push(new URL(request.url ?? "", "http://localhost").searchParams.get("continue") ?? "first");
      handle(request, response);
    }
  });
  await new Promise<void>((resolve) => server.listen(join(folder, "s"), resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

async function list(limits: Partial<typeof clusterLimits.limits> = {}) {
  const cluster = await connectCluster(join(folder, "s"), {
    pageSize: 2,
    limits: { ...clusterLimits.limits, ...limits },
  });
  return cluster.list({ group: "", version: "v1", kind: "ConfigMap", namespace: "shop" });
}

/** Answers the requests in turn, the last answer for all that follow. */
function inTurn(...handlers: Handler[]): void {
  let turn = 0;
  handle = (request, response) => handlers[Math.min(turn++, handlers.length - 1)]!(request, response);
}

const answer =
  (body: string, code = 200, headers = {}): Handler =>
  (_request, response) =>
    void response.writeHead(code, headers).end(body);
const half: Handler = (_request, response) => {
  response.writeHead(200, { "content-length": "1000" });
  response.write('{"kind":"ConfigMapList","items":[');
  setTimeout(() => response.destroy(), 20);
};

describe("a list", () => {
  test("is read page by page", async () => {
    inTurn(answer(page(["a", "b"], "two")), answer(page(["c"])));
    expect(await list()).toMatchObject({
      objects: [{ metadata: { name: "a" } }, {}, { kind: "ConfigMap", metadata: { name: "c" } }],
    });
    expect(asked).toEqual(["first", "two"]);
  });

  test("waits as long as a throttling server says, and asks again", async () => {
    inTurn(answer(status(429, "TooManyRequests"), 429, { "retry-after": "1" }), answer(page(["a"])));
    const began = performance.now();
    expect(await list()).toMatchObject({ objects: [{}] });
    expect(performance.now() - began).toBeGreaterThan(900);
  });

  test("whose next page expired is read from its beginning, once", async () => {
    inTurn(
      answer(page(["a"], "two")),
      answer(status(410, "Expired"), 410),
      answer(page(["a"], "three")),
      answer(page(["b"])),
    );
    expect(await list()).toMatchObject({
      objects: [{ metadata: { name: "a" } }, { metadata: { name: "b" } }],
    });
    expect(asked).toEqual(["first", "two", "first", "three"]);
  });

  test.each<[string, Handler[], string]>([
    [
      "a page that keeps expiring",
      [
        answer(page(["a"], "two")),
        answer(status(410, "Expired"), 410),
        answer(page(["a"], "two")),
        answer(status(410, "Expired"), 410),
      ],
      "page-expired",
    ],
    ["a server that throttles for ever", [answer(status(429, "TooManyRequests"), 429)], "throttled"],
    ["half an answer", [half], "incomplete"],
    ["half an answer on the second page", [answer(page(["a"], "two")), half], "incomplete"],
    ["JSON that is cut", [answer(page(["a"]).slice(0, -2))], "incomplete"],
    ["an answer of another kind", [answer("<html>log in</html>")], "incomplete"],
    ["a user without the right", [answer(status(403, "Forbidden"), 403)], "forbidden"],
    [
      "credentials that expire between two pages",
      [answer(page(["a"], "two")), answer(status(401, "Unauthorized"), 401)],
      "unauthorised",
    ],
    ["a proxy that does not get through", [answer("dial tcp: connection refused\n", 500)], "unreachable"],
  ])("is not a part of it: %s", async (_what, handlers, code) => {
    inTurn(...handlers);
    expect(await list({ attempts: 2 })).toMatchObject({ unread: { code } });
  });

  test("is not waited for for ever", async () => {
    handle = () => {};
    expect(await list({ deadlineMs: 200, attempts: 1 })).toMatchObject({ unread: { code: "timeout" } });
  });

  test("of endless length is cut off and not believed", async () => {
    handle = (_request, response) => {
      const more = (): void =>
        void (response.write("x".repeat(65_536)) ? setImmediate(more) : response.once("drain", more));
      more();
    };
    expect(await list({ maxBytes: 1_000_000, attempts: 1 })).toMatchObject({
      unread: { message: expect.stringContaining("longer than") },
    });
  });
});

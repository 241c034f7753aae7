import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { openGate } from "@gitops-actions/engine";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeMachine } from "./machine.ts";

let target: Server;
let requests: string[];

beforeEach(async () => {
  requests = [];
  target = createServer((request, response) => {
    requests.push(request.url ?? "");
    response.end("reached");
  });
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
});
afterEach(() => void target.close());

/** Says `lines` to the proxy and answers all that comes back. */
function say(proxy: string, lines: string): Promise<string> {
  const { hostname, port } = new URL(proxy);
  return new Promise((resolve, reject) => {
    let said = "";
    const socket = connect(Number(port), hostname, () => socket.write(lines));
    socket.on("data", (chunk) => {
      said += chunk;
      if (said.includes("Established"))
        socket.write("GET /through HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(said));
  });
}

describe("the gate", () => {
  const port = () => (target.address() as AddressInfo).port;

  test("lets a tunnel to an allowed host through", async () => {
    const gate = await openGate(new Set(["127.0.0.1"]), makeMachine());
    expect(
      await say(gate.environment.https_proxy!, `CONNECT 127.0.0.1:${port()} HTTP/1.1\r\n\r\n`),
    ).toContain("reached");
    expect(requests).toEqual(["/through"]);
    expect(gate.refused()).toEqual([]);
    await gate.close();
  });

  test.each([
    ["another host", () => `CONNECT localhost:${port()} HTTP/1.1\r\n\r\n`],
    ["the metadata address", () => "CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n"],
    [
      "plain http, even to an allowed host",
      () => `GET http://127.0.0.1:${port()}/ HTTP/1.1\r\nHost: x\r\n\r\n`,
    ],
    ["what is no address", () => "CONNECT nowhere HTTP/1.1\r\n\r\n"],
  ])("refuses %s", async (_name, lines) => {
    const gate = await openGate(new Set(["127.0.0.1"]), makeMachine());
    expect(await say(gate.environment.https_proxy!, lines())).toMatch(/^HTTP\/1\.1 403 /);
    expect(requests).toEqual([]);
    await gate.close();
  });

  test("names in every proxy variable, and lets Git use nothing but https", async () => {
    const { environment, close } = await openGate(new Set(), makeMachine());
    const proxies = Object.entries(environment).filter(([name]) => /^(http|https|all)_proxy$/i.test(name));
    expect(new Set(proxies.map(([, value]) => value)).size).toBe(1);
    expect(proxies).toHaveLength(6);
    expect(environment).toMatchObject({ no_proxy: "", NO_PROXY: "", GIT_ALLOW_PROTOCOL: "https" });
    await close();
  });
});

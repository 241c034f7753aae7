import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Machine } from "./machine.ts";

/** A way out to a few hosts, for as long as it is open. */
export interface Gate {
  /** Proxy variables that lead a child process through the gate, and nowhere else. */
  environment: Record<string, string>;
  /** Hosts that were asked for and refused, each once, sorted. */
  refused(): string[];
  close(): Promise<void>;
}

/**
 * Opens a proxy on loopback that lets TLS through to the given hosts (lower case, any of their ports) and refuses all
 * else: what an allowed base names in its turn is not thereby allowed. Plain HTTP is refused, for what is rendered
 * must come from where its address says. Goes through the machine's own proxy where there is one.
 */
export async function openGate(hosts: ReadonlySet<string>, machine: Machine): Promise<Gate> {
  const refused = new Set<string>();
  const open = new Set<Socket>();
  const server = createServer((_request, response) => {
    response.writeHead(403, { connection: "close" }).end("gitops-actions: only https is let through\n");
  });
  server.on("connect", (request, client: Socket) => {
    open.add(client);
    client.on("error", () => client.destroy());
    client.on("close", () => open.delete(client));
    const target = parseTarget(request.url ?? "");
    if (!target || !hosts.has(target.host)) {
      refused.add(target?.host ?? request.url ?? "");
      client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    tunnel(client, target, upstreamOf(machine, target.host));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const proxies = ["http_proxy", "https_proxy", "all_proxy"].flatMap((name) => [name, name.toUpperCase()]);
  return {
    environment: {
      ...Object.fromEntries(proxies.map((name) => [name, address])),
      no_proxy: "",
      NO_PROXY: "",
      GIT_ALLOW_PROTOCOL: "https",
    },
    refused: () => [...refused].sort(),
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

interface Target {
  host: string;
  port: number;
}

/** `host:port` of a CONNECT request (RFC 9110, 9.3.6). */
function parseTarget(authority: string): Target | undefined {
  const match = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(authority);
  return match ? { host: match[1]!.toLowerCase(), port: Number(match[2]) } : undefined;
}

/** The machine's own proxy for https, unless no_proxy names the host. */
function upstreamOf({ env }: Machine, host: string): URL | undefined {
  const proxy = env.https_proxy ?? env.HTTPS_PROXY ?? env.all_proxy ?? env.ALL_PROXY;
  const direct = (env.no_proxy ?? env.NO_PROXY ?? "")
    .split(",")
    .map((each) => each.trim().replace(/^\*?\./, ""));
  const skipped = direct.some(
    (name) => name === "*" || (name !== "" && (host === name || host.endsWith(`.${name}`))),
  );
  return proxy && !skipped && URL.canParse(proxy) ? new URL(proxy) : undefined;
}

/** Joins the client with the target; through another proxy, that one answers the CONNECT. */
function tunnel(client: Socket, target: Target, upstream: URL | undefined): void {
  const remote = upstream
    ? connect(Number(upstream.port || 80), upstream.hostname)
    : connect(target.port, target.host);
  remote.on("connect", () => {
    if (upstream) {
      const name = `${target.host}:${target.port}`;
      const user = upstream.username
        ? `Proxy-Authorization: Basic ${Buffer.from(`${decodeURIComponent(upstream.username)}:${decodeURIComponent(upstream.password)}`).toString("base64")}\r\n`
        : "";
      remote.write(`CONNECT ${name} HTTP/1.1\r\nHost: ${name}\r\n${user}\r\n`);
    } else client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    remote.pipe(client).pipe(remote);
  });
  remote.on("error", () => client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
  client.on("close", () => remote.destroy());
}

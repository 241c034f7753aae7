import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";

/** What a relay does to what the server sends back. */
export interface Fault {
  /** Bytes of the server's after which every connection is cut. */
  cutAfter?: number;
  /** How many connections are cut at most; default: all. */
  cuts?: number;
  /** Milliseconds that every piece is held back. */
  delay?: number;
  /** Called once, when the server has sent `after` bytes. */
  event?: { after: number; call(): void };
}

export interface Relay {
  port: number;
  /** From now on; `{}` is none. */
  set(fault: Fault): void;
  stop(): Promise<void>;
}

/** Stands between a client and a server on loopback, hands bytes through and does what networks do. */
export async function startRelay(target: number): Promise<Relay> {
  let fault: Fault = {};
  let passed = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on("data", (chunk: Buffer) => {
      passed += chunk.length;
      if (fault.event && passed > fault.event.after) {
        fault.event.call();
        delete fault.event;
      }
      if (fault.cutAfter !== undefined && passed > fault.cutAfter && (fault.cuts ?? 1) > 0) {
        if (fault.cuts !== undefined) fault.cuts--;
        client.write(chunk.subarray(0, Math.floor(chunk.length / 2)), () => client.destroy());
        return;
      }
      if (fault.delay) setTimeout(() => client.write(chunk), fault.delay);
      else client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    set(next) {
      fault = { ...next };
      passed = 0;
    },
    stop() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

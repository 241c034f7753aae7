import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ToolError } from "@gitops-actions/report";
import { runProcess } from "../exec.ts";
import type { Machine } from "../machine.ts";
import type { Tool } from "../tools/tool.ts";
import { kubectlEnvironment } from "./environment.ts";

export interface ProxySettings {
  /** Path of a kubeconfig; default: what kubectl finds (KUBECONFIG, ~/.kube/config, the pod's own account). */
  kubeconfig?: string;
  context?: string;
  /** The only method that gets through; default GET. */
  method?: "GET" | "PATCH";
}

export interface Proxy {
  /** Unix socket in the run's private folder: nobody else on the machine can use the credentials behind it. */
  socket: string;
  close(): Promise<void>;
}

/**
 * Starts `kubectl proxy`: one process for all reads of a run, with whatever credential plugin the kubeconfig names.
 * It refuses every method but one: with GET, nothing behind it can write. Throws ToolError when kubectl refuses to start.
 */
export async function startProxy(
  tool: Tool,
  settings: ProxySettings,
  machine: Machine,
  name: string,
  signal?: AbortSignal,
): Promise<Proxy> {
  const socket = join(machine.tempDir, `${name}.sock`);
  const ending = new AbortController();
  const stop = (): void => ending.abort();
  signal?.addEventListener("abort", stop, { once: true });
  let ended = false;
  const running = runProcess(
    {
      command: tool.path,
      args: proxyArguments(socket, settings),
      cwd: machine.tempDir,
      env: kubectlEnvironment(machine),
      deadlineMs: 6 * 3_600_000,
      maxOutputBytes: 16 * 1024 * 1024,
      maxMemoryBytes: 1024 ** 3,
    },
    ending.signal,
  ).finally(() => {
    ended = true;
    signal?.removeEventListener("abort", stop);
  });
  const close = async (): Promise<void> => {
    stop();
    await running;
  };
  for (let waited = 0; !ended && waited < 20_000; waited += 20) {
    if (await accepts(socket)) return { socket, close };
    await delay(20);
  }
  stop();
  const { stderr } = await running;
  const said =
    stderr
      .trim()
      .split("\n")
      .at(-1)
      ?.replace(/^error: /i, "") || "it did not listen within 20 seconds";
  throw new ToolError("kubectl", `kubectl could not open the cluster: ${said}`);
}

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS"];

function proxyArguments(socket: string, { kubeconfig, context, method = "GET" }: ProxySettings): string[] {
  const refused = methods.filter((each) => each !== method && !(method === "GET" && each === "HEAD"));
  return [
    "proxy",
    `--unix-socket=${socket}`,
    `--reject-methods=^(${refused.join("|")})$`,
    ...(kubeconfig ? [`--kubeconfig=${kubeconfig}`] : []),
    ...(context ? [`--context=${context}`] : []),
  ];
}

function accepts(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket, () => {
      connection.destroy();
      resolve(true);
    });
    connection.on("error", () => resolve(false));
  });
}

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type ControlPlane, freePort, needed } from "../control-plane.ts";
import { flux } from "../programs.ts";
import { installDefinitions, moduleFolder, must } from "./definitions.ts";
import { openProcesses, type Processes } from "./processes.ts";

/** helm-controller does not run here; its kind is known, so that what Git has of it is applied. */
const helmController = { module: "github.com/fluxcd/helm-controller", version: "1.4.3" };

/** Starts source-controller and kustomize-controller against a control plane; they must be stopped. */
export async function startFlux(plane: Pick<ControlPlane, "send" | "kubeconfig">): Promise<Processes> {
  const processes = openProcesses("flux");
  try {
    const controllers = [flux("source-controller"), flux("kustomize-controller")];
    for (const { module, version } of [...controllers, helmController])
      await installDefinitions(plane.send, join(moduleFolder(module, version), "config/crd/bases"));
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "flux-system" } };
    await must(
      plane.send,
      "PATCH",
      "/api/v1/namespaces/flux-system?fieldManager=setup&force=true",
      namespace,
    );
    const env = {
      PATH: process.env.PATH ?? "",
      HOME: processes.folder,
      TMPDIR: processes.folder,
      KUBECONFIG: plane.kubeconfig(),
      RUNTIME_NAMESPACE: "flux-system",
    };
    const artifacts = join(processes.folder, "artifacts");
    mkdirSync(artifacts);
    const storage = `127.0.0.1:${await freePort()}`;
    const [source, kustomize] = controllers.map(needed) as [string, string];
    processes.start(
      "source-controller",
      source,
      [
        ...(await commonArguments()),
        ...["--storage-path", artifacts],
        ...["--storage-addr", storage, "--storage-adv-addr", storage],
      ],
      env,
    );
    const once = ["--no-remote-bases", "--requeue-dependency", "2s"];
    processes.start("kustomize-controller", kustomize, [...(await commonArguments()), ...once], env);
    return processes;
  } catch (error) {
    processes.stop();
    throw error;
  }
}

async function commonArguments(): Promise<string[]> {
  return [
    ...["--metrics-addr", `127.0.0.1:${await freePort()}`, "--health-addr", `127.0.0.1:${await freePort()}`],
    ...["--interval-jitter-percentage", "0", "--log-level", "info"],
  ];
}

/** Asks Flux to look at an object now, as `flux reconcile` does. */
export async function requestReconcile(
  send: ControlPlane["send"],
  path: string,
  now: string = new Date().toISOString(),
): Promise<void> {
  const metadata = { annotations: { "reconcile.fluxcd.io/requestedAt": now } };
  const answer = await send("PATCH", path, { metadata }, "application/merge-patch+json");
  if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
}

export interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
}

/** What tests read of an object of Flux. */
export interface FluxObject {
  metadata: { name: string; generation: number };
  status?: { conditions?: Condition[]; lastAppliedRevision?: string; lastHandledReconcileAt?: string };
}

export function readyOf({ status }: FluxObject): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === "Ready");
}

/** Waits until all objects of a list (and at least `count`) are ready; throws with what the others say. */
export async function untilReady(
  processes: Processes,
  send: ControlPlane["send"],
  list: string,
  count: number,
  seconds = 120,
): Promise<void> {
  let said = "";
  let failing = 0;
  const look = async (): Promise<true | undefined> => {
    const items = (await send("GET", list)).body.items as FluxObject[];
    const waiting = items.filter((each) => readyOf(each)?.status !== "True");
    said = waiting.map((each) => `${each.metadata.name}: ${readyOf(each)?.message}`).join("\n");
    // What fails is tried again, and may succeed once what it needs is there; not for ever.
    const failed = waiting.find((each) => /Failed$/.test(readyOf(each)?.reason ?? ""));
    failing = failed ? failing + 1 : 0;
    if (failing > 100) throw new Error(`${failed?.metadata.name} fails.`);
    return items.length >= count && waiting.length === 0 ? true : undefined;
  };
  await processes.until(`all of ${list} ready`, look, seconds).catch((error: Error) => {
    throw new Error(`${error.message}\n${said.slice(0, 4000)}`);
  });
}

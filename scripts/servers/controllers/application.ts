import type { Send } from "../request.ts";
import type { Processes } from "./processes.ts";

/** Asks Argo CD to look at an Application now, and at Git anew. */
export async function requestRefresh(send: Send, name: string): Promise<void> {
  const path = `/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/${name}`;
  const body = { metadata: { annotations: { "argocd.argoproj.io/refresh": "hard" } } };
  const answer = await send("PATCH", path, body, "application/merge-patch+json");
  if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
}

interface SyncedResource {
  kind: string;
  namespace: string;
  name: string;
  status: string;
  message: string;
}

/** What tests read of an Application. */
export interface Application {
  metadata: { name: string };
  status?: {
    sync?: { status?: string; revision?: string };
    health?: { status?: string };
    conditions?: { type: string; message: string }[];
    operationState?: {
      phase: string;
      message?: string;
      syncResult?: { revision?: string; resources?: SyncedResource[] };
    };
  };
}

export const applications = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications";

/** Waits until the operation of an Application has succeeded; throws with what it says when it fails. */
export async function untilSynced(
  processes: Processes,
  send: Send,
  name: string,
  seconds = 120,
): Promise<void> {
  let said = "";
  const look = async (): Promise<true | undefined> => {
    const { status } = (await send("GET", `${applications}/${name}`)).body as Application;
    const operation = status?.operationState;
    said = JSON.stringify(status?.conditions ?? operation?.message ?? status?.sync ?? "nothing yet");
    if (operation?.phase === "Succeeded") return true;
    if (operation && /Failed|Error/.test(operation.phase))
      throw new Error(`${name}: ${operation.message}\n${failures(operation.syncResult?.resources ?? [])}`);
    return undefined;
  };
  await processes.until(`${name} synced`, look, seconds).catch((error: Error) => {
    throw new Error(`${error.message}\n${said.slice(0, 4000)}`);
  });
}

function failures(resources: readonly SyncedResource[]): string {
  return resources
    .filter(({ status }) => status !== "Synced")
    .slice(0, 20)
    .map(({ kind, namespace, name, message }) => `${kind} ${namespace}/${name}: ${message}`)
    .join("\n");
}

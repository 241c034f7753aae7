import type { Send } from "../request.ts";

/** No node, no kubelet: Pods would stay Pending, and what waits for them would wait for ever. */
export interface PodRunner {
  stop(): Promise<void>;
}

/** Reports every Pod as running and ready, and those of Jobs as succeeded, the way a kubelet would. */
export function runPods(send: Send): PodRunner {
  let going = true;
  const loop = async (): Promise<void> => {
    while (going) {
      const { body } = await send("GET", "/api/v1/pods?resourceVersion=0").catch(() => ({ body: undefined }));
      for (const pod of body?.items ?? []) {
        if (pod.status?.phase !== "Pending" || pod.metadata.deletionTimestamp) continue;
        const { namespace, name } = pod.metadata;
        const path = `/api/v1/namespaces/${namespace}/pods/${name}/status?fieldManager=kubelet`;
        await send("PATCH", path, { status: reported(pod) }, "application/merge-patch+json").catch(() => {});
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  const done = loop();
  return {
    stop: () => {
      going = false;
      return done;
    },
  };
}

interface Pod {
  metadata: { ownerReferences?: { kind: string }[] };
}

function reported(pod: Pod): object {
  const succeeds = pod.metadata.ownerReferences?.some(({ kind }) => kind === "Job") ?? false;
  const ready = succeeds ? "False" : "True";
  const condition = (type: string, status: string): object => ({
    type,
    status,
    lastTransitionTime: new Date().toISOString(),
  });
  return {
    phase: succeeds ? "Succeeded" : "Running",
    startTime: new Date().toISOString(),
    conditions: [
      condition("Initialized", "True"),
      condition("PodScheduled", "True"),
      condition("ContainersReady", ready),
      condition("Ready", ready),
    ],
  };
}

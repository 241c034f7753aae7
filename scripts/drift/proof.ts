import type { DriftOutcome } from "@gitops-actions/drift-report";
import { reportDrift } from "../../test/cluster/report.ts";
import { type ControlPlane, startControlPlane } from "../servers/control-plane.ts";
import { runPods } from "../servers/controllers/pods.ts";
import { createRepository, type Repository } from "../servers/controllers/repository.ts";
import { type Group, manifestOf } from "./acceptance.ts";
import type { Delivery } from "./delivery.ts";
import { changeLive, judgeChanges, type LiveChange, type Verdict } from "./live-changes.ts";
import { seededRandom } from "./mutation.ts";

export interface Proof {
  /** After delivery, and before anybody changed anything. */
  before: DriftOutcome;
  /** After the changes. */
  after: DriftOutcome;
  changes: LiveChange[];
  verdict: Verdict;
  seconds: number;
  /** MiB of each controller, and of this process at its highest. */
  memory: Record<string, number>;
  own: number;
}

export interface Plan {
  /** What is delivered; see `acceptedObjects`. */
  groups: readonly Group[];
  /** Private folder. */
  work: string;
  changes: number;
  seed: number;
  start(plane: ControlPlane, repository: Repository): Promise<Delivery>;
  progress(message: string): void;
}

/** Lets a controller deliver these objects, reports, changes single values by hand, and reports again. */
export async function proveDelivery({
  groups,
  work,
  changes: count,
  seed,
  start,
  progress,
}: Plan): Promise<Proof> {
  const repository = createRepository(work, "corpus");
  for (const group of groups) repository.write(`${group.name}/objects.yaml`, manifestOf(group));
  repository.push("all");
  const plane = await startControlPlane({ controllers: true });
  const pods = runPods(plane.send);
  let delivery: Delivery | undefined;
  try {
    const namespaces = new Set(groups.flatMap(({ resources }) => resources.map(({ id }) => id.namespace)));
    // Made by a plain POST: the server records managers of what was created so.
    for (const name of namespaces)
      if (name)
        await plane.send("POST", "/api/v1/namespaces", {
          apiVersion: "v1",
          kind: "Namespace",
          metadata: { name },
        });
    delivery = await start(plane, repository);
    progress("Waiting for the controller");
    const waited = performance.now();
    await delivery.deliver(
      groups.map(({ name }) => name),
      240,
    );
    progress(`Delivered in ${((performance.now() - waited) / 1000).toFixed(0)} s`);
    const began = performance.now();
    const before = await reportDrift(repository.folder, plane);
    const seconds = (performance.now() - began) / 1000;
    progress("Changing live objects by hand");
    await delivery.pause();
    // Neither what would refuse the changes of others, nor what the changed field would take away from them.
    const subjects = groups.filter(({ name }) => name !== "last").flatMap(({ resources }) => resources);
    const changes = await changeLive(subjects, count, seededRandom(seed), plane.send);
    const after = await reportDrift(repository.folder, plane);
    return {
      before,
      after,
      changes,
      verdict: judgeChanges(changes, after),
      seconds,
      memory: delivery.processes.memory(),
      own: Math.round(process.resourceUsage().maxRSS / 1024),
    };
  } finally {
    await pods.stop();
    delivery?.stop();
    plane.stop();
  }
}

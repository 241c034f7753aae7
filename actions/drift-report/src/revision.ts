import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Cluster } from "@gitops-actions/engine";
import { diffResources, type Resource } from "@gitops-actions/manifest";
import { ToolError, UsageError } from "@gitops-actions/report";
import { type Deliverer, nameOf } from "./delivery.ts";
import { type Desired, readDesired, type Wanted } from "./desired.ts";
import type { DriftInputs } from "./inputs.ts";
import { renderInputs } from "./rendering.ts";
import type { DriftWorld } from "./run.ts";
import { deliverersOf } from "./source.ts";

/** An overlay as it should be in the cluster now: at the commit that its controller has applied. */
export interface Placed {
  overlay: string;
  /** That of the overlay, else the one the run is for. */
  environment?: string;
  resources: Resource[];
  deliverers: Deliverer[];
  /** The commit it was rendered at, where that is not the one looked at. */
  applied?: string;
  /** Objects that differ between that commit and the one looked at. */
  pending: number;
  /** Why nothing can be said of its objects. */
  unchecked?: { code: string; message: string };
}

/** Says for each overlay which objects should be live, each with its namespace. */
export async function placeResources(
  head: Desired,
  { deliverers, names }: { deliverers: readonly Deliverer[]; names: ReadonlySet<string> },
  cluster: Cluster,
  inputs: DriftInputs,
  world: DriftWorld,
): Promise<Placed[]> {
  const commit = head.index.source.head.commit;
  const placed = head.wanted.map((wanted) => {
    const own = deliverersOf(wanted.overlay.path, deliverers, names);
    return { wanted, own, applied: inputs.revision === "applied" ? otherCommit(own, commit) : undefined };
  });
  const older = await renderApplied(placed, inputs, world);
  return placed.map(({ wanted, own, applied }) => {
    const options = own.flatMap((each) => each.options.map((option) => `${option} of ${nameOf(each)}`));
    const environment = wanted.overlay.environment ?? inputs.environment;
    const base = { overlay: wanted.overlay.id, environment, deliverers: own, pending: 0 };
    const now = withNamespaces(wanted, own, cluster);
    if (options.length > 0) {
      const message = `${options.join(", ")} changes what is applied, and is not modelled yet`;
      return { ...base, resources: now, unchecked: { code: "option", message } };
    }
    if (applied === undefined) return { ...base, resources: now };
    const then = older.get(applied);
    const at = then instanceof Map ? then.get(wanted.overlay.id) : undefined;
    if (at) {
      const resources = withNamespaces(at, own, cluster);
      return { ...base, resources, applied, pending: diffResources(resources, now).length };
    }
    const reason =
      then instanceof Map ? "the overlay does not render there" : (then ?? "it was not rendered");
    const message = `${own.map(nameOf).join(" and ")} has applied ${applied.slice(0, 7)}: ${reason}`;
    return { ...base, resources: now, unchecked: { code: "revision", message } };
  });
}

function otherCommit(own: readonly Deliverer[], commit: string | null): string | undefined {
  return own.find(({ applied }) => applied !== undefined && applied !== commit)?.applied;
}

/** The overlays that controllers have applied at other commits, one render a commit; a text where that failed. */
async function renderApplied(
  placed: readonly { wanted: Wanted; applied: string | undefined }[],
  inputs: DriftInputs,
  world: DriftWorld,
): Promise<Map<string, Map<string, Wanted> | string>> {
  const found = new Map<string, Map<string, Wanted> | string>();
  const late = placed.filter(({ applied }) => applied !== undefined);
  for (const [commit, group] of Map.groupBy(late, ({ applied }) => applied!)) {
    const paths = group.map(({ wanted }) => wanted.overlay.path);
    // A render has its folders below the temporary one: each gets its own.
    const tempDir = join(world.host.tempDir, `applied-${commit.slice(0, 12)}`);
    mkdirSync(tempDir, { mode: 0o700 });
    try {
      const there = { ...world, host: { ...world.host, tempDir } };
      const then = await readDesired(renderInputs(inputs, { commit, paths }), inputs, there);
      found.set(commit, new Map(then.wanted.map((each) => [each.overlay.id, each])));
    } catch (error) {
      if (!(error instanceof UsageError || error instanceof ToolError) || world.signal.aborted) throw error;
      found.set(commit, error.message);
    }
  }
  return found;
}

/** Objects that name no namespace get the one their controller gives them; cluster-wide ones get none. */
function withNamespaces(
  { overlay, resources }: Wanted,
  own: readonly Deliverer[],
  cluster: Cluster,
): Resource[] {
  const fallback =
    own.find((each) => each.defaultNamespace)?.defaultNamespace ?? overlay.namespace ?? "default";
  return resources.map((resource) => {
    const kind = cluster.kind(resource.id);
    if ("unread" in kind) return resource;
    const namespace = kind.namespaced ? resource.id.namespace || fallback : "";
    return namespace === resource.id.namespace
      ? resource
      : { ...resource, id: { ...resource.id, namespace } };
  });
}

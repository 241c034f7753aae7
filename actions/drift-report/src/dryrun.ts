import type { DryRun, DryRunner } from "@gitops-actions/engine";
import { isObject, type JsonObject, type Resource } from "@gitops-actions/manifest";
import { type Addition, applierOf } from "./additions.ts";
import { attribute } from "./attribution.ts";
import { compareObjects, type Difference } from "./comparison.ts";
import type { Manager } from "./managed.ts";
import type { Shape } from "./shape.ts";

/** The manager in whose name dry runs apply where nobody has applied an object on the server yet. */
const ownName = "gitops-actions";

/** What an apply would change of a live object, by the server's own answer. */
export interface ServerAnswer {
  /** The object as it would be. */
  made: JsonObject;
  /** Fields that would become another, or be made. */
  changed: Difference[];
  /** Fields that would be taken away. */
  removed: Addition[];
}

/**
 * Asks the server what applying Git's object would give: in the name of the manager that applied it, so that fields which
 * Git no longer has go, else in ours.
 */
export async function askServer(
  resource: Resource,
  live: JsonObject,
  shape: Shape,
  runner: DryRunner,
): Promise<DryRun> {
  const applier = applierOf(resource.value, live, shape);
  const manager = applier?.operation === "Apply" ? applier.name : ownName;
  const { namespace, ...request } = resource.id;
  return runner.apply({ ...request, ...(namespace && { namespace }) }, withIdentity(resource), manager);
}

/** Git's object with the namespace it goes to, and without what the server refuses to be told. */
function withIdentity({ id, value }: Resource): JsonObject {
  const { status: _status, ...rest } = value;
  const metadata: JsonObject = isObject(value.metadata) ? { ...value.metadata } : {};
  for (const name of ["managedFields", "resourceVersion", "uid", "generation", "selfLink", "namespace"])
    delete metadata[name];
  return { ...rest, metadata: id.namespace ? { ...metadata, namespace: id.namespace } : metadata };
}

/** Compares the object as it would be with the one that is there. */
export function readAnswer(made: JsonObject, live: JsonObject, shape: Shape): ServerAnswer {
  const { differences } = compareObjects(made, live, shape);
  const backwards = compareObjects(live, made, shape);
  const removed = backwards.differences
    .filter((difference) => difference.live === undefined)
    .map(({ pointer, desired }) => ({
      livePointer: pointer,
      live: desired,
      manager: ownerOf(live, pointer),
    }));
  return { made, changed: differences, removed };
}

function ownerOf(live: JsonObject, pointer: string): Manager {
  const by = attribute(live, pointer);
  return {
    name: by?.manager ?? "",
    operation: by?.operation ?? "Apply",
    subresource: by?.subresource ?? "",
    time: by?.time,
    fields: {},
  };
}

import { type JsonObject, valueAt } from "@gitops-actions/manifest";
import { type SyncStatus, shortRevision } from "../sync.ts";

/** Says of Kustomizations that have not applied what their source has fetched that they have not. */
export function explainSources(statuses: readonly SyncStatus[], objects: readonly JsonObject[]): void {
  const text = (object: JsonObject, pointer: string): string => {
    const value = valueAt(object, pointer);
    return typeof value === "string" ? value : "";
  };
  const key = (kind: string, namespace: string, name: string): string => `${kind}/${namespace}/${name}`;
  const fetched = new Map(
    objects.map((object) => [
      key(text(object, "/kind"), text(object, "/metadata/namespace"), text(object, "/metadata/name")),
      text(object, "/status/artifact/revision"),
    ]),
  );
  const kustomizations = new Map(
    objects
      .filter(({ kind }) => kind === "Kustomization")
      .map((each) => [key("", text(each, "/metadata/namespace"), text(each, "/metadata/name")), each]),
  );
  for (const status of statuses) {
    const own = kustomizations.get(key("", status.namespace, status.name));
    if (status.kind !== "Kustomization" || !own) continue;
    const namespace = text(own, "/spec/sourceRef/namespace") || status.namespace;
    const source = fetched.get(
      key(text(own, "/spec/sourceRef/kind"), namespace, text(own, "/spec/sourceRef/name")),
    );
    if (!source || source === status.revision) continue;
    status.message += `${status.message && "; "}its source has ${shortRevision(source)}, ${
      status.revision ? `it has applied ${shortRevision(status.revision)}` : "it has applied nothing"
    }`;
  }
}

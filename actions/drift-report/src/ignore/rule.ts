import { isObject, type Json, type JsonObject, type Resource } from "@gitops-actions/manifest";

/** An object as selectors of rules see it. */
export interface Subject {
  group: string;
  version: string;
  kind: string;
  namespace: string;
  name: string;
  /** Of Git's object and, where Git says nothing, of the live one. */
  labels: Readonly<Record<string, Json>>;
  annotations: Readonly<Record<string, Json>>;
}

/** One rule by which differences are not looked at, whoever wrote it. */
export interface IgnoreRule {
  /** Who says so: `Application argocd/web`, `gitops.yaml:12`. */
  by: string;
  selects(subject: Subject): boolean;
  /** JSON Pointers; "" is the whole object. */
  pointers: string[];
  /** jq expressions that name places. */
  jq: string[];
  /** Whether what this field manager owns is not looked at. */
  ownedBy(manager: string): boolean;
}

export function subjectOf({ id, value }: Resource, live: JsonObject | undefined): Subject {
  const of = (name: "labels" | "annotations"): Record<string, Json> => ({
    ...metadataMap(live, name),
    ...metadataMap(value, name),
  });
  return { ...id, labels: of("labels"), annotations: of("annotations") };
}

function metadataMap(value: JsonObject | undefined, name: string): JsonObject {
  const map = isObject(value?.metadata) ? value.metadata[name] : undefined;
  return isObject(map) ? map : {};
}

/** Whether a text is a JSON Pointer; what is none names nothing. */
export function isPointer(text: string): boolean {
  return text === "" || text.startsWith("/");
}

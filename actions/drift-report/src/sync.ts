import { isObject, type Json, type JsonObject, valueAt } from "@gitops-actions/manifest";
import { attribute } from "./attribution.ts";
import type { Lag } from "./checkout.ts";
import { appliedOf, commitOf } from "./delivery.ts";

/** The state of one Argo CD Application or Flux object, as it says itself. */
export interface SyncStatus {
  kind: string;
  namespace: string;
  name: string;
  state: "in-sync" | "out-of-sync" | "failing" | "progressing" | "suspended" | "unknown";
  /** Commit or version it has applied, as it says. */
  revision: string | undefined;
  /** Its own words on what is wrong. */
  message: string;
  /** RFC 3339; undefined where nothing tells. */
  since: string | undefined;
  /** How far what it has applied is behind Git; undefined where that cannot be told. */
  lag?: Lag;
  /** It may not sync now, by a window of its project. */
  waiting?: true;
}

/** The kinds that are asked, newest version first. */
export const syncKinds = [
  { group: "argoproj.io", kind: "Application", versions: ["v1alpha1"] },
  { group: "kustomize.toolkit.fluxcd.io", kind: "Kustomization", versions: ["v1", "v1beta2"] },
  { group: "helm.toolkit.fluxcd.io", kind: "HelmRelease", versions: ["v2", "v2beta2"] },
  { group: "source.toolkit.fluxcd.io", kind: "GitRepository", versions: ["v1", "v1beta2"] },
  { group: "source.toolkit.fluxcd.io", kind: "OCIRepository", versions: ["v1", "v1beta2"] },
  { group: "source.toolkit.fluxcd.io", kind: "HelmRepository", versions: ["v1", "v1beta2"] },
] as const;

/** Reads the state of a live Application, Kustomization, HelmRelease or source. */
export function readSyncStatus(object: JsonObject): SyncStatus {
  const metadata = isObject(object.metadata) ? object.metadata : {};
  const identity = {
    kind: String(object.kind),
    namespace: String(metadata.namespace ?? ""),
    name: String(metadata.name ?? ""),
  };
  return { ...identity, ...(object.kind === "Application" ? readArgo(object) : readFlux(object)) };
}

const skipReconcile = "argocd.argoproj.io/skip-reconcile";

type State = Pick<SyncStatus, "state" | "revision" | "message" | "since">;

function readArgo(object: JsonObject): State {
  const text = (pointer: string): string => textOf(valueAt(object, pointer));
  const sync = text("/status/sync/status");
  const health = text("/status/health/status");
  const phase = text("/status/operationState/phase");
  const compared = text("/status/sync/revision") || undefined;
  // Of a chart it is a version, no commit.
  const revision = appliedOf(object, 0, compared) ?? compared;
  const errors = conditionsOf(object).filter(({ type }) => /Error$/.test(textOf(type)));
  const state = (name: State["state"], message: string, since?: string): State => ({
    state: name,
    revision,
    message,
    since: since || undefined,
  });
  if (text(`/metadata/annotations/${skipReconcile.replace("/", "~1")}`) === "true")
    return suspended(object, `/metadata/annotations/${skipReconcile.replace("/", "~1")}`, revision);
  const [error] = errors;
  if (error)
    return state(
      "failing",
      `${textOf(error.type)}: ${textOf(error.message)}`,
      textOf(error.lastTransitionTime),
    );
  if (phase === "Failed" || phase === "Error")
    return state(
      "failing",
      `the last sync ${phase === "Failed" ? "failed" : "ended in an error"}: ${text("/status/operationState/message")}`,
      text("/status/operationState/finishedAt"),
    );
  if (health === "Degraded")
    return state("failing", "its health is Degraded", text("/status/health/lastTransitionTime"));
  const manual = isManual(object);
  // Since when it is out of sync Argo CD does not record.
  if (sync === "OutOfSync")
    return state("out-of-sync", manual ? "OutOfSync, and auto-sync is off" : "OutOfSync");
  if (sync !== "Synced") return state("unknown", sync || "it has not said anything yet");
  if (health === "Progressing") return state("progressing", "its health is Progressing");
  return state("in-sync", manual ? "Synced; auto-sync is off" : "Synced");
}

function isManual(application: JsonObject): boolean {
  const automated = valueAt(application, "/spec/syncPolicy/automated");
  return !isObject(automated) || automated.enabled === false;
}

/** Somebody told the controller to leave its object alone: the field says so, and its manager who and when. */
function suspended(object: JsonObject, pointer: string, revision: string | undefined): State {
  const by = attribute(object, pointer);
  return {
    state: "suspended",
    revision,
    message: `suspended${by ? `, by ${by.manager}` : ""}`,
    since: by?.time,
  };
}

function readFlux(object: JsonObject): State {
  const revision =
    textOf(valueAt(object, "/status/lastAppliedRevision")) ||
    textOf(valueAt(object, "/status/artifact/revision")) ||
    textOf(valueAt(object, "/status/history/0/chartVersion")) ||
    undefined;
  if (valueAt(object, "/spec/suspend") === true) return suspended(object, "/spec/suspend", revision);
  const conditions = conditionsOf(object);
  const find = (type: string): JsonObject | undefined => conditions.find((each) => each.type === type);
  const stalled = find("Stalled");
  const ready = find("Ready");
  const broken = stalled?.status === "True" ? stalled : ready?.status === "False" ? ready : undefined;
  if (broken) {
    const message = `${textOf(broken.reason)}: ${textOf(broken.message)}`;
    return { state: "failing", revision, message, since: textOf(broken.lastTransitionTime) || undefined };
  }
  if (ready?.status === "True") {
    const observed = valueAt(object, "/status/observedGeneration");
    const generation = valueAt(object, "/metadata/generation");
    if (observed !== undefined && observed !== generation)
      return {
        state: "progressing",
        revision,
        message: "a change of it is not reconciled yet",
        since: undefined,
      };
    return { state: "in-sync", revision, message: textOf(ready.message), since: undefined };
  }
  // Sources of type OCI in HelmRepository have no status at all: there is nothing to reconcile.
  if (conditions.length === 0 && valueAt(object, "/spec/type") === "oci")
    return { state: "in-sync", revision, message: "", since: undefined };
  const message = ready ? textOf(ready.message) : "no controller has said anything of it";
  return { state: ready ? "progressing" : "unknown", revision, message, since: undefined };
}

function conditionsOf(object: JsonObject): JsonObject[] {
  const conditions = valueAt(object, "/status/conditions");
  return Array.isArray(conditions) ? conditions.filter(isObject) : [];
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** Minutes between a time of the cluster and now; undefined when there is none. */
export function minutesSince(since: string | undefined, now: Date): number | undefined {
  const then = since === undefined ? Number.NaN : Date.parse(since);
  return Number.isNaN(then) ? undefined : Math.max(0, Math.floor((now.getTime() - then) / 60_000));
}

/** The short form of what it has applied, for tables. */
export function shortRevision(revision: string | undefined): string {
  const commit = commitOf(revision);
  return commit ? commit.slice(0, 7) : (revision ?? "");
}

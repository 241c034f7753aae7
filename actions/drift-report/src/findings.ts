import {
  compareText,
  fieldPath,
  isObject,
  type Json,
  type JsonObject,
  type Redactor,
  type Resource,
  splitPointer,
  writeJson,
} from "@gitops-actions/manifest";
import { type Finding, makeFinding } from "@gitops-actions/report";
import type { Addition } from "./additions.ts";
import { formatAttribution } from "./attribution.ts";
import type { Compared, Drifted } from "./judgement.ts";
import { readManagers } from "./managed.ts";
import type { Orphan } from "./orphans.ts";

/** An object of Git, where it comes from, and the redactor that knows its secrets. */
export interface Subject {
  overlay: string;
  resource: Resource;
  redactor: Redactor;
}

/** What the comparison of one object found, ready to be published. */
export function driftFindings(subject: Subject, compared: Compared): Finding[] {
  return [
    ...compared.changed.map((field) => changedFinding(subject, compared, field)),
    ...compared.removedFromGit.map((field) => additionFinding(subject, compared, field, "removed-from-git")),
    ...compared.unmanaged.map((field) => additionFinding(subject, compared, field, "unmanaged-addition")),
  ];
}

function changedFinding(subject: Subject, { live, desired }: Compared, field: Drifted): Finding {
  const { overlay, resource, redactor } = subject;
  const path = redactor.redactText(fieldPath(desired, field.pointer));
  const who = redactor.redactText(formatAttribution(field.by));
  const secret = secretKey(resource, field.pointer);
  const isGone = field.live === undefined;
  const message = secret
    ? `key ${secret} ${isGone ? "is not in the cluster" : "differs"}; last written by ${who}`
    : `${path} ${isGone ? "is not in the cluster" : "differs"}; last written by ${who}`;
  return makeFinding({
    rule: "drift/changed",
    severity: "error",
    message,
    help: "Bring the change into Git, or let the controller apply what Git says.",
    resource: resource.id,
    value: desired,
    field: redactor.redactText(field.pointer),
    overlays: [overlay],
    ...(!secret && values(subject, field, desired, live)),
  });
}

function values(
  { resource, redactor }: Subject,
  field: Drifted,
  desired: JsonObject,
  live: JsonObject,
): { expected: string; actual?: string } {
  const change = redactor.redactChange({
    kind: "changed",
    id: resource.id,
    base: { ...resource, value: desired },
    head: asResource(resource, live),
    fields: [
      {
        pointer: field.live === undefined ? field.pointer : field.livePointer,
        basePointer: field.pointer,
        path: "",
        base: field.desired,
        ...(field.live !== undefined && { head: field.live }),
      },
    ],
  });
  const [shown] = change.fields;
  return {
    expected: brief(shown?.base),
    ...(field.live !== undefined && { actual: brief(shown?.head) }),
  };
}

/** A live object as the redactor takes it. */
export function asResource({ id }: Resource, live: JsonObject): Resource {
  return { id, document: 0, line: 1, text: "", value: live };
}

function brief(value: Json | undefined): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "string" ? value : writeJson(value);
  return text.length > 300 ? `${text.slice(0, 297)}...` : text;
}

/** The key of a Secret that a pointer leads to: its values are never shown, not even as ordinals. */
function secretKey({ id }: Resource, pointer: string): string | undefined {
  if (id.kind !== "Secret" || id.group !== "") return undefined;
  const [field, key] = splitPointer(pointer);
  return field === "data" || field === "stringData" ? (key ?? field) : undefined;
}

function additionFinding(
  { overlay, resource, redactor }: Subject,
  { live }: Compared,
  { livePointer, manager }: Addition,
  rule: "unmanaged-addition" | "removed-from-git",
): Finding {
  const secret = secretKey(resource, livePointer);
  const path = secret ? `key ${secret}` : redactor.redactText(fieldPath(live, livePointer));
  const who = redactor.redactText(
    formatAttribution({
      manager: manager.name,
      operation: manager.operation,
      subresource: "",
      time: manager.time,
    }),
  );
  const message =
    rule === "unmanaged-addition"
      ? `${path} is not in Git; written by ${who}`
      : `${path} is no longer in Git and still in the cluster; applied by ${who}`;
  return makeFinding({
    rule: `drift/${rule}`,
    severity: "warning",
    message,
    resource: resource.id,
    value: live,
    field: redactor.redactText(livePointer),
    overlays: [overlay],
  });
}

/** An object of Git that the cluster does not have. Who deleted it is not recorded anywhere. */
export function missingFinding({ overlay, resource }: Pick<Subject, "overlay" | "resource">): Finding {
  return makeFinding({
    rule: "drift/missing",
    severity: "error",
    message:
      "it is in Git and not in the cluster; who deleted it, or whether it ever was there, is not recorded",
    resource: resource.id,
    overlays: [overlay],
  });
}

/** An object that a controller says it brought here and that Git no longer has. */
export function extraFinding(id: Resource["id"], by: string, overlays: readonly string[]): Finding {
  return makeFinding({
    rule: "drift/extra",
    severity: "warning",
    message: `it is in the inventory of ${by} and not in Git`,
    resource: id,
    overlays: [...overlays],
  });
}

/** An object that is in no overlay and that nobody tracks, with who made it. */
export function orphanFinding({ id, live }: Orphan, redactor: Redactor): Finding {
  const [first] = readManagers(live)
    .filter(({ subresource }) => subresource === "")
    .sort((a, b) => compareText(a.time ?? "", b.time ?? ""));
  const created = isObject(live.metadata) ? live.metadata.creationTimestamp : undefined;
  const since = typeof created === "string" ? ` since ${created}` : "";
  const who = first ? ` (by ${first.name})` : "";
  return makeFinding({
    rule: "drift/orphan",
    severity: "warning",
    message: redactor.redactText(`it is in no overlay and nobody tracks it; in the cluster${since}${who}`),
    help: "Bring it into Git, delete it, or name it in drift.ignore of gitops.yaml.",
    resource: id,
  });
}

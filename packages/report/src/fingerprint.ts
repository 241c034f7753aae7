import { createHash } from "node:crypto";
import {
  canonicalId,
  childOf,
  isObject,
  type Json,
  type ResourceId,
  splitPointer,
} from "@gitops-actions/manifest";

/** What makes two findings the same thing said about the same thing, in two commits or two overlays. */
export interface FingerprintParts {
  rule: string;
  resource?: ResourceId;
  /** A field as `nameField` writes it. */
  field?: string;
  /** The file, for a finding that is about no resource. */
  path?: string;
  /** Tells apart two things that one rule says of one field. Never a secret, a line or an index. */
  discriminator?: string;
}

/** 32 hexadecimal digits; without the API version (one object is stored for all), a generator's hash, a line or an index. */
export function fingerprint(parts: FingerprintParts): string {
  const id = parts.resource && canonicalId(parts.resource);
  const identity = id ? [id.group, id.kind, id.namespace, id.name] : [parts.path ?? ""];
  const text = JSON.stringify([parts.rule, identity, parts.field ?? "", parts.discriminator ?? ""]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/**
 * Fields that name an item of a list, in the order they are tried. Unlike manifest's `mergeKey`, which looks for what
 * tells the items of one list apart, these do not depend on the other items: a fingerprint must not change when a
 * sibling is added. Items that share a name share a fingerprint; `markAgainstBase` counts them.
 */
const ITEM_NAMES = [
  ...["name", "containerPort", "port", "mountPath", "devicePath", "topologyKey", "ip", "uid", "type", "key"],
  ...["host", "path", "alert", "record", "id"],
];

/**
 * A JSON Pointer as a path in which list items are named: `spec.containers[name=app].image`. An item without a name
 * is `[]`, because an index moves when something is inserted before it. Without the resource's value, every step that
 * is a number counts as an index.
 */
export function nameField(pointer: string, value?: Json): string {
  let at = value;
  let path = "";
  for (const step of splitPointer(pointer)) {
    const child = childOf(at, step);
    if (Array.isArray(at)) path += nameItem(child);
    else if (at === undefined && /^(0|[1-9]\d*)$/.test(step)) path += "[]";
    else path += /^[\w-]+$/.test(step) ? `${path ? "." : ""}${step}` : `[${JSON.stringify(step)}]`;
    at = child;
  }
  return path;
}

function nameItem(item: Json | undefined): string {
  if (!isObject(item)) return "[]";
  const key = ITEM_NAMES.find((candidate) => isName(item[candidate]));
  // The items of volumeClaimTemplates are resources.
  if (key === undefined) return isObject(item.metadata) ? nameItem(item.metadata) : "[]";
  // Two ports may share a number and differ by protocol: Kubernetes' key is the pair.
  const protocol =
    /[pP]ort$/.test(key) && typeof item.protocol === "string" ? `,protocol=${item.protocol}` : "";
  return `[${key}=${item[key]}${protocol}]`;
}

function isName(value: Json | undefined): value is string | number | bigint {
  return typeof value === "string" || typeof value === "number" || typeof value === "bigint";
}

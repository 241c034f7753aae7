import { createHash } from "node:crypto";
import type { Json, ResourceId } from "@gitops-actions/manifest";

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
  const id = parts.resource;
  const identity = id ? [id.group, id.kind, id.namespace, withoutGeneratorHash(id)] : [parts.path ?? ""];
  const text = JSON.stringify([parts.rule, identity, parts.field ?? "", parts.discriminator ?? ""]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** kustomize appends ten digits of this alphabet (api/hasher/hasher.go, encode: hexadecimal without vowels, 0, 1 and 3). */
const GENERATOR_HASH = /-[2456789bcdfghkmt]{10}$/;

/** The name of a generated ConfigMap or Secret as its author wrote it; other names as they are. */
export function withoutGeneratorHash(id: ResourceId): string {
  const generated = id.group === "" && (id.kind === "ConfigMap" || id.kind === "Secret");
  return generated ? id.name.replace(GENERATOR_HASH, "") : id.name;
}

/**
 * Fields that name an item among its siblings, in the order they are tried. The first ones are the merge keys of
 * Kubernetes' own types (x-kubernetes-list-map-keys); then what people use for lists that have none.
 */
const MERGE_KEYS = [
  "name",
  "containerPort",
  "port",
  "mountPath",
  "devicePath",
  "topologyKey",
  "ip",
  "uid",
  "type",
  "key",
  "host",
  "path",
  "id",
];

/**
 * A JSON Pointer as a path in which list items are named by their merge key: `spec.containers[name=app].image`.
 * An item without one is `[]`, because an index moves when something is inserted before it.
 * Without the resource's value, every step that is a number counts as an index.
 */
export function nameField(pointer: string, value?: Json): string {
  let at: Json | undefined = value;
  let path = "";
  for (const step of pointerSteps(pointer)) {
    if (Array.isArray(at)) {
      const item: Json | undefined = at[Number(step)];
      path += nameItem(item);
      at = item;
    } else if (at === undefined && /^(0|[1-9]\d*)$/.test(step)) {
      path += "[]";
    } else {
      path += /^[\w-]+$/.test(step) ? `${path ? "." : ""}${step}` : `[${JSON.stringify(step)}]`;
      at = isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined;
    }
  }
  return path;
}

/** The steps of a JSON Pointer (RFC 6901), unescaped; none for "" (the whole document). */
export function pointerSteps(pointer: string): string[] {
  if (pointer === "") return [];
  return pointer
    .replace(/^\//, "")
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function nameItem(item: Json | undefined): string {
  if (!isObject(item)) return "[]";
  const key = MERGE_KEYS.find((candidate) => isName(item[candidate]));
  if (key === undefined) return "[]";
  // Two ports may share a number and differ by protocol: Kubernetes' key is the pair.
  const protocol =
    /[pP]ort$/.test(key) && typeof item.protocol === "string" ? `,protocol=${item.protocol}` : "";
  return `[${key}=${item[key]}${protocol}]`;
}

function isName(value: Json | undefined): value is string | number | bigint {
  return typeof value === "string" || typeof value === "number" || typeof value === "bigint";
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

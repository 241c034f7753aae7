import { childOf, splitPointer } from "./pointer.ts";
import type { Json, JsonObject } from "./resource.ts";
import { isObject } from "./values.ts";

/**
 * The fields that name the items of a list, by the name of the list. Kubernetes declares most of them as
 * x-kubernetes-patch-merge-key or x-kubernetes-list-map-keys; the later sets are tried where the earlier are not unique.
 */
const keysByList: Record<string, readonly (readonly string[])[]> = {
  volumeMounts: [["mountPath"], ["mountPath", "subPath"]],
  volumeDevices: [["devicePath"]],
  ports: [["containerPort"], ["containerPort", "protocol"], ["port"], ["port", "protocol"], ["name"]],
  tolerations: [["key"], ["key", "effect"], ["key", "operator", "value", "effect"]],
  hostAliases: [["ip"]],
  topologySpreadConstraints: [["topologyKey"], ["topologyKey", "whenUnsatisfiable"]],
  ownerReferences: [["uid"]],
  conditions: [["type"]],
  subjects: [["name"], ["kind", "name"], ["kind", "namespace", "name"]],
  volumeClaimTemplates: [["metadata.name"]],
  paths: [["path"], ["path", "pathType"]],
  hosts: [["host"]],
};

const generalKeys: readonly (readonly string[])[] = [
  ["name"],
  ["kind", "name"],
  ["kind", "namespace", "name"],
  ["host"],
  ["alert"],
  ["record"],
  ["id"],
  ["key"],
  ["path"],
  ["type"],
];

/**
 * The fields that tell the items of a list apart on every side given, or undefined: then items have positions only.
 * Each side may be absent. The first field of the answer is set in every item, the others may be absent.
 */
export function mergeKey(
  list: string,
  ...sides: (readonly Json[] | undefined)[]
): readonly string[] | undefined {
  const present = sides.filter((side) => side !== undefined);
  if (!present.every((side) => side.every(isObject)) || present.every((side) => side.length === 0))
    return undefined;
  const candidates = [...(Object.hasOwn(keysByList, list) ? (keysByList[list] ?? []) : []), ...generalKeys];
  return candidates.find((fields) => present.every((side) => isUnique(side as JsonObject[], fields)));
}

function isUnique(items: readonly JsonObject[], fields: readonly string[]): boolean {
  const seen = new Set<string>();
  for (const item of items) {
    if (keyValue(item, fields[0] as string) === undefined) return false;
    seen.add(itemKey(item, fields));
  }
  return seen.size === items.length;
}

function keyValue(item: JsonObject, field: string): string | number | undefined {
  const value = field === "metadata.name" ? childOf(childOf(item, "metadata"), "name") : childOf(item, field);
  return typeof value === "string" || typeof value === "number" ? value : undefined;
}

/** How an item is named inside brackets: `name=app`, `containerPort=53,protocol=UDP`. */
export function itemKey(item: JsonObject, fields: readonly string[]): string {
  const parts: string[] = [];
  for (const field of fields) {
    const value = keyValue(item, field);
    if (value !== undefined) parts.push(`${field}=${quoteWhereNeeded(value)}`);
  }
  return parts.join(",");
}

/** A number stands bare; a text that looks like one, or would blur the brackets, is quoted. */
function quoteWhereNeeded(value: string | number): string {
  if (typeof value === "number") return String(value);
  return value === "" || /[\s,=[\]"\p{C}]/u.test(value) || /^[-+.]?[0-9.]+$/.test(value)
    ? JSON.stringify(value)
    : value;
}

/** Adds a field to a human path: `spec.replicas`, `metadata.labels["app.kubernetes.io/name"]`. */
export function appendField(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path ? `${path}.${key}` : key;
}

/** Adds an item to a human path: `containers[name=app]`, or `args[2]` when nothing names it. */
export function appendItem(path: string, item: string | number): string {
  return `${path}[${item}]`;
}

/** The human path of a pointer into a value, list items named by their merge key; the same text wherever the item moves. */
export function fieldPath(root: Json | undefined, pointer: string): string {
  let path = "";
  let value = root;
  let list = "";
  for (const token of splitPointer(pointer)) {
    const child = childOf(value, token);
    if (Array.isArray(value)) {
      const fields = mergeKey(list, value);
      path = appendItem(path, fields && isObject(child) ? itemKey(child, fields) : token);
    } else {
      path = appendField(path, token);
      list = token;
    }
    value = child;
  }
  return path;
}

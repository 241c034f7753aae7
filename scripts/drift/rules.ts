// Makes actions/drift-report/src/rules.ts: what the API server's types say of lists and of zero values, which no JSON
// Schema says.
//
//   node scripts/run.mjs scripts/drift/rules.ts POINTERS OPENAPI...
//
// POINTERS is the output of pointers.go; OPENAPI are answers of kube-apiserver at /openapi/v2, one a version. What any
// version says counts.
import { readFileSync, writeFileSync } from "node:fs";

interface Property {
  type?: string;
  "x-kubernetes-list-type"?: string;
  "x-kubernetes-list-map-keys"?: string[];
  "x-kubernetes-patch-merge-key"?: string;
}
interface Definition {
  properties?: Record<string, Property>;
  "x-kubernetes-map-type"?: string;
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
}

const [pointers, ...documents] = process.argv.slice(2);
if (!pointers || documents.length === 0) throw new Error("usage: rules.ts POINTERS OPENAPI...");

const lists: Record<string, Record<string, string>> = {};
const kept: Record<string, string> = {};
const atomic = new Set<string>();
const roots = new Map<string, string>();
for (const file of documents) {
  const { definitions } = JSON.parse(readFileSync(file, "utf8")) as {
    definitions: Record<string, Definition>;
  };
  for (const [name, definition] of Object.entries(definitions)) {
    const [kind] = definition["x-kubernetes-group-version-kind"] ?? [];
    if (kind && !kind.kind.endsWith("List")) roots.set(name, `${kind.group}/${kind.version}/${kind.kind}`);
    if (definition["x-kubernetes-map-type"] === "atomic") atomic.add(keyOf(name));
    for (const [field, property] of Object.entries(definition.properties ?? {})) {
      const rule = listRule(property);
      if (!rule) continue;
      const key = keyOf(name);
      lists[key] = { ...lists[key], [field]: rule };
    }
  }
}
for (const line of readFileSync(pointers, "utf8").trim().split("\n")) {
  const [name, fields] = line.split(": ") as [string, string];
  kept[keyOf(name)] = fields;
}

const text = `// Made by scripts/drift/rules.ts; do not edit.

/** The lists whose items have names, by type and field: their key fields, or "set". All others are taken as a whole. */
export const lists: Record<string, Record<string, string>> = ${write(lists)};

/** The types whose fields have one owner together: server-side apply names the struct, not what is in it. */
export const atomic: readonly string[] = ${JSON.stringify([...atomic].sort(), null, 1)};

/** The scalar fields of each type that keep a zero which is written (pointers in Go), separated by spaces. */
export const kept: Record<string, string> = ${write(kept)};
`;
writeFileSync(new URL("../../actions/drift-report/src/rules.ts", import.meta.url), text);

function listRule(property: Property): string | undefined {
  if (property.type !== "array") return undefined;
  if (property["x-kubernetes-list-type"] === "set") return "set";
  const keys = property["x-kubernetes-list-map-keys"] ?? property["x-kubernetes-patch-merge-key"];
  // A list that is atomic for server-side apply is replaced as a whole, whatever strategic merge does with it.
  if (property["x-kubernetes-list-type"] === "atomic" || keys === undefined) return undefined;
  return typeof keys === "string" ? keys : keys.join(" ");
}

/** Types have the name of their package; the kinds themselves are written inline in our packs and go by their kind. */
function keyOf(name: string): string {
  return roots.get(name) ?? name.replace(/^io\.k8s\./, "");
}

function write(value: object): string {
  const sorted = Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !/(?:Status|List)$/.test(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  return JSON.stringify(sorted, null, 1);
}

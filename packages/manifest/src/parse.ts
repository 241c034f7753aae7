import { compose, type Node } from "./compose.ts";
import { splitApiVersion } from "./identity.ts";
import { indexLines, type LineIndex, positionAt } from "./lines.ts";
import { itemNodes, itemText } from "./list.ts";
import { type Flaw, type Problem, type ProblemCode, toProblem } from "./problem.ts";
import type { JsonObject, Resource, ResourceId } from "./resource.ts";
import { type Chunk, splitStream } from "./stream.ts";
import { isObject, toJson } from "./values.ts";

export interface Manifests {
  /** In the order of the stream; Lists are flattened. */
  resources: Resource[];
  /** Those that lack a name, each of which is a problem too; `before`: how many resources were read before it. */
  nameless: { resource: Resource; before: number }[];
  /** Documents without content, and Lists without items. */
  empty: number;
  problems: Problem[];
}

/**
 * What documents were read to, by their text: those that are one resource and nothing else. Give the same memory for
 * manifests that repeat one another, and equal documents are parsed once; they then share their value.
 */
export type ParseMemory = Map<string, Pick<Resource, "id" | "value">>;

interface Reading extends Manifests {
  memory: ParseMemory | undefined;
  text: string;
  source: string;
  lines: LineIndex;
}

/**
 * Reads every resource of a YAML or JSON stream, with values as kubectl and Helm read them.
 * What cannot be read becomes a problem and the rest is read on; a duplicate key is a problem and the last value counts.
 */
export function parseManifests(text: string, source: string, memory?: ParseMemory): Manifests {
  const lines = indexLines(text);
  const reading: Reading = {
    resources: [],
    nameless: [],
    empty: 0,
    problems: [],
    memory,
    text,
    source,
    lines,
  };
  const encoding = findEncodingFlaw(text);
  if (encoding) report(reading, 0, 0, encoding);
  else for (const [document, chunk] of splitStream(text).entries()) readDocument(reading, chunk, document);
  const { resources, nameless, empty, problems } = reading;
  return { resources, nameless, empty, problems };
}

function readDocument(reading: Reading, chunk: Chunk, document: number): void {
  const text = reading.text.slice(chunk.start, chunk.end);
  const known = reading.memory?.get(text);
  if (known) {
    const { line } = positionAt(reading.lines, chunk.start);
    reading.resources.push({ ...known, document, line, text });
    return;
  }
  const { root, flaws } = compose(text);
  for (const flaw of flaws) report(reading, document, chunk.start, flaw);
  if (!root) {
    if (flaws.length === 0) reading.empty++;
    return;
  }
  const line = positionAt(reading.lines, chunk.start).line;
  const place = { document, line, chunk };
  const before = reading.resources.length + reading.problems.length;
  readNode(reading, root, text, place);
  const last = reading.resources.at(-1);
  const isOne = reading.resources.length + reading.problems.length === before + 1 && last?.text === text;
  if (isOne && flaws.length === 0) reading.memory?.set(text, { id: last.id, value: last.value });
}

interface Place {
  document: number;
  line: number;
  chunk: Chunk;
}

function readNode(reading: Reading, node: Node, text: string, place: Place, listed?: JsonObject): void {
  const value = toJson(node);
  const flaw = (code: ProblemCode, message: string) =>
    report(reading, place.document, place.chunk.start, { code, message, offset: node.start });
  // An empty document is passed over; an empty item of a list is refused.
  if (value === null && !listed) {
    reading.empty++;
    return;
  }
  if (!isObject(value)) {
    const what = Array.isArray(value)
      ? "a list"
      : ({ string: "a text", object: "null" }[typeof value as string] ?? `a ${typeof value}`);
    flaw("not-an-object", `expected a Kubernetes object (apiVersion, kind, metadata), found ${what}`);
    return;
  }
  const object = listed ? inheritKind(value, listed) : value;
  if (isList(object)) {
    readItems(reading, node, object, text, place);
    return;
  }
  const id = readId(object, flaw);
  if (!id) return;
  const resource = { id, document: place.document, line: place.line, text, value: object };
  if (id.name !== "") reading.resources.push(resource);
  else reading.nameless.push({ resource, before: reading.resources.length });
}

function readItems(reading: Reading, node: Node, list: JsonObject, text: string, place: Place): void {
  const nodes = itemNodes(node);
  if (nodes.length === 0) reading.empty++;
  const documentText = reading.text.slice(place.chunk.start, place.chunk.end);
  for (const item of nodes) {
    const value = toJson(item);
    readNode(reading, item, isObject(value) ? itemText(documentText, item, value) : text, place, list);
  }
}

/** kubectl's List and the typed lists of the API server (PodList): `items`, and no name of its own. */
function isList(value: JsonObject): boolean {
  const { kind, items, metadata } = value;
  if (typeof kind !== "string" || !kind.endsWith("List")) return false;
  if (!Object.hasOwn(value, "items") || !(Array.isArray(items) || items === null)) return false;
  return !(isObject(metadata) && typeof metadata.name === "string");
}

/** The items of a typed list leave out what the list says: a PodList holds Pods of its own apiVersion. */
function inheritKind(item: JsonObject, list: JsonObject): JsonObject {
  if (list.kind === "List" || Object.hasOwn(item, "kind")) return item;
  return { apiVersion: list.apiVersion ?? null, kind: String(list.kind).slice(0, -"List".length), ...item };
}

function readId(
  value: JsonObject,
  flaw: (code: ProblemCode, message: string) => void,
): ResourceId | undefined {
  const { apiVersion, kind } = value;
  const metadata = isObject(value.metadata) ? value.metadata : {};
  if (typeof kind !== "string" || kind === "") {
    flaw("no-kind", "this document has no kind, so it is not a Kubernetes object");
    return undefined;
  }
  if (typeof apiVersion !== "string" || apiVersion === "") {
    flaw("no-api-version", `this ${kind} has no apiVersion`);
    return undefined;
  }
  const name = readName(metadata);
  if (name === undefined) {
    const wrong = metadata.name ?? metadata.generateName;
    const found =
      wrong === undefined || wrong === null || wrong === ""
        ? ""
        : ` that is a text (found ${String(wrong)}; quote it)`;
    flaw("no-name", `this ${kind} has no metadata.name${found}`);
  }
  const namespace = typeof metadata.namespace === "string" ? metadata.namespace : "";
  return { ...splitApiVersion(apiVersion), kind, namespace, name: name ?? "" };
}

/** With generateName only, the name is `<prefix>*`, which no real name can be. */
function readName(metadata: JsonObject): string | undefined {
  const { name, generateName } = metadata;
  if (typeof name === "string" && name !== "") return name;
  if (
    (name === undefined || name === null || name === "") &&
    typeof generateName === "string" &&
    generateName !== ""
  ) {
    return `${generateName}*`;
  }
  return undefined;
}

function findEncodingFlaw(text: string): Flaw | undefined {
  const nul = text.indexOf("\0");
  if (nul < 0) return undefined;
  const wide = /^(?:\ufffd\ufffd|\ufeff|\ufffe)?(?:[^\0]\0|\0[^\0]){2}/.test(text);
  const message = wide
    ? "this looks like UTF-16; save the file as UTF-8"
    : "this holds a NUL byte, so it is not a text file; YAML must be UTF-8";
  return { code: "encoding", message, offset: wide ? 0 : nul };
}

/** The text of a file's bytes; undefined when they are not UTF-8. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function report(reading: Reading, document: number, base: number, flaw: Flaw): void {
  reading.problems.push(toProblem(flaw, base, reading.lines, reading.source, document));
}

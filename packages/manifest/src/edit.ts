import { compose, type MappingNode, type Node, type ScalarNode, type SequenceNode } from "./compose.ts";
import { diffValues } from "./fields.ts";
import { splitPointer } from "./pointer.ts";
import type { Json } from "./resource.ts";
import { resolvePlain, type Scalar } from "./scalars.ts";
import { findNode } from "./source.ts";
import { splitStream } from "./stream.ts";
import { equalJson, isObject, setOwn, toJson, writeJson } from "./values.ts";

export type EditErrorCode = "no-document" | "unreadable" | "no-field" | "not-a-scalar" | "changes-more";

/** An edit that was refused; the text is as it was. */
export class EditError extends Error {
  override name = "EditError";
  readonly code: EditErrorCode;
  constructor(code: EditErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Replaces the bytes of one scalar and nothing else: comments, line ends, anchors and, where the value allows it, the way it
 * is quoted stay. The result is read again; throws an EditError when anything but that field would differ.
 */
export function replaceValue(text: string, pointer: string, value: Scalar, document = 0): string {
  const chunk = splitStream(text)[document];
  if (!chunk) throw new EditError("no-document", `there is no document ${document}`);
  const own = text.slice(chunk.start, chunk.end);
  const { root, flaws } = compose(own);
  if (!root) throw new EditError("unreadable", flaws[0]?.message ?? "the document is empty");
  const path = findPath(root, splitPointer(pointer));
  const node = path?.at(-1);
  if (!path || !node) throw new EditError("no-field", `there is no field ${pointer || "(the document)"}`);
  if (node.kind !== "scalar")
    throw new EditError("not-a-scalar", `${pointer} is a ${node.kind}, not one value`);
  if (equalJson(node.value, value)) return text;

  const inFlow = path.some((parent) => parent.kind !== "scalar" && parent.flow);
  const edited = own.slice(0, node.start) + writeScalar(own, node, value, inFlow) + own.slice(node.end);
  const result = text.slice(0, chunk.start) + edited + text.slice(chunk.end);
  check(text, result, document, withValue(toJson(root), splitPointer(pointer), value), pointer);
  return result;
}

type Concrete = ScalarNode | SequenceNode | MappingNode;

/** The nodes on the way to a field, aliases followed. */
function findPath(root: Node, tokens: readonly string[]): Concrete[] | undefined {
  const path: Concrete[] = [];
  for (let length = 0; length <= tokens.length; length++) {
    const found = findNode(root, tokens.slice(0, length));
    if (!found) return undefined;
    path.push(found.node);
  }
  return path;
}

function writeScalar(text: string, node: ScalarNode, value: Scalar, inFlow: boolean): string {
  const gap = node.start === node.end && /[:-]/.test(text[node.start - 1] ?? "") ? " " : "";
  if (typeof value !== "string") return `${gap}${writeJson(value)}${lastBreak(text, node)}`;
  if (node.style === "single" && canBeSingleQuoted(value)) return `'${value.replaceAll("'", "''")}'`;
  if (node.style === "plain" && canBePlain(value, inFlow)) return `${gap}${value}`;
  const block = node.style === "block" ? writeBlock(text, node, value) : undefined;
  return block ?? `${gap}${JSON.stringify(value)}${lastBreak(text, node)}`;
}

/** A block scalar ends with its last line; whatever takes its place must end that line too. */
function lastBreak(text: string, node: ScalarNode): string {
  return node.style === "block" ? (/(?:\r\n|\n|\r)$/.exec(text.slice(node.start, node.end))?.[0] ?? "") : "";
}

function canBeSingleQuoted(value: string): boolean {
  return !/[\p{Cc}\u2028\u2029\ufeff]/u.test(value);
}

function canBePlain(value: string, inFlow: boolean): boolean {
  if (value.trim() !== value || resolvePlain(value) !== value || value === "<<") return false;
  if (/[\p{Cc}\u2028\u2029\ufeff]|: |:$| #|^(?:---|\.\.\.)/u.test(value)) return false;
  if (/^[,[\]{}#&*!|>'"%@`]|^[-?:](?:\s|$)/.test(value)) return false;
  return !inFlow || !/[,[\]{}]|^[-?:]/.test(value);
}

/** A literal block with the old one's indentation; undefined where the text cannot stand in one. */
function writeBlock(text: string, node: ScalarNode, value: string): string | undefined {
  const old = text.slice(node.start, node.end);
  const header = /^\|[-+]?([ \t]+#[^\r\n]*)?(\r\n|\n|\r)/.exec(old);
  const indent = header && /^( +)\S/m.exec(old.slice(header[0].length))?.[1];
  if (!header || !indent || /^\s|^$|[^\n\P{Cc}]|[ \t]\n/u.test(value)) return undefined;
  const lineEnd = header[2] as string;
  const lines = value.split("\n");
  const ends = lines.at(-1) === "";
  if (ends) lines.pop();
  const chomping = ends ? (lines.at(-1) === "" ? "+" : "") : "-";
  const body = lines.map((line) => (line === "" ? "" : indent + line)).join(lineEnd);
  return `|${chomping}${header[1] ?? ""}${lineEnd}${body}${lastBreak(text, node)}`;
}

function withValue(root: Json, tokens: readonly string[], value: Json): Json {
  const [token, ...rest] = tokens;
  if (token === undefined) return value;
  if (Array.isArray(root))
    return root.map((item, index) => (String(index) === token ? withValue(item, rest, value) : item));
  if (!isObject(root)) return root;
  const copy = {};
  for (const key of Object.keys(root)) {
    const child = root[key] as Json;
    setOwn(copy, key, key === token ? withValue(child, rest, value) : child);
  }
  return copy;
}

function check(before: string, after: string, document: number, wanted: Json, pointer: string): void {
  const refuse = (why: string) => {
    throw new EditError(
      "changes-more",
      `${pointer} cannot be replaced without changing something else: ${why}`,
    );
  };
  const [old, now] = [splitStream(before), splitStream(after)];
  if (old.length !== now.length) refuse("the number of documents");
  for (const [index, chunk] of now.entries()) {
    const own = after.slice(chunk.start, chunk.end);
    const was = before.slice(old[index]?.start, old[index]?.end);
    if (index !== document && own !== was) refuse(`document ${index}`);
    if (index !== document) continue;
    const { root, flaws } = compose(own);
    if (!root || flaws.length > compose(was).flaws.length)
      refuse(flaws[0]?.message ?? "the document is empty");
    const [difference] = diffValues(wanted, toJson(root as Node));
    if (difference) refuse(difference.path);
  }
}

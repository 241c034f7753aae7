import { createHmac } from "node:crypto";
import type { ResourceChange } from "./diff.ts";
import type { FieldChange } from "./fields.ts";
import { isOrdinary, writtenForms } from "./forms.ts";
import { compareText } from "./identity.ts";
import { createMatcher, type Pattern } from "./matcher.ts";
import { joinPointer, splitPointer } from "./pointer.ts";
import { redactLines } from "./redact-text.ts";
import { identityKey, type Json, type JsonObject, type Resource } from "./resource.ts";
import { findSecrets, type SecretField } from "./secrets.ts";
import { isObject, setOwn } from "./values.ts";

/** The resources of one overlay at one commit. */
export interface RedactorInput {
  overlay: string;
  side: "base" | "head";
  resources: readonly Resource[];
}

export interface Redactor {
  /** How many different values are hidden. */
  hidden: number;
  /** The change as it may be published: without the resources, every secret value as `«hidden N»`. */
  redactChange(change: ResourceChange): ResourceChange;
  /** A text (a tool's message, a file) with every secret value of six characters or more replaced, however it is encoded. */
  redactText(text: string): string;
  /** The resource with value and text as they may be published. */
  redactResource(resource: Resource): Resource;
}

interface Occurrence {
  order: readonly string[];
  secret: SecretField;
}

/**
 * A redactor that knows the secrets of everything rendered, of both sides. Equal values have equal numbers; the numbers
 * follow from the order of (overlay, identity, field, side), so two runs print the same. `key` is random bytes: values are
 * compared by their keyed hash. `further` are secrets that stand in no resource: their numbers follow after all others.
 */
export function createRedactor(
  inputs: readonly RedactorInput[],
  key: Uint8Array,
  further: readonly Buffer[] = [],
): Redactor {
  const digest = (bytes: Buffer) => createHmac("sha256", key).update(bytes).digest("base64");
  const occurrences = collect(inputs);
  const numbers = new Map<string, number>();
  const patterns = new Map<string, Pattern>();
  const published = publicNames(inputs);
  for (const bytes of [...occurrences.map(({ secret }) => secret.bytes), ...further]) {
    const hash = digest(bytes);
    if (numbers.has(hash)) continue;
    numbers.set(hash, numbers.size + 1);
    const label = `«hidden ${numbers.size}»`;
    for (const text of writtenForms(bytes)) {
      if (!isOrdinary(text) && !published.has(text) && !patterns.has(text))
        patterns.set(text, { text, label });
    }
  }
  const redactText = createMatcher([...patterns.values()]);
  const labelOf = (secret: SecretField) => {
    const number = numbers.get(digest(secret.bytes));
    return number === undefined ? "«hidden»" : `«hidden ${number}»`;
  };
  return {
    hidden: numbers.size,
    redactText,
    redactChange: (change) => redactChange(change, labelOf, redactText),
    redactResource: (resource) => {
      const labels = labelsOf(resource, labelOf);
      const value = redactValue(resource.value, [], labels, redactText) as JsonObject;
      if (value === resource.value && redactText(resource.text) === resource.text) return resource;
      return { ...resource, value, text: redactLines(resource, value, labels, redactText) };
    },
  };
}

function collect(inputs: readonly RedactorInput[]): Occurrence[] {
  const occurrences: Occurrence[] = [];
  for (const { overlay, side, resources } of inputs) {
    for (const resource of resources) {
      for (const secret of findSecrets(resource)) {
        occurrences.push({ order: [overlay, identityKey(resource.id), secret.pointer, side], secret });
      }
    }
  }
  return occurrences.sort((a, b) => {
    for (const [index, part] of a.order.entries()) {
      const order = compareText(part, b.order[index] as string);
      if (order !== 0) return order;
    }
    return Buffer.compare(a.secret.bytes, b.secret.bytes);
  });
}

/** Names, namespaces and kinds are printed for every resource: a value equal to one of them is no secret elsewhere. */
function publicNames(inputs: readonly RedactorInput[]): Set<string> {
  const names = new Set<string>();
  for (const { resources } of inputs) {
    for (const { id } of resources)
      for (const name of [id.name, id.namespace, id.kind, id.group]) names.add(name);
  }
  return names;
}

type Labels = ReadonlyMap<string, string>;

function labelsOf(resource: Resource | undefined, labelOf: (secret: SecretField) => string): Labels {
  const labels = new Map<string, string>();
  for (const secret of resource ? findSecrets(resource) : []) labels.set(secret.pointer, labelOf(secret));
  return labels;
}

/** The value itself where nothing in it is hidden. `path` is used as a stack, and is as it was afterwards. */
function redactValue(
  value: Json,
  path: (string | number)[],
  labels: Labels,
  redactText: (text: string) => string,
): Json {
  if (Array.isArray(value)) return redactItems(value, path, labels, redactText);
  if (isObject(value)) return redactFields(value, path, labels, redactText);
  if (value === null) return value;
  const label = labels.size > 0 ? labels.get(joinPointer(path)) : undefined;
  if (label !== undefined) return label;
  const text = String(value);
  const redacted = redactText(text);
  return redacted === text ? value : redacted;
}

function redactItems(
  value: Json[],
  path: (string | number)[],
  labels: Labels,
  redactText: (text: string) => string,
): Json {
  const items = value.map((item, index) => {
    path.push(index);
    const redacted = redactValue(item, path, labels, redactText);
    path.pop();
    return redacted;
  });
  return items.every((item, index) => Object.is(item, value[index])) ? value : items;
}

function redactFields(
  value: JsonObject,
  path: (string | number)[],
  labels: Labels,
  redactText: (text: string) => string,
): Json {
  const copy: JsonObject = {};
  let same = true;
  for (const key of Object.keys(value)) {
    path.push(key);
    const child = redactValue(value[key] as Json, path, labels, redactText);
    path.pop();
    const name = redactText(key);
    same &&= name === key && Object.is(child, value[key]);
    setOwn(copy, name, child);
  }
  return same ? value : copy;
}

function redactChange(
  change: ResourceChange,
  labelOf: (secret: SecretField) => string,
  redactText: (text: string) => string,
): ResourceChange {
  const { base, head, ...rest } = change;
  const baseLabels = labelsOf(base, labelOf);
  const headLabels = labelsOf(head, labelOf);
  const fields = change.fields.map((field) => redactField(field, baseLabels, headLabels, redactText));
  return { ...rest, fields };
}

function redactField(
  field: FieldChange,
  base: Labels,
  head: Labels,
  redactText: (text: string) => string,
): FieldChange {
  const redacted: FieldChange = {
    ...field,
    pointer: redactText(field.pointer),
    path: redactText(field.path),
  };
  if (field.basePointer !== undefined) redacted.basePointer = redactText(field.basePointer);
  const baseTokens = splitPointer(field.basePointer ?? field.pointer);
  if (field.base !== undefined) redacted.base = redactValue(field.base, baseTokens, base, redactText);
  if (field.head !== undefined)
    redacted.head = redactValue(field.head, splitPointer(field.pointer), head, redactText);
  return redacted;
}

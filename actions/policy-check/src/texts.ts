import {
  decodeData,
  decodeText,
  isObject,
  type Json,
  joinPointer,
  parseSource,
  type Resource,
} from "@gitops-actions/manifest";

/** One text of a resource or file, with the name it has there. */
export interface Text {
  pointer: string;
  /** For people: `data[password]`, `the variable TOKEN of container app`. */
  where: string;
  name: string;
  text: string;
}

/** Nothing shorter is a token of any kind. */
const shortest = 8;

/** What of a resource is looked at: settings, not Secrets, which are another rule's. Encrypted resources have nothing. */
export function textsOf({ value }: Resource): Text[] {
  const { kind, data, binaryData, sops, spec } = value;
  if (sops !== undefined || kind === "Secret") return [];
  const texts: Text[] = [];
  if (kind === "ConfigMap") {
    collect(data, ["data"], texts);
    if (isObject(binaryData))
      for (const [name, packed] of Object.entries(binaryData)) {
        const text = typeof packed === "string" ? decodeText(decodeData(packed)) : undefined;
        if (text) push(texts, ["binaryData", name], name, text);
      }
  }
  collectContainers(spec, ["spec"], texts);
  if (/^(?:Application|ApplicationSet|HelmRelease)$/.test(String(kind))) collectValues(spec, ["spec"], texts);
  return texts;
}

type Path = readonly (string | number)[];

function push(texts: Text[], path: Path, name: string, text: string, where?: string): void {
  if (text.length < shortest) return;
  texts.push({ pointer: joinPointer(path), name, text, where: where ?? describe(path) });
}

/** All texts below a value, each with the name nearest to it. */
function collect(value: Json | undefined, path: Path, texts: Text[], name = ""): void {
  if (typeof value === "string") push(texts, path, name, value);
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) collect(item, [...path, index], texts, name);
  else if (isObject(value))
    for (const [key, child] of Object.entries(value)) collect(child, [...path, key], texts, key);
}

/** Variables, commands and arguments of containers, in whatever kind of resource. */
function collectContainers(value: Json | undefined, path: Path, texts: Text[]): void {
  if (Array.isArray(value))
    for (const [index, item] of value.entries()) collectContainers(item, [...path, index], texts);
  if (!isObject(value)) return;
  const container = typeof value.name === "string" ? ` of container ${value.name}` : "";
  for (const [key, child] of Object.entries(value)) {
    const here = [...path, key];
    if (!Array.isArray(child)) collectContainers(child, here, texts);
    else if (key === "args" || key === "command") collect(child, here, texts, key);
    else if (key === "env")
      for (const [index, each] of child.entries()) {
        if (!isObject(each) || typeof each.value !== "string" || typeof each.name !== "string") continue;
        const where = `the variable ${each.name}${container}`;
        push(texts, [...here, index, "value"], each.name, each.value, where);
      }
    else collectContainers(child, here, texts);
  }
}

/** What Argo CD and Flux hand to a chart. */
function collectValues(value: Json | undefined, path: Path, texts: Text[]): void {
  if (Array.isArray(value))
    for (const [index, item] of value.entries()) collectValues(item, [...path, index], texts);
  if (!isObject(value)) return;
  for (const [key, child] of Object.entries(value)) {
    const here = [...path, key];
    if (key === "values" || key === "valuesObject" || key === "parameters") collect(child, here, texts, key);
    else collectValues(child, here, texts);
  }
}

/** The texts of a file of values; encrypted files have none. */
export function valuesOf(text: string): Text[] {
  const [document] = parseSource(text).documents;
  if (document?.value === undefined || (isObject(document.value) && document.value.sops !== undefined))
    return [];
  const texts: Text[] = [];
  collect(document.value, [], texts);
  return texts;
}

function describe(path: Path): string {
  const [first, ...rest] = path;
  return rest.reduce<string>((text, part) => `${text}[${part}]`, String(first));
}

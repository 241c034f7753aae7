import { parse } from "yaml";

/** What an author says of a rule in a `# METADATA` comment (https://www.openpolicyagent.org/docs/policy-language#metadata). */
export interface RegoMetadata {
  title?: string;
  description?: string;
  /** `custom.severity`, as it is written. */
  severity?: string;
  /** The first related resource. */
  url?: string;
}

/**
 * One name that conftest evaluates, or that looks like one and is not.
 * misnamed: conftest does not ask for it. single: its value is no set, which conftest takes for "nothing found".
 */
export interface RegoRule {
  name: string;
  /** 1-based. */
  line: number;
  kind: "fail" | "warn" | "misnamed" | "single";
  metadata: RegoMetadata;
}

/** A Rego file as far as its lines show it. */
export interface RegoFile {
  path: string;
  text: string;
  /** `main`, `kubernetes.images`. */
  package: string;
  rules: RegoRule[];
  /** conftest's own exceptions, as they are written, each with its line. */
  exceptions: { line: number; text: string }[];
  /** Says `input.review` or `input.request`: written for an admission webhook, whose input has another shape. */
  forAdmission: boolean;
  /** Reads `contents` of the items of `input`: written for all files of an environment together. */
  isCombined: boolean;
  /** Whether it is for `conftest verify` (`_test.rego`); one that has rules and no test is only named so. */
  isTest: boolean;
  /** Names behind `data` that it reads, as far as they are written down: `data.a["b"][_]` is `["a", "b"]`; sorted. */
  reads: string[][];
}

const evaluated = /^(?:deny|violation|warn)(?:_[a-zA-Z0-9]+)*$/;

/** Reads what conftest would make of a Rego file. Lines are looked at, nothing is compiled: the engine finds what is wrong. */
export function readRego(path: string, text: string): RegoFile {
  const lines = text.split(/\r?\n/);
  const code = lines.map(withoutComment);
  const whole = code.join("\n");
  const rules = new Map<string, RegoRule>();
  for (const [index, line] of code.entries()) {
    const rule = ruleOf(line);
    if (!rule) continue;
    const known = rules.get(rule.name);
    const metadata = metadataAbove(lines, index);
    if (!known) rules.set(rule.name, { ...rule, line: index + 1, metadata });
    else {
      known.metadata = { ...metadata, ...known.metadata };
      // Of several bodies one that is a set makes the name one that is asked for.
      if (known.kind === "single") known.kind = rule.kind;
    }
  }
  const asked = [...rules.values()].some(({ kind }) => kind !== "misnamed");
  return {
    path,
    text,
    package: /^\s*package\s+([\w.]+)/m.exec(whole)?.[1] ?? "",
    rules: [...rules.values()],
    exceptions: exceptionsIn(code, lines),
    forAdmission: /\binput(?:\.|\[")(?:review|request)\b/.test(whole),
    isCombined: /\binput\[(?!["`])|\bin input\b/.test(whole) && /\.contents\b|\["contents"\]/.test(whole),
    isTest: path.endsWith("_test.rego") && (!asked || /^\s*(?:todo_)?test_/m.test(whole)),
    reads: dataRead(whole),
  };
}

/** Rules named `exception`, from the head to where its braces close. */
function exceptionsIn(code: readonly string[], lines: readonly string[]): RegoFile["exceptions"] {
  const found: RegoFile["exceptions"] = [];
  for (const [index, line] of code.entries()) {
    if (!/^exception\s*(?:\[|contains\b)/.test(line)) continue;
    let depth = 0;
    let end = index;
    for (; end < code.length; end++) {
      depth += (code[end]!.match(/[{[(]/g)?.length ?? 0) - (code[end]!.match(/[}\])]/g)?.length ?? 0);
      if (depth <= 0) break;
    }
    found.push({ line: index + 1, text: lines.slice(index, end + 1).join("\n") });
  }
  return found;
}

const steps = String.raw`((?:\.[A-Za-z_]\w*|\["[^"]*"\])+)`;

function dataRead(code: string): string[][] {
  const namesIn = (path: string) => [...path.matchAll(/\.(\w+)|\["([^"]*)"\]/g)].map(([, a, b]) => a ?? b!);
  const find = (name: string) =>
    [...code.matchAll(new RegExp(`(?<![\\w."])${name}${steps}`, "g"))].map((found) => namesIn(found[1]!));
  const reads = find("data");
  for (const [, path = "", alias] of code.matchAll(
    new RegExp(String.raw`^\s*import\s+data${steps}(?:\s+as\s+(\w+))?`, "gm"),
  )) {
    const imported = namesIn(path);
    for (const rest of find(alias ?? imported.at(-1)!)) reads.push([...imported, ...rest]);
  }
  const unique = new Map(reads.map((names) => [names.join("\0"), names]));
  return [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, names]) => names);
}

function ruleOf(line: string): Pick<RegoRule, "name" | "kind"> | undefined {
  const found = /^([A-Za-z_]\w*)(.*)$/.exec(line);
  if (!found) return undefined;
  const [, name = "", rest = ""] = found;
  if (!/^(?:deny|violation|warn)/i.test(name) || rest.startsWith("(")) return undefined;
  const isSet = /^\s*(?:\[|contains\b)/.test(rest);
  if (!evaluated.test(name)) return isSet ? { name, kind: "misnamed" } : undefined;
  const isSingle =
    isObjectRule(rest) ||
    (/^\s*(?:if\b|\{|:?=\s*(?:true|false|null|["`\d{]))/.test(rest) && !/^\s*:?=\s*\{[^:]*\|/.test(rest));
  if (isSingle) return { name, kind: "single" };
  return { name, kind: name.startsWith("warn") ? "warn" : "fail" };
}

/** `deny[key] := value`: the head's bracket closes, and a value follows. */
function isObjectRule(rest: string): boolean {
  if (!/^\s*\[/.test(rest)) return false;
  let depth = 0;
  for (const [index, character] of [...rest].entries()) {
    if (character === "[") depth++;
    if (character === "]" && --depth === 0) return /^\s*:?=/.test(rest.slice(index + 1));
  }
  return false;
}

/**
 * A line without its comment; texts in quotes are emptied, so that nothing in them is taken for code, but for those that
 * name a key: `data["name"]`.
 */
function withoutComment(line: string): string {
  if (/^\s*#/.test(line)) return "";
  return line.replace(/"(?:[^"\\]|\\.)*"|`[^`]*`|#.*$/g, (part, offset: number) => {
    if (part.startsWith("#")) return "";
    const isKey = /\w\]?\[$/.test(line.slice(0, offset)) && line[offset + part.length] === "]";
    return isKey && /^"[^"\\[\]]*"$/.test(part) ? part : part[0]! + part.at(-1)!;
  });
}

function metadataAbove(lines: readonly string[], index: number): RegoMetadata {
  let from = index;
  while (from > 0 && /^\s*#/.test(lines[from - 1]!)) from--;
  const comments = lines.slice(from, index).map((line) => line.replace(/^\s*# ?/, ""));
  const start = comments.findIndex((line) => line.trim() === "METADATA");
  return start < 0 ? {} : parseMetadata(comments.slice(start + 1).join("\n"));
}

function parseMetadata(text: string): RegoMetadata {
  let value: unknown;
  try {
    value = parse(text, { logLevel: "error" });
  } catch {
    // The engine compiles the policy whatever its comments say.
    return {};
  }
  const object = asObject(value);
  const [related] = Array.isArray(object.related_resources) ? object.related_resources : [];
  const url = typeof related === "string" ? related : asObject(related).ref;
  const severity = asObject(object.custom).severity;
  return {
    ...(typeof object.title === "string" && { title: object.title }),
    ...(typeof object.description === "string" && { description: object.description.trim() }),
    ...(typeof severity === "string" && { severity }),
    ...(typeof url === "string" && { url }),
  };
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** What is below `data`: names with what is below each; `true` where that is no object, or could not be read. */
export interface DataTree {
  [name: string]: DataTree | true;
}

/** What files of values give: folders become names, files do not (conftest's `--data`). */
export function dataTree(files: readonly { path: string; text: string }[]): DataTree {
  const tree: DataTree = Object.create(null);
  for (const { path, text } of files) {
    let place = tree;
    for (const folder of path.split("/").slice(0, -1)) {
      const below = place[folder];
      place = typeof below === "object" ? below : addTo(place, folder);
    }
    merge(place, parsed(text));
  }
  return tree;
}

function addTo(place: DataTree, name: string): DataTree {
  const below: DataTree = Object.create(null);
  place[name] = below;
  return below;
}

function merge(place: DataTree, value: Record<string, unknown>): void {
  for (const [name, each] of Object.entries(value)) {
    const known = place[name];
    if (typeof each !== "object" || each === null || Array.isArray(each)) place[name] ??= true;
    else merge(typeof known === "object" ? known : addTo(place, name), each as Record<string, unknown>);
  }
}

/** The first part of `path` that is not given; undefined where all of it may be. */
export function missingData(tree: DataTree, path: readonly string[]): string[] | undefined {
  let place = tree;
  for (const [index, name] of path.entries()) {
    const below = place[name];
    if (below === undefined) return path.slice(0, index + 1);
    if (below === true) return undefined;
    place = below;
  }
  return undefined;
}

function parsed(text: string): Record<string, unknown> {
  try {
    return asObject(parse(text, { logLevel: "error" }));
  } catch {
    // The engine says what is wrong with it.
    return {};
  }
}

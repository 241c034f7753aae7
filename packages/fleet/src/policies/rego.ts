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
  /** Says `input.review` or `input.request`: written for an admission webhook, whose input has another shape. */
  forAdmission: boolean;
  /** Reads `contents` of the items of `input`: written for all files of an environment together. */
  isCombined: boolean;
  /** Whether it holds tests only (`_test.rego`). */
  isTest: boolean;
  /** First names behind `data.` that it reads, sorted. */
  reads: string[];
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
  return {
    path,
    text,
    package: /^\s*package\s+([\w.]+)/m.exec(whole)?.[1] ?? "",
    rules: [...rules.values()],
    forAdmission: /\binput\.(?:review|request)\b/.test(whole),
    isCombined: /\binput\[|\bin input\b/.test(whole) && /\bcontents\b/.test(whole),
    isTest: path.endsWith("_test.rego"),
    reads: [...new Set([...whole.matchAll(/\bdata\.([A-Za-z_]\w*)/g)].map((match) => match[1]!))].sort(),
  };
}

function ruleOf(line: string): Pick<RegoRule, "name" | "kind"> | undefined {
  const found = /^([A-Za-z_]\w*)(.*)$/.exec(line);
  if (!found) return undefined;
  const [, name = "", rest = ""] = found;
  if (!/^(?:deny|violation|warn)/i.test(name) || rest.startsWith("(")) return undefined;
  const isSet = /^\s*(?:\[|contains\b)/.test(rest);
  if (!evaluated.test(name)) return isSet ? { name, kind: "misnamed" } : undefined;
  const isSingle =
    /^\s*(?:if\b|\{|:?=\s*(?:true|false|null|["`\d{]))/.test(rest) && !/^\s*:?=\s*\{[^:]*\|/.test(rest);
  if (isSingle) return { name, kind: "single" };
  return { name, kind: name.startsWith("warn") ? "warn" : "fail" };
}

/** A line without its comment; texts in quotes are emptied, so that nothing in them is taken for code. */
function withoutComment(line: string): string {
  if (/^\s*#/.test(line)) return "";
  return line.replace(/"(?:[^"\\]|\\.)*"|`[^`]*`|#.*$/g, (part) =>
    part.startsWith("#") ? "" : part[0]! + part.at(-1)!,
  );
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

/** First names below `data` that files of values give: folders, and the keys of what stands in none. */
export function dataNames(files: readonly { path: string; text: string }[]): Set<string> {
  const names = new Set<string>();
  for (const { path, text } of files) {
    const slash = path.indexOf("/");
    if (slash > 0) names.add(path.slice(0, slash));
    else for (const key of topKeys(text)) names.add(key);
  }
  return names;
}

function topKeys(text: string): string[] {
  try {
    return Object.keys(asObject(parse(text, { logLevel: "error" })));
  } catch {
    // The engine says what is wrong with it.
    return [];
  }
}

import { nearest } from "@gitops-actions/report";
import { type Document, isMap, parseAllDocuments, visit } from "yaml";

/**
 * What a YAML file is: objects for an API server, a template of such, a program's own configuration, objects beside the
 * steps of a test ("mixed"), or anything else.
 */
export type ManifestKind = "manifest" | "template" | "tool" | "mixed" | "other";

/**
 * Tells what a text holds. It holds objects when one of its documents is one, or looks as if it were meant to be: one
 * mistake must not take a file out of sight, its error is reported. Looks at lines only, for the same reason.
 */
export function manifestKind(text: string): ManifestKind {
  // UTF-16, by its code units: nothing reads it, and whoever renders it says so.
  if (text.includes("\0"))
    return manifestKind(text.replace(/^\uFFFD+/, "").replaceAll("\0", "")) === "other" ? "other" : "manifest";
  const seen = new Set(splitDocuments(text).map(documentKind));
  if (seen.has("test")) return seen.has("manifest") ? "mixed" : "tool";
  if (!seen.has("manifest") && !seen.has("broken")) return seen.has("tool") ? "tool" : "other";
  return isTemplated(text) ? "template" : "manifest";
}

/** Whether a text has `{{ }}` where YAML would have to read it: then it becomes YAML only through some generator. */
export function isTemplated(text: string): boolean {
  // Only the parser can tell, and it is not asked about more than anybody writes by hand.
  if (text.length > 256 * 1024 || !text.includes("{{")) return false;
  if (!/^(?:[^#"'\n]*[\s:[,-])?\{\{/m.test(text)) return false;
  try {
    const options = { uniqueKeys: false, logLevel: "error", prettyErrors: false } as const;
    return parseAllDocuments(text, options).some((each) => each.errors.length > 0 || hasMappingAsKey(each));
  } catch (error) {
    // Nested too deeply to be read: whoever renders it says so.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** `name: {{ x }}` is a mapping whose key is a mapping: legal YAML that nobody means. */
function hasMappingAsKey(document: Document.Parsed | Document): boolean {
  let found = false;
  visit(document, {
    Pair(_, pair) {
      if (!isMap(pair.key)) return undefined;
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}

type DocumentKind = "manifest" | "broken" | "test" | "tool" | "other";

function documentKind(document: string): DocumentKind {
  const keys = topLevel(document);
  const apiVersion = keys.get("apiVersion");
  const kind = keys.get("kind");
  if (apiVersion && /^(?:chainsaw\.kyverno\.io|kuttl\.dev)\//.test(apiVersion)) return "test";
  if (apiVersion && isToolConfiguration({ apiVersion, kind: kind ?? "" })) return "tool";
  if (apiVersion && kind) return "manifest";
  return isMeantAsObject(document, keys) ? "broken" : "other";
}

/**
 * Whether a document is an object with a mistake at its top: two of apiVersion, kind and a body, each as an API server
 * has them, or nearly so. Values files and configurations have one of them at most.
 */
function isMeantAsObject(document: string, keys: ReadonlyMap<string, string>): boolean {
  if (/^\s*(?:\[|- )/.test(document.replace(/^\s*#.*\n/gm, "")))
    return /^[\s[{-]*["']?apiVersion["']?\s*:/m.test(document) && /\bkind["']?\s*:/.test(document);
  const has = (name: string, value: RegExp): boolean =>
    [...keys].some(([key, text]) => nearest(key, [name]) !== undefined && value.test(text));
  const version = has("apiVersion", /^(?:[a-z0-9.-]+\/)?v\d+(?:(?:alpha|beta)\d+)?$/);
  const kind = has("kind", /^[A-Z][A-Za-z0-9]+$/);
  const metadata = has("metadata", /^/);
  return version ? kind || metadata || keys.has("spec") || keys.has("data") : kind && metadata;
}

/** The documents of a stream, split at the lines that begin with `---`; what stands behind a marker is of the document. */
function splitDocuments(text: string): string[] {
  return text.replace(/^\uFEFF/, "").split(/^---(?=[ \t\r\n]|$)/m);
}

/** The keys at the top of a document, with the first word of what stands behind each, as far as its lines show them. */
function topLevel(text: string): Map<string, string> {
  const document = text.replace(/^[ \t]+(?:[!&]\S+[ \t]*)+(?=\r?\n)/, "");
  const json = jsonKeys(document);
  if (json) return json;
  const flow = /^\s*(?:#.*\n\s*)*\{/.test(document);
  const indent = /^([ \t]*)[^\s#%]/m.exec(document)?.[1] ?? "";
  const pattern = flow
    ? /["']?([\w.-]+)["']?\s*:\s*["']?([^\s"',}]*)/g
    : new RegExp(`^${indent}["']?([\\w.-]+)["']?[ \\t]*:(?=\\s|$)[ \\t]*["']?([^\\s"'#]*)`, "gm");
  const keys = new Map<string, string>();
  for (const [, key, value] of document.matchAll(pattern)) if (!keys.has(key!)) keys.set(key!, value!);
  return keys;
}

/** The same of JSON, which can be read whole: what is nested says nothing of the document. */
function jsonKeys(document: string): Map<string, string> | undefined {
  if (!/^\s*\{/.test(document)) return undefined;
  try {
    const entries = Object.entries(JSON.parse(document) as Record<string, unknown>);
    return new Map(entries.map(([key, value]) => [key, typeof value === "string" ? value : ""]));
  } catch {
    return undefined;
  }
}

// Files that look like objects and are read by programs on a laptop or in a job, never sent to an API server.
const tools = new RegExp(
  `^(?:${[
    "skaffold/",
    "ctlptl\\.dev/",
    "k3d\\.io/",
    "kind\\.x-k8s\\.io/",
    "eksctl\\.io/",
    "kubeadm\\.k8s\\.io/",
    "kubelet\\.config\\.k8s\\.io/",
    "kubescheduler\\.config\\.k8s\\.io/",
    "apiserver\\.config\\.k8s\\.io/",
    "audit\\.k8s\\.io/",
    "tilt\\.dev/",
    "cli\\.kyverno\\.io/",
    "test\\.gatekeeper\\.sh/",
    "kustomize\\.config\\.k8s\\.io/",
    "config\\.kubernetes\\.io/",
    "backstage\\.io/",
    "vendir\\.k14s\\.io/",
    "kbld\\.k14s\\.io/",
    "k0sctl\\.k0sproject\\.io/",
    "builtin$",
  ].join("|")})`,
);

function isToolConfiguration({ apiVersion, kind }: { apiVersion: string; kind: string }): boolean {
  // kyverno's own CLI takes its tests under the group of the policies, too.
  if (kind === "Test" && apiVersion.startsWith("kyverno.io/")) return true;
  return tools.test(apiVersion) || (apiVersion === "v1" && kind === "Config");
}

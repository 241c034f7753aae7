import { type Document, isMap, parseAllDocuments, visit } from "yaml";

/**
 * What a YAML file is: objects for an API server, a template of such, a program's own configuration, or anything else.
 */
export type ManifestKind = "manifest" | "template" | "tool" | "other";

/**
 * Tells what a text holds. It holds objects when every document that is not empty has an apiVersion and a kind at its
 * top. Looks at lines only, so that a manifest with a mistake further down is still one, and its error is reported.
 */
export function manifestKind(text: string): ManifestKind {
  if (text.includes("\0")) return "other";
  let kind: ManifestKind = "other";
  for (const document of splitDocuments(text)) {
    if (isEmptyDocument(document)) continue;
    const type = typeOf(document);
    if (!type) return "other";
    if (isToolConfiguration(type)) return "tool";
    kind = "manifest";
  }
  return kind === "manifest" && isTemplated(text) ? "template" : kind;
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

/** apiVersion and kind of a document, as far as its lines show them. */
export function typeOf(document: string): { apiVersion: string; kind: string } | undefined {
  const apiVersion = field(document, "apiVersion");
  const kind = field(document, "kind");
  return apiVersion && kind ? { apiVersion, kind } : undefined;
}

/** The documents of a stream, split at the lines that begin with `---`. */
function splitDocuments(text: string): string[] {
  return text.replace(/^\uFEFF/, "").split(/^---(?:[ \t].*)?\r?$/m);
}

function isEmptyDocument(document: string): boolean {
  return document.split(/\r?\n/).every((line) => /^\s*(?:#.*|%.*|\.\.\.\s*)?$/.test(line));
}

function field(document: string, name: string): string | undefined {
  const yaml = new RegExp(`^["']?${name}["']?[ \\t]*:[ \\t]+["']?([^\\s"'#]+)`, "m").exec(document);
  if (yaml) return yaml[1];
  if (!/^\s*\{/.test(document)) return undefined;
  return new RegExp(`"${name}"\\s*:\\s*"([^"]+)"`).exec(document)?.[1];
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
    "chainsaw\\.kyverno\\.io/",
    "kuttl\\.dev/",
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
  return tools.test(apiVersion) || (apiVersion === "v1" && kind === "Config");
}

import { isObject, type JsonObject, type ResourceId, splitPointer } from "@gitops-actions/manifest";
import type { IgnoreRule } from "./delivery.ts";

/** What the ignore rules that govern one object say. */
export interface Ignored {
  /** Whether a field of the live object, and its manager, are not to be looked at. */
  covers(livePointer: string, manager: string | undefined): boolean;
  /** jq expressions that are more than a path: what they cover is not known. */
  unread: string[];
}

/** The rules of Argo CD Applications that name this object; `*` in group, kind and name matches anything. */
export function ignoredOf(id: ResourceId, rules: readonly IgnoreRule[]): Ignored {
  const own = rules.filter(
    (rule) =>
      matches(rule.group, id.group) &&
      matches(rule.kind, id.kind) &&
      (rule.name === "" || matches(rule.name, id.name)) &&
      (rule.namespace === "" || matches(rule.namespace, id.namespace)),
  );
  const paths = own.flatMap((rule) => rule.pointers.map(splitPointer));
  const unread: string[] = [];
  for (const expression of own.flatMap((rule) => rule.jq)) {
    const path = parseJqPath(expression);
    if (path) paths.push(path);
    else unread.push(expression);
  }
  const managers = new Set(own.flatMap((rule) => rule.managers));
  return {
    covers: (pointer, manager) =>
      (manager !== undefined && managers.has(manager)) ||
      paths.some((path) => isWithin(splitPointer(pointer), path)),
    unread,
  };
}

function matches(pattern: string, text: string): boolean {
  if (!pattern.includes("*")) return pattern === text;
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(text);
}

const anything = "\0*";

/** Whether a field is the one at `path`, or below it. */
function isWithin(tokens: readonly string[], path: readonly string[]): boolean {
  return (
    path.length <= tokens.length &&
    path.every((token, index) => token === anything || token === tokens[index])
  );
}

/**
 * A jq expression that is a plain path (`.spec.template.spec.containers[].image`, `.metadata.labels["a/b"]`) as its
 * tokens; undefined for everything else that jq can say.
 */
export function parseJqPath(expression: string): string[] | undefined {
  const tokens: string[] = [];
  const part = /\.?"((?:[^"\\]|\\.)*)"|\.([A-Za-z_][\w-]*)|\.?\["((?:[^"\\]|\\.)*)"\]|\.?\[(\d*)\]|\?/y;
  const text = expression.trim();
  if (!text.startsWith(".")) return undefined;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (!match) return undefined;
    const [whole, quoted, name, key, index] = match;
    if (whole === "?") continue;
    tokens.push(quoted ?? name ?? key ?? (index === "" ? anything : index!));
  }
  return tokens.length > 0 ? tokens : undefined;
}

/** Why Flux or Argo CD itself leaves an object of Git alone, by its annotations; undefined when it does not. */
export function leftAlone(value: JsonObject): string | undefined {
  const annotations =
    isObject(value.metadata) && isObject(value.metadata.annotations) ? value.metadata.annotations : {};
  const reconcile = annotations["kustomize.toolkit.fluxcd.io/reconcile"];
  if (reconcile === "disabled") return "kustomize.toolkit.fluxcd.io/reconcile: disabled";
  const ssa = annotations["kustomize.toolkit.fluxcd.io/ssa"];
  if (ssa === "Ignore" || ssa === "IfNotPresent") return `kustomize.toolkit.fluxcd.io/ssa: ${ssa}`;
  return undefined;
}

/** What of an object says that it comes and goes: then its absence is no drift. Undefined for all others. */
export function transience(value: JsonObject): string | undefined {
  const metadata = isObject(value.metadata) ? value.metadata : {};
  const annotations = isObject(metadata.annotations) ? metadata.annotations : {};
  if (metadata.name === undefined && metadata.generateName !== undefined) return "generateName";
  const hook = annotations["helm.sh/hook"];
  if (typeof hook === "string") return hook.startsWith("test") ? "test" : "hook";
  if (typeof annotations["argocd.argoproj.io/hook"] === "string") return "hook";
  const spec = isObject(value.spec) ? value.spec : {};
  return value.kind === "Job" && spec.ttlSecondsAfterFinished !== undefined ? "ttl" : undefined;
}

import { isObject, type Json, type JsonObject, valueAt } from "@gitops-actions/manifest";
import { type IgnoreRule, isPointer, type Subject } from "./rule.ts";

/** The rules in a Kustomization's `ignore` (kustomize-controller 1.9): they hold for what it applies. */
export function kustomizationRules(spec: JsonObject, by: string): IgnoreRule[] {
  return readRules(spec.ignore, by, () => true);
}

/**
 * The rules in a HelmRelease's `driftDetection.ignore`. What belongs to a release says so by the labels that
 * helm-controller gives it.
 */
export function releaseRules(release: JsonObject): IgnoreRule[] {
  const { name, namespace } = isObject(release.metadata) ? release.metadata : {};
  const isOwn = ({ labels }: Subject): boolean =>
    labels["helm.toolkit.fluxcd.io/name"] === name &&
    labels["helm.toolkit.fluxcd.io/namespace"] === namespace;
  return readRules(
    valueAt(release, "/spec/driftDetection/ignore"),
    `HelmRelease ${namespace}/${name}`,
    isOwn,
  );
}

function readRules(rules: Json | undefined, by: string, isOwn: IgnoreRule["selects"]): IgnoreRule[] {
  return (Array.isArray(rules) ? rules : []).filter(isObject).map((rule) => {
    const selects = targetOf(isObject(rule.target) ? rule.target : {});
    const paths = Array.isArray(rule.paths) ? rule.paths : [];
    return {
      by,
      selects: (subject) => isOwn(subject) && selects(subject),
      pointers: paths.filter((path) => typeof path === "string").filter(isPointer),
      jq: [],
      ownedBy: () => false,
    };
  });
}

/** Kustomize's Selector: anchored patterns, and selectors of labels and annotations; what is left out is any. */
function targetOf(target: JsonObject): IgnoreRule["selects"] {
  const matches = (name: string, text: string): boolean => {
    const pattern = target[name];
    if (typeof pattern !== "string" || pattern === "") return true;
    try {
      return new RegExp(`^(?:${pattern})$`).test(text);
    } catch {
      // A pattern of Go's that JavaScript does not have selects nothing: then nothing is hidden.
      return false;
    }
  };
  return (subject) =>
    (["group", "version", "kind", "namespace", "name"] as const).every((name) =>
      matches(name, subject[name]),
    ) &&
    matchesSelector(target.labelSelector, subject.labels) &&
    matchesSelector(target.annotationSelector, subject.annotations);
}

const requirement =
  /^\s*(?:(!)\s*(\S+)|(\S+?)\s*(==|!=|=)\s*([^\s,]*)|(\S+)\s+(in|notin)\s*\(([^)]*)\)|([^\s!=,]+))\s*$/;

/** A selector as Kubernetes writes it in a text: `a=b, c in (d, e), !f`. What cannot be read selects nothing. */
export function matchesSelector(selector: Json | undefined, map: Readonly<Record<string, Json>>): boolean {
  if (typeof selector !== "string" || selector.trim() === "") return true;
  const has = (name: string): boolean => Object.hasOwn(map, name);
  return selector.split(/,(?![^(]*\))/).every((part) => {
    const match = requirement.exec(part);
    if (!match) return false;
    const [, not, absent, key, operator, value, setKey, setOperator, set, present] = match;
    if (not) return !has(absent!);
    if (present !== undefined) return has(present);
    if (key !== undefined) {
      const equal = has(key) && map[key] === value;
      return operator === "!=" ? !equal : equal;
    }
    const isIn =
      has(setKey!) &&
      set!
        .split(",")
        .map((each) => each.trim())
        .includes(String(map[setKey!]));
    return setOperator === "in" ? isIn : !isIn;
  });
}

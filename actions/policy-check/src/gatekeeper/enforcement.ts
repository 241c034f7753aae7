import { isObject, type JsonObject } from "@gitops-actions/manifest";

const known = ["deny", "dryrun", "warn"];

/** From the strictest to the one that only takes note. */
const strictness = ["deny", "warn", "dryrun"];

/** Points at which something is refused or let in; `audit.gatekeeper.sh` looks at what is there already. */
const asking = ["validation.gatekeeper.sh", "vap.k8s.io", "gator.gatekeeper.sh", "*"];

const points = [...asking, "audit.gatekeeper.sh"];

/**
 * Why Gatekeeper would not take a constraint's enforcement action, or enforces it nowhere; gator does not say. After
 * ValidateEnforcementAction in its pkg/util/enforcement_action.go.
 */
export function enforcementRefusal({ spec }: JsonObject): string | undefined {
  const { enforcementAction = "", scopedEnforcementActions: scoped } = isObject(spec) ? spec : {};
  if (enforcementAction === "") return undefined;
  if (enforcementAction !== "scoped")
    return known.includes(String(enforcementAction))
      ? undefined
      : `spec.enforcementAction: ${String(enforcementAction)} is none of ${known.join(", ")} and scoped`;
  if (!Array.isArray(scoped) || scoped.length === 0)
    return "spec.scopedEnforcementActions must list actions: without one it is enforced nowhere";
  for (const [index, entry] of scoped.entries()) {
    const at = `spec.scopedEnforcementActions[${index}]`;
    const { action, names } = readEntry(entry);
    if (!known.includes(action)) return `${at}.action: ${action} is none of ${known.join(", ")}`;
    if (names.length === 0) return `${at}.enforcementPoints must name one of ${points.join(", ")}`;
    const strange = names.find((name) => !points.includes(name));
    if (strange !== undefined) return `${at}.enforcementPoints: ${strange} is none of ${points.join(", ")}`;
  }
  return undefined;
}

/**
 * What happens to what violates a constraint: the strictest of its actions. One at audit alone refuses nothing, whatever
 * it is called.
 */
export function actionOf({ spec }: JsonObject): string {
  const { enforcementAction, scopedEnforcementActions: scoped } = isObject(spec) ? spec : {};
  if (enforcementAction !== "scoped") return String(enforcementAction || "deny");
  const actions = (Array.isArray(scoped) ? scoped : []).map((entry) => {
    const { action, names } = readEntry(entry);
    return names.some((name) => asking.includes(name)) ? action : "dryrun";
  });
  return strictness.find((action) => actions.includes(action)) ?? "dryrun";
}

/** The constraint with its action alone: gator asks what names its own point (pkg/gator/test/test.go), and nothing else. */
export function withPlainAction(constraint: JsonObject): JsonObject {
  const { spec } = constraint;
  if (!isObject(spec) || spec.enforcementAction !== "scoped") return constraint;
  const { scopedEnforcementActions: _, ...rest } = spec;
  return { ...constraint, spec: { ...rest, enforcementAction: actionOf(constraint) } };
}

function readEntry(entry: unknown): { action: string; names: string[] } {
  const { action, enforcementPoints } = (entry ?? {}) as JsonObject;
  const listed = Array.isArray(enforcementPoints) ? enforcementPoints : [];
  return {
    action: String(action),
    names: listed.map((point) => (isObject(point) ? String(point.name) : "")),
  };
}

import type { ResourceId } from "@gitops-actions/manifest";
import type { MissingSchemas } from "./inputs.ts";

/** Whether a name a person wrote means a kind: `Kind`, `group/Kind`, `group/version/Kind`, `group/*` or `*`. */
export function isNamed({ group, version, kind }: ResourceId, name: string): boolean {
  const names = [
    "*",
    kind,
    `${group}/*`,
    `${group}/${kind}`,
    group ? `${group}/${version}/${kind}` : `${version}/${kind}`,
  ];
  return names.includes(name);
}

/** Whether a kind may go without a schema. */
export function isAllowedMissing(id: ResourceId, missing: MissingSchemas): boolean {
  return typeof missing === "object" && missing.allow.some((name) => isNamed(id, name));
}

/** `apps/v1 Deployment`. */
export function kindName({ group, version, kind }: ResourceId): string {
  return `${group ? `${group}/` : ""}${version} ${kind}`;
}

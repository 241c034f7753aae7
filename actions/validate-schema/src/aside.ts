import type { SchemaProblem } from "@gitops-actions/engine";
import { isObject, type Json, type Resource, valueAt, writeJson } from "@gitops-actions/manifest";

/** Why a field is not the API server's business: what will be there when it gets to see it is not known. */
export type AsideReason = "sops" | "flux-variable";

export interface Sorted {
  kept: SchemaProblem[];
  aside: { reason: AsideReason; field: string }[];
}

/** `${VAR}` and `${VAR:=default}`, which Flux's kustomize-controller replaces after the build. */
const variable = /\$\{[A-Za-z_][A-Za-z0-9_]*(?::?[-=+?][^}]*)?\}/;

/** Sets aside the problems of fields that are encrypted by SOPS or filled in by Flux; the rest of the resource counts. */
export function sortProblems(problems: readonly SchemaProblem[], resource: Resource): Sorted {
  const isEncrypted = isObject(resource.value.sops) && "mac" in resource.value.sops;
  const kept: SchemaProblem[] = [];
  const aside: Sorted["aside"] = [];
  for (const problem of problems) {
    const reason = reasonOf(problem, valueAt(resource.value, problem.field), isEncrypted);
    if (reason) aside.push({ reason, field: problem.field });
    else kept.push(problem);
  }
  return { kept, aside };
}

function reasonOf(
  problem: SchemaProblem,
  value: Json | undefined,
  isEncrypted: boolean,
): AsideReason | undefined {
  if (isEncrypted && problem.field === "/sops") return "sops";
  // A rule looks at whatever is below its field.
  if (problem.what === "validation-rule" && value !== undefined && typeof value !== "string") {
    const text = writeJson(value);
    if (isEncrypted && text.includes('"ENC[')) return "sops";
    return variable.test(text) ? "flux-variable" : undefined;
  }
  if (typeof value !== "string") return undefined;
  if (isEncrypted && value.startsWith("ENC[")) return "sops";
  return variable.test(value) ? "flux-variable" : undefined;
}

import type { SchemaProblem } from "@gitops-actions/engine";
import { isObject, type Json, type Resource, valueAt, writeJson } from "@gitops-actions/manifest";
import { canBecome, defaultText, type Substitution, substitutionIn } from "./substitution.ts";

/** Why a field is not the API server's business: what will be there when it gets to see it is not known. */
export type AsideReason = "sops" | "flux-variable";

/** Whether Flux fills anything in: nobody knows where there is no repository to look through. */
export type FluxUse = "used" | "absent" | "unknown";

export interface Sorted {
  kept: (SchemaProblem & { help?: string })[];
  aside: { reason: AsideReason; field: string }[];
}

const mark = "kustomize.toolkit.fluxcd.io/substitute";

/**
 * Sets aside the problems of values that are encrypted by SOPS or filled in by Flux; the rest of the resource counts.
 * Both change values, never names of fields: what is unknown, missing or twice there stays so. And so does a value that
 * neither can make fit. Where there is nothing of Flux, a variable is a value like any other. `standard` are
 * the problems where every variable takes its default.
 */
export function sortProblems(
  problems: readonly SchemaProblem[],
  resource: Resource,
  flux: FluxUse,
  standard: readonly SchemaProblem[] = [],
): Sorted {
  const isEncrypted = isObject(resource.value.sops) && "mac" in resource.value.sops;
  const isFilledIn = !isLeftAlone(resource);
  const atField = (wanted: string): Sorted["kept"] =>
    standard
      .filter(({ field }) => field === wanted)
      .map((each) => ({ ...each, help: "It is so where the variable takes its default." }));
  const kept: Sorted["kept"] = [];
  const aside: Sorted["aside"] = [];
  for (const problem of problems) {
    const value = valueAt(resource.value, problem.field);
    const wrong =
      isFilledIn && flux !== "absent" && !isOfName(problem) && hasDefault(value)
        ? atField(problem.field)
        : [];
    if (wrong.length > 0) {
      for (const each of wrong)
        if (!kept.some(({ field, message }) => field === each.field && message === each.message))
          kept.push(each);
      continue;
    }
    const reason = reasonOf(problem, value, { isEncrypted, isFilledIn });
    if (reason === "flux-variable" && flux === "absent") {
      const help = `Nothing in the repository is of Flux. If Flux fills it in, annotate the resource with ${mark}: enabled.`;
      kept.push({ ...problem, help });
    } else if (reason) aside.push({ reason, field: problem.field });
    else kept.push(problem);
  }
  return { kept, aside };
}

function isOfName({ what }: SchemaProblem): boolean {
  return what === "unknown-field" || what === "missing-field";
}

function hasDefault(value: Json | undefined): boolean {
  const substitution = typeof value === "string" ? substitutionIn(value) : undefined;
  return substitution !== undefined && Boolean(defaultText(substitution));
}

/** What is annotated or labelled so Flux leaves as it is. */
function isLeftAlone({ value: { metadata } }: Resource): boolean {
  if (!isObject(metadata)) return false;
  return [metadata.annotations, metadata.labels].some(
    (marks) => isObject(marks) && marks[mark] === "disabled",
  );
}

function reasonOf(
  problem: SchemaProblem,
  value: Json | undefined,
  { isEncrypted, isFilledIn }: { isEncrypted: boolean; isFilledIn: boolean },
): AsideReason | undefined {
  if (isEncrypted && problem.field === "/sops") return "sops";
  if (isOfName(problem)) return undefined;
  // A rule looks at whatever is below its field.
  if (problem.what === "validation-rule" && value !== undefined && typeof value !== "string") {
    const text = writeJson(value);
    if (isEncrypted && text.includes('"ENC[')) return "sops";
    return isFilledIn && substitutionIn(text) ? "flux-variable" : undefined;
  }
  if (typeof value !== "string") return undefined;
  if (isEncrypted && value.startsWith("ENC[")) return canDecrypt(problem, value) ? "sops" : undefined;
  const substitution = isFilledIn ? substitutionIn(value) : undefined;
  return substitution && canFit(problem, substitution) ? "flux-variable" : undefined;
}

/** SOPS writes what type the value had: `ENC[AES256_GCM,data:...,type:str]`. */
function canDecrypt({ what, expected = "" }: SchemaProblem, value: string): boolean {
  const type = /,type:(\w+)\]$/.exec(value)?.[1];
  return what !== "wrong-type" || (type !== "str" && type !== "bytes") || expected.includes("string");
}

/** Whether there is a value of the variables with which the field is what it has to be. */
function canFit({ what, expected = "" }: SchemaProblem, substitution: Substitution): boolean {
  if (what === "enum") return expected.split(", ").some((word) => canBecome(substitution, word));
  if (what !== "wrong-type") return true;
  const around = substitution.rest.join("");
  return expected.split(" or ").some((type) => (besides[type] ?? /^/).test(around));
}

/** What may stand around variables that are to become a value of a type. */
const besides: Readonly<Record<string, RegExp>> = {
  ...{ integer: /^[-+]?[0-9]*$/, number: /^[-+0-9.eE]*$/, boolean: /^$/ },
  ...{ object: /^$/, array: /^$/ },
};

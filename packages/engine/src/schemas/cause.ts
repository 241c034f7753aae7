import { childOf, type Json, joinPointer } from "@gitops-actions/manifest";
import type { Problem, ProblemKind } from "./problem.ts";

/** One entry of `details.causes` in the Status with which an API server refuses a resource. */
export interface StatusCause {
  reason?: string | undefined;
  message: string;
  field?: string | undefined;
}

/** What an API server's reasons (metav1.CauseType) are called here. */
const kinds: Readonly<Record<string, ProblemKind>> = {
  FieldValueRequired: "missing-field",
  FieldValueNotSupported: "enum",
  FieldValueTypeInvalid: "wrong-type",
  FieldValueDuplicate: "duplicate-item",
  FieldValueTooLong: "length",
  FieldValueTooMany: "count",
};

/** A cause as a problem of the resource with this value. */
export function problemOfCause({ reason = "", message, field = "" }: StatusCause, value: Json): Problem {
  const place = pointerOf(field === "<nil>" ? "" : field, value);
  const detail = detailOf(message);
  const compile = /^rule compile error: (.*)$/s.exec(detail ?? "")?.[1];
  if (compile !== undefined)
    return { what: "rule-not-evaluated", field: place, message: firstLines(compile) };
  if (detail !== undefined && isRule(reason, message))
    return { what: "validation-rule", field: place, message: detail };
  return { what: kinds[reason] ?? "invalid", field: place, message };
}

/**
 * Rules name the type of the field where a schema's keyword names its value, and say what a person wrote behind it
 * (apiextensions-apiserver, pkg/apiserver/schema/cel/validation.go).
 */
function isRule(reason: string, message: string): boolean {
  if (reason === "FieldValueInvalid")
    return (
      /^Invalid value: "(?:object|array|string|integer|number|boolean)": /.test(message) &&
      !/: \S* ?(?:in body|must validate) /.test(message)
    );
  return reason === "FieldValueForbidden" || reason === "FieldValueRequired";
}

/** What follows the kind of error and the value in quotes; undefined where nothing does. */
function detailOf(message: string): string | undefined {
  return /^(?:Invalid value: "(?:[^"\\]|\\.)*"|Forbidden|Required value): (.+)$/s.exec(message)?.[1];
}

function firstLines(text: string): string {
  return text.split("\n").slice(0, 2).join(" ").slice(0, 300);
}

/**
 * The JSON Pointer of a path as Kubernetes prints it: `spec.list[0].name`, `spec.map[key.with.dots]`. A name with dots
 * is told from several names by what the value has.
 */
export function pointerOf(path: string, value: Json): string {
  const tokens: string[] = [];
  let here: Json | undefined = value;
  let rest = path;
  while (rest !== "") {
    const item = /^\.?\[([^\]]*)\]/.exec(rest);
    const token: string = item ? item[1]! : longestName(rest.replace(/^\./, ""), here);
    rest = item ? rest.slice(item[0].length) : rest.replace(/^\./, "").slice(token.length);
    if (token === "" && !item) break;
    tokens.push(token);
    here = here === undefined ? undefined : childOf(here, token);
  }
  return joinPointer(tokens);
}

function longestName(rest: string, here: Json | undefined): string {
  const short = /^[^.[]*/.exec(rest)![0];
  const names = here !== null && typeof here === "object" && !Array.isArray(here) ? Object.keys(here) : [];
  const fitting = names.filter(
    (name) => rest.startsWith(name) && ["", ".", "["].includes(rest.charAt(name.length)),
  );
  return fitting.sort((a, b) => b.length - a.length)[0] ?? short;
}

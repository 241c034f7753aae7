import { compareText } from "@gitops-actions/manifest";
import { parseSchemaErrors, type SchemaError, splitList } from "./message.ts";

/** What is wrong, as the second half of a rule's name: `kubeconform/wrong-type`. */
export type ProblemKind =
  | "wrong-type"
  | "unknown-field"
  | "missing-field"
  | "enum"
  | "pattern"
  | "format"
  | "range"
  | "length"
  | "count"
  | "duplicate-item"
  | "no-alternative"
  | "invalid"
  /** A rule in CEL says no. */
  | "validation-rule"
  /** A rule in CEL that the engine cannot compile. */
  | "rule-not-evaluated";

/** One thing that a schema refuses. Texts never hold the value that was there, which may be secret; names of fields they do. */
export interface Problem {
  what: ProblemKind;
  /** JSON Pointer to the field: the unknown one, the missing one, or the one with the wrong value. */
  field: string;
  expected?: string;
  /** Only what kind of thing was there (`string`), never the thing. */
  actual?: string;
  message: string;
}

/** The problems in a kubeconform message, sorted by field. */
export function problemsOf(msg: string): Problem[] {
  const errors = parseSchemaErrors(msg);
  if (!errors)
    return [
      {
        what: "invalid",
        field: "",
        message: msg.replace(/^problem validating schema\. Check JSON formatting: /, ""),
      },
    ];
  const problems = errors.flatMap(explain);
  return problems.sort(
    (a, b) =>
      compareText(a.field, b.field) || compareText(a.what, b.what) || compareText(a.message, b.message),
  );
}

function explain(error: SchemaError): Problem[] {
  const { field, message } = error;
  const type = /^got (\S+), want (.+)$/.exec(message);
  if (type) {
    const expected = type[2]!
      .split(" or ")
      .filter((name) => name !== "null")
      .join(" or ")
      // Bytes may be written as a list of numbers too, which nobody does.
      .replace(/^array or string$/, "base64 text");
    return [
      {
        what: "wrong-type",
        field,
        expected,
        actual: type[1]!,
        message: `expected ${expected}, found ${type[1]}`,
      },
    ];
  }
  const unknown = /^additional properties (.+) not allowed$/s.exec(message);
  if (unknown) {
    return splitList(unknown[1]!).map((name) => ({
      what: "unknown-field",
      field: child(field, name),
      message: `unknown field ${name}`,
    }));
  }
  const missing = /^missing propert(?:y|ies) (.+)$/s.exec(message);
  if (missing) {
    return splitList(missing[1]!).map((name) => ({
      what: "missing-field",
      field: child(field, name),
      message: `required field ${name} is missing`,
    }));
  }
  const wanted = /^properties (.+) required, if '((?:[^'\\]|\\.)*)' exists$/s.exec(message);
  if (wanted) {
    return splitList(wanted[1]!).map((name) => ({
      what: "missing-field",
      field: child(field, name),
      message: `field ${name} is required beside ${wanted[2]}`,
    }));
  }
  const values = /^value must be (?:one of )?(.+)$/s.exec(message);
  if (values) {
    const expected = splitList(values[1]!)
      .filter((value) => value !== "" && value !== "<nil>")
      .join(", ");
    // A value that nobody writes: the packs say so what is wrong where no keyword does.
    const rule = /^rule: (.+)$/.exec(expected)?.[1];
    if (rule) return [{ what: rule.startsWith("the key ") ? "pattern" : "invalid", field, message: rule }];
    return [{ what: "enum", field, expected, message: `must be one of: ${expected}` }];
  }
  return [explainRest(error)];
}

/** Errors whose message is one sentence about a value. */
function explainRest({ field, message, causes }: SchemaError): Problem {
  const pattern = / does not match pattern '((?:[^'\\]|\\.)*)'$/s.exec(message);
  if (pattern) {
    const { expected, what } = describePattern(pattern[1]!);
    return { what, field, expected, message: `must be ${expected}` };
  }
  const limit =
    /^(minimum|maximum|exclusiveMinimum|exclusiveMaximum|multipleOf|minLength|maxLength|minItems|maxItems|minProperties|maxProperties): got (.+), want (.+)$/.exec(
      message,
    );
  if (limit) return explainLimit(field, limit[1]!, limit[3]!);
  const format = / is not valid ([\w-]+): /.exec(message);
  if (format) return { what: "format", field, expected: format[1]!, message: `must be a valid ${format[1]}` };
  if (/^items at \d+ and \d+ are equal$/.test(message))
    return { what: "duplicate-item", field, expected: "each item once", message };
  if (/^'(?:anyOf|oneOf)' failed/.test(message)) return explainAlternatives(field, causes);
  return { what: "invalid", field, message };
}

function explainLimit(field: string, keyword: string, want: string): Problem {
  const bound = keyword.startsWith("max") || keyword === "exclusiveMaximum" ? "at most" : "at least";
  const strict = keyword.startsWith("exclusive") ? (bound === "at most" ? "less than" : "more than") : bound;
  if (keyword === "multipleOf")
    return {
      what: "range",
      field,
      expected: `a multiple of ${readable(want)}`,
      message: `must be a multiple of ${readable(want)}`,
    };
  const unit = keyword.endsWith("Length")
    ? " characters"
    : keyword.endsWith("Items")
      ? " items"
      : keyword.endsWith("Properties")
        ? " fields"
        : "";
  const what = unit === "" ? "range" : unit === " characters" ? "length" : "count";
  const expected = `${strict} ${readable(want)}${unit}`;
  return { what, field, expected, message: `must ${unit === "" ? "be" : "have"} ${expected}` };
}

/** Go's message printer writes 2147483647 as 2.147483647×10⁰⁹ and 1000 as 1,000. */
function readable(number: string): string {
  const power = /^(-?[\d.]+)×10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)$/.exec(number);
  if (!power) return number.replaceAll(",", "");
  const digits = [...power[2]!]
    .map((digit) => (digit === "⁻" ? "-" : String("⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(digit))))
    .join("");
  return String(Number(`${power[1]}e${digits}`));
}

function explainAlternatives(field: string, causes: SchemaError[]): Problem {
  const inner = causes.flatMap(explain);
  const isMissing = inner.length > 0 && inner.every((problem) => problem.what === "missing-field");
  if (isMissing) {
    const names = inner.map((problem) => problem.field.slice(problem.field.lastIndexOf("/") + 1));
    const expected = `one of ${[...new Set(names)].join(", ")}`;
    return { what: "missing-field", field, expected, message: `needs ${expected}` };
  }
  // Of the alternatives whose field is there, one only: that was meant, and what is wrong is below it.
  const [meant, ...others] = inner.filter((problem) => problem.what !== "missing-field");
  if (meant && others.length === 0 && inner.length > 1 && meant.field.startsWith(`${field}/`)) return meant;
  const expected = [...new Set(inner.map((problem) => problem.message))].join("; or ");
  return {
    what: "no-alternative",
    field,
    ...(expected && { expected }),
    message: expected
      ? `fits none of the alternatives: ${expected}`
      : "fits more than one of the alternatives",
  };
}

/** Patterns of our own that have a name; anything else is shown as it is. */
function describePattern(pattern: string): { what: ProblemKind; expected: string } {
  if (pattern.startsWith("^[\\\\r\\\\n]*(?:(?:[A-Za-z0-9+/]")) return { what: "format", expected: "base64" };
  if (pattern.includes("[KMGTPE]i|[numkMGTPE]")) {
    const least = pattern.includes("-(?:0+")
      ? " of 0 or more,"
      : pattern.includes("[1-9]")
        ? " above 0,"
        : "";
    return { what: "format", expected: `a quantity${least} such as 500m, 2 or 1Gi` };
  }
  if (pattern.includes("jan|feb"))
    return { what: "format", expected: "a cron schedule such as */5 * * * * or @hourly" };
  if (pattern.includes("25[0-5]")) {
    const isRange = pattern.includes("3[0-2]");
    return {
      what: "format",
      expected: isRange ? "a range of addresses such as 10.0.0.0/8" : "an IP address",
    };
  }
  if (pattern.startsWith("^\\\\S(?:"))
    return { what: "pattern", expected: "text with something in it and no space around it" };
  if (pattern.startsWith("^0*(?:100|")) return { what: "pattern", expected: "a percentage of at most 100%" };
  if (pattern.includes("[^./][^/]*"))
    return { what: "pattern", expected: "a path in which no part is .., and which its place allows" };
  if (pattern.startsWith("^[0-9]{4}-[0-9]{2}-[0-9]{2}T"))
    return { what: "format", expected: "a time such as 2026-01-31T12:00:00Z" };
  return { what: "pattern", expected: `text that matches ${pattern.replace(/\\(.)/g, "$1")}` };
}

function child(field: string, name: string): string {
  return `${field}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

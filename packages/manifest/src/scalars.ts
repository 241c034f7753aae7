/**
 * How a plain scalar is read: as sigs.k8s.io/yaml does, which kubectl and Helm use and which reads YAML 1.1
 * through go.yaml.in/yaml/v2. Follows `resolve` in that module's resolve.go.
 * Timestamps stay strings, as they do there once they are turned into JSON.
 */
export type Scalar = null | boolean | number | bigint | string;

const words = new Map<string, Scalar>([
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map((w) => [w, true] as const),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map(
    (w) => [w, false] as const,
  ),
  ...["", "~", "null", "Null", "NULL"].map((w) => [w, null] as const),
  ...[".nan", ".NaN", ".NAN"].map((w) => [w, Number.NaN] as const),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map((w) => [w, Number.POSITIVE_INFINITY] as const),
  ...["-.inf", "-.Inf", "-.INF"].map((w) => [w, Number.NEGATIVE_INFINITY] as const),
]);

const first = /^[-+.0-9yYnNtTfFoO~]/;
const longest = 5;
const integer = /^([-+]?)(0|[1-9][0-9]*|0[oO]?[0-7]+|0[xX][0-9a-fA-F]+|0[bB][01]+)$/;
const float = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
/** What Go's strconv.ParseFloat makes of a text that begins with a dot: digits needed, underscores between them. */
const dotted = /^\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?$/;

/** The value of an unquoted, untagged scalar. Integers beyond 2^53 become bigint, so that no digit is lost. */
export function resolvePlain(text: string): Scalar {
  if (text === "") return null;
  if (!first.test(text)) return text;
  if (text.length <= longest) {
    const word = words.get(text);
    if (word !== undefined) return word;
  }
  const initial = text.charCodeAt(0);
  if (initial === 0x2e) return dotted.test(text) ? finite(text.replaceAll("_", ""), text) : text;
  if (initial > 0x39) return text;
  return resolveNumber(text) ?? text;
}

function resolveNumber(text: string): number | bigint | undefined {
  const plain = text.includes("_") ? text.replaceAll("_", "") : text;
  const match = integer.exec(plain);
  if (match) return toInteger(match[1] === "-", match[2] as string);
  if (!float.test(plain)) return undefined;
  const value = Number(plain);
  return Number.isFinite(value) ? value : undefined;
}

function toInteger(negative: boolean, digits: string): number | bigint {
  const javascript = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  const value = Number(javascript);
  if (Number.isSafeInteger(value)) return negative && value !== 0 ? -value : value;
  const exact = BigInt(javascript);
  return negative ? -exact : exact;
}

function finite(plain: string, otherwise: string): number | string {
  const value = Number(plain);
  return Number.isFinite(value) ? value : otherwise;
}

/** The value of a scalar with an explicit tag such as `!!str`; undefined when the text does not fit the tag. */
export function resolveTagged(tag: string, text: string): Scalar | undefined {
  const value = resolvePlain(text);
  switch (tag) {
    case "!!int":
      return (typeof value === "number" && Number.isInteger(value)) || typeof value === "bigint"
        ? value
        : undefined;
    case "!!float":
      return typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : undefined;
    case "!!bool":
      return typeof value === "boolean" ? value : undefined;
    case "!!null":
      return value === null ? null : undefined;
    case "!!binary":
      return Buffer.from(text, "base64").toString("utf8");
    default:
      return text;
  }
}

/** How a scalar is written as the key of a JSON object; undefined where sigs.k8s.io/yaml refuses it. */
export function toKey(value: Scalar): string | undefined {
  if (value === null) return undefined;
  if (typeof value === "number" && !Number.isFinite(value)) {
    return Number.isNaN(value) ? ".nan" : value > 0 ? ".inf" : "-.inf";
  }
  return String(value);
}

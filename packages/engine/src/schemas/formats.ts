// String shapes that Kubernetes reads. Patterns are RE2: kubeconform is a Go program.
import type { JsonSchema } from "./pack.ts";

/** []byte: encoding/json reads standard base64 with padding, line breaks allowed. */
export const base64: JsonSchema = {
  type: "string",
  pattern:
    "^[\\r\\n]*(?:(?:[A-Za-z0-9+/][\\r\\n]*){4})*(?:(?:[A-Za-z0-9+/][\\r\\n]*){2}=[\\r\\n]*=[\\r\\n]*|(?:[A-Za-z0-9+/][\\r\\n]*){3}=[\\r\\n]*)?$",
};

/** The same as a field: it may also be a list of numbers, one a byte. */
export const bytes: JsonSchema = {
  ...base64,
  type: ["string", "array"],
  items: { type: ["integer", "null"], minimum: 0, maximum: 255 },
};

export const int32: JsonSchema = { type: "integer", minimum: -2147483648, maximum: 2147483647 };

/** kubeconform compares as float64, in which the greatest int64 is 2^63. */
export const int64: JsonSchema = {
  type: "integer",
  minimum: -(2 ** 63),
  maximum: 2 ** 63,
};

/** resource.Quantity: ParseQuantity on the text of a string or of a number. */
export const quantity: JsonSchema = {
  type: ["string", "number"],
  pattern: "^\\s*[+-]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?\\s*$",
};

/** intstr.IntOrString: a number is read as an int32. */
export const intOrString: JsonSchema = { ...int32, type: ["integer", "string"] };

const clock = "[0-9]{1,2}:[0-9]{2}:[0-9]{2}";
const zone = "(?:Z|[+-][0-9]{2}:[0-9]{2})";
/** metav1.Time and MicroTime: Go's time.Parse with RFC 3339 (the fraction is optional there too). */
export const timestamps: Record<string, JsonSchema> = {
  Time: { type: "string", pattern: `^[0-9]{4}-[0-9]{2}-[0-9]{2}T${clock}(?:[.,][0-9]+)?${zone}$` },
  MicroTime: { type: "string", pattern: `^[0-9]{4}-[0-9]{2}-[0-9]{2}T${clock}[.,][0-9]{6}${zone}$` },
};

const hex = (length: number): string => `[0-9a-fA-F]{${length}}`;
const uuid = (third: string, fourth: string): JsonSchema => ({
  pattern: `^${hex(8)}-?${hex(4)}-?${third}-?${fourth}-?${hex(12)}$`,
});
const label = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?";

/**
 * Formats that the API server checks in custom resources (apiextensions-apiserver, validation/formats.go), as far as a
 * pattern can say them; never stricter than the server. Formats that are not listed mean nothing to it.
 */
export const stringFormats: Record<string, JsonSchema> = {
  byte: { pattern: base64.pattern },
  date: { pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" },
  "date-time": {
    pattern:
      "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:.[0-9]+)?(?:[zZ]|[+-][0-9]{2}:[0-9]{2})$",
  },
  // kubeconform itself defines this one as Go's durations or ISO 8601's.
  duration: { format: "duration" },
  email: { pattern: "@" },
  hexcolor: { pattern: "^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$" },
  ipv4: { format: "ipv4" },
  ipv6: { pattern: ":" },
  cidr: { pattern: "/[0-9]+$" },
  mac: { pattern: "^[0-9a-fA-F]{2,4}[:.-]" },
  uri: { pattern: "^(?:/|[A-Za-z][A-Za-z0-9+.-]*:)" },
  uuid: uuid(hex(4), hex(4)),
  uuid3: uuid(`3${hex(3)}`, hex(4)),
  uuid4: uuid(`4${hex(3)}`, `[89abAB]${hex(3)}`),
  uuid5: uuid(`5${hex(3)}`, `[89abAB]${hex(3)}`),
  "k8s-short-name": { pattern: `^${label}$`, maxLength: 63 },
  "k8s-long-name": { pattern: `^${label}(?:\\.${label})*$`, maxLength: 253 },
};

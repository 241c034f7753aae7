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
const day =
  "[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-9]))";
const moment = `${day}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:.[0-9]+)?(?:[zZ]|[+-][0-9]{2}:[0-9]{2})`;
const byte = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";
// Zeros may lead in IPv4 on its own, and not inside IPv6.
const ipv4 = `0*${byte}(?:\\.0*${byte}){3}`;
const inIpv6 = `${byte}(?:\\.${byte}){3}`;
const ipv6 = `(?:(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|[0-9a-fA-F:]*::[0-9a-fA-F:]*|[0-9a-fA-F:]*:${inIpv6})`;
const hostSign = "[a-zA-Z0-9\\p{S}\\p{L}]";
const pairs = (mark: string): string =>
  `${hex(2)}(?:${mark}${hex(2)}){5}(?:(?:${mark}${hex(2)}){2}|(?:${mark}${hex(2)}){14})?`;
const colour = "\\s*(?:0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])\\s*";
const isbn10 = "[\\s-]*(?:[0-9][\\s-]*){9}[0-9X][\\s-]*";
const isbn13 = "[\\s-]*(?:[0-9][\\s-]*){13}";
// A number with a unit somewhere, or what Go reads as a duration.
const shortUnit = "(?:[nN][sS]|[uUµμ][sS]|[mM][sS]|[sSmMhHdDwW]|[hH][rR]|[wW][kK])";
const longUnit =
  "(?:[nN][aA][nN][oO]|[mM][iI][cC][rR][oO]|[mM][iI][lL][lL][iI]|[sS][eE][cC]|[mM][iI][nN]|[hH][oO][uU][rR]|[dD][aA][yY]|[wW][eE][eE][kK])";
const duration = `^[-+]?0$|[0-9]\\.?\\s*(?:${shortUnit}(?:[^A-Za-zµ]|$)|${longUnit})`;

/**
 * Formats that the API server checks in custom resources (apiextensions-apiserver, validation/formats.go and kube-openapi,
 * strfmt), as far as a pattern can say them; never stricter than the server. Names are without hyphens, which the server
 * does not look at either. Formats that are not listed mean nothing to it.
 */
export const stringFormats: Record<string, JsonSchema> = {
  bsonobjectid: { pattern: `^${hex(24)}$` },
  byte: {
    pattern: "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$",
  },
  cidr: {
    pattern: `^(?:${ipv4}/0*(?:3[0-2]|[12]?[0-9])|${ipv6}/0*(?:12[0-8]|1[01][0-9]|[1-9]?[0-9]))$`,
  },
  creditcard: { pattern: "^[^0-9]*(?:[0-9][^0-9]*){13,16}$" },
  date: { pattern: `^${day}$` },
  datetime: { pattern: `^${moment}$` },
  duration: { pattern: duration },
  email: { pattern: "[^@]@[^@]" },
  hexcolor: { pattern: "^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$" },
  hostname: {
    maxLength: 255,
    pattern: `^(?:${hostSign}(?:-?${hostSign}{0,62})?|(?:${hostSign}(?:[a-zA-Z0-9\\-\\p{S}\\p{L}]{0,61}${hostSign})?\\.)+[a-zA-Z\\p{L}]{2,63})$`,
  },
  ipv4: { pattern: `^(?:${ipv4}|[0-9a-fA-F:]*:${inIpv6})$` },
  ipv6: { pattern: `^${ipv6}$` },
  isbn: { pattern: `^(?:${isbn10}|${isbn13})$` },
  isbn10: { pattern: `^${isbn10}$` },
  isbn13: { pattern: `^${isbn13}$` },
  mac: {
    pattern: `^(?:${pairs(":")}|${pairs("-")}|${hex(4)}(?:\\.${hex(4)}){2}(?:\\.${hex(4)}|(?:\\.${hex(4)}){7})?)$`,
  },
  rgbcolor: { pattern: `^rgb\\(${colour},${colour},${colour}\\)$` },
  ssn: { pattern: "^[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}$" },
  uri: {
    pattern:
      "^(?:\\*$|/|[A-Za-z][A-Za-z0-9+.-]*:(?://[^\\s/?#]*(?:[/?#]|$)|/?$|/?[^/]))[^\\x00-\\x1f\\x7f]*$",
  },
  uuid: uuid(hex(4), hex(4)),
  uuid3: uuid(`3${hex(3)}`, hex(4)),
  uuid4: uuid(`4${hex(3)}`, `[89abAB]${hex(3)}`),
  uuid5: uuid(`5${hex(3)}`, `[89abAB]${hex(3)}`),
  k8sshortname: { pattern: `^${label}$`, maxLength: 63 },
  k8slongname: { pattern: `^${label}(?:\\.${label})*$`, maxLength: 253 },
};

import type { Host } from "./host.ts";

/** Shorter values are ordinary words more often than secrets: masking them would garble messages. */
const SHORTEST = 8;

/** The values in this run's environment that must never be printed: tokens given as inputs and the runner's own. */
export function secretsOf(host: Pick<Host, "env">): string[] {
  const secret =
    /^(GITHUB_TOKEN|GH_TOKEN|ACTIONS_RUNTIME_TOKEN|ACTIONS_ID_TOKEN_REQUEST_TOKEN|INPUT_.*(TOKEN|PASSWORD|SECRET|PRIVATE[-_]KEY).*)$/;
  return Object.entries(host.env).flatMap(([name, value]) => (value && secret.test(name) ? [value] : []));
}

/**
 * A function that replaces each secret by `***`: as it is, in a URL, in JSON, in base64, and as Git's basic credentials.
 * Apply it before text is escaped for a format: an escaped secret would be read by a person all the same.
 */
export function makeMask(secrets: readonly string[]): (text: string) => string {
  const forms = new Set(secrets.filter((secret) => secret.length >= SHORTEST).flatMap(formsOf));
  // The longest first, or a part of one form would be left standing.
  const ordered = [...forms].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((masked, form) => masked.replaceAll(form, "***"), text);
}

/** A copy of a plain value in which every string has gone through `mask`. */
export function mapStrings<Value>(value: Value, mask: (text: string) => string): Value {
  const map = (item: unknown): unknown => {
    if (typeof item === "string") return mask(item);
    if (Array.isArray(item)) return item.map(map);
    if (typeof item !== "object" || item === null) return item;
    return Object.fromEntries(Object.entries(item).map(([key, child]) => [key, map(child)]));
  };
  return map(value) as Value;
}

function formsOf(secret: string): string[] {
  return [
    secret,
    secret.trim(),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    ...base64Forms(secret),
    ...base64Forms(`x-access-token:${secret}`),
    ...base64Forms(`:${secret}`),
  ].filter((form) => form.length >= SHORTEST);
}

/** With padding and without: some tools leave it out, and it should not stay behind alone. */
function base64Forms(text: string): string[] {
  const padded = Buffer.from(text).toString("base64");
  return [padded, padded.replace(/=+$/, "")];
}

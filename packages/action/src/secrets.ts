import type { Host } from "./host.ts";

/** Shorter values are ordinary words more often than secrets: masking them would garble messages. */
const SHORTEST = 8;

/** The values in this run's environment that must never be printed: tokens given as inputs and the runner's own. */
export function secretsOf(host: Pick<Host, "env">): string[] {
  const secret =
    /^(GITHUB_TOKEN|GH_TOKEN|ACTIONS_RUNTIME_TOKEN|ACTIONS_ID_TOKEN_REQUEST_TOKEN|INPUT_.*(TOKEN|PASSWORD|SECRET|PRIVATE[-_]KEY).*)$/;
  return Object.entries(host.env).flatMap(([name, value]) => (value && secret.test(name) ? [value] : []));
}

/** The text with each secret replaced by `***`: as it is, in a URL, in JSON, in base64, and as Git's basic credentials. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets.filter((secret) => secret.length >= SHORTEST).flatMap(formsOf);
  // The longest first, or a part of one form would be left standing.
  return [...new Set(forms)]
    .sort((a, b) => b.length - a.length)
    .reduce((masked, form) => masked.replaceAll(form, "***"), text);
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

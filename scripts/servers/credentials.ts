import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Paths of what the API server reads. */
export interface Files {
  tokens: string;
  privateKey: string;
  publicKey: string;
}

/** Writes the key pair of service accounts. */
export function accountKeys(folder: string): Pick<Files, "privateKey" | "publicKey"> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  return {
    privateKey: write(folder, "accounts.key", privateKey),
    publicKey: write(folder, "accounts.pub", publicKey),
  };
}

/** Writes the server's token file; only admin is in the group that may do everything. */
export function tokenFile(folder: string, tokens: Readonly<Record<string, string>>): string {
  const line = ([user, token]: [string, string]): string =>
    `${token},${user},${user}${user === "admin" ? ',"system:masters"' : ""}\n`;
  return write(folder, "tokens", Object.entries(tokens).map(line).join(""));
}

function write(folder: string, name: string, text: string): string {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
  return join(folder, name);
}

/** A kubeconfig, as JSON. */
export function kubeconfigText(url: string, authority: string, token: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    clusters: [{ name: "test", cluster: { server: url, "certificate-authority-data": authority } }],
    users: [{ name: "test", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
  });
}

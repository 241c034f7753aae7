import { createHash } from "node:crypto";
import { createRedactor, identityKey, isSecret, type Resource } from "@gitops-actions/manifest";

export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/**
 * sha256 of a resource's text without its secret values. An index may be published, and the hash of a short or guessed
 * value gives the value away; so two Secrets that differ in values alone have equal digests.
 */
export function resourceDigest(resource: Resource): string {
  return sha256(holdsSecrets(resource) ? withoutSecrets(resource) : resource.text);
}

/** sha256 over the identities and digests of a render's resources, in order. */
export function manifestDigest(resources: readonly { id: Resource["id"]; digest: string }[]): string {
  return sha256(resources.map(({ id, digest }) => `${id.version} ${identityKey(id)} ${digest}\n`).join(""));
}

/** Whether a resource may hold secret values: a Secret, or one with a copy of itself in an annotation. */
export function holdsSecrets({ value, text }: Resource): boolean {
  return isSecret(value) || text.includes("last-applied-configuration");
}

function withoutSecrets(resource: Resource): string {
  // The key only tells equal values from different ones within this call, and that is then left out.
  const redactor = createRedactor([{ overlay: "", side: "head", resources: [resource] }], new Uint8Array(32));
  return redactor.redactResource(resource).text.replace(/«hidden \d+»/g, "«hidden»");
}

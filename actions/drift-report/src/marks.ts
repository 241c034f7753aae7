/** Annotations that ask a controller to look now, whoever writes them. */
const requests = new Set([
  "reconcile.fluxcd.io/requestedAt",
  "argocd.argoproj.io/refresh",
  "argocd.argoproj.io/application-set-refresh",
]);

/** The name of a Namespace, which the server writes into its labels under the name of whoever made it. */
const serverLabel = "kubernetes.io/metadata.name";

/** What `kubectl rollout restart` writes into the template of Pods. */
const restarted = "kubectl.kubernetes.io/restartedAt";

/** Labels and annotations by which an applier finds its objects again; no Git says them. */
const marks: readonly RegExp[] = [
  /^(?:kustomize|helm)\.toolkit\.fluxcd\.io\/(?:name|namespace|checksum)$/,
  /^argocd\.argoproj\.io\/(?:tracking-id|installation-id|instance)$/,
  /^app\.kubernetes\.io\/(?:instance|managed-by)$/,
  /^meta\.helm\.sh\/release-(?:name|namespace)$/,
  // kustomize's buildMetadata, which kustomize-controller switches on for folders without resources.
  /^(?:alpha\.)?config\.kubernetes\.io\/(?:origin|transformations)$/,
];

/** Whether a field is how an applier marks what it has applied. */
export function isMark(tokens: readonly (string | number)[]): boolean {
  const key = metadataKey(tokens);
  return key !== undefined && marks.some((mark) => mark.test(key));
}

/** Whether a field says nothing: the server's own label, or that a controller should look, or Pods be made anew. */
export function isRequest(tokens: readonly (string | number)[]): boolean {
  if (tokens.at(-1) === restarted && tokens.at(-2) === "annotations") return true;
  const key = metadataKey(tokens);
  return key !== undefined && (key === serverLabel || requests.has(key));
}

/** The key of a label or annotation of the object itself. */
function metadataKey([top, map, key, ...more]: readonly (string | number)[]): string | undefined {
  const isTheirs = top === "metadata" && (map === "labels" || map === "annotations") && more.length === 0;
  return isTheirs ? String(key) : undefined;
}

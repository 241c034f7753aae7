import { isObject, type Json, type JsonObject } from "@gitops-actions/manifest";

/** Fields of metadata that are the server's own; what Git says of them is not stored. */
const serverMetadata = [
  // The objects are the same by their identity; a namespace that Git gives to a cluster-wide object is dropped.
  "namespace",
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "selfLink",
  "uid",
];

/**
 * An object of Git as the API server takes it: without status and what the server sets itself, a Secret's stringData
 * as data. The given value is not changed.
 */
export function normaliseDesired(value: JsonObject): JsonObject {
  const { status: _status, ...rest } = value;
  const result: JsonObject = { ...rest };
  if (isObject(result.metadata)) {
    const metadata = { ...result.metadata };
    for (const name of serverMetadata) delete metadata[name];
    result.metadata = metadata;
  }
  if (value.kind === "Secret" && value.apiVersion === "v1") return mergeStringData(result);
  // The rules of an aggregated role are put together by a controller.
  if (value.kind === "ClusterRole" && isObject(value.aggregationRule)) delete result.rules;
  return result;
}

function mergeStringData(secret: JsonObject): JsonObject {
  const { stringData, ...rest } = secret;
  if (!isObject(stringData)) return rest;
  const data: JsonObject = isObject(rest.data) ? { ...rest.data } : {};
  for (const [name, text] of Object.entries(stringData)) {
    data[name] = typeof text === "string" ? Buffer.from(text).toString("base64") : (text ?? "");
  }
  return { ...rest, data };
}

/**
 * Fields that the server fills in where Git writes an empty value: an empty text there means "choose for me".
 * By name, whatever the type: the defaults.go files of k8s.io/kubernetes/pkg/apis.
 */
const filled = new Set(
  (
    "apiGroup clusterIP concurrencyPolicy dnsPolicy failureThreshold healthCheckNodePort imagePullPolicy listKind " +
    "nodeName nodePort periodSeconds persistentVolumeReclaimPolicy podManagementPolicy policyTypes protocol " +
    "restartPolicy schedulerName scheme serviceAccount serviceAccountName sessionAffinity singular " +
    "successThreshold targetPort terminationMessagePath terminationMessagePolicy timeoutSeconds type volumeName"
  ).split(" "),
);

/** Whether an empty value of that field leaves the choice to the server, so that any live value agrees with it. */
export function isLeftToServer(name: string, value: Json): boolean {
  return filled.has(name) && (value === "" || value === 0 || (Array.isArray(value) && value.length === 0));
}

/** Whether a value only keeps the place of what a program of the cluster puts there: kubebuilder writes `caBundle: Cg==`. */
export function isPlaceholder(name: string, value: Json): boolean {
  return name === "caBundle" && (value === "" || value === "Cg==" || value === "Cg");
}

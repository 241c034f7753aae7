// What the API server's validation asks beyond the types of its OpenAPI document, where one JSON Schema can say it.
// Each line was seen at a real server (scripts/schemas/compare): it holds wherever the type is used.
import type { JsonSchema } from "../../packages/engine/src/schemas/pack.ts";

export interface TypeRule {
  /** Fields without which every object of the type is refused. */
  required?: string[];
  /** Fields that the document calls required and the server does not miss. */
  optional?: string[];
  /** At least one of these must be given. */
  oneOf?: string[];
  /** Fields that a field wants beside it. */
  needs?: Record<string, string[]>;
  /** Merged into the schema of a field that is not a reference. */
  fields?: Record<string, JsonSchema>;
}

const port: JsonSchema = { minimum: 1, maximum: 65535 };
/** 0 stands for "not given". */
const optionalPort: JsonSchema = { minimum: 0, maximum: 65535 };
const notNegative: JsonSchema = { minimum: 0 };
const some: JsonSchema = { minItems: 1 };
const text: JsonSchema = { minLength: 1 };
const oneOf = (...values: string[]): JsonSchema => ({ enum: values });
const each = (...values: string[]): JsonSchema => ({ items: { type: "string", enum: values } });

const probe: TypeRule = {
  fields: {
    initialDelaySeconds: notNegative,
    periodSeconds: notNegative,
    timeoutSeconds: notNegative,
    successThreshold: notNegative,
    failureThreshold: notNegative,
  },
};
const webhookRule: TypeRule = {
  required: ["apiGroups", "apiVersions", "operations", "resources"],
  fields: {
    ...{ apiGroups: some, apiVersions: some, resources: some },
    operations: { ...some, ...each("*", "CREATE", "UPDATE", "DELETE", "CONNECT") },
  },
};
const replicas: JsonSchema = notNegative;
const dnsLabel = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?";
/** Name of another object, or nothing. */
const dnsReference: JsonSchema = { maxLength: 253, pattern: `^(?:${dnsLabel}(?:\\.${dnsLabel})*)?$` };
const label: JsonSchema = { maxLength: 63, pattern: `^${dnsLabel}$` };
const optionalLabel: JsonSchema = { maxLength: 63, pattern: `^(?:${dnsLabel})?$` };
const labelValue: JsonSchema = {
  type: ["string", "null"],
  maxLength: 63,
  pattern: "^(?:(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$",
};
const labels: JsonSchema = { additionalProperties: labelValue };
const percent: JsonSchema = { pattern: "^[0-9]+%$" };
const cidr: JsonSchema = { type: "string", pattern: "^[0-9a-fA-F.:]+/[0-9]{1,3}$" };
const schemaTypes = ["array", "boolean", "integer", "number", "object", "string"];

/** By the type's name in the document, without the common prefix. */
export const typeRules: Readonly<Record<string, TypeRule>> = {
  "admissionregistration.v1.NamedRuleWithOperations": webhookRule,
  "admissionregistration.v1.RuleWithOperations": webhookRule,
  "admissionregistration.v1.ValidatingAdmissionPolicy": { required: ["spec"] },
  "admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec": {
    fields: { validationActions: each("Audit", "Deny", "Warn") },
  },
  "admissionregistration.v1.ValidatingAdmissionPolicySpec": {
    required: ["matchConstraints"],
    oneOf: ["validations", "auditAnnotations"],
  },
  "admissionregistration.v1.WebhookClientConfig": { oneOf: ["url", "service"] },
  "apiextensions.v1.CustomResourceDefinitionSpec": { fields: { scope: oneOf("Cluster", "Namespaced") } },
  "apiextensions.v1.CustomResourceDefinitionVersion": { required: ["schema"], optional: ["served"] },
  "apiextensions.v1.CustomResourceValidation": { required: ["openAPIV3Schema"] },
  "apiextensions.v1.JSONSchemaProps": { fields: { type: oneOf(...schemaTypes) } },
  "apiregistration.v1.APIService": { required: ["spec"] },
  "apiregistration.v1.ServiceReference": {
    required: ["name", "namespace"],
    fields: { name: text, namespace: text },
  },
  "apps.v1.ControllerRevision": { required: ["data"], optional: ["revision"] },
  "apps.v1.DaemonSet": { required: ["spec"] },
  "apps.v1.DaemonSetSpec": { fields: { minReadySeconds: notNegative, revisionHistoryLimit: notNegative } },
  "apps.v1.Deployment": { required: ["spec"] },
  "apps.v1.DeploymentSpec": {
    fields: {
      replicas,
      minReadySeconds: notNegative,
      progressDeadlineSeconds: notNegative,
      revisionHistoryLimit: notNegative,
    },
  },
  "apps.v1.ReplicaSet": { required: ["spec"] },
  "apps.v1.ReplicaSetSpec": { required: ["template"], fields: { replicas, minReadySeconds: notNegative } },
  "apps.v1.StatefulSet": { required: ["spec"] },
  "apps.v1.RollingUpdateDaemonSet": { fields: { maxSurge: percent, maxUnavailable: percent } },
  "apps.v1.RollingUpdateDeployment": { fields: { maxSurge: percent, maxUnavailable: percent } },
  "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy": {
    fields: { whenDeleted: oneOf("Retain", "Delete"), whenScaled: oneOf("Retain", "Delete") },
  },
  "apps.v1.StatefulSetSpec": {
    fields: { replicas, minReadySeconds: notNegative, revisionHistoryLimit: notNegative },
  },
  "autoscaling.v1.HorizontalPodAutoscalerSpec": { fields: { maxReplicas: { minimum: 1 } } },
  "autoscaling.v2.HorizontalPodAutoscalerSpec": { fields: { maxReplicas: { minimum: 1 } } },
  "autoscaling.v2.HPAScalingPolicy": { fields: { value: { minimum: 1 }, periodSeconds: { minimum: 1 } } },
  "autoscaling.v2.MetricSpec": {
    fields: { type: oneOf("ContainerResource", "External", "Object", "Pods", "Resource") },
  },
  "autoscaling.v2.MetricTarget": { fields: { type: oneOf("Utilization", "Value", "AverageValue") } },
  "batch.v1.CronJobSpec": {
    fields: {
      startingDeadlineSeconds: notNegative,
      successfulJobsHistoryLimit: notNegative,
      failedJobsHistoryLimit: notNegative,
    },
  },
  "batch.v1.Job": { required: ["spec"] },
  "batch.v1.JobSpec": {
    fields: {
      ...{ parallelism: notNegative, completions: notNegative, backoffLimit: notNegative },
      ...{ activeDeadlineSeconds: notNegative, ttlSecondsAfterFinished: notNegative },
    },
  },
  "batch.v1.JobTemplateSpec": { required: ["spec"] },
  "batch.v1.PodFailurePolicy": { optional: ["rules"] },
  "batch.v1.PodFailurePolicyRule": { oneOf: ["onExitCodes", "onPodConditions"] },
  "certificates.v1.CertificateSigningRequestSpec": { required: ["usages"], fields: { usages: some } },
  "coordination.v1.LeaseSpec": { fields: { leaseDurationSeconds: { minimum: 1 } } },
  "core.v1.ConfigMapEnvSource": { required: ["name"], fields: { name: text } },
  "core.v1.ConfigMapKeySelector": { required: ["name"], fields: { name: text } },
  "core.v1.ConfigMapVolumeSource": { required: ["name"], fields: { name: text } },
  "core.v1.Container": { required: ["image"], fields: { image: text, name: label } },
  "core.v1.ContainerPort": { fields: { containerPort: port, hostPort: optionalPort } },
  "core.v1.DownwardAPIVolumeFile": { oneOf: ["fieldRef", "resourceFieldRef"] },
  "core.v1.EndpointSubset": { oneOf: ["addresses", "notReadyAddresses"] },
  "core.v1.EndpointPort": { fields: { port, name: optionalLabel } },
  "core.v1.EnvFromSource": { oneOf: ["configMapRef", "secretRef"] },
  "core.v1.EnvVarSource": {
    oneOf: ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"],
  },
  "core.v1.EphemeralVolumeSource": { required: ["volumeClaimTemplate"] },
  "core.v1.Event": { optional: ["involvedObject"] },
  "core.v1.ExecAction": { required: ["command"], fields: { command: some } },
  "core.v1.HTTPHeader": { optional: ["value"] },
  "core.v1.HostAlias": { fields: { ip: { pattern: "^[0-9a-fA-F.:]+$" } } },
  "core.v1.LifecycleHandler": { oneOf: ["exec", "httpGet", "tcpSocket", "sleep"] },
  "core.v1.LimitRangeSpec": { optional: ["limits"] },
  "core.v1.PersistentVolume": { required: ["spec"] },
  "core.v1.PersistentVolumeClaim": { required: ["spec"] },
  "core.v1.PersistentVolumeClaimSpec": {
    required: ["accessModes", "resources"],
    fields: {
      accessModes: { ...some, ...each("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod") },
    },
  },
  "core.v1.PersistentVolumeSpec": {
    required: ["accessModes", "capacity"],
    fields: {
      accessModes: { ...some, ...each("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod") },
    },
  },
  "core.v1.Pod": { required: ["spec"] },
  "core.v1.PodDNSConfigOption": { required: ["name"], fields: { name: text } },
  "core.v1.PodSpec": {
    fields: {
      ...{ terminationGracePeriodSeconds: notNegative, nodeSelector: labels },
      ...{ hostname: optionalLabel, subdomain: optionalLabel },
      ...{ nodeName: dnsReference, priorityClassName: dnsReference, serviceAccountName: dnsReference },
    },
  },
  "core.v1.PodTemplate": { required: ["template"] },
  "core.v1.PodTemplateSpec": { required: ["spec"] },
  "core.v1.Probe": { ...probe, oneOf: ["exec", "grpc", "httpGet", "tcpSocket"] },
  "core.v1.ReplicationController": { required: ["spec"] },
  "core.v1.ReplicationControllerSpec": {
    required: ["template"],
    fields: { replicas, minReadySeconds: notNegative },
  },
  "core.v1.SecretEnvSource": { required: ["name"], fields: { name: text } },
  "core.v1.SecretKeySelector": { required: ["name"], fields: { name: text } },
  "core.v1.SecretVolumeSource": { required: ["secretName"], fields: { secretName: text } },
  "core.v1.Service": { required: ["spec"] },
  "core.v1.ServicePort": { fields: { port, name: optionalLabel } },
  "core.v1.Sysctl": { optional: ["value"] },
  // PersistentVolumeClaims drop a data source of a kind they do not know.
  "core.v1.TypedLocalObjectReference": { optional: ["kind", "name"] },
  "core.v1.TypedObjectReference": { optional: ["kind", "name"] },
  "core.v1.Volume": { fields: { name: label } },
  "core.v1.VolumeNodeAffinity": { required: ["required"] },
  "core.v1.VolumeResourceRequirements": { required: ["requests"] },
  "discovery.v1.ForNode": { optional: ["name"] },
  "discovery.v1.ForZone": { optional: ["name"] },
  "events.v1.Event": {
    required: ["action", "reason", "reportingController", "reportingInstance", "type"],
    fields: {
      action: text,
      reason: text,
      reportingController: text,
      reportingInstance: text,
      type: oneOf("Normal", "Warning"),
    },
  },
  "flowcontrol.v1.FlowSchema": { required: ["spec"] },
  "flowcontrol.v1.LimitedPriorityLevelConfiguration": { required: ["limitResponse"] },
  "flowcontrol.v1.PriorityLevelConfiguration": { required: ["spec"] },
  "flowcontrol.v1.PriorityLevelConfigurationSpec": { fields: { type: oneOf("Exempt", "Limited") } },
  "flowcontrol.v1.LimitResponse": { fields: { type: oneOf("Queue", "Reject") } },
  "flowcontrol.v1.Subject": { fields: { kind: oneOf("Group", "ServiceAccount", "User") } },
  "meta.v1.GroupResource": { optional: ["group"] },
  "meta.v1.LabelSelector": { fields: { matchLabels: labels } },
  "meta.v1.LabelSelectorRequirement": {
    fields: { operator: oneOf("In", "NotIn", "Exists", "DoesNotExist") },
  },
  "meta.v1.ObjectMeta": {
    fields: {
      labels,
      namespace: optionalLabel,
    },
  },
  "networking.v1.HTTPIngressPath": { fields: { path: { pattern: "^(?:/|$)" } } },
  "networking.v1.IPBlock": { fields: { cidr } },
  "networking.v1.Ingress": { required: ["spec"] },
  "networking.v1.IngressBackend": { oneOf: ["service", "resource"] },
  "networking.v1.IngressClass": { required: ["spec"] },
  "networking.v1.IngressClassParametersReference": { fields: { scope: oneOf("Cluster", "Namespace") } },
  "networking.v1.IngressClassSpec": { required: ["controller"], fields: { controller: text } },
  "networking.v1.IngressServiceBackend": { required: ["port"] },
  "networking.v1.IngressSpec": { oneOf: ["defaultBackend", "rules"] },
  "networking.v1.NetworkPolicyPeer": { oneOf: ["podSelector", "namespaceSelector", "ipBlock"] },
  "networking.v1.NetworkPolicySpec": { fields: { policyTypes: each("Ingress", "Egress") } },
  "networking.v1.ServiceBackendPort": { oneOf: ["name", "number"], fields: { number: optionalPort } },
  "networking.v1.ServiceCIDR": { required: ["spec"] },
  "networking.v1.ServiceCIDRSpec": { required: ["cidrs"], fields: { cidrs: { ...some, items: cidr } } },
  "rbac.v1.AggregationRule": { required: ["clusterRoleSelectors"], fields: { clusterRoleSelectors: some } },
  "rbac.v1.PolicyRule": { oneOf: ["resources", "nonResourceURLs"], needs: { resources: ["apiGroups"] } },
  "policy.v1.PodDisruptionBudgetSpec": { fields: { minAvailable: percent, maxUnavailable: percent } },
  "rbac.v1.RoleRef": { fields: { kind: oneOf("Role", "ClusterRole") } },
  "rbac.v1.Subject": { fields: { kind: oneOf("ServiceAccount", "User", "Group") } },
  "resource.v1.Counter": { optional: ["value"] },
  "resource.v1.DeviceCapacity": { optional: ["value"] },
  "resource.v1.DeviceClass": { optional: ["spec"] },
  "resource.v1.ResourceClaim": { optional: ["spec"] },
  "resource.v1.ResourceClaimTemplate": { optional: ["spec"] },
  "resource.v1.ResourceClaimTemplateSpec": { optional: ["spec"] },
  "resource.v1.ResourcePool": { optional: ["generation"] },
  "storage.v1.CSIDriver": { optional: ["spec"] },
  "storage.v1.CSIDriverSpec": {
    fields: {
      fsGroupPolicy: oneOf("File", "None", "ReadWriteOnceWithFSType"),
      volumeLifecycleModes: each("Persistent", "Ephemeral"),
    },
  },
  "storage.v1.CSINode": { optional: ["spec"] },
  "storage.v1.CSINodeSpec": { optional: ["drivers"] },
  "storage.v1.TokenRequest": { optional: ["audience"] },
  "storage.v1.VolumeAttachmentSource": { oneOf: ["persistentVolumeName", "inlineVolumeSpec"] },
};

/** What an object's name may be: most kinds want a DNS subdomain, these only a path segment. */
export const freeNames: ReadonlySet<string> = new Set([
  ...["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
  ...[
    "APIService",
    "IPAddress",
    "CertificateSigningRequest",
    "ClusterTrustBundle",
    "Event",
    "StorageVersion",
    "PodDisruptionBudget",
  ],
]);

export const dnsName: JsonSchema = { maxLength: 253, pattern: `^${dnsLabel}(?:\\.${dnsLabel})*$` };

const prefixes =
  /^io\.k8s\.(?:api|apimachinery\.pkg\.apis|apiextensions-apiserver\.pkg\.apis|kube-aggregator\.pkg\.apis)\./;

/** The rule for a type of the document, by its full name. */
export function ruleOf(type: string): TypeRule {
  return typeRules[type.replace(prefixes, "")] ?? {};
}

/** Whether a type belongs to a stable version: only of those is an empty text or list known to be refused. */
export function isStable(type: string): boolean {
  return /\.v\d+\.[^.]+$/.test(type);
}

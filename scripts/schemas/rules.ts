// What the API server's validation asks beyond the types of its OpenAPI document, where one JSON Schema can say it.
// Each line was seen at a real server (scripts/schemas/compare): it holds wherever the type is used.
import type { JsonSchema } from "../../packages/engine/src/schemas/pack.ts";

export interface TypeRule {
  /** Fields without which every object of the type is refused. */
  required?: string[];
  /** Fields that the document calls required and the server does not miss. */
  optional?: string[];
  /** At least one of these must be given, and hold something. */
  oneOf?: string[];
  /** Fields that a field wants beside it. */
  needs?: Record<string, string[]>;
  /** What a field must fulfil besides its type. */
  fields?: Record<string, JsonSchema>;
  /** Patterns of the keys of maps. */
  keys?: Record<string, string>;
}

const port: JsonSchema = { minimum: 1, maximum: 65535 };
/** 0 stands for "not given". */
const optionalPort: JsonSchema = { minimum: 0, maximum: 65535 };
const notNegative: JsonSchema = { minimum: 0 };
const some: JsonSchema = { minItems: 1 };
const text: JsonSchema = { minLength: 1 };
const oneOf = (...values: string[]): JsonSchema => ({ enum: values });
const each = (...values: string[]): JsonSchema => ({ items: { type: "string", enum: values } });
const items = (schema: JsonSchema): JsonSchema => ({ items: { type: "string", ...schema } });
/** One of these where an empty text is not the same as none. */
const exactly = (...values: string[]): JsonSchema => ({ pattern: `^(?:${values.join("|")})$` });
/** An object that has these fields, each with something in it. */
const having = (properties: Record<string, JsonSchema>): JsonSchema => ({
  required: Object.keys(properties),
  properties,
});

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
    apiGroups: some,
    ...{ apiVersions: { ...some, ...items(text) }, resources: { ...some, ...items(text) } },
    operations: { ...some, ...each("*", "CREATE", "UPDATE", "DELETE", "CONNECT") },
  },
};
const replicas: JsonSchema = notNegative;
const dnsLabel = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?";
/** Name of another object, or nothing. */
const dnsReference: JsonSchema = { maxLength: 253, pattern: `^(?:${dnsLabel}(?:\\.${dnsLabel})*)?$` };
export const dnsName: JsonSchema = { maxLength: 253, pattern: `^${dnsLabel}(?:\\.${dnsLabel})*$` };
export const label: JsonSchema = { maxLength: 63, pattern: `^${dnsLabel}$` };
const optionalLabel: JsonSchema = { maxLength: 63, pattern: `^(?:${dnsLabel})?$` };
const portName: JsonSchema = { maxLength: 15, pattern: "^(?:[-a-z0-9]*[a-z][-a-z0-9]*)?$" };
const labelValue: JsonSchema = {
  type: ["string", "null"],
  maxLength: 63,
  pattern: "^(?:(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$",
};
const labels: JsonSchema = { additionalProperties: labelValue };
const dns1035: JsonSchema = { maxLength: 63, pattern: "^[a-z](?:[-a-z0-9]*[a-z0-9])?$" };
/** The same in letters of either case. */
const mixedName: JsonSchema = { maxLength: 63, pattern: "^[A-Za-z](?:[-A-Za-z0-9]*[A-Za-z0-9])?$" };
const qualified: JsonSchema = {
  pattern: `^(?:${dnsLabel}(?:\\.${dnsLabel})*/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`,
};
/** Drivers and provisioners, which the server reads in lower case. */
const driver: JsonSchema = { maxLength: 63, pattern: "^[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?$" };
const qualifiedDriver: JsonSchema = {
  pattern: "^(?:[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$",
};
/** What roles and their bindings may be called, and what is called by them: anything that fits into a URL's path. */
export const segment: JsonSchema = { pattern: "^[^/%]+$" };
const ip: JsonSchema = { pattern: "^[0-9a-fA-F.:]+$" };
/** Of a whole number it only asks not to be negative. */
const percent: JsonSchema = { pattern: "^[0-9]+%$", minimum: 0 };
const cidr: JsonSchema = { type: "string", pattern: "^[0-9a-fA-F.:]+/[0-9]{1,3}$" };
const selector: JsonSchema = {
  anyOf: [
    having({ matchLabels: { type: "object", minProperties: 1 } }),
    having({ matchExpressions: { type: "array", minItems: 1 } }),
  ],
};
const failurePolicy = exactly("Fail", "Ignore");
const webhook: TypeRule = {
  fields: {
    name: { pattern: `^${dnsLabel}(?:\\.${dnsLabel}){2,}$` },
    failurePolicy,
    matchPolicy: exactly("Exact", "Equivalent"),
    timeoutSeconds: { minimum: 1, maximum: 30 },
    admissionReviewVersions: { ...some, ...items(dns1035), uniqueItems: true },
  },
};
/** A policy that is held against nothing is refused; the same type in a binding may be empty. */
const matchConstraints = having({ resourceRules: { type: "array", minItems: 1 } });
const containerResource = "^(?:cpu|memory|ephemeral-storage|hugepages-.+|.+/.+)$";
const anyResource =
  "^(?:(?:(?:requests|limits)\\.)?(?:cpu|memory|ephemeral-storage)|(?:requests\\.)?(?:storage|hugepages-.+)|pods|services(?:\\.nodeports|\\.loadbalancers)?|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|.+/.+)$";
/** In the environment, or in a volume. */
const fieldPath: JsonSchema = {
  pattern:
    "^(?:metadata\\.(?:name|namespace|uid|(?:labels|annotations)(?:\\['.+'\\])?)|spec\\.(?:nodeName|host|serviceAccountName)|status\\.(?:hostIPs?|podIPs?))$",
};
const usages = [
  ...["any", "signing", "digital signature", "content commitment", "key encipherment", "key agreement"],
  ...["data encipherment", "cert sign", "crl sign", "encipher only", "decipher only", "server auth"],
  ...["client auth", "code signing", "email protection", "s/mime", "ipsec end system", "ipsec tunnel"],
  ...["ipsec user", "timestamping", "ocsp signing", "microsoft sgc", "netscape sgc"],
];
const verbs = [
  "*",
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "proxy",
  "update",
  "watch",
];
const schemaTypes = ["array", "boolean", "integer", "number", "object", "string"];

/** By the type's name in the document, without the common prefix. */
export const typeRules: Readonly<Record<string, TypeRule>> = {
  "admissionregistration.v1.MutatingAdmissionPolicy": { required: ["spec"] },
  "admissionregistration.v1.MutatingAdmissionPolicyBinding": { required: ["spec"] },
  "admissionregistration.v1.MutatingAdmissionPolicyBindingSpec": {
    required: ["policyName"],
    fields: { policyName: text },
  },
  "admissionregistration.v1.MutatingAdmissionPolicySpec": {
    required: ["matchConstraints", "mutations", "reinvocationPolicy"],
    fields: { matchConstraints, failurePolicy, mutations: some, reinvocationPolicy: text },
  },
  "admissionregistration.v1.MutatingWebhook": webhook,
  "admissionregistration.v1.NamedRuleWithOperations": webhookRule,
  "admissionregistration.v1.RuleWithOperations": webhookRule,
  "admissionregistration.v1.ValidatingAdmissionPolicy": { required: ["spec"] },
  "admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec": {
    required: ["policyName", "validationActions"],
    fields: {
      policyName: dnsName,
      validationActions: { ...some, ...each("Audit", "Deny", "Warn"), uniqueItems: true },
    },
  },
  "admissionregistration.v1.ValidatingAdmissionPolicySpec": {
    required: ["matchConstraints"],
    oneOf: ["validations", "auditAnnotations"],
    fields: { matchConstraints, failurePolicy },
  },
  "admissionregistration.v1.ValidatingWebhook": webhook,
  "admissionregistration.v1.Validation": {
    fields: { reason: oneOf("Forbidden", "Invalid", "RequestEntityTooLarge") },
  },
  "admissionregistration.v1.Variable": { fields: { name: { pattern: "^[A-Za-z_][A-Za-z0-9_]*$" } } },
  "admissionregistration.v1.WebhookClientConfig": {
    fields: { url: { pattern: "^https://." } },
    oneOf: ["url", "service"],
  },
  "apiextensions.v1.CustomResourceDefinitionSpec": {
    fields: { group: dnsName, scope: oneOf("Cluster", "Namespaced") },
  },
  "apiextensions.v1.CustomResourceDefinitionNames": {
    fields: {
      kind: mixedName,
      listKind: { ...mixedName, pattern: `^$|${mixedName.pattern}` },
      plural: dns1035,
      singular: { ...dns1035, pattern: `^$|${dns1035.pattern}` },
    },
  },
  "apiextensions.v1.CustomResourceDefinitionVersion": {
    ...{ required: ["schema"], optional: ["served"] },
    fields: { name: dns1035, deprecationWarning: { minLength: 1, maxLength: 256 } },
  },
  "apiextensions.v1.CustomResourceValidation": { required: ["openAPIV3Schema"] },
  "apiextensions.v1.JSONSchemaProps": { fields: { type: oneOf(...schemaTypes) } },
  "apiregistration.v1.APIService": { required: ["spec"] },
  "apiregistration.v1.APIServiceSpec": {
    required: ["version"],
    fields: {
      ...{ version: dns1035, group: dnsReference },
      groupPriorityMinimum: { minimum: 1, maximum: 20000 },
      versionPriority: { minimum: 1, maximum: 1000 },
    },
  },
  "apiregistration.v1.ServiceReference": {
    required: ["name", "namespace"],
    fields: { name: text, namespace: text, port },
  },
  "apps.v1.ControllerRevision": {
    fields: { revision: notNegative },
    required: ["data"],
    optional: ["revision"],
  },
  "apps.v1.DaemonSet": { required: ["spec"] },
  "apps.v1.DaemonSetSpec": {
    fields: { selector, minReadySeconds: notNegative, revisionHistoryLimit: notNegative },
  },
  "apps.v1.Deployment": { required: ["spec"] },
  "apps.v1.DeploymentSpec": {
    fields: {
      ...{ replicas, selector },
      minReadySeconds: notNegative,
      progressDeadlineSeconds: notNegative,
      revisionHistoryLimit: notNegative,
    },
  },
  "apps.v1.ReplicaSet": { required: ["spec"] },
  "apps.v1.ReplicaSetSpec": {
    required: ["template"],
    fields: { replicas, selector, minReadySeconds: notNegative },
  },
  "apps.v1.StatefulSet": { required: ["spec"] },
  "apps.v1.RollingUpdateDaemonSet": { fields: { maxSurge: percent, maxUnavailable: percent } },
  "apps.v1.RollingUpdateDeployment": { fields: { maxSurge: percent, maxUnavailable: percent } },
  "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy": {
    fields: { whenDeleted: oneOf("Retain", "Delete"), whenScaled: oneOf("Retain", "Delete") },
  },
  "apps.v1.StatefulSetSpec": {
    optional: ["serviceName"],
    fields: { replicas, selector, minReadySeconds: notNegative, revisionHistoryLimit: notNegative },
  },
  "autoscaling.v1.HorizontalPodAutoscalerSpec": { fields: { maxReplicas: { minimum: 1 } } },
  "autoscaling.v2.HorizontalPodAutoscalerSpec": { fields: { maxReplicas: { minimum: 1 } } },
  "autoscaling.v2.HPAScalingPolicy": {
    fields: { type: exactly("Pods", "Percent"), value: { minimum: 1 }, periodSeconds: { minimum: 1 } },
  },
  "autoscaling.v2.MetricSpec": {
    fields: { type: oneOf("ContainerResource", "External", "Object", "Pods", "Resource") },
  },
  "autoscaling.v2.MetricTarget": { fields: { type: oneOf("Utilization", "Value", "AverageValue") } },
  "batch.v1.CronJobSpec": {
    fields: {
      startingDeadlineSeconds: notNegative,
      timeZone: text,
      successfulJobsHistoryLimit: notNegative,
      failedJobsHistoryLimit: notNegative,
    },
  },
  "batch.v1.Job": { required: ["spec"] },
  "batch.v1.JobSpec": {
    fields: {
      completionMode: exactly("NonIndexed", "Indexed"),
      ...{ parallelism: notNegative, completions: notNegative, backoffLimit: notNegative },
      ...{ activeDeadlineSeconds: notNegative, ttlSecondsAfterFinished: notNegative },
    },
  },
  "batch.v1.JobTemplateSpec": { required: ["spec"] },
  "batch.v1.PodFailurePolicy": { optional: ["rules"] },
  "batch.v1.PodFailurePolicyOnPodConditionsPattern": { optional: ["status"], fields: { type: qualified } },
  "batch.v1.PodFailurePolicyRule": { oneOf: ["onExitCodes", "onPodConditions"] },
  "certificates.v1.CertificateSigningRequestSpec": {
    required: ["usages"],
    fields: {
      usages: { ...some, ...each(...usages), uniqueItems: true },
      expirationSeconds: { minimum: 600 },
      signerName: { pattern: "^[^/.]+(?:\\.[^/.]+)+/.+$" },
    },
  },
  "coordination.v1.LeaseSpec": {
    fields: { leaseDurationSeconds: { minimum: 1 }, leaseTransitions: notNegative },
  },
  "core.v1.ConfigMapEnvSource": { required: ["name"], fields: { name: text } },
  "core.v1.ConfigMapKeySelector": { required: ["name"], fields: { name: text } },
  "core.v1.ConfigMapVolumeSource": { required: ["name"], fields: { name: text } },
  "core.v1.Container": {
    required: ["image"],
    fields: { image: text, name: label },
  },
  "core.v1.ContainerPort": { fields: { containerPort: port, hostPort: optionalPort, name: portName } },
  "core.v1.DownwardAPIVolumeFile": { oneOf: ["fieldRef", "resourceFieldRef"] },
  "core.v1.EndpointAddress": { fields: { ip } },
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
  "core.v1.HostAlias": { fields: { ip } },
  "core.v1.LifecycleHandler": { oneOf: ["exec", "httpGet", "tcpSocket", "sleep"] },
  "core.v1.LimitRangeItem": {
    keys: {
      ...{ default: anyResource, defaultRequest: anyResource, max: anyResource, min: anyResource },
      maxLimitRequestRatio: anyResource,
    },
  },
  "core.v1.LimitRangeSpec": { optional: ["limits"] },
  "core.v1.NamespaceSpec": { fields: { finalizers: items({ pattern: "^kubernetes$|^[^/]+/[^/]{1,63}$" }) } },
  "core.v1.NodeSpec": { fields: { podCIDR: { pattern: `^$|${cidr.pattern}` } } },
  "core.v1.ObjectFieldSelector": { fields: { fieldPath } },
  "core.v1.PersistentVolume": { required: ["spec"] },
  "core.v1.PersistentVolumeClaim": { required: ["spec"] },
  "core.v1.PersistentVolumeClaimSpec": {
    required: ["accessModes", "resources"],
    fields: {
      storageClassName: dnsReference,
      volumeMode: exactly("Block", "Filesystem"),
      accessModes: { ...some, ...each("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod") },
    },
  },
  "core.v1.PersistentVolumeSpec": {
    required: ["accessModes", "capacity"],
    fields: {
      capacity: { required: ["storage"] },
      accessModes: { ...some, ...each("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod") },
    },
  },
  "core.v1.Pod": { required: ["spec"] },
  "core.v1.PodDNSConfigOption": { required: ["name"], fields: { name: text } },
  "core.v1.PodSpec": {
    fields: {
      ...{ terminationGracePeriodSeconds: notNegative, nodeSelector: labels },
      activeDeadlineSeconds: { minimum: 1, maximum: 2147483647 },
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
  "core.v1.ResourceQuotaSpec": { keys: { hard: anyResource } },
  "core.v1.ResourceRequirements": { keys: { limits: containerResource, requests: containerResource } },
  "core.v1.SecretEnvSource": { required: ["name"], fields: { name: text } },
  "core.v1.SecretKeySelector": { required: ["name"], fields: { name: text } },
  "core.v1.SecretVolumeSource": { required: ["secretName"], fields: { secretName: text } },
  "core.v1.Service": { required: ["spec"] },
  "core.v1.ServicePort": {
    fields: { port, targetPort: optionalPort, name: optionalLabel, appProtocol: qualified },
  },
  "core.v1.ServiceSpec": {
    fields: {
      internalTrafficPolicy: exactly("Cluster", "Local"),
      ipFamilyPolicy: exactly("PreferDualStack", "RequireDualStack", "SingleStack"),
      selector: labels,
    },
  },
  "core.v1.Sysctl": { optional: ["value"] },
  "core.v1.Taint": { fields: { key: qualified, value: labelValue } },
  // PersistentVolumeClaims drop a data source of a kind they do not know.
  "core.v1.TypedLocalObjectReference": { optional: ["kind", "name"] },
  "core.v1.TypedObjectReference": { optional: ["kind", "name"] },
  "core.v1.Volume": { fields: { name: label } },
  "core.v1.VolumeNodeAffinity": { required: ["required"] },
  "core.v1.VolumeResourceRequirements": {
    required: ["requests"],
    fields: { requests: { required: ["storage"] } },
  },
  "discovery.v1.Endpoint": {
    fields: { nodeName: dnsReference, hostname: label, addresses: { ...some, ...items(text) } },
  },
  "discovery.v1.ForNode": { optional: ["name"] },
  "discovery.v1.ForZone": { optional: ["name"] },
  "events.v1.Event": {
    required: ["action", "reason", "reportingController", "reportingInstance", "type"],
    fields: {
      action: { ...text, maxLength: 128 },
      reason: { ...text, maxLength: 128 },
      reportingController: qualified,
      reportingInstance: { ...text, maxLength: 128 },

      type: oneOf("Normal", "Warning"),
    },
  },
  "flowcontrol.v1.FlowDistinguisherMethod": { fields: { type: exactly("ByNamespace", "ByUser") } },
  "flowcontrol.v1.FlowSchema": { required: ["spec"] },
  "flowcontrol.v1.LimitedPriorityLevelConfiguration": {
    fields: { nominalConcurrencyShares: notNegative },
    required: ["limitResponse"],
  },
  "flowcontrol.v1.PriorityLevelConfiguration": { required: ["spec"] },
  "flowcontrol.v1.PriorityLevelConfigurationSpec": { fields: { type: oneOf("Exempt", "Limited") } },
  "flowcontrol.v1.LimitResponse": { fields: { type: oneOf("Queue", "Reject") } },
  "flowcontrol.v1.NonResourcePolicyRule": {
    fields: {
      nonResourceURLs: { ...some, ...items({ pattern: "^(?:/|\\*$)" }) },
      verbs: { ...some, ...each(...verbs) },
    },
  },
  "flowcontrol.v1.ResourcePolicyRule": {
    fields: {
      namespaces: items({ pattern: `^(?:\\*|${dnsLabel})$` }),
      verbs: { ...some, ...each(...verbs) },
    },
  },
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
  "networking.v1.IPBlock": { fields: { cidr, except: { items: cidr } } },
  "networking.v1.Ingress": { required: ["spec"] },
  "networking.v1.IngressBackend": {
    oneOf: ["service", "resource"],
    fields: { resource: having({ kind: { type: "string", ...text }, name: { type: "string", ...text } }) },
  },
  "networking.v1.IngressClass": { required: ["spec"] },
  "networking.v1.IngressClassParametersReference": {
    fields: {
      apiGroup: { ...dnsReference, minLength: 1 },
      ...{ scope: exactly("Cluster", "Namespace"), namespace: label },
    },
  },
  "networking.v1.IngressClassSpec": {
    required: ["controller"],
    fields: { controller: { maxLength: 250, pattern: `^${dnsLabel}(?:\\.${dnsLabel})*/.+$` } },
  },
  "networking.v1.IngressRule": {
    fields: { host: { ...dnsReference, pattern: `^(?:(?:\\*\\.)?${dnsLabel}(?:\\.${dnsLabel})*)?$` } },
  },
  "networking.v1.IngressServiceBackend": { fields: { name: label }, required: ["port"] },
  "networking.v1.IngressSpec": {
    fields: { ingressClassName: { ...dnsReference, minLength: 1 } },
    oneOf: ["defaultBackend", "rules"],
  },
  "networking.v1.NetworkPolicyPeer": { oneOf: ["podSelector", "namespaceSelector", "ipBlock"] },
  "networking.v1.NetworkPolicySpec": {
    optional: ["podSelector"],
    fields: { policyTypes: { ...each("Ingress", "Egress"), maxItems: 2 } },
  },
  "networking.v1.ServiceBackendPort": {
    oneOf: ["name", "number"],
    fields: { number: optionalPort, name: portName },
  },
  "networking.v1.ServiceCIDR": { required: ["spec"] },
  "networking.v1.ServiceCIDRSpec": { required: ["cidrs"], fields: { cidrs: { ...some, items: cidr } } },
  "rbac.v1.AggregationRule": { required: ["clusterRoleSelectors"], fields: { clusterRoleSelectors: some } },
  "rbac.v1.PolicyRule": { oneOf: ["resources", "nonResourceURLs"], needs: { resources: ["apiGroups"] } },
  "policy.v1.PodDisruptionBudgetSpec": {
    fields: {
      unhealthyPodEvictionPolicy: exactly("IfHealthyBudget", "AlwaysAllow"),
      minAvailable: percent,
      maxUnavailable: percent,
    },
  },
  "rbac.v1.RoleRef": {
    optional: ["apiGroup"],
    fields: {
      apiGroup: { pattern: "^(?:rbac\\.authorization\\.k8s\\.io)?$" },
      ...{ kind: oneOf("Role", "ClusterRole"), name: segment },
    },
  },
  "rbac.v1.Subject": {
    fields: { kind: oneOf("ServiceAccount", "User", "Group"), apiGroup: oneOf("rbac.authorization.k8s.io") },
  },
  "resource.v1.Counter": { optional: ["value"] },
  "resource.v1.Device": { fields: { name: label } },
  "resource.v1.DeviceAttribute": { oneOf: ["bool", "int", "string", "version"] },
  "resource.v1.DeviceCapacity": { optional: ["value"] },
  "resource.v1.DeviceClass": { optional: ["spec"] },
  "resource.v1.DeviceConstraint": {
    fields: { matchAttribute: { pattern: "^(?:[^/]+/)?[A-Za-z_][A-Za-z0-9_]*$" } },
  },
  "resource.v1.DeviceRequest": { oneOf: ["exactly", "firstAvailable"], fields: { name: label } },
  "resource.v1.DeviceSelector": { required: ["cel"] },
  "resource.v1.DeviceSubRequest": { fields: { name: label, deviceClassName: dnsReference } },
  "resource.v1.ExactDeviceRequest": { fields: { deviceClassName: dnsReference } },
  "resource.v1.ResourceClaim": { optional: ["spec"] },
  "resource.v1.ResourceClaimTemplate": { optional: ["spec"] },
  "resource.v1.ResourceClaimTemplateSpec": { optional: ["spec"] },
  "resource.v1.ResourcePool": {
    optional: ["generation"],
    fields: { generation: notNegative, resourceSliceCount: { minimum: 1 } },
  },
  "scheduling.v1.PriorityClass": {
    optional: ["value"],
    fields: { preemptionPolicy: exactly("Never", "PreemptLowerPriority") },
  },
  "storage.v1.CSIDriver": { optional: ["spec"] },
  "storage.v1.CSIDriverSpec": {
    fields: {
      fsGroupPolicy: exactly("File", "None", "ReadWriteOnceWithFSType"),
      volumeLifecycleModes: each("Persistent", "Ephemeral"),
    },
  },
  "storage.v1.CSINode": { optional: ["spec"] },
  "storage.v1.CSINodeDriver": {
    fields: {
      ...{ name: driver, nodeID: { maxLength: 256 } },
      topologyKeys: { ...items(qualified), uniqueItems: true },
    },
  },
  "storage.v1.CSINodeSpec": { optional: ["drivers"] },
  "storage.v1.StorageClass": {
    fields: { provisioner: qualifiedDriver, volumeBindingMode: exactly("Immediate", "WaitForFirstConsumer") },
  },
  "storage.v1.TokenRequest": {
    fields: { expirationSeconds: { minimum: 600, maximum: 2 ** 32 } },
    optional: ["audience"],
  },
  "storage.v1.VolumeAttachmentSource": {
    oneOf: ["persistentVolumeName", "inlineVolumeSpec"],
    fields: { persistentVolumeName: dnsReference },
  },
  "storage.v1.VolumeAttachmentSpec": {
    fields: { attacher: driver, nodeName: dnsReference },
  },
  "storage.v1.VolumeAttributesClass": {
    required: ["parameters"],
    fields: { driverName: qualifiedDriver, parameters: { minProperties: 1 } },
  },
  "storage.v1.VolumeNodeResources": { fields: { count: notNegative } },
  "autoscaling.v2.HPAScalingRules": {
    fields: {
      stabilizationWindowSeconds: { minimum: 0, maximum: 3600 },
      selectPolicy: exactly("Max", "Min", "Disabled"),
    },
  },
  "admissionregistration.v1.ApplyConfiguration": { required: ["expression"], fields: { expression: text } },
  "admissionregistration.v1.JSONPatch": { required: ["expression"], fields: { expression: text } },
  "admissionregistration.v1.MatchCondition": { fields: { name: qualified } },
  "admissionregistration.v1.ServiceReference": { fields: { path: { pattern: "^/" }, port } },
  "apiextensions.v1.CustomResourceColumnDefinition": {
    fields: {
      type: exactly("boolean", "date", "integer", "number", "string"),
      jsonPath: { pattern: "^\\." },
    },
  },
  "apiextensions.v1.CustomResourceConversion": { fields: { strategy: exactly("None", "Webhook") } },
  "apiextensions.v1.CustomResourceSubresourceScale": {
    fields: {
      specReplicasPath: { pattern: "^\\.spec\\." },
      statusReplicasPath: { pattern: "^\\.status\\." },
    },
  },
  "core.v1.CSIVolumeSource": { fields: { driver } },
  "core.v1.EnvVar": { fields: { name: { pattern: "^[ -<>-~]+$" } } },
  "core.v1.NFSVolumeSource": { fields: { path: { pattern: "^/" } } },
  "core.v1.PodDNSConfig": { fields: { nameservers: items(ip) } },
  "batch.v1.PodFailurePolicyOnExitCodesRequirement": { fields: { values: { ...some, uniqueItems: true } } },
  "discovery.v1.EndpointPort": { fields: { name: optionalLabel } },
  "flowcontrol.v1.PriorityLevelConfigurationReference": { fields: { name: dnsName } },
  "flowcontrol.v1.ServiceAccountSubject": { fields: { namespace: label } },
  "networking.v1.IngressTLS": { fields: { secretName: dnsReference } },
  "networking.v1.NetworkPolicyPort": {
    fields: { endPort: port, protocol: exactly("TCP", "UDP", "SCTP"), port: { ...port, ...portName } },
  },
  "node.v1.Overhead": { keys: { podFixed: containerResource } },
  "node.v1.RuntimeClass": { fields: { handler: label } },
  "resource.v1.OpaqueDeviceConfiguration": { fields: { driver } },
  "resource.v1.DeviceClassConfiguration": { oneOf: ["opaque"] },
  "resource.v1.ResourceSliceSpec": {
    fields: { driver, nodeName: dnsReference },
  },
  "storage.v1.CSIStorageCapacity": { fields: { storageClassName: { ...dnsReference, minLength: 1 } } },
  "discovery.v1.EndpointSlice": { optional: ["endpoints"] },
  "admissionregistration.v1.ValidatingAdmissionPolicyBinding": { required: ["spec"] },
  "flowcontrol.v1.QueuingConfiguration": {
    fields: { queues: notNegative, handSize: notNegative, queueLengthLimit: notNegative },
  },
  "networking.v1.IPAddress": { required: ["spec"] },
  "networking.v1.IPAddressSpec": { required: ["parentRef"] },
};

/** Kinds whose names end up in host names: they have no dots. */
export const shortNames: ReadonlySet<string> = new Set(["Namespace", "Service"]);

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

import type { JsonSchema } from "../../../packages/engine/src/schemas/pack.ts";
import {
  cidr,
  containerResource,
  dnsLabel,
  dnsReference,
  driver,
  each,
  exactly,
  items,
  label,
  notNegative,
  oneOf,
  optionalPort,
  port,
  portName,
  qualified,
  replicas,
  some,
  type TypeRule,
  text,
} from "./shapes.ts";

const probe: TypeRule = {
  fields: {
    initialDelaySeconds: notNegative,
    periodSeconds: notNegative,
    timeoutSeconds: notNegative,
    successThreshold: notNegative,
    failureThreshold: notNegative,
  },
};
const optionalLabel: JsonSchema = { maxLength: 63, pattern: `^(?:${dnsLabel})?$` };
const labelValue: JsonSchema = {
  type: ["string", "null"],
  maxLength: 63,
  pattern: "^(?:(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$",
};
const labels: JsonSchema = { additionalProperties: labelValue };
const ip: JsonSchema = { pattern: "^[0-9a-fA-F.:]+$" };
const anyResource =
  "^(?:(?:(?:requests|limits)\\.)?(?:cpu|memory|ephemeral-storage)|(?:requests\\.)?(?:storage|hugepages-.+)|pods|services(?:\\.nodeports|\\.loadbalancers)?|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|.+/.+)$";
/** In the environment, or in a volume. */
const fieldPath: JsonSchema = {
  pattern:
    "^(?:metadata\\.(?:name|namespace|uid|(?:labels|annotations)(?:\\['.+'\\])?)|spec\\.(?:nodeName|host|serviceAccountName)|status\\.(?:hostIPs?|podIPs?))$",
};

/** What the core group and what stands near it is checked for. By the type's name in the document, without the common prefix. */
export const core: Readonly<Record<string, TypeRule>> = {
  "coordination.v1.LeaseSpec": {
    fields: { leaseDurationSeconds: { minimum: 1 }, leaseTransitions: notNegative },
  },
  "core.v1.CSIVolumeSource": { fields: { driver } },
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
  "core.v1.EndpointPort": { fields: { port, name: optionalLabel } },
  "core.v1.EndpointSubset": { oneOf: ["addresses", "notReadyAddresses"] },
  "core.v1.EnvFromSource": { oneOf: ["configMapRef", "secretRef"] },
  "core.v1.EnvVar": { fields: { name: { pattern: "^[ -<>-~]+$" } } },
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
  "core.v1.NFSVolumeSource": { fields: { path: { pattern: "^/" } } },
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
  "core.v1.PodDNSConfig": { fields: { nameservers: items(ip) } },
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
  "discovery.v1.EndpointPort": { fields: { name: optionalLabel } },
  "discovery.v1.EndpointSlice": { optional: ["endpoints"] },
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
};

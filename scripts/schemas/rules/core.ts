import type { JsonSchema } from "../../../packages/engine/src/schemas/pack.ts";
import {
  address,
  annotationKey,
  annotationName,
  cidr,
  containerResource,
  dataKey,
  dataRef,
  dnsLabel,
  dnsName,
  dnsReference,
  driver,
  each,
  eachHas,
  exactly,
  id,
  ip,
  items,
  label,
  labelKey,
  labels,
  labelValue,
  looseCidr,
  mode,
  namedPort,
  never,
  notNegative,
  notNegativeAmount,
  notNegativeAmounts,
  oneOf,
  optionalLabel,
  optionalPort,
  optionalQualified,
  path,
  port,
  portName,
  positiveAmount,
  prefixedName,
  qualified,
  qualifiedName,
  relativePath,
  replicas,
  some,
  type TypeRule,
  text,
  volumePath,
} from "./shapes.ts";

const probe: TypeRule = {
  fields: {
    initialDelaySeconds: notNegative,
    periodSeconds: notNegative,
    timeoutSeconds: notNegative,
    successThreshold: notNegative,
    failureThreshold: notNegative,
    terminationGracePeriodSeconds: { minimum: 1 },
  },
};
const anyResource = `^(?:(?:(?:requests|limits)\\.)?(?:cpu|memory|ephemeral-storage)|(?:requests\\.)?(?:storage|hugepages-.+)|pods|services(?:\\.nodeports|\\.loadbalancers)?|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|${prefixedName})$`;
const keyed = `labels\\['${qualifiedName}'\\]|annotations\\['${annotationName}'\\]`;
/** What the environment may hold of the Pod, and what a volume may. */
const fieldOfEnvironment: JsonSchema = {
  pattern: `^(?:metadata\\.(?:name|namespace|uid|${keyed})|spec\\.(?:nodeName|host|serviceAccountName)|status\\.(?:hostIPs?|podIPs?))$`,
};
const fieldOfVolume: JsonSchema = {
  pattern: `^metadata\\.(?:name|namespace|uid|labels|annotations|${keyed})$`,
};
/** A probe that ends a container has to pass once. */
const once = { properties: { successThreshold: { maximum: 1 } } };
const nodeSelector: JsonSchema = labels;
const capacity: JsonSchema = {
  required: ["storage"],
  properties: { storage: { ...positiveAmount, type: ["string", "number"] } },
};
/** With and without a dot at its end. */
const hostName = `${dnsLabel}(?:\\.${dnsLabel})*\\.?`;

/** What the core group and what stands near it is checked for. By the type's name in the document, without the common prefix. */
export const core: Readonly<Record<string, TypeRule>> = {
  "coordination.v1.LeaseSpec": {
    fields: { leaseDurationSeconds: { minimum: 1 }, leaseTransitions: notNegative },
  },
  "core.v1.CSIVolumeSource": { fields: { driver } },
  "core.v1.ClientIPConfig": { fields: { timeoutSeconds: { minimum: 1, maximum: 86400 } } },
  "core.v1.ConfigMap": { keys: { data: dataKey, binaryData: dataKey } },
  "core.v1.ConfigMapEnvSource": { required: ["name"], fields: { name: dnsName } },
  "core.v1.ConfigMapKeySelector": { required: ["name"], fields: { name: dnsName, key: dataRef } },
  "core.v1.ConfigMapProjection": { required: ["name"], fields: { name: text } },
  "core.v1.ConfigMapVolumeSource": { required: ["name"], fields: { name: text, defaultMode: mode } },
  "core.v1.Container": {
    required: ["image"],
    fields: {
      ...{ image: { pattern: "^\\S(?:[\\s\\S]*\\S)?$" }, name: label },
      ...{ livenessProbe: once, startupProbe: once },
      readinessProbe: {
        properties: { terminationGracePeriodSeconds: never("must not be set for a readinessProbe") },
      },
    },
  },
  "core.v1.ContainerPort": { fields: { containerPort: port, hostPort: optionalPort, name: portName } },
  "core.v1.DownwardAPIVolumeFile": {
    oneOf: ["fieldRef", "resourceFieldRef"],
    fields: { mode, path: volumePath, fieldRef: { properties: { fieldPath: fieldOfVolume } } },
  },
  "core.v1.DownwardAPIVolumeSource": { fields: { defaultMode: mode } },
  "core.v1.EmptyDirVolumeSource": { fields: { sizeLimit: notNegativeAmount } },
  "core.v1.EndpointAddress": { fields: { ip, hostname: optionalLabel, nodeName: dnsName } },
  "core.v1.EndpointPort": { fields: { port, name: optionalLabel, appProtocol: qualified } },
  "core.v1.EndpointSubset": { oneOf: ["addresses", "notReadyAddresses"] },
  "core.v1.EnvFromSource": {
    oneOf: ["configMapRef", "secretRef"],
    fields: { prefix: { pattern: "^[ -<>-~]*$" } },
  },
  "core.v1.EnvVar": { fields: { name: { pattern: "^[ -<>-~]+$" } } },
  "core.v1.EnvVarSource": {
    oneOf: ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"],
    fields: { fieldRef: { properties: { fieldPath: fieldOfEnvironment } } },
  },
  "core.v1.EphemeralVolumeSource": { required: ["volumeClaimTemplate"] },
  "core.v1.Event": { optional: ["involvedObject"] },
  "core.v1.ExecAction": { required: ["command"], fields: { command: some } },
  "core.v1.GRPCAction": { fields: { port } },
  "core.v1.HTTPGetAction": { fields: { port: namedPort } },
  "core.v1.HTTPHeader": { optional: ["value"], fields: { name: { pattern: "^[-A-Za-z0-9]+$" } } },
  "core.v1.HostAlias": { fields: { ip, hostnames: items(dnsName) } },
  "core.v1.HostPathVolumeSource": { fields: { path } },
  "core.v1.KeyToPath": { fields: { mode, path: volumePath } },
  "core.v1.LifecycleHandler": { oneOf: ["exec", "httpGet", "tcpSocket", "sleep"] },
  "core.v1.LimitRangeItem": {
    fields: { type: { pattern: `^(?:Container|Pod|PersistentVolumeClaim|${prefixedName})$` } },
    keys: {
      ...{ default: anyResource, defaultRequest: anyResource, max: anyResource, min: anyResource },
      maxLimitRequestRatio: anyResource,
    },
  },
  "core.v1.LimitRangeSpec": { optional: ["limits"] },
  "core.v1.LocalVolumeSource": { fields: { path } },
  "core.v1.NFSVolumeSource": { fields: { path: { pattern: "^/" } } },
  "core.v1.NamespaceSpec": { fields: { finalizers: items({ pattern: `^(?:kubernetes|${prefixedName})$` }) } },
  "core.v1.NodeSelectorRequirement": { fields: { key: qualified } },
  "core.v1.NodeSelectorTerm": {
    fields: {
      matchFields: eachHas({
        key: { pattern: "^metadata\\.name$" },
        operator: { pattern: "^(?:In|NotIn)$" },
      }),
    },
  },
  "core.v1.NodeSpec": { fields: { podCIDR: { pattern: `^$|${cidr.pattern}` } } },
  "core.v1.ObjectFieldSelector": { fields: { apiVersion: { pattern: "^(?:v1)?$" } } },
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
      ...{ capacity: { ...capacity, additionalProperties: false }, storageClassName: dnsReference },
      accessModes: { ...some, ...each("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod") },
    },
  },
  "core.v1.Pod": { required: ["spec"] },
  "core.v1.PodAffinityTerm": { fields: { topologyKey: qualified, namespaces: items(label) } },
  "core.v1.PodDNSConfig": {
    fields: {
      nameservers: { ...items(ip), maxItems: 3 },
      searches: { ...items({ pattern: `^${hostName}$` }), maxItems: 32 },
    },
  },
  "core.v1.PodDNSConfigOption": { required: ["name"], fields: { name: text } },
  "core.v1.PodOS": { fields: { name: oneOf("linux", "windows") } },
  "core.v1.PodReadinessGate": { fields: { conditionType: qualified } },
  "core.v1.PodSchedulingGate": { fields: { name: qualified } },
  "core.v1.PodSecurityContext": {
    fields: {
      ...{ runAsUser: id, runAsGroup: id, fsGroup: id },
      supplementalGroups: { items: { type: ["integer", "null"], ...id } },
      fsGroupChangePolicy: exactly("Always", "OnRootMismatch"),
      supplementalGroupsPolicy: exactly("Merge", "Strict"),
    },
  },
  "core.v1.PodSpec": {
    keys: { nodeSelector: labelKey },
    fields: {
      ...{ nodeSelector, runtimeClassName: dnsName },
      preemptionPolicy: exactly("Never", "PreemptLowerPriority"),
      activeDeadlineSeconds: { minimum: 1, maximum: 2147483647 },
      ...{ hostname: optionalLabel, subdomain: optionalLabel },
      ...{ nodeName: dnsReference, priorityClassName: dnsReference, serviceAccountName: dnsReference },
    },
  },
  "core.v1.PodTemplate": { required: ["template"] },
  "core.v1.PodTemplateSpec": { required: ["spec"] },
  "core.v1.PreferredSchedulingTerm": { fields: { weight: { minimum: 1, maximum: 100 } } },
  "core.v1.Probe": { ...probe, oneOf: ["exec", "grpc", "httpGet", "tcpSocket"] },
  "core.v1.ProjectedVolumeSource": { fields: { defaultMode: mode } },
  "core.v1.ReplicationController": { required: ["spec"] },
  "core.v1.ReplicationControllerSpec": {
    required: ["template"],
    fields: { replicas, minReadySeconds: notNegative },
  },
  "core.v1.ResourceFieldSelector": {
    fields: {
      resource: { pattern: "^(?:limits|requests)\\.(?:cpu|memory|ephemeral-storage|hugepages-.+)$" },
    },
  },
  "core.v1.ResourceQuotaSpec": { keys: { hard: anyResource }, fields: { hard: notNegativeAmounts } },
  "core.v1.ResourceRequirements": {
    keys: { limits: containerResource, requests: containerResource },
    fields: { limits: notNegativeAmounts, requests: notNegativeAmounts },
  },
  "core.v1.SeccompProfile": { fields: { localhostProfile: relativePath } },
  "core.v1.Secret": { keys: { data: dataKey, stringData: dataKey } },
  "core.v1.SecretEnvSource": { required: ["name"], fields: { name: dnsName } },
  "core.v1.SecretKeySelector": { required: ["name"], fields: { name: dnsName, key: dataRef } },
  "core.v1.SecretProjection": { required: ["name"], fields: { name: text } },
  "core.v1.SecretVolumeSource": { required: ["secretName"], fields: { secretName: text, defaultMode: mode } },
  "core.v1.SecurityContext": {
    fields: { runAsUser: id, runAsGroup: id, procMount: exactly("Default", "Unmasked") },
  },
  "core.v1.Service": { required: ["spec"] },
  "core.v1.ServiceAccountTokenProjection": {
    fields: { path: volumePath, expirationSeconds: { minimum: 600, maximum: 2 ** 32 } },
  },
  "core.v1.ServicePort": {
    fields: {
      port,
      targetPort: { ...optionalPort, ...portName },
      name: optionalLabel,
      appProtocol: qualified,
    },
  },
  "core.v1.ServiceSpec": {
    keys: { selector: labelKey },
    // Of other types the name is not looked at.
    either: [
      { properties: { type: { enum: ["ClusterIP", "NodePort", "LoadBalancer", "", null] } } },
      { properties: { externalName: { pattern: `^(?:${hostName})?$` } } },
    ],
    fields: {
      ...{
        externalIPs: items(ip),
        loadBalancerSourceRanges: { items: looseCidr },
        ipFamilies: each("IPv4", "IPv6"),
      },
      ...{
        clusterIP: { pattern: `^(?:None|${address})?$` },
        clusterIPs: items({ pattern: `^(?:None|${address})?$` }),
      },
      loadBalancerClass: qualified,
      internalTrafficPolicy: exactly("Cluster", "Local"),
      ipFamilyPolicy: exactly("PreferDualStack", "RequireDualStack", "SingleStack"),
      selector: labels,
    },
  },
  "core.v1.Sysctl": {
    optional: ["value"],
    fields: {
      name: {
        maxLength: 253,
        pattern: "^(?:[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?$",
      },
    },
  },
  "core.v1.TCPSocketAction": { fields: { port: namedPort } },
  "core.v1.Taint": { fields: { key: qualified, value: labelValue } },
  "core.v1.Toleration": { fields: { key: optionalQualified, value: labelValue } },
  "core.v1.TopologySelectorLabelRequirement": { fields: { key: qualified } },
  "core.v1.TopologySelectorTerm": {
    required: ["matchLabelExpressions"],
    fields: { matchLabelExpressions: some },
  },
  "core.v1.TopologySpreadConstraint": {
    fields: { maxSkew: { minimum: 1 }, minDomains: { minimum: 1 }, matchLabelKeys: items(qualified) },
  },
  // PersistentVolumeClaims drop a data source of a kind they do not know.
  "core.v1.TypedLocalObjectReference": { optional: ["kind", "name"] },
  "core.v1.TypedObjectReference": { optional: ["kind", "name"] },
  "core.v1.Volume": { fields: { name: label } },
  "core.v1.VolumeMount": {
    fields: {
      ...{ subPath: relativePath, subPathExpr: relativePath },
      mountPropagation: exactly("Bidirectional", "HostToContainer", "None"),
      recursiveReadOnly: exactly("Disabled", "Enabled", "IfPossible"),
    },
  },
  "core.v1.VolumeNodeAffinity": { required: ["required"] },
  "core.v1.VolumeResourceRequirements": {
    required: ["requests"],
    fields: { requests: capacity },
  },
  "core.v1.WeightedPodAffinityTerm": { fields: { weight: { minimum: 1, maximum: 100 } } },
  "discovery.v1.Endpoint": {
    fields: { nodeName: dnsReference, hostname: label, addresses: { ...some, ...items(text) } },
  },
  "discovery.v1.EndpointPort": {
    fields: { name: optionalLabel, appProtocol: qualified, protocol: exactly("SCTP", "TCP", "UDP") },
  },
  "discovery.v1.EndpointSlice": { optional: ["endpoints"] },
  "discovery.v1.ForNode": { optional: ["name"] },
  "discovery.v1.ForZone": { optional: ["name"], fields: { name: labelValue } },
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
  "meta.v1.LabelSelector": { keys: { matchLabels: labelKey }, fields: { matchLabels: labels } },
  "meta.v1.LabelSelectorRequirement": {
    fields: {
      key: qualified,
      operator: oneOf("In", "NotIn", "Exists", "DoesNotExist"),
      values: { items: labelValue },
    },
  },
  "meta.v1.ObjectMeta": {
    keys: { labels: labelKey, annotations: annotationKey },
    fields: {
      labels,
      namespace: optionalLabel,
    },
  },
};

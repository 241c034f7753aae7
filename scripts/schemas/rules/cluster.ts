import type { JsonSchema } from "../../../packages/engine/src/schemas/pack.ts";
import {
  cidr,
  containerResource,
  dnsLabel,
  dnsReference,
  driver,
  each,
  eachHas,
  exactly,
  having,
  items,
  label,
  labelKey,
  labels,
  notNegative,
  notNegativeAmount,
  notNegativeAmounts,
  oneOf,
  optionalPort,
  optionalSegment,
  port,
  portName,
  qualified,
  segment,
  some,
  type TypeRule,
  text,
} from "./shapes.ts";

const qualifiedDriver: JsonSchema = {
  pattern: "^(?:[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$",
};

const allocationMode: JsonSchema = { pattern: "^(?:All|ExactCount)?$" };

/** What networks, access, devices and storage are checked for. By the type's name in the document, without the common prefix. */
export const cluster: Readonly<Record<string, TypeRule>> = {
  "networking.v1.HTTPIngressPath": { fields: { path: { pattern: "^(?:/|$)" } } },
  "networking.v1.IPAddress": { required: ["spec"] },
  "networking.v1.IPAddressSpec": { required: ["parentRef"] },
  "networking.v1.IPBlock": { fields: { cidr, except: { items: cidr } } },
  "networking.v1.Ingress": { required: ["spec"] },
  "networking.v1.IngressBackend": {
    oneOf: ["service", "resource"],
    fields: { resource: having({ kind: { type: "string", ...text }, name: { type: "string", ...text } }) },
  },
  "networking.v1.IngressClass": { required: ["spec"] },
  "networking.v1.IngressClassParametersReference": {
    fields: {
      ...{ kind: segment, name: segment },
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
  "networking.v1.IngressTLS": {
    fields: {
      secretName: dnsReference,
      hosts: items({ pattern: `^(?:\\*\\.)?${dnsLabel}(?:\\.${dnsLabel})*$` }),
    },
  },
  "networking.v1.NetworkPolicyPeer": { oneOf: ["podSelector", "namespaceSelector", "ipBlock"] },
  "networking.v1.NetworkPolicyPort": {
    fields: { endPort: port, protocol: exactly("TCP", "UDP", "SCTP"), port: { ...port, ...portName } },
  },
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
  "networking.v1.ParentReference": { fields: { resource: text, name: segment, namespace: optionalSegment } },
  "node.v1.Overhead": { keys: { podFixed: containerResource }, fields: { podFixed: notNegativeAmounts } },
  "node.v1.RuntimeClass": { fields: { handler: label } },
  "node.v1.Scheduling": { keys: { nodeSelector: labelKey }, fields: { nodeSelector: labels } },
  "rbac.v1.AggregationRule": { required: ["clusterRoleSelectors"], fields: { clusterRoleSelectors: some } },
  "rbac.v1.ClusterRoleBinding": { fields: { roleRef: { properties: { kind: exactly("ClusterRole") } } } },
  "rbac.v1.PolicyRule": { oneOf: ["resources", "nonResourceURLs"], needs: { resources: ["apiGroups"] } },
  "rbac.v1.Role": {
    fields: {
      rules: eachHas({ nonResourceURLs: { maxItems: 0 } }),
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
  "resource.v1.DeviceClassConfiguration": { oneOf: ["opaque"] },
  "resource.v1.DeviceConstraint": {
    fields: { matchAttribute: { pattern: "^(?:[^/]+/)?[A-Za-z_][A-Za-z0-9_]*$" } },
  },
  "resource.v1.DeviceRequest": { oneOf: ["exactly", "firstAvailable"], fields: { name: label } },
  "resource.v1.DeviceSelector": { required: ["cel"] },
  "resource.v1.DeviceSubRequest": {
    fields: { ...{ allocationMode, count: notNegative }, name: label, deviceClassName: dnsReference },
  },
  "resource.v1.ExactDeviceRequest": {
    fields: { ...{ allocationMode, count: notNegative }, deviceClassName: dnsReference },
  },
  "resource.v1.OpaqueDeviceConfiguration": { fields: { driver } },
  "resource.v1.ResourceClaim": { optional: ["spec"] },
  "resource.v1.ResourceClaimTemplate": { optional: ["spec"] },
  "resource.v1.ResourceClaimTemplateSpec": { optional: ["spec"] },
  "resource.v1.ResourcePool": {
    optional: ["generation"],
    fields: { generation: notNegative, resourceSliceCount: { minimum: 1 } },
  },
  "resource.v1.ResourceSliceSpec": {
    fields: { driver, nodeName: dnsReference },
  },
  "scheduling.v1.PriorityClass": {
    optional: ["value"],
    either: [
      { properties: { metadata: { properties: { name: { pattern: "^system-" } } } } },
      { properties: { value: { maximum: 1_000_000_000 } } },
    ],
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
  "storage.v1.CSIStorageCapacity": {
    fields: {
      capacity: notNegativeAmount,
      storageClassName: { ...dnsReference, minLength: 1 },
    },
  },
  "storage.v1.StorageClass": {
    fields: {
      reclaimPolicy: { pattern: "^(?:Delete|Retain)?$" },
      provisioner: qualifiedDriver,
      volumeBindingMode: exactly("Immediate", "WaitForFirstConsumer"),
    },
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
};
